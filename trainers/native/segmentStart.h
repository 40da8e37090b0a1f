// The start of training: motion by block matching, latents by what they cost, node by node in coding order.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <vector>
#include "motionFit.h"
#include "motionSearch.h"
#include "netWeights.h"
#include "residualCosts.h"
#include "sparseApproximation.h"
#include "trainedNode.h"

namespace weft {
namespace WEFT_ISA {

// Of its finest level, and how many levels.
using PyramidSize = std::array<int, 3>;
// By level; they are the same for all nodes.
using Curvatures = std::map<PyramidSize, std::vector<real>>;

class SegmentStart {
 public:
  // All must outlive this. Fills the latents of `nodes`; reads `baked`, where whoever runs this bakes them.
  SegmentStart(const SegmentConfig& config, RowTeam& team, NodeBaker& baker, const NetWeights& nets, std::vector<Node>& nodes,
               const std::vector<BakedNode>& baked, Curvatures& curvatures)
      : config_(config), team_(team), baker_(baker), nets_(nets), nodes_(nodes), baked_(baked), curvatures_(curvatures) {}

  // bake(index): bakes a node with its latents as they are, rounded; those before it that it is predicted from are.
  template <class Bake> void run(double lambda, NodeRange nodes, const Bake& bake) {
    for (int n = nodes.first; n < nodes.first + nodes.count; n++) {
      Node& node = nodes_[n];
      for (auto& l : node.latents) l.truncate(0);
      // What later nodes are predicted from deserves a finer approximation: as much finer as its quantization step.
      const double depthScale = config_.depthScale[std::min(node.spec.depth, DEPTH_ROWS - 1)];
      const double nodeLambda = lambda * depthScale * depthScale;
      if (node.spec.references) searchMotion(n, lambda);
      bake(n);  // the prediction alone: no innovation yet
      if (node.spec.references == 2 && searchBeta(n, lambda)) bake(n);
      if (node.spec.references && searchLight(n, lambda)) bake(n);
      for (int p = 0; p < 3; p++) fillInnovation(n, p, nodeLambda);
      bake(n);
    }
  }

 private:
  struct Pyramid {
    std::vector<int> planes;  // indexes of the latent planes, finest first
    std::vector<real> steps;  // what one latent adds at its own grid
  };

  Pyramid pyramidOf(const Node& node, int kind, int component) const {
    Pyramid pyramid;
    for (int l = 0; l < MAX_LEVELS; l++) {
      const int plane = baker_.planeIndex(node.spec.references, kind, component, l);
      if (plane < 0) break;
      pyramid.planes.push_back(plane);
      pyramid.steps.push_back(nets_.stepOf(node.spec, plane));
    }
    return pyramid;
  }

  std::vector<Plane> sizesOf(const Node& node, const Pyramid& pyramid) const {
    std::vector<Plane> sizes;
    for (int plane : pyramid.planes) {
      const auto& spec = config_.planes[node.spec.references][plane];
      sizes.push_back(sizeOnly(spec.width, spec.height));
    }
    return sizes;
  }

  // Blocks without a latent above the threshold stay empty.
  static void fill(LatentBlocks& blocks, const Plane& values, double threshold) {
    fillBlocks(blocks, values.w, values.h, real(threshold), [&](int x, int y) { return values.row(y)[x]; });
  }

  // Fills a pyramid of latents so that its decode comes near to the target.
  void approximate(Node& node, const Pyramid& pyramid, const Plane& target, const Plane& weights, const Plane& importance, double lambda,
                   double threshold) {
    const SparseConstants& constants = config_.constants.sparse;
    const PyramidSize size{target.w, target.h, int(pyramid.planes.size())};
    auto& curvatures = curvatures_[size];
    if (curvatures.empty()) curvatures = SparsePyramid::curvatures(constants, target, int(pyramid.planes.size()));
    SparsePyramid& sparse = pyramids_.try_emplace(size, team_, constants, sizesOf(node, pyramid), curvatures).first->second;
    if (!sparse.approximate(pyramid.steps, target, weights, importance, lambda)) return;
    for (int l = 0; l < sparse.levels(); l++) fill(node.latents[pyramid.planes[l]], sparse.value(l), threshold);
  }

