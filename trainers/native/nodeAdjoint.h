// Gradient of a node: from the error of its picture, and from what later nodes add to it, back to the node's latents, its motion
// and the pictures that it was predicted from. Everything at full size happens in four passes over the rows: loss, filter,
// prediction with chroma, luma.
#pragma once
#include "loopFilterGradient.h"
#include "nodeBake.h"
#include "overlappedPredictionGradient.h"
#include "pyramidGradient.h"
#include "synthesisGradient.h"
#include "trainingOperations.h"

namespace weft {
namespace WEFT_ISA {

// Planes that a thread adds to on its own, so that threads never write the same sample.
struct PredictionGradient {
  Plane references[3][2];  // no origin: constant reference
  Plane grids[MOTION_COMPONENTS];  // the light's without origin if it does not change
};

// What the squared errors in a plane weigh: one row of weights for some rows of samples.
struct ErrorWeights {
  const real* first;  // rows readable up to whole vectors
  size_t stride;
  int rows;
  const real* row(int y) const { return first + size_t(y / rows) * stride; }
};

// What is asked of the adjoint of one node.
struct AdjointTask {
  NodePass pass;
  const uint8_t* source[3];             // readable LANES past the end
  ErrorWeights weights[3];
  real factor[3];                       // gradient by the picture for an error of one code that weighs 1
  std::vector<Plane> received[3];       // gradients by the picture from later nodes
  const real* filter[3];                // weights of each plane's
  std::vector<PredictionGradient> out;  // by thread
};

// Weighted squared errors of one node's planes.
struct PlaneErrors {
  double plane[3] = {};
};

// Scattered this far into the margins, or less: what lies further out is zero.
constexpr int RECEIVED_X = WINDOW<CELL> + CUBIC_TAPS;
static_assert(RECEIVED_X <= MARGIN_X && RECEIVED_X <= MARGIN_RIGHT, "all that was scattered is received");

// Adds row y of a gradient, with what was scattered into the margins that repeat its samples. Zero past the width stays so.
static WEFT_INLINE void addReceivedRow(const Plane& g, int y, real* out) {
  const vi lane = iota();
  const real* row = g.row(y);
  for (int x = 0; x < g.w; x += LANES) {
    __builtin_prefetch(row + x + 2 * ptrdiff_t(g.stride));
    store(out + x, load(out + x) + select((lane + x) < g.w, load(row + x), splat(0)));
  }
  for (int k = 1; k <= RECEIVED_X; k++) {
    out[0] += row[-k];
    out[g.w - 1] += row[g.w - 1 + k];
  }
}

// Gradient by a row of plane p of the picture: of its error and what later nodes added. Returns the weighted squared error.
static inline double lossRow(const AdjointTask& task, int p, int y, real* out) {
  const Plane& picture = task.pass.picture[p];
  const uint8_t* source = task.source[p] + size_t(y) * picture.w;
  const real *value = picture.row(y), *weights = task.weights[p].row(y), factor = task.factor[p];
  const vi lane = iota();
  vf total{};
  for (int x = 0; x < picture.w; x += LANES) {
    __builtin_prefetch(value + x + 2 * ptrdiff_t(picture.stride));
    const vf e = select((lane + x) < picture.w, load(value + x) - (loadBytes(source + x) - CODE_OFFSET), splat(0));
    const vf weighted = load(weights + x) * e;
    total += weighted * e;
    store(out + x, factor * weighted);
  }
  for (const Plane& received : task.received[p]) addReceivedRow(received, y, out);
  return sum(total);
}

class NodeAdjoint {
 public:
  NodeAdjoint(const FieldSpec& field, RowTeam& team, NodeBaker& baker) : field_(field), team_(team), baker_(baker) {
    const Plane &luma = baker.planeSize(0), &chroma = baker.planeSize(1);
    gLuma_.allocate(luma.w, luma.h);
    for (int p = 0; p < 3; p++)
      for (PlaneBuffer* g : {&gFiltered_[p], &gUnfiltered_[p]}) allocate(*g, baker.planeSize(p));
    for (int l = 0; l < 3; l++) lumaLevels_[l].resize(size_t(baker.levels(0)));
    allocate(lumaLevels_[0][0], luma);
    for (int g = 0; g < 3 && g + 1 < baker.levels(0); g++) {
      across_[g].allocate(baker.level(0, 1).w, luma.h);
      const int last = g == 2 ? baker.levels(0) - 1 : g + 1;
      for (int l = 1; l <= last; l++) allocate(lumaLevels_[g][l], baker.level(0, l));
    }
    for (int c = 0; c < 2; c++) {
      chromaLevels_[c].resize(size_t(baker.levels(1)));
      allocate(chromaFinest_[c], chroma);
      allocate(chromaRest_[c], chroma);
      for (int l = 1; l < baker.levels(1); l++) allocate(chromaLevels_[c][l], baker.level(1, l));
    }
    for (int t = 0; t < team.threads(); t++) scratch_.push_back(std::make_unique<Scratch>(field.width));
  }

