// From the latents of a node to its motion field and picture planes (reference: runtime/reference/nodeBake.ts).
// Everything at full size happens in two passes over the rows: warp, pyramids' last doubling, synthesis, sum; then the filter.
#pragma once
#include <algorithm>
#include <memory>
#include "failure.h"
#include "fieldSpec.h"
#include "latentRows.h"
#include "loopFilter.h"
#include "operations.h"
#include "overlappedPrediction.h"
#include "partClock.h"
#include "rowTeam.h"
#include "synthesis.h"

namespace weft {
namespace WEFT_ISA {

constexpr int DOUBLING_EASE = 4;  // a doubled sample costs this much less than a synthesized one
constexpr real ONE_ALONE = 64;   // logit of a weight of 1
constexpr int MAX_LEVELS = MAX_INNOVATION_LEVELS;
static_assert(MAX_MOTION_LEVELS <= MAX_LEVELS, "levels of motion fit");

// A node ready for sampling: planes in codes minus 128, displacements in luma pixels on the 1/8 grid.
struct BakedNode {
  PlaneBuffer picture[3], motion[MOTION_COMPONENTS];
  bool hasPicture = false, hasMotion = false;
  bool light = false;  // changes
};

static inline int motionComponents(const NodeSpec& node) { return COMPONENTS_PER_REFERENCE * node.references; }

// fine = up2(coarse), shared over the team.
static inline void doublePlane(RowTeam& team, const Plane& coarse, const Plane& fine) {
  team.overFreeRows(fine.h, fine.w / DOUBLING_EASE, 2, [&](int y0, int y1, int) {
    for (int y = y0; y < y1; y++) upsampleRow(coarse, y, nullptr, fine.row(y));
  });
}

// Sum of a pyramid's levels down to `lowest`; each level is allocated on first use.
class LevelSums {
 public:
  // False if all levels are empty; else level `lowest` holds the sum.
  bool collapse(RowTeam& team, const LatentRows* levels, const Plane* sizes, int count, int lowest) {
    bool any = false;
    for (int l = count - 1; l >= lowest; l--) {
      PlaneBuffer& out = at(l, sizes[l]);
      if (any) doublePlane(team, planes_[l + 1], out);
      else if (!levels[l].empty()) out.clear();
      levels[l].addTo(out);
      any |= !levels[l].empty();
    }
    return any;
  }
  PlaneBuffer& at(int level, const Plane& size) {
    PlaneBuffer& p = planes_[level];
    if (!p.allocated()) p.allocate(size.w, size.h);
    return p;
  }

 private:
  PlaneBuffer planes_[MAX_LEVELS];
};

// Rows of scratch are this much longer than the plane's: kernels write and read whole steps of several vectors in them.
constexpr int SCRATCH_PAST_END = 128;
static_assert(pastEnd(CONVOLUTION_STEP) <= SCRATCH_PAST_END, "the convolution writes its last step into a row of scratch");
static_assert(PAST_DOUBLED <= SCRATCH_PAST_END, "so do doublings");
static_assert(pastEnd(BLOCK_WIDTH) <= SCRATCH_PAST_END && pastEnd(BLOCK_WIDTH) <= EXTENDED_RIGHT, "a block of latents ends in a row's margin");

// Rows that one thread works on.
struct RowScratch {
  explicit RowScratch(int width) : block(width + SCRATCH_PAST_END, ROWS), cells(width), ring(width), exchange(width) {}
  PlaneBuffer block;
  CellBand cells;
  ChannelRing ring;
  FilterExchange exchange;
  const real* groups[ChannelRing::ROWS][LUMA_INPUTS];  // luma groups of the rows in the ring
  PartClock clock;