  void searchMotion(int index, double lambda) {
    Node& node = nodes_[index];
    const SearchConstants& search = config_.constants.search;
    const int levels = std::max(1, std::min(search.levels, baker_.levels(0) - search.levelsLeftOut));
    const LumaPyramid current(node.source[0].data(), config_.width, config_.height, levels);
    PlaneBuffer slopes[3];
    PlaneBuffer importance;
    weighCells(node, importance);
    weighSlopes(current.level(0), importance, lambda, slopes);
    const double smoothness = search.smoothness + search.smoothnessByRoot * std::sqrt(lambda);
    // One reference to a thread.
    const int count = node.spec.references;
    std::vector<FoundMotion> found(count);
    team_.overShares(count, 1, [&](int from, int to, int) {
      for (int r = from; r < to; r++) findVectors(node, r, current, smoothness, found[r]);
    });
    overCells([&](int y) {
      for (FoundMotion& motion : found) refineVectors(current, smoothness, y, motion);
      for (int x = 0; x < importance.w; x++) {
        if (count == 2) priceVectors<2>(node, current.level(0), x, y, importance.row(y)[x], lambda, found);
        else priceVectors<1>(node, current.level(0), x, y, importance.row(y)[x], lambda, found);
      }
    });
    team_.overShares(count, 1, [&](int from, int to, int) {
      for (int r = from; r < to; r++) fitVectors(node, r, slopes, lambda, found[r]);
    });
  }

  // What block matching found towards one reference.
  struct FoundMotion {
    const Plane* reference = nullptr;         // its luma, in codes minus 128
    std::optional<LumaPyramid> source;        // of the same frame, in the light of the node
    std::optional<VectorField> vectors;
    real factor = 1, offset = 0;              // that bring its light to the node's
    PlaneBuffer expected[2], missing[2];      // what the node's motion is predicted to be, and what it lacks
    PlaneBuffer worth;                        // what a cell's vector saves
  };

  // To whole pixels.
  void findVectors(const Node& node, int r, const LumaPyramid& current, double smoothness, FoundMotion& out) const {
    const SearchConstants& search = config_.constants.search;
    const Plane size = baker_.motionLevel(0);
    for (int axis = 0; axis < 2; axis++) {
      out.expected[axis].allocate(size.w, size.h);
      out.missing[axis].allocate(size.w, size.h);
      if (node.spec.motionNode[r] >= 0)
        addScaled(baked_[node.spec.motionNode[r]].motion[displacement(node.spec.motionField[r], axis)], real(node.spec.motionScale[r]), out.expected[axis]);
    }
    out.worth.allocate(size.w, size.h);
    VectorField expected(size.w, size.h);
    for (int y = 0; y < size.h; y++)
      for (int x = 0; x < size.w; x++) expected.at(x, y) = {float(out.expected[0].row(y)[x]), float(out.expected[1].row(y)[x])};
    out.source.emplace(nodes_[node.spec.reference[r]].source[0].data(), config_.width, config_.height, current.levels());
    out.source->takeLightOf(current, search, out.factor, out.offset);
    out.reference = &baked_[node.spec.reference[r]].picture[0];
    out.vectors = BlockMatcher(current, *out.source, search, smoothness).search(expected);
  }

  // Between pixels, in one row of cells.
  void refineVectors(const LumaPyramid& current, double smoothness, int y, FoundMotion& motion) const {
    const BlockMatcher matcher(current, *motion.source, config_.constants.search, smoothness);
    for (int x = 0; x < motion.vectors->w; x++) {
      const Vector2 found = matcher.refine(motion.vectors->at(x, y), x, y);
      motion.missing[0].row(y)[x] = found.x - motion.expected[0].row(y)[x];
      motion.missing[1].row(y)[x] = found.y - motion.expected[1].row(y)[x];
    }
  }

