// Motion latents by what they cost: whole steps of two pyramids whose decodes come near to the vectors of the cells.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>
#include "pyramid.h"
#include "trainingConstants.h"

namespace weft {
namespace WEFT_ISA {

// What errors of the cells' displacements cost. An error e = (across, down) in pixels costs limit * ln(1 + e^T S e / limit) squared
// codes: a small one what the slopes of the luma say, along an edge next to nothing, and none much more than what the cell's vector is
// good for.
struct ErrorPrices {
  const PlaneBuffer (&slopes)[3];  // S by cell: across, down, and their product; must outlive this
  const PlaneBuffer& limit;        // above zero; must outlive this, too
};

// The latents of both displacements towards one reference; level 0 is the finest.
class MotionFit {
 public:
  // steps: what one latent adds at its own grid, by axis and level. The constants must outlive this.
  MotionFit(const FitConstants& constants, const std::vector<Plane>& sizes, const std::vector<real> (&steps)[2])
      : constants_(constants), levels_(int(sizes.size())) {
    for (int axis = 0; axis < 2; axis++) {
      steps_[axis] = steps[axis];
      rest_[axis].allocate(sizes[0].w, sizes[0].h);
      for (const Plane& size : sizes) value_[axis].emplace_back(size.w, size.h);
    }
    for (int l = 0; l < levels_; l++) {
      std::vector<int> widths, heights;
      for (int finer = l; finer >= 0; finer--) {
        widths.push_back(sizes[finer].w);
        heights.push_back(sizes[finer].h);
      }
      across_.push_back(responses(widths));
      down_.push_back(responses(heights));
    }
  }

  // Minimizes the price of the errors plus `price` times the bits, one latent after the other, coarse ones first.
  void fit(const PlaneBuffer (&target)[2], const ErrorPrices& prices, double price) {
    prices_ = &prices;
    inverse_.allocate(prices.limit.w, prices.limit.h);
    for (int y = 0; y < inverse_.h; y++)
      for (int x = 0; x < inverse_.w; x++) inverse_.row(y)[x] = 1 / prices.limit.row(y)[x];
    for (int sweep = 0; sweep < constants_.sweeps; sweep++)
      for (int axis = 0; axis < 2; axis++) {
        // Until it is fitted, the other axis counts as right.
        if (sweep == 0) addScaled(target[axis], 1, rest_[axis]);
        for (int l = levels_ - 1; l >= 0; l--)
          for (int y = 0; y < value_[axis][l].h; y++)
            for (int x = 0; x < value_[axis][l].w; x++) improve(axis, l, x, y, price);
      }
  }
  const Plane& value(int axis, int level) const { return value_[axis][level]; }

 private:
  // What a latent adds on one axis of the finest grid, from index `first` on; zeros up to whole vectors.
  struct Response {
    int first, count;
    std::vector<real> weights;
  };
  static constexpr int MOST_CANDIDATES = 10;

  // Of all latents of the coarsest of these lengths.
  std::vector<Response> responses(const std::vector<int>& lengths) const {
    std::vector<Response> all;
    for (int i = 0; i < lengths[0]; i++) {
      std::vector<real> fine(lengths[0]);
      fine[i] = 1;
      for (size_t l = 1; l < lengths.size(); l++) fine = doubled(fine, lengths[l]);
      int first = 0, end = int(fine.size());
      while (first < end - 1 && std::fabs(fine[first]) < real(constants_.leastResponse)) first++;
      while (end > first + 1 && std::fabs(fine[end - 1]) < real(constants_.leastResponse)) end--;
      Response response{first, end - first, {fine.begin() + first, fine.begin() + end}};
      response.weights.resize(roundedUp(size_t(response.count), LANES));
      all.push_back(std::move(response));
    }
    return all;
  }
  static std::vector<real> doubled(const std::vector<real>& coarse, int length) {
    std::vector<real> fine(length);
    for (int i = 0; i < length; i++)
      for (int k = 0; k < UP_COUNT; k++)
        fine[i] += upTap(i & 1 ? UP_COUNT - 1 - k : k) * coarse[clampIndex((i >> 1) - UP_REACH + (i & 1) + k, int(coarse.size()))];
    return fine;
  }

