// The start of training: motion by block matching and latents by sparse approximation, node by node in coding order.
#pragma once
#include <algorithm>
#include <cmath>
#include "motionSearch.h"
#include "netWeights.h"
#include "sparseApproximation.h"
#include "trainedNode.h"

namespace weft {
namespace WEFT_ISA {

class SegmentStart {
 public:
  // All must outlive this. Fills the latents of `nodes`; reads `baked`, where whoever runs this bakes them.
  SegmentStart(const SegmentConfig& config, RowTeam& team, const NodeBaker& baker, const NetWeights& nets, std::vector<Node>& nodes,
               const std::vector<BakedNode>& baked)
      : config_(config), team_(team), baker_(baker), nets_(nets), nodes_(nodes), baked_(baked) {}

  // bake(index): bakes a node with its latents as they are, rounded; those before it are done.
  template <class Bake> void run(double lambda, const Bake& bake) {
    for (int n = 0; n < int(nodes_.size()); n++) {
      Node& node = nodes_[n];
      for (auto& l : node.latents) l.truncate(0);
      // What later nodes are predicted from deserves a finer approximation: as much finer as its quantization step.
      const double depthScale = config_.depthScale[std::min(node.spec.depth, DEPTH_ROWS - 1)];
      const double nodeLambda = lambda * depthScale * depthScale;
      if (node.spec.references) searchMotion(n, lambda);
      bake(n);  // the prediction alone: no innovation yet
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

  // Fills a pyramid of latents so that its decode comes near to the target; blocks without a latent above the threshold stay empty.
  void approximate(Node& node, const Pyramid& pyramid, const Plane& target, const Plane& weights, double lambda, double threshold) {
    std::vector<Plane> sizes;
    for (int plane : pyramid.planes) {
      const auto& spec = config_.planes[node.spec.references][plane];
      sizes.push_back(sizeOnly(spec.width, spec.height));
    }
    SparsePyramid sparse(team_, config_.constants.sparse, sizes, pyramid.steps);
    if (!sparse.approximate(target, weights, lambda)) return;
    for (int l = 0; l < sparse.levels(); l++) {
      const Plane& v = sparse.value(l);
      fillBlocks(node.latents[pyramid.planes[l]], v.w, v.h, real(threshold), [&](int x, int y) { return v.row(y)[x]; });
    }
  }

  void searchMotion(int index, double lambda) {
    Node& node = nodes_[index];
    const StartConstants& start = config_.constants.start;
    const SearchConstants& search = config_.constants.search;
    const int levels = std::max(1, std::min(search.levels, baker_.levels(0) - search.levelsLeftOut));
    const LumaPyramid current(node.source[0].data(), config_.width, config_.height, levels);
    const Plane size = baker_.motionLevel(0);
    PlaneBuffer weights(size.w, size.h);
    weighDisplacements(current.level(0), lambda, weights);
    PlaneBuffer predicted[MOTION_COMPONENTS], delta[MOTION_COMPONENTS];
    // One reference to a thread.
    team_.overShares(node.spec.references, 1, [&](int from, int to, int) {
      for (int r = from; r < to; r++) {
        const int dx = displacement(r, 0), dy = displacement(r, 1);
        for (int axis = 0; axis < 2; axis++) {
          const int c = displacement(r, axis);
          predicted[c].allocate(size.w, size.h);
          delta[c].allocate(size.w, size.h);
          if (node.spec.motionNode[r] >= 0)
            addScaled(baked_[node.spec.motionNode[r]].motion[displacement(node.spec.motionField[r], axis)], real(node.spec.motionScale[r]), predicted[c]);
        }
        VectorField expected(size.w, size.h);
        for (int y = 0; y < size.h; y++)
          for (int x = 0; x < size.w; x++) expected.at(x, y) = {float(predicted[dx].row(y)[x]), float(predicted[dy].row(y)[x])};
        LumaPyramid reference(nodes_[node.spec.reference[r]].source[0].data(), config_.width, config_.height, levels);
        reference.takeLightOf(current, search);
        const double smoothness = search.smoothness + search.smoothnessByRoot * std::sqrt(lambda);
        const VectorField found = BlockMatcher(current, reference, search, smoothness).search(expected);
        for (int y = 0; y < size.h; y++)
          for (int x = 0; x < size.w; x++) {
            delta[dx].row(y)[x] = found.at(x, y).x - predicted[dx].row(y)[x];
            delta[dy].row(y)[x] = found.at(x, y).y - predicted[dy].row(y)[x];
          }
      }
    });
    for (int c = 0; c < motionComponents(node.spec); c++)
      if (delta[c].allocated())
        approximate(node, pyramidOf(node, MOTION, c), delta[c], weights, start.motionPrice * lambda, start.motionThreshold);
  }

  // Price of a squared pixel of displacement by cell: the energy of the luma's slopes, within bounds.
  void weighDisplacements(const Plane& luma, double lambda, const Plane& weights) const {
    const StartConstants& start = config_.constants.start;
    for (int y = 0; y < weights.h; y++)
      for (int x = 0; x < weights.w; x++) {
        real energy = 0;
        for (int py = y * CELL; py < std::min(luma.h, (y + 1) * CELL); py++)
          for (int px = x * CELL; px < std::min(luma.w, (x + 1) * CELL); px++) {
            const real dx = luma.row(py)[px + 1] - luma.row(py)[px - 1], dy = luma.row(py + 1)[px] - luma.row(py - 1)[px];
            energy += real(start.slopeWeight) * (dx * dx + dy * dy);
          }
        weights.row(y)[x] = std::fmin(std::fmax(energy, real(lambda)), real(start.largestSlope * lambda));
      }
  }

  // From the prediction as it is with the motion that was found: the factor that brings each cell nearest to the source. False if
  // the light does not change.
  bool searchLight(int index, double lambda) {
    Node& node = nodes_[index];
    const StartConstants& start = config_.constants.start;
    const Plane &luma = baked_[index].picture[0], &size = baker_.motionLevel(0);
    PlaneBuffer light(size.w, size.h), weights(size.w, size.h);
    for (int y = 0; y < luma.h; y++)
      for (int x = 0; x < luma.w; x++) {
        const real value = luma.row(y)[x] - BLACK[0], missing = real(node.source[0][size_t(y) * luma.w + x]) - (CODE_OFFSET + BLACK[0]) - value;
        light.row(y / CELL)[x / CELL] += value * missing;
        weights.row(y / CELL)[x / CELL] += value * value;
      }
    for (int y = 0; y < size.h; y++)
      for (int x = 0; x < size.w; x++) {
        light.row(y)[x] /= std::fmax(weights.row(y)[x], real(1));
        weights.row(y)[x] *= real(config_.lossWeights[0]);
      }
    const Pyramid pyramid = pyramidOf(node, MOTION, LIGHT);
    approximate(node, pyramid, light, weights, start.lightPrice * lambda, start.motionThreshold);
    return std::any_of(pyramid.planes.begin(), pyramid.planes.end(), [&](int plane) { return !node.latents[plane].empty(); });
  }

  // What plane p of the picture lacks.
  void fillInnovation(int index, int p, double lambda) {
    Node& node = nodes_[index];
    const StartConstants& start = config_.constants.start;
    const Plane& picture = baked_[index].picture[p];
    PlaneBuffer target(picture.w, picture.h), weights(picture.w, picture.h);
    for (int y = 0; y < picture.h; y++)
      for (int x = 0; x < picture.w; x++) {
        target.row(y)[x] = (real(node.source[p][size_t(y) * picture.w + x]) - CODE_OFFSET - picture.row(y)[x]) / CODES_PER_UNIT;
        weights.row(y)[x] = real(config_.lossWeights[p]) * CODES_PER_UNIT * CODES_PER_UNIT;
      }
    const double threshold = node.spec.depth < 2 ? start.anchorThreshold : start.leafThreshold;
    approximate(node, pyramidOf(node, INNOVATION, p), target, weights, lambda, threshold);
  }

  const SegmentConfig& config_;
  RowTeam& team_;
  const NodeBaker& baker_;
  const NetWeights& nets_;
  std::vector<Node>& nodes_;
  const std::vector<BakedNode>& baked_;
};

}  // namespace WEFT_ISA
}  // namespace weft