  // Luma groups of four rows, luma innovation of two, chroma inputs and luma under chroma, a row that is always zero.
  static constexpr int GROUPS = 0, INNOVATION = ChannelRing::ROWS * LUMA_INPUTS, CHROMA = INNOVATION + 2, ZERO = CHROMA + CHROMA_INPUTS, ROWS = ZERO + 1;
  real* row(int i) const { return block.row(i); }
  const real* zero() const { return block.row(ZERO); }
};

// What the row passes of one node read and write.
struct NodePass {
  int references, components, net;   // net: 0 intra, 1 inter
  Plane picture[3], reference[3][2];
  const real* filter[3];             // null: none
  Plane unfiltered[3];               // planes before the filter; the picture's own without
  Plane motion[MOTION_COMPONENTS];  // light without origin: it does not change
  bool luma, chroma;                 // innovation other than zero
  LatentRows finest[3];
  Plane lumaHalf[3];                 // groups 1..3 on the grid of level 1; no origin: zero
  Plane chromaHalf[2];
  Plane under;                       // keeps the luma innovation under chroma samples; no origin: not kept
};

// Where a bake leaves what the adjoint reads again; without origin: not kept.
struct KeptPlanes {
  Plane under;          // luma innovation on the chroma grid
  Plane unfiltered[3];  // planes before the filter
};

class NodeBaker {
 public:
  // The source and the team must outlive the baker; `nets` (intra, inter) are pointed at by setNets.
  NodeBaker(const FieldSpec& field, RowTeam& team, const LatentSource& source) : field_(field), team_(team), source_(source) {
    if (std::max(field.width, field.height) > MAX_SIDE_PX) failForSize("the film is larger than the format allows");
    int* first = &planeIndex_[0][0][0][0];
    std::fill(first, first + sizeof planeIndex_ / sizeof(int), -1);
    for (int variant = 0; variant < 3; variant++)
      for (size_t p = 0; p < field.planes[variant].size(); p++) addPlane(variant, int(p));
    for (int t = 0; t < team.threads(); t++) scratch_.push_back(std::make_unique<RowScratch>(field.width));
  }
  // filters: of luma by depth, then of both chroma planes: [5 + 2][3][3].
  void setNets(const SynthesisWeights& intra, const SynthesisWeights& inter, const real* filters) {
    nets_[0] = intra;
    nets_[1] = inter;
    filters_ = filters;
  }
  const real* filter(int index, int plane) const {
    return filters_ + FILTER_WEIGHTS * (plane ? DEPTH_ROWS + plane - 1 : std::min(field_.nodes[index].depth, DEPTH_ROWS - 1));
  }
  const SynthesisWeights& net(int index) const { return nets_[index]; }

  // Sizes of the grids, level 0 the finest.
  const Plane& planeSize(int p) const { return p == 0 ? levels_[0][0] : levels_[1][0]; }
  // Rows of plane p that belong to luma rows from y0, which is even.
  struct RowRange {
    int first, end;
  };
  RowRange rowRange(int p, int y0, int y1) const {
    return p == 0 || !field_.halvedChroma ? RowRange{y0, y1} : RowRange{y0 / 2, (y1 + 1) / 2};
  }
  const Plane& level(int chroma, int l) const { return levels_[chroma][l]; }
  const Plane& motionLevel(int l) const { return motionLevels_[l]; }
  int levels(int chroma) const { return levelCount_[chroma]; }
  int motionLevels() const { return motionLevelCount_; }
  // Number of a latent plane, by references, kind, component and level; -1: none.
  int planeIndex(int references, int kind, int component, int level) const { return planeIndex_[references][kind][component][level]; }

  // nodes: those that the motion is predicted from have their motion.
  void bakeMotion(int index, std::vector<BakedNode>& nodes) {
    const NodeSpec& node = field_.nodes[index];
    BakedNode& out = nodes[index];
    team_.overTasks(motionComponents(node), [&](int c) {
      PlaneBuffer& field = out.motion[c];
      if (field.allocated()) field.clear();
      else field.allocate(motionLevels_[0].w, motionLevels_[0].h);
      LatentRows levels[MAX_LEVELS];
      rowsOf(index, MOTION, c, levels);
      const bool coded = motionSums_[c].collapse(alone_, levels, motionLevels_, motionLevelCount_, 0);
      if (coded) addScaled(motionSums_[c].at(0, motionLevels_[0]), 1, field);
      if (c == LIGHT) out.light = coded;
      const int r = c / COMPONENTS_PER_REFERENCE, axis = c % COMPONENTS_PER_REFERENCE;
      if (axis < 2 && node.motionNode[r] >= 0)
        addScaled(nodes[node.motionNode[r]].motion[displacement(node.motionField[r], axis)], real(node.motionScale[r]), field);
      extendPlane(field);
    });
    out.hasMotion = true;
  }

