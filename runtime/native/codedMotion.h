// What is coded of motion, read half way between two frames (reference: runtime/reference/{trajectories,acceleration}.ts).
#pragma once
#include <algorithm>
#include <cmath>
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

// The field that leads from one of two frames to the other, extended, luma pixels across and down.
struct CarriedMotion {
  const PlaneBuffer* axes;
  real forward;  // -1 where the later frame has it
};

// A number, too, where the motion is none.
static inline real limited(real d) { return d > -TRAJECTORY_LIMIT_PX ? std::min(d, real(TRAJECTORY_LIMIT_PX)) : real(-TRAJECTORY_LIMIT_PX); }

// What is said around a place in luma pixels.
struct SaidAround {
  enum { CELLS = 4 };
  Displacement displacement[CELLS], mean;
  real weight[CELLS];
  SaidAround() = default;
  SaidAround(const CarriedMotion& motion, real x, real y) : mean{0, 0} {
    const CellsAround cells = cellsAround(motion.axes[0], splat(x), splat(y), CELL);
    for (int k = 0; k < CELLS; k++) {
      displacement[k] = {limited(motion.axes[0].origin[cells.at[k][0]]), limited(motion.axes[1].origin[cells.at[k][0]])};
      weight[k] = cells.weight[k][0];
      mean.x += weight[k] * displacement[k].x;
      mean.y += weight[k] * displacement[k].y;
    }
  }
};
static inline real cellCentre(int cell) { return real(CELL * cell) + real(CELL - 1) / 2; }

// What is said around the place in the carrier that the content of a cell half way came from.
static inline SaidAround saidHalfWay(const CarriedMotion& motion, int x, int y) {
  const Displacement m = SaidAround(motion, cellCentre(x), cellCentre(y)).mean;
  return {motion, cellCentre(x) - m.x / 2, cellCentre(y) - m.y / 2};
}

// Of every cell of a grid. price: of one, in samples of a plane.
template <class Use> static inline void overCells(RowTeam& team, const Plane& grid, int price, const Use& use) {
  team.overFreeRows(grid.h, grid.w * price, 1, [&](int y0, int y1, int) {
    for (int y = y0; y < y1; y++)
      for (int x = 0; x < grid.w; x++) use(x, y);
  });
}

// How velocities change from a frame to the next, by cell half way, extended, luma pixels per frame and frame.
class Acceleration {
 public:
  const Plane& x() const { return axes_[0]; }
  const Plane& y() const { return axes_[1]; }

  // before, after: of the intervals beside this one; null: as this one.
  void find(RowTeam& team, const CarriedMotion& here, const CarriedMotion* before, const CarriedMotion* after) {
    for (auto& axis : axes_) axis.fit(here.axes->w, here.axes->h);
    overCells(team, axes_[0], 3 * SaidAround::CELLS, [&](int x, int y) {
      const Displacement v = velocity(here, saidHalfWay(here, x, y));
      const Displacement from = before ? velocity(*before, {*before, cellCentre(x) - v.x, cellCentre(y) - v.y}) : v;
      const Displacement to = after ? velocity(*after, {*after, cellCentre(x) + v.x, cellCentre(y) + v.y}) : v;
      axes_[0].row(y)[x] = (to.x - from.x) / 2;
      axes_[1].row(y)[x] = (to.y - from.y) / 2;
    });
    for (auto& axis : axes_) extendPlane(axis);
  }

 private:
  static Displacement velocity(const CarriedMotion& motion, const SaidAround& said) {
    return {motion.forward * said.mean.x, motion.forward * said.mean.y};
  }

  PlaneBuffer axes_[2];
};

}  // namespace WEFT_ISA
}  // namespace weft