  void improve(int axis, int level, int x, int y, double price) {
    real& value = value_[axis][level].row(y)[x];
    const real step = steps_[axis][level];
    const Response &across = across_[level][x], &down = down_[level][y];
    int candidates[MOST_CANDIDATES], count = 0;
    const int now = int(value);
    const auto add = [&](int q) {
      if (std::find(candidates, candidates + count, q) == candidates + count) candidates[count++] = q;
    };
    for (int q : {now, 0, now - 1, now + 1}) add(q);
    add(now + int(std::lround(optimum(axis, across, down) / step)));
    // What single cells ask for: where they disagree, no mean is right for any.
    const Plane& rest = rest_[axis];
    const int side = 1 << level;
    for (int k = 0; k < (level > 0 ? 5 : 1); k++) {
      const int dx = k == 0 ? side / 2 : k & 1 ? side / 4 : 3 * side / 4, dy = k == 0 ? side / 2 : k & 2 ? side / 4 : 3 * side / 4;
      const int px = std::min((x << level) + dx, rest.w - 1), py = std::min((y << level) + dy, rest.h - 1);
      add(now + int(std::lround(rest.row(py)[px] / step)));
    }
    real changes[MOST_CANDIDATES];
    double costs[MOST_CANDIDATES];
    for (int k = 0; k < count; k++) changes[k] = real(candidates[k] - now) * step;
    errorCosts(axis, across, down, changes, count, costs);
    const double magnitude = magnitudeAround(axis, level, x, y);
    for (int k = 0; k < count; k++) costs[k] += price * bitsOf(candidates[k], magnitude);
    const int best = int(std::min_element(costs, costs + count) - costs);
    if (best == 0) return;
    value = real(candidates[best]);
    for (int j = 0; j < down.count; j++) {
      real* row = rest.row(down.first + j) + across.first;
      for (int i = 0; i < across.count; i++) row[i] -= changes[best] * down.weights[j] * across.weights[i];
    }
  }

  // What the cost of the errors in a latent's reach becomes with each of the changes of what it adds.
  void errorCosts(int axis, const Response& across, const Response& down, const real* changes, int count, double* costs) const {
    std::fill(costs, costs + count, 0.0);
    for (int j = 0; j < down.count; j++) {
      const CellRow cells = rowOf(axis, down.first + j, across.first);
      vf sums[MOST_CANDIDATES]{};
      for (int i = 0; i < across.count; i += LANES) {
        const vf response = down.weights[j] * load(&across.weights[i]), limit = load(cells.limit + i), inverse = load(cells.inverse + i);
        for (int k = 0; k < count; k++) sums[k] += limit * log2Of(1 + inverse * cells.squared(i, load(cells.rest + i) - changes[k] * response));
      }
      for (int k = 0; k < count; k++) costs[k] += LN2 * double(sum(sums[k]));
    }
  }

  // The change of what a latent adds that errors ask for, each as much as it would still cost more if it grew.
  real optimum(int axis, const Response& across, const Response& down) const {
    vf slope{}, curvature{};
    for (int j = 0; j < down.count; j++) {
      const CellRow cells = rowOf(axis, down.first + j, across.first);
      for (int i = 0; i < across.count; i += LANES) {
        const vf response = down.weights[j] * load(&across.weights[i]), rest = load(cells.rest + i), own = load(cells.own + i);
        const vf weight = response / (1 + load(cells.inverse + i) * cells.squared(i, rest));
        slope += weight * (own * rest + load(cells.product + i) * load(cells.otherRest + i));
        curvature += weight * response * own;
      }
    }
    const real total = sum(curvature);
    return total > 0 ? sum(slope) / total : 0;
  }

  // From a cell on: its errors, and what they cost.
  struct CellRow {
    const real *rest, *otherRest, *own, *other, *product, *limit, *inverse;
    // e^T S e with this error on the axis itself.
    WEFT_INLINE vf squared(int i, vf error) const {
      const vf beside = load(otherRest + i);
      return maximum(load(own + i) * error * error + 2 * load(product + i) * error * beside + load(other + i) * beside * beside, splat(0));
    }
  };
  CellRow rowOf(int axis, int y, int x) const {
    return {rest_[axis].row(y) + x,           rest_[1 - axis].row(y) + x,       prices_->slopes[axis].row(y) + x, prices_->slopes[1 - axis].row(y) + x,
            prices_->slopes[2].row(y) + x,    prices_->limit.row(y) + x,        inverse_.row(y) + x};
  }

  // Of a latent whose neighbours and parent have that mean magnitude: two-sided geometric.
  static double bitsOf(int q, double magnitude) {
    const double ratio = (std::sqrt(1 + magnitude * magnitude) - 1) / magnitude;
    return -std::log2((1 - ratio) / (1 + ratio)) - std::abs(q) * std::log2(ratio);
  }
  double magnitudeAround(int axis, int level, int x, int y) const {
    const Plane& v = value_[axis][level];
    const bool coarsest = level == levels_ - 1;
    double total = coarsest ? constants_.coarsestMagnitude : std::fabs(value_[axis][level + 1].row(y / 2)[x / 2]), count = 1;
    for (int j = std::max(y - 1, 0); j <= std::min(y + 1, v.h - 1); j++)
      for (int i = std::max(x - 1, 0); i <= std::min(x + 1, v.w - 1); i++) {
        if (i == x && j == y) continue;
        total += std::fabs(v.row(j)[i]);
        count++;
      }
    return std::max(constants_.leastMagnitude, total / count);
  }

  const FitConstants& constants_;
  const int levels_;
  const ErrorPrices* prices_ = nullptr;
  std::vector<real> steps_[2];
  std::vector<PlaneBuffer> value_[2];
  PlaneBuffer rest_[2], inverse_;
  std::vector<std::vector<Response>> across_, down_;  // by level
};

}  // namespace WEFT_ISA
}  // namespace weft