  // nodes: the references have their pictures and the node its motion. Returns the pass, which is good until the next node's.
  // `kept`: what the adjoint wants to have kept.
  NodePass bakePicture(int index, std::vector<BakedNode>& nodes, const KeptPlanes& kept = {}) {
    BakedNode& out = nodes[index];
    for (int p = 0; p < 3; p++)
      if (!out.picture[p].allocated()) out.picture[p].allocate(planeSize(p).w, planeSize(p).h);
    NodePass pass = preparePass(index, nodes, kept);
    for (int p = 0; p < 3; p++)
      if (!pass.unfiltered[p].origin) pass.unfiltered[p] = unfiltered(p);
    team_.overFreeRows(field_.height, field_.width, 2, [&](int y0, int y1, int t) { bakeRows(pass, scratch(t), y0, y1); });
    if (pass.filter[0] || pass.filter[1] || pass.filter[2])
      team_.overFreeRows(field_.height, field_.width, 2, [&](int y0, int y1, int t) { filterRows(pass, scratch(t), y0, y1); });
    for (auto& p : pass.picture) extendRows(p);
    out.hasPicture = true;
    return pass;
  }

  // Everything at half size; what is left is done row by row. `useful`: 0 if it was done before.
  NodePass preparePass(int index, const std::vector<BakedNode>& nodes, const KeptPlanes& kept, double useful = 1) {
    const NodeSpec& node = field_.nodes[index];
    scratch(0).clock.start();
    NodePass pass{};
    pass.references = node.references;
    pass.components = motionComponents(node);
    pass.net = node.depth ? 1 : 0;
    pass.under = kept.under;
    for (int p = 0; p < 3; p++) {
      pass.picture[p] = nodes[index].picture[p];
      for (int r = 0; r < node.references; r++) pass.reference[p][r] = nodes[node.reference[r]].picture[p];
      const real* weights = filter(index, p);
      if (std::any_of(weights, weights + FILTER_WEIGHTS, [](real w) { return w != 0; })) pass.filter[p] = weights;
      pass.unfiltered[p] = pass.filter[p] ? kept.unfiltered[p] : pass.picture[p];
    }
    for (int c = 0; c < pass.components; c++)
      if (c != LIGHT || nodes[index].light) pass.motion[c] = nodes[index].motion[c];
    LatentRows luma[MAX_LEVELS], chroma[2][MAX_LEVELS];
    rowsOf(index, INNOVATION, 0, luma);
    for (int c = 0; c < 2; c++) rowsOf(index, INNOVATION, 1 + c, chroma[c]);
    RowTeam& inner = pyramidTeam();
    overPyramids([&](int pyramid) {
      if (pyramid < 3) prepareGroup(2 - pyramid, luma, inner, pass);
      else prepareChroma(pyramid - 3, chroma[pyramid - 3], inner, pass);
    });
    pass.luma = !luma[0].empty();
    for (const Plane& half : pass.lumaHalf) pass.luma |= half.origin != nullptr;
    pass.chroma = pass.luma;
    for (int c = 0; c < 2; c++) pass.chroma |= !chroma[c][0].empty() || pass.chromaHalf[c].origin;
    pass.finest[0] = std::move(luma[0]);
    for (int c = 0; c < 2; c++) pass.finest[1 + c] = std::move(chroma[c][0]);
    scratch(0).clock.lap(UPSAMPLING, useful * pyramidOperations(pass));
    return pass;
  }

  // Planes that the row pass doubles.
  static int lumaDoublings(const NodePass& pass) {
    int n = 0;
    for (const Plane& half : pass.lumaHalf) n += half.origin != nullptr;
    return n;
  }
  static int chromaDoublings(const NodePass& pass) { return (pass.chromaHalf[0].origin != nullptr) + (pass.chromaHalf[1].origin != nullptr); }

