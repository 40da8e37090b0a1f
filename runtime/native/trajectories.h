// Displacements of the cells half way between two frames (reference: runtime/reference/trajectories.ts).
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>
#include "overlappedPrediction.h"
#include "rowTeam.h"

namespace weft {
namespace WEFT_ISA {

// Places on the motion grid are limited to GRID_LIMIT cells before the first and behind the last; one more is read behind them.
static_assert(GRID_LIMIT + 1 <= MARGIN_Y && GRID_LIMIT + 1 <= MARGIN_X && GRID_LIMIT + 1 <= EXTENDED_RIGHT, "the margins of the grid repeat its border");

// The first of the two cells around places on one axis, and the weight of the second. side: samples between two centres.
struct CellPlace {
  vi first;
  vf behind;
};
static WEFT_INLINE CellPlace cellPlace(vf place, real side, int cells) {
  const vf g = maximum(minimum((place + real(0.5)) * (1 / side) - real(0.5), splat(real(cells - 1 + GRID_LIMIT))), splat(-GRID_LIMIT));
  const vf first = floorOf(g);
  return {toInt(first), g - first};
}
struct CellsAround {
  vi at[4];
  vf weight[4];
};
static WEFT_INLINE CellsAround cellsAround(const Plane& grid, vf x, vf y, real side) {
  const CellPlace across = cellPlace(x, side, grid.w), down = cellPlace(y, side, grid.h);
  CellsAround cells;
  for (int k = 0; k < 4; k++) {
    cells.at[k] = (down.first + k / 2) * grid.stride + across.first + k % 2;
    cells.weight[k] = (k / 2 ? down.behind : 1 - down.behind) * (k % 2 ? across.behind : 1 - across.behind);
  }
  return cells;
}

// A displacement of a cell, in luma pixels.
struct Displacement {
  real x, y;
  bool operator==(const Displacement& other) const { return x == other.x && y == other.y; }
  real distance(const Displacement& other) const { return std::fabs(x - other.x) + std::fabs(y - other.y); }
};

class Trajectories {
 public:
  // By cell, extended: displacements from the carrier to the other frame, and how far they are believed.
  const Plane& x() const { return now_[0]; }
  const Plane& y() const { return now_[1]; }
  const Plane& trust() const { return trust_; }

  // luma: carrier and other; coded: motion of the carrier across and down; all extended.
  void find(RowTeam& team, const Plane luma[2], const Plane& codedX, const Plane& codedY) {
    const int w = codedX.w, h = codedX.h;
    for (int axis = 0; axis < 2; axis++) {
      coded_[axis].fit(w, h);
      now_[axis].fit(w, h);
      next_[axis].fit(w, h);
    }
    trust_.fit(w, h);
    said_.resize(size_t(w) * h);
    overCells(team, [&](int x, int y) { readCoded(codedX, codedY, x, y); });
    extendBoth();
    for (int round = 0; round < CHOICE_ROUNDS; round++) {
      overCells(team, [&](int x, int y) { put(next_, x, y, chosen(luma, x, y)); });
      for (int axis = 0; axis < 2; axis++) std::swap(now_[axis], next_[axis]);
      extendBoth();
    }
    overCells(team, [&](int x, int y) { trust_.row(y)[x] = believed(luma, x, y); });
    extendPlane(trust_);
  }

 private:
  enum { CODED = 4, AROUND = 9, CANDIDATES = CODED + AROUND };
  struct Said {
    Displacement displacement[CODED];
    real weight[CODED];
  };

  template <class Use> void overCells(RowTeam& team, const Use& use) {
    const int w = trust_.w;
    team.overFreeRows(trust_.h, w * CELL * CELL * CANDIDATES, 1, [&](int y0, int y1, int) {
      for (int y = y0; y < y1; y++)
        for (int x = 0; x < w; x++) use(x, y);
    });
  }
  void extendBoth() {
    for (auto& plane : now_) extendPlane(plane);
  }
  static Displacement at(const PlaneBuffer (&planes)[2], int x, int y) { return {planes[0].row(y)[x], planes[1].row(y)[x]}; }
  static void put(PlaneBuffer (&planes)[2], int x, int y, Displacement d) {
    planes[0].row(y)[x] = d.x;
    planes[1].row(y)[x] = d.y;
  }

  // A number, too, where the motion is none.
  static real limited(real d) { return d > -TRAJECTORY_LIMIT_PX ? std::min(d, real(TRAJECTORY_LIMIT_PX)) : real(-TRAJECTORY_LIMIT_PX); }

  // What is said around the place in the carrier that a cell's content came from.
  void readCoded(const Plane& codedX, const Plane& codedY, int x, int y) {
    const real centre = real(CELL - 1) / 2;
    const real placeX = real(CELL * x) + centre, placeY = real(CELL * y) + centre;
    Said& said = said_[size_t(y) * trust_.w + x];
    Displacement mean{0, 0};
    for (int pass = 0; pass < 2; pass++) {
      const CellsAround cells = cellsAround(codedX, splat(placeX - mean.x / 2), splat(placeY - mean.y / 2), CELL);
      mean = {0, 0};
      for (int k = 0; k < CODED; k++) {
        said.displacement[k] = {limited(codedX.origin[cells.at[k][0]]), limited(codedY.origin[cells.at[k][0]])};
        said.weight[k] = cells.weight[k][0];
        mean.x += said.weight[k] * said.displacement[k].x;
        mean.y += said.weight[k] * said.displacement[k].y;
      }
    }
    put(coded_, x, y, mean);
    put(now_, x, y, mean);
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
    const Said& said = said_[size_t(y) * trust_.w + x];
    for (int k = 0; k < CODED; k++)
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
    if (d == Displacement{0, 0}) return 1;  // both are the same
    const real doubt = real(TRUST_HANDICAP) * meanSquare(luma, x, y, d) / (meanSquare(luma, x, y, {0, 0}) + real(TRUST_FLOOR));
    return 1 / (1 + doubt * doubt);
  }

  // So much worse than another, a candidate weighs nothing.
  static constexpr real HOPELESS_CODES = 5;

  PlaneBuffer coded_[2], now_[2], next_[2], trust_;
  std::vector<Said> said_;
};

}  // namespace WEFT_ISA
}  // namespace weft
