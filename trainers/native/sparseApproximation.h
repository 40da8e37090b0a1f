// Sparse approximation of a plane by a pyramid of latents.
#pragma once
#include <cmath>
#include <vector>
#include "contextGradient.h"
#include "latents.h"
#include "pyramidGradient.h"

namespace weft {
namespace WEFT_ISA {

// A pyramid of latents, its linear decode, and the latents that bring the decode near to a target; level 0 is the finest.
class SparsePyramid {
 public:
  // steps: what one latent adds at its own grid, by level. The team and the constants must outlive this.
  SparsePyramid(RowTeam& team, const SparseConstants& constants, const std::vector<Plane>& sizes, const std::vector<real>& steps)
      : team_(team), constants_(constants), steps_(steps) {
    for (auto* list : {&value_, &momentum_, &gradient_, &sums_, &scale_, &importance_})
      for (const auto& s : sizes) list->emplace_back(s.w, s.h);
  }
  int levels() const { return int(value_.size()); }
  const Plane& value(int level) const { return value_[level]; }

  // FISTA (Beck and Teboulle, 2009) on weight * |decode - target|^2 + lambda / importance * sum |q| / (b ln 2), with the magnitudes b
  // of each round from the last. `importance` by samples, for latents the mean of their samples: another weight, but one that leaves
  // the problem as well conditioned as it is. `eigenvalue`: the largest. False if nothing has weight: all latents are then zero.
  bool approximate(const Plane& target, const Plane& weights, const Plane& importance, double lambda, real eigenvalue) {
    spread(importance);
    real largestWeight = 0;
    for (int y = 0; y < target.h; y++)
      for (int x = 0; x < target.w; x++) largestWeight = std::fmax(largestWeight, weights.row(y)[x]);
    if (largestWeight <= 0) return false;
    const real lipschitz = 2 * largestWeight * eigenvalue;
    for (int l = 0; l < levels(); l++)
      for (int y = 0; y < scale_[l].h; y++)
        for (int x = 0; x < scale_[l].w; x++) scale_[l].row(y)[x] = real(constants_.firstScale) * importance_[l].row(y)[x];
    for (auto& m : momentum_) m.clear();
    for (int round = 0; round < constants_.rounds; round++) {
      if (round > 0) reweight();
      double t = 1;
      for (int i = 0; i < constants_.iterations; i++) {
        const bool last = i == constants_.iterations - 1;
        descend(target, weights);
        const double next = last ? 1 : 0.5 * (1 + std::sqrt(1 + 4 * t * t));
        const real inertia = real(last ? 0 : (t - 1) / next);
        t = next;
        shrink(lipschitz, real(lambda * LOG2E) / lipschitz, inertia);
      }
    }
    return true;
  }

  // Largest eigenvalue of decode^T decode, by power iteration: the same for all pyramids of such sizes and steps.
  real largestEigenvalue() {
    uint32_t seed = 1;
    for (auto& plane : momentum_)
      for (int y = 0; y < plane.h; y++)
        for (int x = 0; x < plane.w; x++) plane.row(y)[x] = real(hashBits(seed++, 7, 9) & 255) / 255 + real(constants_.leastDirection);
    real norm = 1;
    for (int i = 0; i < constants_.powerIterations; i++) {
      decode(momentum_);
      adjoint();
      double total = 0;
      for (auto& g : gradient_)
        for (int y = 0; y < g.h; y++)
          for (int x = 0; x < g.w; x++) total += double(g.row(y)[x]) * g.row(y)[x];
      norm = real(std::sqrt(total));
      if (norm <= 0) return 1;
      for (int l = 0; l < levels(); l++)
        overRows(momentum_[l], [&](int y) {
          for (int x = 0; x < momentum_[l].w; x++) momentum_[l].row(y)[x] = gradient_[l].row(y)[x] / norm;
        });
    }
    return norm * real(constants_.eigenvalueMargin);
  }

 private:
  // Calls body(y), shared over the team.
  template <class Body> void overRows(const Plane& plane, const Body& body) {
    overFixedShares(team_, plane.h, plane.w, 1, [&](int y0, int y1, int) {
      for (int y = y0; y < y1; y++) body(y);
    });
  }