  // A few threads take whole pyramids, which meet once; more of them share the rows of each.
  static constexpr int PYRAMIDS = 5;  // luma groups 3, 2, 1, then Cb, Cr
  bool pyramidsApart() const { return team_.threads() > 1 && team_.threads() < PYRAMIDS; }
  RowTeam& pyramidTeam() { return pyramidsApart() ? alone_ : team_; }
  template <class Body> void overPyramids(const Body& body) {
    if (pyramidsApart()) return team_.overTasks(PYRAMIDS, body);
    for (int i = 0; i < PYRAMIDS; i++) body(i);
  }

  // Of the doublings up to half size, forward or backward.
  double pyramidOperations(const NodePass& pass) const {
    double samples = 0;
    for (int g = 1; g < 3; g++)
      for (int l = 1; l < (g == 1 ? 2 : levelCount_[0] - 1) && pass.lumaHalf[g].origin; l++) samples += double(levels_[0][l].w) * levels_[0][l].h;
    for (int l = 1; l < levelCount_[1] - 1; l++) samples += chromaDoublings(pass) * double(levels_[1][l].w) * levels_[1][l].h;
    return DOUBLING * samples;
  }

  // What one of a node's two references alone predicts, with the motion that the node has.
  void predictFromOne(int index, const std::vector<BakedNode>& nodes, int reference, const PlaneBuffer (&out)[3]) {
    const Plane& size = motionLevels_[0];
    PlaneBuffer beta(size.w, size.h);
    for (int y = 0; y < size.h; y++) std::fill(beta.row(y), beta.row(y) + size.w, reference ? -ONE_ALONE : ONE_ALONE);
    NodePass pass = preparePass(index, nodes, {});
    pass.motion[BETA] = beta;
    for (int p = 0; p < 3; p++) pass.unfiltered[p] = out[p];
    team_.overFreeRows(field_.height, field_.width, 2, [&](int y0, int y1, int t) {
      scratch(t).clock.start();
      for (int y = y0; y < y1; y += 2)
        if (y == y0 || CellBand::of(y) != CellBand::of(y - 1)) predictBand(pass, scratch(t), y, std::min(y1, CellBand::end(y)), y > y0);
    });
  }

  RowScratch& scratch(int thread) const { return *scratch_[thread]; }

  // Groups and hidden units of luma row y, which may lie outside, into the ring. `useful`: 0 if it was done before.
  void channels(const NodePass& pass, RowScratch& s, int y, double useful = 1) const {
    s.clock.lap(OTHER, 0);
    if (y < 0 || y >= field_.height) return channelRow(nullptr, nets_[pass.net], field_.width, y, s.ring);
    const int slot = y & (ChannelRing::ROWS - 1);
    const real** groups = s.groups[slot];
    real* rows = s.row(RowScratch::GROUPS + slot * LUMA_INPUTS);
    groups[0] = finest(pass.finest[0], s, rows, y, field_.width);
    for (int g = 1; g < LUMA_INPUTS; g++) groups[g] = doubled(pass.lumaHalf[g - 1], s, rows + g * s.block.stride, y);
    s.clock.lap(UPSAMPLING, useful * lumaDoublings(pass) * DOUBLING * field_.width);
    channelRow(groups, nets_[pass.net], field_.width, y, s.ring);
    s.clock.lap(HIDDEN, useful * HIDDEN_LAYER * field_.width);
  }

  // A row of the chroma net's inputs but for luma.
  void chromaInputs(const NodePass& pass, RowScratch& s, int y, const real* inputs[4]) const {
    for (int c = 0; c < 2; c++) {
      inputs[2 * c] = finest(pass.finest[1 + c], s, s.row(RowScratch::CHROMA + 2 * c), y, planeSize(1).w);
      inputs[2 * c + 1] = doubled(pass.chromaHalf[c], s, s.row(RowScratch::CHROMA + 2 * c + 1), y);
    }
  }

 private:
  void addPlane(int variant, int p) {
    const auto& s = field_.planes[variant][p];
    planeIndex_[variant][s.kind][s.component][s.level] = p;
    const Plane size = sizeOnly(s.width, s.height);
    if (s.kind == MOTION) {
      motionLevels_[s.level] = size;
      motionLevelCount_ = std::max(motionLevelCount_, s.level + 1);
    } else {
      const int chroma = s.component > 0;
      levels_[chroma][s.level] = size;
      levelCount_[chroma] = std::max(levelCount_[chroma], s.level + 1);
    }
  }

