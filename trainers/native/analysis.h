// The start of training: motion by block matching and latents by sparse approximation, node by node in coding order.
#pragma once
#include "motionSearch.h"
#include "segmentPasses.h"

namespace weft {
namespace WEFT_ISA {

constexpr int SPARSE_ROUNDS = 3, SPARSE_ITERATIONS = 15;
// Training removes needless motion more slowly than it adds what is missing: the start is sparse.
constexpr double MOTION_SPARSITY = 4;
// Residuals can say what light says, and more of it.
constexpr double LIGHT_SPARSITY = 8;

inline Segment::Pyramid Segment::pyramidOf(const Node& node, int kind, int component) const {
  Pyramid pyramid;
  for (int l = 0; l < MAX_LEVELS; l++) {
    const int plane = baker_.planeIndex(node.spec.references, kind, component, l);
    if (plane < 0) break;
    pyramid.planes.push_back(plane);
    pyramid.steps.push_back(stepOf(node, plane));
  }
  return pyramid;
}

// Linear decode of a pyramid and its adjoint; level 0 is the finest.
struct LinearPyramid {
  std::vector<PlaneBuffer> value, momentum, gradient, sums, scale;
  std::vector<real> steps;
  RowTeam& pool;

  LinearPyramid(RowTeam& p, const std::vector<Plane>& sizes, const std::vector<real>& stepSizes) : steps(stepSizes), pool(p) {
    for (auto* list : {&value, &momentum, &gradient, &sums, &scale})
      for (const auto& s : sizes) list->emplace_back(s.w, s.h);
  }
  int levels() const { return int(value.size()); }
  void decode(const std::vector<PlaneBuffer>& from) {
    for (int l = levels() - 1; l >= 0; l--) {
      const Plane &in = from[l], &out = sums[l];
      overRows(pool, in.h, in.w, 1, [&](int y0, int y1, int) {
        for (int y = y0; y < y1; y++)
          for (int x = 0; x < in.w; x++) out.row(y)[x] = steps[l] * in.row(y)[x];
      });
      if (l < levels() - 1) upsample(pool, sums[l + 1], out, &out);
    }
  }
  // sums[0] holds the gradient by the decoded plane; leaves the gradients by the latents in `gradient`.
  void adjoint() {
    for (int l = 0; l < levels(); l++) {
      if (l > 0) upsampleAdjoint(pool, sums[l - 1], sums[l]);
      const Plane &in = sums[l], &out = gradient[l];
      for (int y = 0; y < in.h; y++)
        for (int x = 0; x < in.w; x++) out.row(y)[x] = steps[l] * in.row(y)[x];
    }
  }
  // Largest eigenvalue of decode^T decode.
  real largestEigenvalue() {
    uint32_t seed = 1;
    for (auto& plane : momentum)
      for (int y = 0; y < plane.h; y++)
        for (int x = 0; x < plane.w; x++) plane.row(y)[x] = real(hashBits(seed++, 7, 9) & 255) / 255 - real(0.3);
    real norm = 1;
    for (int i = 0; i < 8; i++) {
      decode(momentum);
      adjoint();
      double total = 0;
      for (auto& g : gradient)
        for (int y = 0; y < g.h; y++)
          for (int x = 0; x < g.w; x++) total += double(g.row(y)[x]) * g.row(y)[x];
      norm = real(std::sqrt(total));
      if (norm <= 0) return 1;
      for (size_t l = 0; l < momentum.size(); l++)
        for (int y = 0; y < momentum[l].h; y++)
          for (int x = 0; x < momentum[l].w; x++) momentum[l].row(y)[x] = gradient[l].row(y)[x] / norm;
    }
    return norm * real(1.1);
  }
  // Expected magnitudes from the neighbourhood and the parent: the next round's penalties (Candes, Wakin, Boyd, 2008).
  void reweight() {
    for (int l = 0; l < levels(); l++) {
      const Plane& v = value[l];
      for (int y = 0; y < v.h; y++)
        for (int x = 0; x < v.w; x++) {
          real total = 0, n = 0;
          for (int dy = -1; dy <= 1; dy++)
            for (int dx = -1; dx <= 1; dx++) {
              if (y + dy < 0 || y + dy >= v.h || x + dx < 0 || x + dx >= v.w) continue;
              total += std::fabs(v.row(y + dy)[x + dx]);
              n++;
            }
          if (l + 1 < levels()) {
            total += 3 * std::fabs(value[l + 1].row(y / 2)[x / 2]);
            n += 3;
          }
          scale[l].row(y)[x] = std::fmax(real(0.15), total / n);
        }
    }
  }
};

// FISTA (Beck and Teboulle, 2009) on weight * |decode - target|^2 + lambda * sum |q| / (b ln 2).
inline void Segment::approximate(Node& node, const Pyramid& pyramid, const Plane& target, const Plane* weights, double lambda,
                                 real threshold) {
  std::vector<Plane> sizes;
  for (int plane : pyramid.planes) sizes.push_back(sizeOnly(planesOf(node)[plane].width, planesOf(node)[plane].height));
  LinearPyramid p(pool_, sizes, pyramid.steps);
  real largestWeight = 0;
  for (int y = 0; y < target.h; y++)
    for (int x = 0; x < target.w; x++) largestWeight = std::fmax(largestWeight, weights->row(y)[x]);
  if (largestWeight <= 0) return;
  const real lipschitz = 2 * largestWeight * p.largestEigenvalue();
  for (auto& s : p.scale)
    for (int y = 0; y < s.h; y++) std::fill(s.row(y), s.row(y) + s.w, real(0.5));
  for (auto& m : p.momentum) m.clear();
  for (int round = 0; round < SPARSE_ROUNDS; round++) {
    if (round > 0) p.reweight();
    double t = 1;
    for (int i = 0; i < SPARSE_ITERATIONS; i++) {
      p.decode(p.momentum);
      Plane& r = p.sums[0];
      overRows(pool_, r.h, r.w, 1, [&](int y0, int y1, int) {
        for (int y = y0; y < y1; y++)
          for (int x = 0; x < r.w; x++) r.row(y)[x] = 2 * weights->row(y)[x] * (r.row(y)[x] - target.row(y)[x]);
      });
      p.adjoint();
      const double next = i == SPARSE_ITERATIONS - 1 ? 1 : 0.5 * (1 + std::sqrt(1 + 4 * t * t));
      const real inertia = real(i == SPARSE_ITERATIONS - 1 ? 0 : (t - 1) / next);
      t = next;
      for (int l = 0; l < p.levels(); l++) {
        const Plane &v = p.value[l], &m = p.momentum[l], &g = p.gradient[l], &s = p.scale[l];
        const real shrink = real(lambda * LOG2E) / lipschitz;
        overRows(pool_, v.h, v.w, 1, [&](int y0, int y1, int) {
          for (int y = y0; y < y1; y++)
            for (int x = 0; x < v.w; x += LANES) {
              const vf moved = load(m.row(y) + x) - load(g.row(y) + x) / lipschitz;
              const vf limit = splat(shrink) / load(s.row(y) + x);
              const vf value = signOf(moved) * maximum(absolute(moved) - limit, splat(0));
              store(m.row(y) + x, value + inertia * (value - load(v.row(y) + x)));
              store(v.row(y) + x, value);
            }
        });
      }
    }
  }
  for (int l = 0; l < p.levels(); l++) {
    const Plane& v = p.value[l];
    setBlocks(node.latents[pyramid.planes[l]], v.w, v.h, threshold, [&](int x, int y) { return v.row(y)[x]; });
  }
}

inline void Segment::searchMotion(int index, double lambda) {
  Node& node = nodes_[index];
  const int levels = std::max(1, std::min(4, baker_.levels(0) - 2));
  const LumaPyramid current(node.source[0].data(), config_.width, config_.height, levels);
  PlaneBuffer weights(baker_.motionLevel(0).w, baker_.motionLevel(0).h);
  const Plane& luma = current.level(0);
  for (int y = 0; y < weights.h; y++)
    for (int x = 0; x < weights.w; x++) {
      real energy = 0;
      for (int py = y * CELL; py < std::min(luma.h, (y + 1) * CELL); py++)
        for (int px = x * CELL; px < std::min(luma.w, (x + 1) * CELL); px++) {
          const real dx = luma.row(py)[px + 1] - luma.row(py)[px - 1], dy = luma.row(py + 1)[px] - luma.row(py - 1)[px];
          energy += real(0.125) * (dx * dx + dy * dy);
        }
      weights.row(y)[x] = std::fmin(std::fmax(real(0.5) * energy, real(lambda)), real(60 * lambda));
    }
  const Plane size = baker_.motionLevel(0);
  PlaneBuffer predicted[MOTION_COMPONENTS], delta[MOTION_COMPONENTS];
  // One reference to a thread.
  pool_.overShares(node.spec.references, 1, [&](int from, int to, int) {
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
      reference.takeLightOf(current);
      const VectorField found = BlockMatcher(current, reference, 64 + 16 * std::sqrt(lambda)).search(expected);
      for (int y = 0; y < size.h; y++)
        for (int x = 0; x < size.w; x++) {
          delta[dx].row(y)[x] = found.at(x, y).x - predicted[dx].row(y)[x];
          delta[dy].row(y)[x] = found.at(x, y).y - predicted[dy].row(y)[x];
        }
    }
  });
  const Plane w = weights;
  for (int c = 0; c < motionComponents(node.spec); c++)
    if (delta[c].allocated()) approximate(node, pyramidOf(node, MOTION, c), delta[c], &w, MOTION_SPARSITY * lambda, real(0.3));
}

// From the prediction as it is with the motion that was found: the factor that brings each cell nearest to the source. False if the
// light does not change.
inline bool Segment::searchLight(int index, double lambda) {
  Node& node = nodes_[index];
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
  const Plane w = weights;
  const Pyramid pyramid = pyramidOf(node, MOTION, LIGHT);
  approximate(node, pyramid, light, &w, LIGHT_SPARSITY * lambda, real(0.3));
  return std::any_of(pyramid.planes.begin(), pyramid.planes.end(), [&](int plane) { return !node.latents[plane].empty(); });
}

inline void Segment::analyse(const double* nets, double lambda) {
  loadNets(nets);
  const StepOptions hard{};
  for (size_t n = 0; n < nodes_.size(); n++) {
    Node& node = nodes_[n];
    for (auto& l : node.latents) l.truncate(0);
    // What later nodes are predicted from deserves a finer approximation: as much finer as its quantization step.
    const double depthScale = config_.depthScale[std::min(node.spec.depth, 4)];
    const double nodeLambda = lambda * depthScale * depthScale;
    if (node.spec.references) searchMotion(int(n), lambda);
    forward(int(n), hard);  // the prediction alone: no innovation yet
    if (node.spec.references && searchLight(int(n), lambda)) forward(int(n), hard);
    for (int p = 0; p < 3; p++) {
      const Plane& picture = baked_[n].picture[p];
      PlaneBuffer target(picture.w, picture.h), weights(picture.w, picture.h);
      for (int y = 0; y < picture.h; y++)
        for (int x = 0; x < picture.w; x++) {
          target.row(y)[x] = (real(node.source[p][size_t(y) * picture.w + x]) - 128 - picture.row(y)[x]) / CODES_PER_UNIT;
          weights.row(y)[x] = real(config_.lossWeights[p]) * CODES_PER_UNIT * CODES_PER_UNIT;
        }
      const Plane w = weights;
      approximate(node, pyramidOf(node, INNOVATION, p), target, &w, nodeLambda, node.spec.depth < 2 ? real(0.1) : real(0.25));
    }
    forward(int(n), hard);
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
