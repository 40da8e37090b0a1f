// Planes between two frames that are linked by a motion field (reference: runtime/reference/temporalSampler.ts).
#pragma once
#include "gather.h"
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

// How far the trajectories of a row of cells are believed. luma: carrier and other, extended.
static inline void trustOfRow(const Plane luma[2], const Plane& gridX, const Plane& gridY, real elapsed, int y, real* trust) {
  for (int x = 0; x < gridX.w; x++) {
    const real dx = gridX.row(y)[x], dy = gridY.row(y)[x];
    trust[x] = 1;
    if (dx == 0 && dy == 0) continue;  // both are the same
    Span<CELL> along[CELL], atRest[CELL], alongSquares{}, atRestSquares{};
    const auto displaced = [&](const Plane& from, real by, const auto& use) { sampleCell(from, x, y, CellTaps::of(by * dx, by * dy), use); };
    const Plane &carrier = luma[0], &other = luma[1];
    displaced(carrier, 0, [&](int row, Span<CELL> value) WEFT_INLINE_BODY { along[row] = value; });
    displaced(other, 1, [&](int row, Span<CELL> value) WEFT_INLINE_BODY { alongSquares += (along[row] - value) * (along[row] - value); });
    displaced(carrier, elapsed, [&](int row, Span<CELL> value) WEFT_INLINE_BODY { atRest[row] = value; });
    displaced(other, elapsed, [&](int row, Span<CELL> value) WEFT_INLINE_BODY { atRestSquares += (atRest[row] - value) * (atRest[row] - value); });
    real alongSum = 0, atRestSum = 0;
    for (int i = 0; i < CELL; i++) {
      alongSum += alongSquares[i];
      atRestSum += atRestSquares[i];
    }
    const real doubt = real(TRUST_HANDICAP) * alongSum / (CELL * CELL), gain = atRestSum / (CELL * CELL) + real(TRUST_FLOOR);
    trust[x] = 1 / (1 + doubt / gain * (doubt / gain));
  }
}

// What the carrier says about the cells, extended.
struct CellTrajectories {
  Plane x, y, trust;
};

// A row of `planes` planes of one size. references[plane]: carrier and other, extended.
template <int planes>
static inline void rowBetween(const Plane references[planes][2], const CellTrajectories& grids, real elapsed, real side, int y, const Plane* out) {
  const Plane &gridX = grids.x, &gridY = grids.y;
  const real scale = side / CELL;
  const Plane *carrier[planes], *other[planes];
  for (int p = 0; p < planes; p++) {
    carrier[p] = &references[p][0];
    other[p] = &references[p][1];
  }
  for (int x = 0; x < out[0].w; x += LANES) {
    const vf here = toReal(iota() + x);
    const CellsAround start = cellsAround(gridX, here, splat(real(y)), side);
    vf mx{}, my{};
    for (int k = 0; k < 4; k++) {
      mx += start.weight[k] * gatherSamples(gridX.origin, start.at[k]);
      my += start.weight[k] * gatherSamples(gridY.origin, start.at[k]);
    }
    // Where the carrier had what is here now: one step of a fixed-point iteration.
    const CellsAround cells = cellsAround(gridX, here - elapsed * scale * mx, real(y) - elapsed * scale * my, side);
    vf dx[4], dy[4], weight[4], believed{}, sum[planes];
    for (int k = 0; k < 4; k++) {
      dx[k] = scale * gatherSamples(gridX.origin, cells.at[k]);
      dy[k] = scale * gatherSamples(gridY.origin, cells.at[k]);
      weight[k] = cells.weight[k] * gatherSamples(grids.trust.origin, cells.at[k]);
      believed += weight[k];
    }
    for (int p = 0; p < planes; p++)
      sum[p] = (1 - believed) * ((1 - elapsed) * load(carrier[p]->row(y) + x) + elapsed * load(other[p]->row(y) + x));
    for (int k = 0; k < 4; k++) {
      // Cells that move alike are read once, by the last of them.
      int alike = k + 1;
      while (alike < 4 && nonzeroLanes((dx[k] != dx[alike]) | (dy[k] != dy[alike]))) alike++;
      if (alike < 4) {
        weight[alike] += weight[k];
        continue;
      }
      vf back[planes], on[planes];
      sampleCubic(carrier, samplePlace(*carrier[0], x, y, -elapsed * dx[k], -elapsed * dy[k]), back);
      sampleCubic(other, samplePlace(*other[0], x, y, (1 - elapsed) * dx[k], (1 - elapsed) * dy[k]), on);
      for (int p = 0; p < planes; p++) sum[p] += weight[k] * ((1 - elapsed) * back[p] + elapsed * on[p]);
    }
    for (int p = 0; p < planes; p++) store(out[p].row(y) + x, sum[p]);
  }
}

// references[plane]: carrier and other, extended; trust: of the grid's size, written; out: three planes at native size.
static inline void planesBetween(RowTeam& team, const Plane references[3][2], const CellTrajectories& grids, real elapsed, bool halved, const Plane out[3]) {
  team.overFreeRows(grids.x.h, out[0].w * CELL, 1, [&](int y0, int y1, int) {
    for (int y = y0; y < y1; y++) trustOfRow(references[0], grids.x, grids.y, elapsed, y, grids.trust.row(y));
  });
  extendPlane(grids.trust);
  const int h = out[0].h, unit = halved ? 2 : 1;
  team.overFreeRows(h, out[0].w, 2, [&](int y0, int y1, int) {
    for (int y = y0; y < y1; y++) {
      rowBetween<1>(references, grids, elapsed, CELL, y, out);
      if (y % unit == 0) rowBetween<2>(references + 1, grids, elapsed, real(CELL) / unit, y / unit, out + 1);
    }
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
