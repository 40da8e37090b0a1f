// Hierarchical block matching between two luma planes: a start for the motion fields.
#pragma once
#include <cmath>
#include <vector>
#include "plane.h"
#include "trainingConstants.h"

namespace weft {
namespace WEFT_ISA {

struct Vector2 {
  float x = 0, y = 0;
};

// A luma plane and its halvings by area, with extended margins.
class LumaPyramid {
 public:
  LumaPyramid(const uint8_t* luma, int w, int h, int levels) {
    levels_.emplace_back(w, h);
    for (int y = 0; y < h; y++)
      for (int x = 0; x < w; x++) levels_[0].row(y)[x] = real(luma[size_t(y) * w + x]);
    extendPlane(levels_[0]);
    for (int l = 1; l < levels; l++) {
      const Plane& fine = levels_[l - 1];
      PlaneBuffer coarse((fine.w + 1) / 2, (fine.h + 1) / 2);
      for (int y = 0; y < coarse.h; y++)
        for (int x = 0; x < coarse.w; x++)
          coarse.row(y)[x] = real(0.25) * (fine.row(2 * y)[2 * x] + fine.row(2 * y)[2 * x + 1] + fine.row(2 * y + 1)[2 * x] +
                                           fine.row(2 * y + 1)[2 * x + 1]);
      extendPlane(coarse);
      levels_.push_back(static_cast<PlaneBuffer&&>(coarse));
    }
  }
  // Brings the luma to the mean and spread of the other picture's, if that brings the pictures much nearer to each other: in a fade
  // or a flash, blocks would match in brightness and not in shape.
  void takeLightOf(const LumaPyramid& other, const SearchConstants& search, real& appliedFactor, real& appliedOffset) {
    const Plane &own = levels_.back(), &target = other.levels_.back();
    const Spread from = spreadOf(own), to = spreadOf(target);
    const bool flat = from.deviation <= real(search.flatDeviation);
    const real factor = flat ? real(1) : std::fmin(to.deviation / from.deviation, real(search.largestLight));
    const real offset = to.mean - factor * from.mean;
    double before = 0, after = 0;
    for (int y = 0; y < own.h; y++)
      for (int x = 0; x < own.w; x++) {
        before += std::fabs(target.row(y)[x] - own.row(y)[x]);
        after += std::fabs(target.row(y)[x] - factor * own.row(y)[x] - offset);
      }
    if (after > search.unlitShare * before) return;
    appliedFactor = factor;
    appliedOffset = offset;
    for (auto& level : levels_) {
      for (int y = 0; y < level.h; y++)
        for (int x = 0; x < level.w; x++) level.row(y)[x] = factor * level.row(y)[x] + offset;
      extendPlane(level);
    }
  }
  const Plane& level(int l) const { return levels_[l]; }
  int levels() const { return int(levels_.size()); }

 private:
  struct Spread {
    real mean, deviation;
  };
  static Spread spreadOf(const Plane& p) {
    double sum = 0, squares = 0;
    for (int y = 0; y < p.h; y++)
      for (int x = 0; x < p.w; x++) {
        sum += p.row(y)[x];
        squares += double(p.row(y)[x]) * p.row(y)[x];
      }
    const double n = double(p.w) * p.h, mean = sum / n;
    return {real(mean), real(std::sqrt(std::fmax(squares / n - mean * mean, 0.0)))};
  }