  // Where it need not be kept.
  const Plane& unfiltered(int p) {
    if (!unfiltered_[p].allocated()) unfiltered_[p].allocate(planeSize(p).w, planeSize(p).h);
    return unfiltered_[p];
  }

  void rowsOf(int index, int kind, int component, LatentRows* out) const {
    for (int l = 0; l < MAX_LEVELS; l++) {
      const int p = planeIndex_[field_.nodes[index].references][kind][component][l];
      if (p >= 0) out[l] = source_.rows(index, p);
    }
  }

  // Group 1, 2 or 3 (from 0) up to half size; the last doubling is left to the row pass.
  void prepareGroup(int g, const LatentRows* levels, RowTeam& team, NodePass& pass) {
    if (g + 1 >= levelCount_[0]) return;
    LevelSums& sums = half_[g];
    if (g < 2) {
      if (levels[g + 1].empty()) return;
      PlaneBuffer& coarse = sums.at(g + 1, levels_[0][g + 1]);
      coarse.clear();
      levels[g + 1].addTo(coarse);
    } else if (!sums.collapse(team, levels, levels_[0], levelCount_[0], 3)) {
      return;
    }
    for (int l = g; l >= 1; l--) doublePlane(team, sums.at(l + 1, levels_[0][l + 1]), sums.at(l, levels_[0][l]));
    pass.lumaHalf[g] = sums.at(1, levels_[0][1]);
  }

  void prepareChroma(int c, const LatentRows* levels, RowTeam& team, NodePass& pass) {
    if (levelCount_[1] > 1 && chromaSums_[c].collapse(team, levels, levels_[1], levelCount_[1], 1))
      pass.chromaHalf[c] = chromaSums_[c].at(1, levels_[1][1]);
  }

  static const real* finest(const LatentRows& latents, const RowScratch& s, real* row, int y, int width) {
    if (latents.empty()) return s.zero();
    std::memset(row, 0, size_t(width) * sizeof(real));
    latents.addRow(y, row);
    return row;
  }
  static const real* doubled(const Plane& half, const RowScratch& s, real* row, int y) {
    if (!half.origin) return s.zero();
    upsampleRow(half, y, nullptr, row);
    return row;
  }

  // Rows from y0, which is even.
  void bakeRows(const NodePass& pass, RowScratch& s, int y0, int y1) const {
    s.clock.start();
    if (pass.luma) {
      channels(pass, s, y0 - 1);
      channels(pass, s, y0);
    }
    real* innovation[2] = {s.row(RowScratch::INNOVATION), s.row(RowScratch::INNOVATION + 1)};
    for (real* row : innovation) std::memset(row, 0, size_t(field_.width + LANES) * sizeof(real));
    for (int y = y0; y < y1; y += 2) {
      const int count = y + 1 < field_.height ? 2 : 1;
      if (y == y0 || CellBand::of(y) != CellBand::of(y - 1)) predictBand(pass, s, y, std::min(y1, CellBand::end(y)), y > y0);
      if (pass.luma) {
        channels(pass, s, y + 1);
        channels(pass, s, y + 2);
        convolveRows(s.ring, nets_[pass.net], y, field_.width, innovation[0], innovation[1]);
        s.clock.lap(CONVOLVING, CONVOLUTION * field_.width * count);
      }
      for (int k = 0; k < count; k++) {
        real* out = pass.unfiltered[0].row(y + k);
        if (pass.luma) addCodes(innovation[k], field_.width, out);
        extendRow(out, field_.width);
      }
      if (field_.halvedChroma) {
        real* under = s.row(RowScratch::CHROMA + 4);
        if (pass.chroma) lumaUnderChroma(innovation[0], innovation[count - 1], field_.width, planeSize(1).w, under);
        chromaRow(pass, s, y / 2, under);
      } else {
        for (int k = 0; k < count; k++) chromaRow(pass, s, y + k, innovation[k]);
      }
      s.clock.lap(CHROMA, 0);
    }
  }