  // What each vector of a cell saves, with the other as it was found: compared to the one that is expected, and to one that reads
  // something else, at best of the same mean.
  template <int count>
  void priceVectors(const Node& node, const Plane& source, int x, int y, real importance, double lambda, std::vector<FoundMotion>& found) const {
    enum { FOUND, EXPECTED, BLANK, KINDS };
    CellSpectrum spectra[KINDS * count];
    for (int r = 0; r < count; r++) {
      spectra[FOUND * count + r] = displacedSpectrum(found[r], x, y, true);
      spectra[EXPECTED * count + r] = displacedSpectrum(found[r], x, y, false);
      spectra[BLANK * count + r] = spectra[FOUND * count + r].meanAlone();
    }
    const CellCosts<KINDS * count> costs(spectrumOf(source, x, y), spectra, importance * config_.lossWeights[0], water(lambda));
    const StartConstants& start = config_.constants.start;
    const double share = node.spec.depth < 2 ? start.anchorMatchShare : start.leafMatchShare;
    for (int r = 0; r < count; r++) {
      const auto with = [&](int kind) {
        double weights[KINDS * count] = {};
        weights[kind * count + r] = 1.0 / count;
        if (count > 1) weights[FOUND * count + 1 - r] = 1.0 / count;
        return costs.cost(weights);
      };
      const double worth = std::fmax(with(BLANK), with(EXPECTED)) - with(FOUND);
      found[r].worth.row(y)[x] = real(std::fmax(share * worth, start.leastLimit * lambda));
    }
  }

  // A cell of the reference in the light of the node, displaced as was found, or as is expected.
  static CellSpectrum displacedSpectrum(const FoundMotion& motion, int x, int y, bool found) {
    const Plane& from = *motion.reference;
    real d[2];
    for (int axis = 0; axis < 2; axis++) d[axis] = motion.expected[axis].row(y)[x] + (found ? motion.missing[axis].row(y)[x] : 0);
    const CellTaps taps = CellTaps::of(d[0], d[1]);
    real samples[CELL][CELL];
    sampleCell(from, x, y, taps, [&](int row, Span<CELL> value) {
      for (int i = 0; i < CELL; i++) samples[row][i] = motion.factor * (value[i] + CODE_OFFSET) + motion.offset;
    });
    return CellSpectrum(samples);
  }

  void fitVectors(Node& node, int r, const PlaneBuffer (&slopes)[3], double lambda, const FoundMotion& found) const {
    const StartConstants& start = config_.constants.start;
    const Pyramid pyramids[2] = {pyramidOf(node, MOTION, displacement(r, 0)), pyramidOf(node, MOTION, displacement(r, 1))};
    MotionFit fit(config_.constants.fit, sizesOf(node, pyramids[0]), {pyramids[0].steps, pyramids[1].steps});
    fit.fit(found.missing, {slopes, found.worth}, start.motionPrice * lambda);
    for (int axis = 0; axis < 2; axis++)
      for (size_t l = 0; l < pyramids[axis].planes.size(); l++)
        fill(node.latents[pyramids[axis].planes[l]], fit.value(axis, int(l)), start.motionThreshold);
  }

  // Call body(y) for the rows of a plane and of cells, shared over the threads.
  template <class Body> void overSamples(const Plane& plane, const Body& body) const { overRows(plane.h, plane.w, body); }
  template <class Body> void overCells(const Body& body) const {
    overRows(baker_.motionLevel(0).h, baker_.motionLevel(0).w * CELL * CELL, body);
  }
  template <class Body> void overRows(int rows, int samples, const Body& body) const {
    team_.overFreeRows(rows, samples, 1, [&](int y0, int y1, int) {
      for (int y = y0; y < y1; y++) body(y);
    });
  }