  void spread(const Plane& importance) {
    for (int l = 0; l < levels(); l++) {
      const Plane &out = importance_[l], &finer = l == 0 ? importance : importance_[l - 1];
      const int side = l == 0 ? 1 : 2;
      for (int y = 0; y < out.h; y++)
        for (int x = 0; x < out.w; x++) {
          real total = 0, n = 0;
          for (int py = side * y; py < std::min(side * (y + 1), finer.h); py++)
            for (int px = side * x; px < std::min(side * (x + 1), finer.w); px++, n++) total += finer.row(py)[px];
          out.row(y)[x] = total / n;
        }
    }
  }
  void decode(const std::vector<PlaneBuffer>& from) {
    for (int l = levels() - 1; l >= 0; l--) {
      const Plane &in = from[l], &out = sums_[l];
      overRows(in, [&](int y) {
        for (int x = 0; x < in.w; x++) out.row(y)[x] = steps_[l] * in.row(y)[x];
      });
      if (l < levels() - 1) upsample(team_, sums_[l + 1], out, &out);
    }
  }
  // sums_[0] holds the gradient by the decoded plane; leaves the gradients by the latents in `gradient_`.
  void adjoint() {
    for (int l = 0; l < levels(); l++) {
      if (l > 0) upsampleAdjoint(team_, sums_[l - 1], sums_[l]);
      const Plane &in = sums_[l], &out = gradient_[l];
      overRows(in, [&](int y) {
        for (int x = 0; x < in.w; x++) out.row(y)[x] = steps_[l] * in.row(y)[x];
      });
    }
  }
  // Gradient of the error at the momentum.
  void descend(const Plane& target, const Plane& weights) {
    decode(momentum_);
    Plane& r = sums_[0];
    overRows(r, [&](int y) {
      for (int x = 0; x < r.w; x++) r.row(y)[x] = 2 * weights.row(y)[x] * (r.row(y)[x] - target.row(y)[x]);
    });
    adjoint();
  }
  // A step against the gradient, the soft threshold for the price of the latents, and the next momentum.
  void shrink(real lipschitz, real price, real inertia) {
    for (int l = 0; l < levels(); l++) {
      const Plane &v = value_[l], &m = momentum_[l], &g = gradient_[l], &s = scale_[l];
      overRows(v, [&](int y) {
        for (int x = 0; x < v.w; x += LANES) {
          const vf moved = load(m.row(y) + x) - load(g.row(y) + x) / lipschitz;
          const vf limit = splat(price) / load(s.row(y) + x);
          const vf value = flipped(maximum(absolute(moved) - limit, splat(0)), moved);
          store(m.row(y) + x, value + inertia * (value - load(v.row(y) + x)));
          store(v.row(y) + x, value);
        }
      });
    }
  }
  // Expected magnitudes from the neighbourhood and the parent: the next round's penalties (Candes, Wakin, Boyd, 2008).
  void reweight() {
    const real least = real(constants_.leastScale), parentWeight = real(constants_.parentWeight);
    for (int l = 0; l < levels(); l++) {
      const Plane& v = value_[l];
      overRows(v, [&](int y) {
        for (int x = 0; x < v.w; x++) {
          real total = 0, n = 0;
          for (int dy = -1; dy <= 1; dy++)
            for (int dx = -1; dx <= 1; dx++) {
              if (y + dy < 0 || y + dy >= v.h || x + dx < 0 || x + dx >= v.w) continue;
              total += std::fabs(v.row(y + dy)[x + dx]);
              n++;
            }
          if (l + 1 < levels()) {
            total += parentWeight * std::fabs(value_[l + 1].row(y / 2)[x / 2]);
            n += parentWeight;
          }
          scale_[l].row(y)[x] = std::fmax(least, total / n) * importance_[l].row(y)[x];
        }
      });
    }
  }

  RowTeam& team_;
  const SparseConstants& constants_;
  const std::vector<real> steps_;
  std::vector<PlaneBuffer> value_, momentum_, gradient_, sums_;
  std::vector<PlaneBuffer> scale_, importance_;  // scale_: expected magnitudes times importance
};

}  // namespace WEFT_ISA
}  // namespace weft
