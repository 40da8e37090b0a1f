// Sparse approximation of a plane by a pyramid of latents.
#pragma once
#include <cmath>
#include <vector>
#include "contextGradient.h"
#include "latents.h"
#include "pyramidGradient.h"

namespace weft {
namespace WEFT_ISA {

// A pyramid of latents, its linear decode, and the latents that bring the decode near to a target; level 0 is the finest. Latents
// are kept as what they add at their own grid: times the step of their level.
class SparsePyramid {
 public:
  // The team and the constants must outlive this, and the curvatures of such planes.
  SparsePyramid(RowTeam& team, const SparseConstants& constants, const std::vector<Plane>& sizes, const std::vector<real>& curvatures)
      : team_(team), constants_(constants), curvatures_(curvatures) {
    for (auto* list : {&value_, &momentum_, &sums_, &scale_, &importance_})
      for (const auto& s : sizes) list->emplace_back(s.w, s.h);
  }
  int levels() const { return int(value_.size()); }
  // In steps.
  const Plane& value(int level) const { return value_[level]; }

  // FISTA (Beck and Teboulle, 2009), each level with a step of its own, on weight * |decode - target|^2 + lambda / importance *
  // sum |q| / (b ln 2), with the magnitudes b of each round from the last. `importance` by samples, for latents the mean of their
  // samples: another weight, but one that leaves the problem as well conditioned as it is. `steps`: what one latent adds at its own
  // grid, by level. False if nothing has weight: there are no values then.
  bool approximate(const std::vector<real>& steps, const Plane& target, const Plane& weights, const Plane& importance, double lambda) {
    const real largestWeight = largestOf(weights);
    if (largestWeight <= 0) return false;
    spread(importance);
    for (int l = 0; l < levels(); l++) {
      overRows(scale_[l], [&](int y) {
        for (int x = 0; x < scale_[l].w; x++) scale_[l].row(y)[x] = real(constants_.firstScale) * importance_[l].row(y)[x];
      });
      momentum_[l].clear();
      value_[l].clear();
    }
    for (int round = 0; round < constants_.rounds; round++) {
      if (round > 0) reweight(steps);
      double t = 1;
      for (int i = 0; i < constants_.iterations; i++) {
        const bool last = i == constants_.iterations - 1;
        const double next = last ? 1 : 0.5 * (1 + std::sqrt(1 + 4 * t * t));
        const real inertia = real(last ? 0 : (t - 1) / next);
        t = next;
        decode([&](int y) {
          real* row = sums_[0].row(y);
          for (int x = 0; x < target.w; x++) row[x] = 2 * weights.row(y)[x] * (row[x] - target.row(y)[x]);
        });
        adjoint([&](int l, int y) {
          const real reach = 1 / (2 * largestWeight * curvatures_[l]);
          shrinkRow(l, y, reach, reach * real(lambda * LOG2E) / steps[l], inertia);
        });
      }
    }
    for (int l = 0; l < levels(); l++)
      overRows(value_[l], [&](int y) {
        for (int x = 0; x < value_[l].w; x++) value_[l].row(y)[x] /= steps[l];
      });
    return true;
  }

  // By level, what a step against the gradient is divided by so that all levels may take theirs at once: the largest eigenvalue of the
  // level's own decode^T decode, times the number of levels.
  static std::vector<real> curvatures(const SparseConstants& constants, const Plane& size, int levels) {
    std::vector<Plane> sizes;
    for (int l = 0, w = std::min(size.w, MIDDLE), h = std::min(size.h, MIDDLE); l < levels; l++, w = (w + 1) / 2, h = (h + 1) / 2)
      sizes.push_back(sizeOnly(w, h));
    std::vector<real> out;
    for (int l = 0; l < levels; l++) out.push_back(real(levels) * eigenvalueOf(constants, sizes, l));
    return out;
  }

 private:
  // How far along the middle of planes goes: larger ones are alike within a hundredth.
  static constexpr int MIDDLE = 128;

  // The largest of decode^T decode of one level alone, by power iteration.
  static real eigenvalueOf(const SparseConstants& constants, const std::vector<Plane>& sizes, int level) {
    RowTeam alone(1);
    std::vector<PlaneBuffer> planes;
    for (int l = 0; l <= level; l++) planes.emplace_back(sizes[l].w, sizes[l].h);
    Plane& latents = planes[level];
    uint32_t seed = 1;
    for (int y = 0; y < latents.h; y++)
      for (int x = 0; x < latents.w; x++) latents.row(y)[x] = real(hashBits(seed++, 7, 9) & 255) / 255 + real(constants.leastDirection);
    real norm = 1;
    for (int i = 0; i < constants.powerIterations; i++) {
      for (int l = level - 1; l >= 0; l--) upsample(alone, planes[l + 1], planes[l]);
      for (int l = 1; l <= level; l++) upsampleAdjoint(alone, planes[l - 1], planes[l]);
      double total = 0;
      for (int y = 0; y < latents.h; y++)
        for (int x = 0; x < latents.w; x++) total += double(latents.row(y)[x]) * latents.row(y)[x];
      norm = real(std::sqrt(total));
      if (norm <= 0) return 1;
      for (int y = 0; y < latents.h; y++)
        for (int x = 0; x < latents.w; x++) latents.row(y)[x] /= norm;
    }
    return norm * real(constants.eigenvalueMargin);
  }