  // What the errors in the luma of each cell weigh on average.
  void weighCells(const Node& node, PlaneBuffer& importance) const {
    const Plane size = baker_.motionLevel(0);
    importance.allocate(size.w, size.h);
    overCells([&](int y) {
      for (int x = 0; x < size.w; x++) {
        real total = 0, n = 0;
        for (int py = y * CELL; py < std::min(config_.height, (y + 1) * CELL); py++)
          for (int px = x * CELL; px < std::min(config_.width, (x + 1) * CELL); px++, n++) total += node.weights[0].row(py)[px];
        importance.row(y)[x] = total / n;
      }
    });
  }

  // Of a displacement by cell, from the slopes of the luma; a flat cell has some too, so that it goes with its neighbours.
  void weighSlopes(const Plane& luma, const Plane& importance, double lambda, PlaneBuffer (&slopes)[3]) const {
    const StartConstants& start = config_.constants.start;
    const Plane size = baker_.motionLevel(0);
    for (auto& plane : slopes) plane.allocate(size.w, size.h);
    overCells([&](int y) {
      for (int x = 0; x < size.w; x++) {
        real across = 0, down = 0, product = 0;
        for (int py = y * CELL; py < std::min(luma.h, (y + 1) * CELL); py++)
          for (int px = x * CELL; px < std::min(luma.w, (x + 1) * CELL); px++) {
            const real dx = luma.row(py)[px + 1] - luma.row(py)[px - 1], dy = luma.row(py + 1)[px] - luma.row(py - 1)[px];
            across += dx * dx;
            down += dy * dy;
            product += dx * dy;
          }
        const real weight = real(start.slopeWeight) * importance.row(y)[x], flat = real(start.flatWeight * lambda);
        slopes[0].row(y)[x] = weight * across + flat;
        slopes[1].row(y)[x] = weight * down + flat;
        slopes[2].row(y)[x] = weight * product;
      }
    });
  }

  // From the prediction as it is with the motion that was found: the factor that brings the shape of each cell nearest to the
  // source's, less so where it is so dark that the factor would multiply mostly noise. False if the light does not change.
  bool searchLight(int index, double lambda) {
    Node& node = nodes_[index];
    const StartConstants& start = config_.constants.start;
    const Plane &luma = baked_[index].picture[0], &size = baker_.motionLevel(0);
    const real noise = real(start.lightNoise * lambda);  // of each sample, squared codes
    PlaneBuffer light(size.w, size.h), weights(size.w, size.h);
    overCells([&](int y) {
      for (int x = 0; x < size.w; x++) {
        real total = 0, values = 0, missed = 0, squares = 0, products = 0, errors = 0;
        for (int py = y * CELL; py < std::min(luma.h, (y + 1) * CELL); py++)
          for (int px = x * CELL; px < std::min(luma.w, (x + 1) * CELL); px++) {
            const real value = luma.row(py)[px] - BLACK[0], weight = node.weights[0].row(py)[px];
            const real missing = real(node.source[0][size_t(py) * luma.w + px]) - (CODE_OFFSET + BLACK[0]) - value;
            total += weight;
            values += weight * value;
            missed += weight * missing;
            squares += weight * (value * value + noise);
            products += weight * value * missing;
            errors += weight * missing * missing;
          }
        // Innovation says cheaply what is the same in all of a cell: it counts less.
        const real alike = (1 - real(start.lightMeanShare)) / total;
        squares -= alike * values * values;
        products -= alike * values * missed;
        light.row(y)[x] = products / squares;
        // Where the prediction is another picture in any light, what light saves would be coded anyway.
        const real rest = (errors - alike * missed * missed - products * products / squares) / total;
        const real limit = real(start.lightLimit * lambda);
        weights.row(y)[x] = real(config_.lossWeights[0]) * squares * limit / (limit + rest);
      }
    });
    return fillMotion(node, LIGHT, light, weights, start.lightPrice * lambda);
  }