  PlaneErrors run(const AdjointTask& task) {
    for (auto& s : scratch_) s->reset();
    overFixedShares(team_, field_.height, field_.width, 2, [&](int y0, int y1, int t) { lossRows(task, t, y0, y1); });
    overFixedShares(team_, field_.height, field_.width, 2, [&](int y0, int y1, int t) { filterRows(task, t, y0, y1); });
    overFixedShares(team_, field_.height, field_.width, 2, [&](int y0, int y1, int t) { predictionRows(task, t, y0, y1); });
    if (task.pass.luma)
      overFixedShares(team_, field_.height, field_.width, 2, [&](int y0, int y1, int t) { lumaRows(task, t, y0, y1); });
    PartClock& clock = baker_.scratch(0).clock;
    clock.start();
    RowTeam& inner = baker_.pyramidTeam();
    baker_.overPyramids([&](int pyramid) {
      if (pyramid < 3 && task.pass.lumaHalf[2 - pyramid].origin) lumaPyramid(2 - pyramid, inner);
      if (pyramid >= 3 && task.pass.chroma) chromaPyramid(pyramid - 3, inner);
    });
    if (task.pass.chroma)
      clock.lap(UPSAMPLING, baker_.pyramidOperations(task.pass) + NodeBaker::chromaDoublings(task.pass) * DOUBLING * baker_.planeSize(1).w * baker_.planeSize(1).h);
    PlaneErrors errors;
    for (const auto& s : scratch_)
      for (int p = 0; p < 3; p++) errors.plane[p] += s->error[p];
    return errors;
  }
  // Adds what the last run summed to the gradients of the synthesis weights and of the filter's.
  void addWeightGradients(int thread, const SynthesisWeights& g, real* const filters[3]) const {
    scratch_[thread]->luma.addTo(g);
    scratch_[thread]->chroma.addTo(g);
    for (int p = 0; p < 3; p++) scratch_[thread]->filter[p].addTo(filters[p]);
  }
  // Gradient by step * latent of an innovation plane whose latents are not all zero.
  const Plane& byValue(int component, int level) const {
    if (component) return level ? chromaLevels_[component - 1][level] : chromaFinest_[component - 1];
    return lumaLevels_[level < 2 ? 0 : level == 2 ? 1 : 2][level];
  }

 private:
  struct Scratch {
    explicit Scratch(int width)
        : rows(width + SCRATCH_PAST_END, CHROMA_INPUTS), lumaGradients(width) {}
    void reset() {
      luma = {};
      chroma = {};
      for (auto& f : filter) f = {};
      for (double& e : error) e = 0;
    }
    PlaneBuffer rows;      // gradients by the inputs of the chroma net
    LumaGradientRows lumaGradients;
    LumaAccumulator luma;
    ChromaAccumulator chroma;
    FilterAccumulator filter[3];
    double error[3];
  };

  static double lossOperations(const AdjointTask& task, int p) {
    return task.pass.picture[p].w * (LOSS_GRADIENT + double(task.received[p].size()));
  }
  static void allocate(PlaneBuffer& buffer, const Plane& size) { buffer.allocate(size.w, size.h); }