  std::vector<PlaneBuffer> levels_;
};

// Blocks that are compared: a window around a cell, at most WINDOW_BEFORE before the first column.
constexpr int WINDOW_BEFORE = 15;
// First pixel of the window around a cell.
constexpr int windowStart(int cell) { return cell * CELL - (SEARCH_WINDOW - CELL) / 2; }
static_assert(SEARCH_WINDOW % LANES == 0 && WINDOW_BEFORE <= MARGIN_X, "the window is whole vectors and starts in the margin");
static_assert(pastEnd(SEARCH_WINDOW) + 1 <= EXTENDED_RIGHT, "a window at the last column, and one more between whole pixels, repeats the border");

// Vectors on a grid of 8x8 cells.
struct VectorField {
  int w = 0, h = 0;
  std::vector<Vector2> v;
  VectorField(int width, int height) : w(width), h(height), v(size_t(width) * height) {}
  Vector2& at(int x, int y) { return v[size_t(y) * w + x]; }
  Vector2 at(int x, int y) const { return v[size_t(std::min(std::max(y, 0), h - 1)) * w + std::min(std::max(x, 0), w - 1)]; }
};

class BlockMatcher {
 public:
  // smoothness: cost of one pixel of difference to the expected vector, in codes summed over the window.
  BlockMatcher(const LumaPyramid& current, const LumaPyramid& reference, const SearchConstants& search, double smoothness)
      : current_(current), reference_(reference), search_(search), smoothness_(float(smoothness)) {}

  // expected: a first guess on the finest grid (may be all zero). Vectors in whole pixels.
  VectorField search(const VectorField& expected) const {
    VectorField field(1, 1);
    for (int l = current_.levels() - 1; l >= 0; l--) {
      const Plane& p = current_.level(l);
      VectorField next((p.w + CELL - 1) / CELL, (p.h + CELL - 1) / CELL);
      for (int y = 0; y < next.h; y++)
        for (int x = 0; x < next.w; x++) {
          const Vector2 c = l == current_.levels() - 1 ? Vector2{} : field.at(x / 2, y / 2);
          next.at(x, y) = {2 * c.x, 2 * c.y};
        }
      const VectorField start = next;
      sweep(l, start, expected, next, false);
      sweep(l, start, expected, next, true);
      field = next;
    }
    return field;
  }

  // A whole-pixel vector of cell (x, y) moved to between the pixels, by bilinear differences.
  Vector2 refine(Vector2 best, int x, int y) const {
    float bestCost = bilinearDifference(x, y, best) - float(search_.wholeBonusPx) * smoothness_;
    float stepSize = 1;
    for (int halving = 0; halving < search_.halvings; halving++) {
      stepSize *= 0.5f;
      const Vector2 c = best;
      for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++) {
          const Vector2 v{c.x + float(dx) * stepSize, c.y + float(dy) * stepSize};
          const float cost = bilinearDifference(x, y, v);
          if (cost < bestCost) {
            bestCost = cost;
            best = v;
          }
        }
    }
    return best;
  }

 private:
  void sweep(int l, const VectorField& start, const VectorField& expected, VectorField& f, bool reverse) const {
    const float scale = 1.0f / float(1 << l);
    for (int i = 0; i < f.w * f.h; i++) {
      const int k = reverse ? f.w * f.h - 1 - i : i, x = k % f.w, y = k / f.w;
      const Vector2 e = expected.at((x << l) + (1 << l) / 2, (y << l) + (1 << l) / 2);
      const Vector2 guess{std::round(e.x * scale), std::round(e.y * scale)};
      const VectorField& g = f;
      const Vector2 candidates[] = {g.at(x, y), start.at(x, y), guess, {0, 0}, g.at(x - 1, y), g.at(x + 1, y), g.at(x, y - 1),
                                    g.at(x, y + 1), start.at(x + 1, y + 1), start.at(x - 1, y - 1)};
      const Vector2 centre = median(g, x, y);
      Vector2 best{};
      float bestCost = 1e30f;
      const auto attempt = [&](Vector2 v) {
        v = {std::round(v.x), std::round(v.y)};
        const float cost = difference(l, x, y, v) + smoothness_ * penalty(v, centre, guess);
        if (cost < bestCost) {
          bestCost = cost;
          best = v;
          return true;
        }
        return false;
      };
      for (const Vector2& v : candidates) attempt(v);
      for (int round = 0; round < search_.rounds; round++) {
        const Vector2 c = best;
        bool better = false;
        const int reach = round == 0 && l == current_.levels() - 1 ? search_.firstReachPx : search_.reachPx;
        for (int dy = -reach; dy <= reach; dy++)
          for (int dx = -reach; dx <= reach; dx++) better |= attempt({c.x + float(dx), c.y + float(dy)});
        if (!better) break;
      }
      f.at(x, y) = best;
    }
  }