  // From the motion that was found: which reference each cell had better believe, and how far. False if all believe both alike.
  bool searchBeta(int index, double lambda) {
    Node& node = nodes_[index];
    PlaneBuffer predicted[2][3];
    for (int r = 0; r < 2; r++) {
      for (int p = 0; p < 3; p++) predicted[r][p].allocate(baker_.planeSize(p).w, baker_.planeSize(p).h);
      baker_.predictFromOne(index, baked_, r, predicted[r]);
    }
    const Plane& size = baker_.motionLevel(0);
    PlaneBuffer source(config_.width, config_.height), beta(size.w, size.h), weights(size.w, size.h), importance;
    overSamples(source, [&](int y) {
      for (int x = 0; x < source.w; x++) source.row(y)[x] = real(node.source[0][size_t(y) * source.w + x]) - CODE_OFFSET;
    });
    weighCells(node, importance);
    overCells([&](int y) {
      for (int x = 0; x < size.w; x++) {
        const CellSpectrum spectra[2] = {spectrumOf(predicted[0][0], x, y), spectrumOf(predicted[1][0], x, y)};
        const CellCosts<2> costs(spectrumOf(source, x, y), spectra, importance.row(y)[x] * config_.lossWeights[0], water(lambda));
        const auto cost = [&](double logit) {
          const double first = 1 / (1 + std::exp(-logit));
          return costs.cost({first, 1 - first});
        };
        const CellChoice choice(cost, config_.constants.start.largestBeta);
        beta.row(y)[x] = real(choice.value);
        weights.row(y)[x] = real(choice.weight);
      }
    });
    return fillMotion(node, BETA, beta, weights, config_.constants.start.betaPrice * lambda);
  }
  double water(double lambda) const { return config_.constants.start.water * lambda; }
  // Of what lies in the plane, which repeats beyond it.
  static CellSpectrum spectrumOf(const Plane& plane, int x, int y) {
    real samples[CELL][CELL];
    for (int j = 0; j < CELL; j++)
      for (int i = 0; i < CELL; i++) samples[j][i] = plane.row(std::min(y * CELL + j, plane.h - 1))[std::min(x * CELL + i, plane.w - 1)];
    return CellSpectrum(samples);
  }

  // False if nothing of it is worth its bits.
  bool fillMotion(Node& node, int component, const Plane& target, const Plane& weights, double lambda) {
    const Pyramid pyramid = pyramidOf(node, MOTION, component);
    approximate(node, pyramid, target, weights, filled(baker_.motionLevel(0), 1), lambda, config_.constants.start.motionThreshold);
    return std::any_of(pyramid.planes.begin(), pyramid.planes.end(), [&](int plane) { return !node.latents[plane].empty(); });
  }

  // What plane p of the picture lacks.
  void fillInnovation(int index, int p, double lambda) {
    Node& node = nodes_[index];
    const StartConstants& start = config_.constants.start;
    const Plane& picture = baked_[index].picture[p];
    PlaneBuffer target(picture.w, picture.h), importance(picture.w, picture.h);
    overSamples(target, [&](int y) {
      for (int x = 0; x < picture.w; x++) {
        target.row(y)[x] = (real(node.source[p][size_t(y) * picture.w + x]) - CODE_OFFSET - picture.row(y)[x]) / CODES_PER_UNIT;
        importance.row(y)[x] = node.weights[p].row(y)[x];
      }
    });
    const double threshold = node.spec.depth < 2 ? start.anchorThreshold : start.leafThreshold;
    const PlaneBuffer weights = filled(picture, real(config_.lossWeights[p]) * CODES_PER_UNIT * CODES_PER_UNIT);
    approximate(node, pyramidOf(node, INNOVATION, p), target, weights, importance, lambda, threshold);
  }

  static PlaneBuffer filled(const Plane& size, real value) {
    PlaneBuffer plane(size.w, size.h);
    for (int y = 0; y < size.h; y++) std::fill(plane.row(y), plane.row(y) + size.w, value);
    return plane;
  }

  const SegmentConfig& config_;
  RowTeam& team_;
  NodeBaker& baker_;
  const NetWeights& nets_;
  std::vector<Node>& nodes_;
  const std::vector<BakedNode>& baked_;
  Curvatures& curvatures_;
  std::map<PyramidSize, SparsePyramid> pyramids_;
};

}  // namespace WEFT_ISA
}  // namespace weft