  void lossRows(const AdjointTask& task, int t, int y0, int y1) {
    PartClock& clock = baker_.scratch(t).clock;
    clock.start();
    for (int p = 0; p < 3; p++) {
      const auto rows = baker_.rowRange(p, y0, y1);
      for (int y = rows.first; y < rows.end; y++) scratch_[t]->error[p] += lossRow(task, p, y, gFiltered_[p].row(y));
      clock.lap(LOSS, (rows.end - rows.first) * lossOperations(task, p));
    }
  }

  void filterRows(const AdjointTask& task, int t, int y0, int y1) {
    PartClock& clock = baker_.scratch(t).clock;
    clock.start();
    for (int p = 0; p < 3; p++) {
      const auto rows = baker_.rowRange(p, y0, y1);
      filterBandAdjoint(task.pass.unfiltered[p], gFiltered_[p], rows.first, rows.end, task.filter[p], baker_.scratch(t).exchange, gUnfiltered_[p],
                        scratch_[t]->filter[p]);
      clock.lap(FILTERING, (rows.end - rows.first) * LOOP_FILTER_GRADIENT * gFiltered_[p].w);
    }
  }

  // Prediction and chroma net.
  void predictionRows(const AdjointTask& task, int t, int y0, int y1) {
    const NodePass& pass = task.pass;
    PartClock& clock = baker_.scratch(t).clock;
    clock.start();
    for (int y = y0; y < y1; y += 2) {
      if (pass.references && (y == y0 || CellBand::of(y) != CellBand::of(y - 1))) predictionBand(task, t, y, std::min(y1, CellBand::end(y)), y > y0);
      if (!pass.chroma) continue;
      const int count = y + 1 < field_.height ? 2 : 1;
      for (int k = 0; k < count; k++) {
        const real* g = gUnfiltered_[0].row(y + k);
        real* luma = gLuma_.row(y + k);
        for (int x = 0; x < field_.width; x += LANES) store(luma + x, CODES_PER_UNIT * load(g + x));
      }
      if (field_.halvedChroma) chromaRowAdjoint(task, t, y / 2);
      else
        for (int k = 0; k < count; k++) chromaRowAdjoint(task, t, y + k);
    }
  }

  // Luma rows y0 .. y1 - 1, all of one band, and the chroma that goes with them.
  void predictionBand(const AdjointTask& task, int t, int y0, int y1, bool follows) {
    const NodePass& pass = task.pass;
    const PredictionGradient& out = task.out[t];
    RowScratch& s = baker_.scratch(t);
    const int band = CellBand::of(y0);
    const auto chroma = baker_.rowRange(1, y0, y1);
    s.clock.lap(CHROMA, 0);
    s.cells.load(pass.motion, pass.references, band, follows);
    const Plane g[3] = {gUnfiltered_[0], gUnfiltered_[1], gUnfiltered_[2]};
    predictRowsAdjoint<CELL, 1>(pass.reference, out.references, pass.references, s.cells, band, y0, y1, BLACK[0], g, out.grids);
    if (field_.halvedChroma) {
      for (int p = 1; p < 3; p += CHROMA_AT_ONCE)
        predictRowsAdjoint<CELL / 2, CHROMA_AT_ONCE>(pass.reference + p, out.references + p, pass.references, s.cells, band, chroma.first, chroma.end,
                                                     BLACK[p], g + p, out.grids);
    } else {
      for (int p = 1; p < 3; p++)
        predictRowsAdjoint<CELL, 1>(pass.reference + p, out.references + p, pass.references, s.cells, band, chroma.first, chroma.end, BLACK[p],
                                    g + p, out.grids);
    }
    s.clock.lap(PREDICTION, (y1 - y0) * predictionGradientOperations(pass.references, 1, field_.width, out.references[0][0].origin) +
                              (chroma.end - chroma.first) * predictionGradientOperations(pass.references, 2, baker_.planeSize(1).w, out.references[1][0].origin));
  }