  static Vector2 median(const VectorField& f, int x, int y) {
    const auto middle = [](float a, float b, float c) { return std::fmax(std::fmin(a, b), std::fmin(std::fmax(a, b), c)); };
    const Vector2 a = f.at(x - 1, y), b = f.at(x, y - 1), c = f.at(x + 1, y);
    return {middle(a.x, b.x, c.x), middle(a.y, b.y, c.y)};
  }
  float penalty(Vector2 v, Vector2 a, Vector2 b) const {
    const float toA = std::fabs(v.x - a.x) + std::fabs(v.y - a.y), toB = std::fabs(v.x - b.x) + std::fabs(v.y - b.y);
    const double longest = search_.longestPenaltyPx;
    return float(std::fmin(double(toA), longest) + search_.predictionWeight * std::fmin(double(toB), longest));
  }

  // Sum of absolute differences over the 16x16 window around cell (x, y), whole-pixel vector.
  float difference(int l, int x, int y, Vector2 v) const {
    const Plane &a = current_.level(l), &b = reference_.level(l);
    const int left = windowStart(x), top = windowStart(y);
    const int bx = std::min(std::max(left + int(v.x), -WINDOW_BEFORE), b.w - 1);
    vf total{};
    for (int r = 0; r < SEARCH_WINDOW; r++) {
      const real* p = a.row(std::min(std::max(top + r, 0), a.h - 1)) + std::max(left, -WINDOW_BEFORE);
      const real* q = b.row(std::min(std::max(top + r + int(v.y), 0), b.h - 1)) + bx;
      for (int i = 0; i < SEARCH_WINDOW; i += LANES) total += absolute(load(p + i) - load(q + i));
    }
    return float(sum(total));
  }

  float bilinearDifference(int x, int y, Vector2 v) const {
    vf total{};
    overWindow(x, y, v, [&](vf sample, vf predicted) { total += absolute(sample - predicted); });
    return float(sum(total));
  }
  // Calls use(samples, bilinear predictions) for all of the window around cell (x, y), on the finest level.
  template <class Use> void overWindow(int x, int y, Vector2 v, const Use& use) const {
    const Plane &a = current_.level(0), &b = reference_.level(0);
    const int left = std::max(windowStart(x), -WINDOW_BEFORE), top = windowStart(y);
    const float flx = std::floor(v.x), fly = std::floor(v.y);
    const real fx = v.x - flx, fy = v.y - fly;
    const int bx = std::min(std::max(left + int(flx), -WINDOW_BEFORE), b.w - 1);
    for (int r = 0; r < SEARCH_WINDOW; r++) {
      const real* p = a.row(std::min(std::max(top + r, 0), a.h - 1)) + left;
      const real* q = b.row(std::min(std::max(top + r + int(fly), 0), b.h - 1)) + bx;
      const real* s = b.row(std::min(std::max(top + r + int(fly) + 1, 0), b.h - 1)) + bx;
      for (int i = 0; i < SEARCH_WINDOW; i += LANES) {
        const vf upper = load(q + i) + fx * (load(q + i + 1) - load(q + i));
        const vf lower = load(s + i) + fx * (load(s + i + 1) - load(s + i));
        use(load(p + i), upper + fy * (lower - upper));
      }
    }
  }

  const LumaPyramid &current_, &reference_;
  const SearchConstants& search_;
  const float smoothness_;
};

}  // namespace WEFT_ISA
}  // namespace weft
