// Displacements of the cells half way between two frames (reference: runtime/reference/trajectories.ts).
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>
#include "codedMotion.h"

namespace weft {
namespace WEFT_ISA {

class Trajectories {
 public:
  // By cell, extended: displacements from the carrier to the other frame, and how far they are believed.
  const Plane& x() const { return now_[0]; }
  const Plane& y() const { return now_[1]; }
  const Plane& trust() const { return trust_; }

  // luma: carrier and other, extended.
  void find(RowTeam& team, const Plane luma[2], const CarriedMotion& motion) {
    const int w = motion.axes->w, h = motion.axes->h;
    for (int axis = 0; axis < 2; axis++) {
      coded_[axis].fit(w, h);
      now_[axis].fit(w, h);
      next_[axis].fit(w, h);
    }
    trust_.fit(w, h);
    said_.resize(size_t(w) * h);
    overCells(team, trust_, SaidAround::CELLS, [&](int x, int y) {
      const SaidAround& said = saidAt(x, y) = saidHalfWay(motion, x, y);
      put(coded_, x, y, said.mean);
      put(now_, x, y, said.mean);
    });
    extendBoth();
    for (int round = 0; round < CHOICE_ROUNDS; round++) {
      overCells(team, trust_, CELL * CELL * CANDIDATES, [&](int x, int y) { put(next_, x, y, chosen(luma, x, y)); });
      for (int axis = 0; axis < 2; axis++) std::swap(now_[axis], next_[axis]);
      extendBoth();
    }
    overCells(team, trust_, CELL * CELL, [&](int x, int y) { trust_.row(y)[x] = believed(luma, x, y); });
    extendPlane(trust_);
  }

 private:
  enum { AROUND = 9, CANDIDATES = SaidAround::CELLS + AROUND };

  SaidAround& saidAt(int x, int y) { return said_[size_t(y) * trust_.w + x]; }
  void extendBoth() {
    for (auto& plane : now_) extendPlane(plane);
  }
  static Displacement at(const PlaneBuffer (&planes)[2], int x, int y) { return {planes[0].row(y)[x], planes[1].row(y)[x]}; }
  static void put(PlaneBuffer (&planes)[2], int x, int y, Displacement d) {
    planes[0].row(y)[x] = d.x;
    planes[1].row(y)[x] = d.y;
  }

  // The mean of the candidates of a cell, by what speaks for them.
  Displacement chosen(const Plane luma[2], int x, int y) const {
    // Those that are alike are one.
    Displacement candidate[CANDIDATES];
    real weight[CANDIDATES];
    int count = 0;
    const auto add = [&](const Displacement& d, real w) {
      for (int k = 0; k < count; k++)
        if (candidate[k] == d) {
          weight[k] += w;
          return;
        }
      candidate[count] = d;
      weight[count++] = w;
    };
    const SaidAround& said = said_[size_t(y) * trust_.w + x];
    for (int k = 0; k < SaidAround::CELLS; k++)
      if (said.weight[k] > 0) add(said.displacement[k], said.weight[k]);
    for (int j = -1; j <= 1; j++)
      for (int i = -1; i <= 1; i++) add(at(now_, x + i, y + j), 1);
    if (count == 1) return candidate[0];
    const Displacement coded = at(coded_, x, y);
    const Displacement neighbours[] = {at(now_, x - 1, y), at(now_, x + 1, y), at(now_, x, y - 1), at(now_, x, y + 1)};
    real cost[CANDIDATES], least = std::numeric_limits<real>::infinity();
    for (int k = 0; k < count; k++) {
      cost[k] = real(CODED_PRICE) * std::min(candidate[k].distance(coded), real(CODED_LIMIT_PX));
      for (const Displacement& neighbour : neighbours)
        cost[k] += real(NEIGHBOUR_PRICE) * std::min(candidate[k].distance(neighbour), real(NEIGHBOUR_LIMIT_PX));
      if (cost[k] < least + HOPELESS_CODES) cost[k] += std::sqrt(meanSquare(luma, x, y, candidate[k]));
      least = std::min(least, cost[k]);
    }
    real total = 0;
    Displacement mean{0, 0};
    for (int k = 0; k < count; k++) {
      const real w = weight[k] * exp2Of(splat(real(CHOICE_SHARPNESS) * LOG2E * std::max(least - cost[k], -HOPELESS_CODES)))[0];
      total += w;
      mean.x += w * candidate[k].x;
      mean.y += w * candidate[k].y;
    }
    return {mean.x / total, mean.y / total};
  }

  // Of the difference between both frames that a cell sees along a displacement, in codes.
  static real meanSquare(const Plane luma[2], int x, int y, const Displacement& d) {
    Span<CELL> back[CELL], squares{};
    sampleCell(luma[0], x, y, CellTaps::of(-d.x / 2, -d.y / 2), [&](int row, Span<CELL> value) WEFT_INLINE_BODY { back[row] = value; });
    sampleCell(luma[1], x, y, CellTaps::of(d.x / 2, d.y / 2), [&](int row, Span<CELL> value) WEFT_INLINE_BODY { squares += (back[row] - value) * (back[row] - value); });
    real sum = 0;
    for (int i = 0; i < CELL; i++) sum += squares[i];
    return sum / (CELL * CELL);
  }

  real believed(const Plane luma[2], int x, int y) const {
    const Displacement d = at(now_, x, y);
    const Displacement rest{0, 0};
    const real atRest = meanSquare(luma, x, y, rest), along = d == rest ? atRest : meanSquare(luma, x, y, d);
    const real doubt = real(TRUST_HANDICAP) * along / (atRest + real(TRUST_FLOOR));
    return 1 / (1 + doubt * doubt);
  }

  // So much worse than another, a candidate weighs nothing.
  static constexpr real HOPELESS_CODES = 5;

  PlaneBuffer coded_[2], now_[2], next_[2], trust_;
  std::vector<SaidAround> said_;
};

}  // namespace WEFT_ISA
}  // namespace weft