  void filterRows(const NodePass& pass, RowScratch& s, int y0, int y1) const {
    s.clock.start();
    for (int p = 0; p < 3; p++) {
      if (!pass.filter[p]) continue;
      const RowRange rows = rowRange(p, y0, y1);
      const Plane& out = pass.picture[p];
      filterBand(pass.unfiltered[p], rows.first, rows.end, pass.filter[p], s.exchange, out);
      for (int y = rows.first; y < rows.end; y++) extendRow(out.row(y), out.w);
      s.clock.lap(FILTERING, double(rows.end - rows.first) * LOOP_FILTER * out.w);
    }
  }

  // Predictions of luma rows y0 .. y1 - 1, all of one band, and of the chroma that goes with them.
  void predictBand(const NodePass& pass, RowScratch& s, int y0, int y1, bool follows) const {
    const RowRange chroma = rowRange(1, y0, y1);
    if (!pass.references) {
      for (int y = y0; y < y1; y++) clearRow(pass.unfiltered[0], y);
      for (int y = chroma.first; y < chroma.end; y++)
        for (int p = 1; p < 3; p++) clearRow(pass.unfiltered[p], y);
      return;
    }
    const int band = CellBand::of(y0);
    s.cells.load(pass.motion, pass.references, band, follows);
    predictRows<CELL, 1>(pass.reference, pass.references, s.cells, band, y0, y1, BLACK[0], pass.unfiltered);
    if (field_.halvedChroma) {
      for (int p = 1; p < 3; p += CHROMA_AT_ONCE)
        predictRows<CELL / 2, CHROMA_AT_ONCE>(pass.reference + p, pass.references, s.cells, band, chroma.first, chroma.end, BLACK[p], pass.unfiltered + p);
    } else {
      for (int p = 1; p < 3; p++)
        predictRows<CELL, 1>(pass.reference + p, pass.references, s.cells, band, chroma.first, chroma.end, BLACK[p], pass.unfiltered + p);
    }
    s.clock.lap(PREDICTION, (y1 - y0) * predictionOperations(pass.references, 1, field_.width) + (chroma.end - chroma.first) * predictionOperations(pass.references, 2, planeSize(1).w));
  }
  static void clearRow(const Plane& p, int y) { std::memset(p.row(y), 0, size_t(p.w) * sizeof(real)); }

  // under: luma innovation on the chroma grid.
  void chromaRow(const NodePass& pass, RowScratch& s, int y, const real* under) const {
    const int w = planeSize(1).w;
    if (pass.chroma) {
      const real* inputs[CHROMA_INPUTS];
      chromaInputs(pass, s, y, inputs);
      s.clock.lap(UPSAMPLING, chromaDoublings(pass) * DOUBLING * w);
      inputs[4] = under;
      if (pass.under.origin) std::memcpy(pass.under.row(y), under, size_t(w) * sizeof(real));
      real *cb = s.row(RowScratch::CHROMA), *cr = s.row(RowScratch::CHROMA + 2);
      synthesizeChromaRow(inputs, nets_[pass.net], w, cb, cr);
      addCodes(cb, w, pass.unfiltered[1].row(y));
      addCodes(cr, w, pass.unfiltered[2].row(y));
      s.clock.lap(CHROMA, CHROMA_SYNTHESIS * w);
    }
    for (int p = 1; p < 3; p++) extendRow(pass.unfiltered[p].row(y), w);
  }

  static void addCodes(const real* units, int w, real* out) {
    for (int x = 0; x < w; x++) out[x] += CODES_PER_UNIT * units[x];
  }

  const FieldSpec& field_;
  RowTeam& team_;
  RowTeam alone_{1};
  const LatentSource& source_;
  int planeIndex_[3][2][MOTION_COMPONENTS][MAX_LEVELS];
  Plane levels_[2][MAX_LEVELS], motionLevels_[MAX_LEVELS];  // sizes only: luma, chroma; motion
  int levelCount_[2] = {}, motionLevelCount_ = 0;
  SynthesisWeights nets_[2];
  const real* filters_ = nullptr;
  PlaneBuffer unfiltered_[3];
  LevelSums half_[3], chromaSums_[2], motionSums_[MOTION_COMPONENTS];
  std::vector<std::unique_ptr<RowScratch>> scratch_;
};

}  // namespace WEFT_ISA
}  // namespace weft