  // Calls body(y), shared over the team.
  template <class Body> void overRows(const Plane& plane, const Body& body) {
    overFixedShares(team_, plane.h, plane.w, 1, [&](int y0, int y1, int) {
      for (int y = y0; y < y1; y++) body(y);
    });
  }

  static real largestOf(const Plane& plane) {
    real largest = 0;
    for (int y = 0; y < plane.h; y++)
      for (int x = 0; x < plane.w; x++) largest = plane.row(y)[x] > largest ? plane.row(y)[x] : largest;
    return largest;
  }

  void spread(const Plane& importance) {
    for (int l = 0; l < levels(); l++) {
      const Plane &out = importance_[l], &finer = l == 0 ? importance : importance_[l - 1];
      const int side = l == 0 ? 1 : 2;
      overRows(out, [&](int y) {
        for (int x = 0; x < out.w; x++) {
          real total = 0, n = 0;
          for (int py = side * y; py < std::min(side * (y + 1), finer.h); py++)
            for (int px = side * x; px < std::min(side * (x + 1), finer.w); px++, n++) total += finer.row(py)[px];
          out.row(y)[x] = total / n;
        }
      });
    }
  }
  // The decode of the momentum, in sums_[0], of which finished(y) is told row by row.
  template <class Finished> void decode(const Finished& finished) {
    const int coarsest = levels() - 1;
    for (int l = coarsest - 1; l >= 0; l--) {
      const Plane &coarser = l + 1 == coarsest ? momentum_[l + 1] : sums_[l + 1], &out = sums_[l];
      overFixedShares(team_, out.h, out.w, 2, [&](int y0, int y1, int) {
        for (int y = y0; y < y1; y++) {
          upsampleRow(coarser, y, momentum_[l].row(y), out.row(y));
          if (l == 0) finished(y);
        }
      });
    }
    if (coarsest > 0) return;
    overRows(sums_[0], [&](int y) {
      std::copy(momentum_[0].row(y), momentum_[0].row(y) + sums_[0].w, sums_[0].row(y));
      finished(y);
    });
  }
  // From the gradient by the decoded plane in sums_[0] to those by what latents add, in the other levels: finished(level, y) is told
  // row by row.
  template <class Finished> void adjoint(const Finished& finished) {
    for (int l = 1; l < levels(); l++) upsampleAdjoint(team_, sums_[l - 1], sums_[l], [&](int y) { finished(l, y); });
    overRows(sums_[0], [&](int y) { finished(0, y); });
  }
  // A step against the gradient, the soft threshold for the price of the latents, and the next momentum.
  void shrinkRow(int l, int y, real reach, real price, real inertia) {
    real *v = value_[l].row(y), *m = momentum_[l].row(y);
    const real *g = sums_[l].row(y), *s = scale_[l].row(y);
    for (int x = 0; x < value_[l].w; x += LANES) {
      const vf moved = load(m + x) - reach * load(g + x);
      const vf limit = splat(price) / load(s + x);
      const vf value = flipped(maximum(absolute(moved) - limit, splat(0)), moved);
      store(m + x, value + inertia * (value - load(v + x)));
      store(v + x, value);
    }
  }
  // Expected magnitudes from the neighbourhood and the parent: the next round's penalties (Candes, Wakin, Boyd, 2008).
  void reweight(const std::vector<real>& steps) {
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
          total /= steps[l];
          if (l + 1 < levels()) {
            total += parentWeight / steps[l + 1] * std::fabs(value_[l + 1].row(y / 2)[x / 2]);
            n += parentWeight;
          }
          scale_[l].row(y)[x] = std::fmax(least, total / n) * importance_[l].row(y)[x];
        }
      });
    }
  }

  RowTeam& team_;
  const SparseConstants& constants_;
  const std::vector<real>& curvatures_;
  std::vector<PlaneBuffer> value_, momentum_, sums_;
  std::vector<PlaneBuffer> scale_, importance_;  // scale_: expected magnitudes times importance
};

}  // namespace WEFT_ISA
}  // namespace weft