  void chromaRowAdjoint(const AdjointTask& task, int t, int y) {
    Scratch& a = *scratch_[t];
    const NodePass& pass = task.pass;
    const int w = baker_.planeSize(1).w;
    const real* g[2] = {gUnfiltered_[1].row(y), gUnfiltered_[2].row(y)};
    PartClock& clock = baker_.scratch(t).clock;
    clock.lap(OTHER, 0);
    const real* inputs[CHROMA_INPUTS];
    baker_.chromaInputs(pass, baker_.scratch(t), y, inputs);
    clock.lap(UPSAMPLING, 0);
    inputs[4] = pass.under.row(y);
    real* under = a.rows.row(0);
    real* gInputs[CHROMA_INPUTS] = {chromaFinest_[0].row(y), chromaRest_[0].row(y), chromaFinest_[1].row(y), chromaRest_[1].row(y), under};
    synthesizeChromaRowAdjoint(inputs, baker_.net(pass.net), g[0], g[1], CODES_PER_UNIT, w, gInputs, a.chroma);
    if (field_.halvedChroma) {
      const int lower = 2 * y + 1 < field_.height ? 2 * y + 1 : 2 * y;
      lumaUnderChromaAdjoint(under, field_.width, w, gLuma_.row(2 * y), gLuma_.row(lower));
    } else {
      real* luma = gLuma_.row(y);
      for (int x = 0; x < w; x += LANES) store(luma + x, load(luma + x) + load(under + x));
    }
    clock.lap(CHROMA, CHROMA_GRADIENT * w);
  }

  // Luma synthesis and the last doubling of its groups.
  void lumaRows(const AdjointTask& task, int t, int y0, int y1) {
    Scratch& a = *scratch_[t];
    RowScratch& s = baker_.scratch(t);
    const NodePass& pass = task.pass;
    const SynthesisWeights& net = baker_.net(pass.net);
    s.clock.start();
    for (int y = y0; y < y1; y += 2) {
      const int count = y + 1 < field_.height ? 2 : 1;
      for (int k = 0; k < 2; k++) baker_.channels(pass, s, y + k, 0);
      for (int c = 0; c < CONV_PLANES; c++) convolutionAdjoint(s.ring, net, gLuma_, c, y, count, a.lumaGradients, a.luma);
      s.clock.lap(CONVOLVING, CONVOLUTION_GRADIENT * field_.width * count);
      for (int k = 0; k < count; k++) {
        hiddenAdjoint(s.groups[(y + k) & 3], net, k, field_.width, a.lumaGradients, a.luma);
        s.clock.lap(HIDDEN, HIDDEN_GRADIENT * field_.width);
        if (!pass.finest[0].empty())
          std::memcpy(lumaLevels_[0][0].row(y + k), a.lumaGradients.group(k, 0), size_t(field_.width) * sizeof(real));
        for (int g = 0; g < 3; g++)
          if (pass.lumaHalf[g].origin)
            upsampleAdjointAcross(a.lumaGradients.group(k, g + 1), field_.width, across_[g].w, across_[g].row(y + k));
        s.clock.lap(UPSAMPLING, NodeBaker::lumaDoublings(pass) * DOUBLING * field_.width);
      }
    }
  }

  void lumaPyramid(int g, RowTeam& team) {
    auto& levels = lumaLevels_[g];
    upsampleAdjointOfRows(team, across_[g], levels[1]);
    for (size_t l = 2; l < levels.size() && levels[l].allocated(); l++) upsampleAdjoint(team, levels[l - 1], levels[l]);
  }
  void chromaPyramid(int c, RowTeam& team) {
    auto& levels = chromaLevels_[c];
    for (size_t l = 1; l < levels.size(); l++) {
      const Plane& finer = l == 1 ? chromaRest_[c] : levels[l - 1];
      upsampleAdjoint(team, finer, levels[l]);
    }
  }

  const FieldSpec& field_;
  RowTeam& team_;
  NodeBaker& baker_;
  PlaneBuffer gFiltered_[3], gUnfiltered_[3];        // by the picture's planes
  PlaneBuffer gLuma_;                                // by the luma innovation, in units; zero in its margins
  PlaneBuffer across_[3];                            // groups 1 to 3 after the doubling's adjoint across
  std::vector<PlaneBuffer> lumaLevels_[3];           // by group (0 and 1 together, 2, rest) and level
  PlaneBuffer chromaFinest_[2], chromaRest_[2];
  std::vector<PlaneBuffer> chromaLevels_[2];
  std::vector<std::unique_ptr<Scratch>> scratch_;
};

}  // namespace WEFT_ISA
}  // namespace weft
