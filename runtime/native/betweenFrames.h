// Planes between two frames that are linked by trajectories (reference: runtime/reference/temporalSampler.ts).
#pragma once
#include "gather.h"
#include "overlappedPrediction.h"
#include "rowTeam.h"
#include "trajectories.h"

namespace weft {
namespace WEFT_ISA {

// A row of `planes` planes of one size. references[plane]: carrier and other, extended.
template <int planes>
static inline void rowBetween(const Plane references[planes][2], const Trajectories& trajectories, const Acceleration& acceleration, real elapsed, real side, int y, const Plane* out) {
  const Plane &gridX = trajectories.x(), &gridY = trajectories.y();
  const real scale = side / CELL, since = (elapsed - real(0.5)) * scale;
  // What speeds up is behind the middle of its way at half of the time.
  const real bend = scale * elapsed * (1 - elapsed) / 2;
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
    // Where what is here now is half way: one step of a fixed-point iteration.
    const CellsAround cells = cellsAround(gridX, here - since * mx, real(y) - since * my, side);
    vf dx[4], dy[4], bendX[4], bendY[4], weight[4], believed{}, sum[planes];
    for (int k = 0; k < 4; k++) {
      dx[k] = scale * gatherSamples(gridX.origin, cells.at[k]);
      dy[k] = scale * gatherSamples(gridY.origin, cells.at[k]);
      bendX[k] = bend * gatherSamples(acceleration.x().origin, cells.at[k]);
      bendY[k] = bend * gatherSamples(acceleration.y().origin, cells.at[k]);
      weight[k] = cells.weight[k] * gatherSamples(trajectories.trust().origin, cells.at[k]);
      believed += weight[k];
    }
    for (int p = 0; p < planes; p++)
      sum[p] = (1 - believed) * ((1 - elapsed) * load(carrier[p]->row(y) + x) + elapsed * load(other[p]->row(y) + x));
    for (int k = 0; k < 4; k++) {
      // Cells that move alike are read once, by the last of them.
      int alike = k + 1;
      while (alike < 4 && nonzeroLanes((dx[k] != dx[alike]) | (dy[k] != dy[alike]) | (bendX[k] != bendX[alike]) | (bendY[k] != bendY[alike]))) alike++;
      if (alike < 4) {
        weight[alike] += weight[k];
        continue;
      }
      vf back[planes], on[planes];
      sampleCubic(carrier, samplePlace(*carrier[0], x, y, bendX[k] - elapsed * dx[k], bendY[k] - elapsed * dy[k]), back);
      sampleCubic(other, samplePlace(*other[0], x, y, bendX[k] + (1 - elapsed) * dx[k], bendY[k] + (1 - elapsed) * dy[k]), on);
      for (int p = 0; p < planes; p++) sum[p] += weight[k] * ((1 - elapsed) * back[p] + elapsed * on[p]);
    }
    for (int p = 0; p < planes; p++) store(out[p].row(y) + x, sum[p]);
  }
}

// references[plane]: carrier and other, extended; out: three planes at native size.
static inline void planesBetween(RowTeam& team, const Plane references[3][2], const Trajectories& trajectories, const Acceleration& acceleration, real elapsed, bool halved, const Plane out[3]) {
  const int h = out[0].h, unit = halved ? 2 : 1;
  team.overFreeRows(h, out[0].w, 2, [&](int y0, int y1, int) {
    for (int y = y0; y < y1; y++) {
      rowBetween<1>(references, trajectories, acceleration, elapsed, CELL, y, out);
      if (y % unit == 0) rowBetween<2>(references + 1, trajectories, acceleration, elapsed, real(CELL) / unit, y / unit, out + 1);
    }
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
