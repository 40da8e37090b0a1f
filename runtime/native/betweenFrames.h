// Planes between two frames that are linked by a motion field (reference: runtime/reference/temporalSampler.ts).
#pragma once
#include "gather.h"
#include "motion.h"
#include "rowTeam.h"

namespace weft {
namespace WEFT_ISA {

// Places on the motion grid are clamped to SPLINE_LIMIT_BEFORE cells before the first .. SPLINE_LIMIT_BEHIND behind the last; the nearest cell lies
// half a cell further at most, and its neighbours count too.
static_assert(SPLINE_LIMIT_BEFORE + SPLINE_REACH <= MARGIN_Y && SPLINE_LIMIT_BEHIND + SPLINE_REACH <= MARGIN_Y, "rows of the grid repeat its border");
static_assert(SPLINE_LIMIT_BEFORE + SPLINE_REACH <= MARGIN_X && SPLINE_LIMIT_BEHIND + SPLINE_REACH <= EXTENDED_RIGHT, "so do its columns");
static_assert(2 * LANES <= MotionRows::PAST_END, "a vector more than the width is computed");

// The first of three grid values around a real place on one axis (in cells, limited to the margins), and their weights.
struct SplinePlace {
  vi first;
  vf w[SPLINE_TAPS];
};
static WEFT_INLINE SplinePlace splinePlace(vf px, int cells) {
  const vf g = maximum(minimum((px + real(0.5)) * (real(1) / CELL) - real(0.5), splat(real(cells - 1 + SPLINE_LIMIT_BEHIND))), splat(-SPLINE_LIMIT_BEFORE));
  const vf nearest = floorOf(g + real(0.5)), f = g - nearest;
  return {toInt(nearest) - SPLINE_REACH, {splineWeight(0, f), splineWeight(1, f), splineWeight(2, f)}};
}

// Displacements of what is at the pixels of row y at the instant: one step of a fixed-point iteration back along the
// trajectory of the carrier. gridX, gridY: extended planes.
static inline void trajectoryRow(const Plane& gridX, const Plane& gridY, real elapsed, int width, int y, real* dx, real* dy) {
  splineRow(gridX, y, width, dx);
  splineRow(gridY, y, width, dy);
  const int written = (width + CELL - 1) / CELL * CELL;
  padRow(dx, written);
  padRow(dy, written);
  for (int x = 0; x < width; x += LANES) {
    const SplinePlace h = splinePlace(toReal(iota() + x) - elapsed * load(dx + x), gridX.w);
    const SplinePlace v = splinePlace(real(y) - elapsed * load(dy + x), gridX.h);
    vf sx{}, sy{};
    for (int j = 0; j < SPLINE_TAPS; j++)
      for (int i = 0; i < SPLINE_TAPS; i++) {
        const vi at = (v.first + j) * gridX.stride + h.first + i;
        const vf weight = v.w[j] * h.w[i];
        sx += weight * gatherSamples(gridX.origin, at);
        sy += weight * gatherSamples(gridY.origin, at);
      }
    store(dx + x, sx);
    store(dy + x, sy);
  }
}

// The rows that predictRow understands: back to the carrier, on to the other, and the carrier's weight.
static inline void trajectoryRows(const Plane& gridX, const Plane& gridY, real elapsed, int width, int y, MotionRows& rows) {
  trajectoryRow(gridX, gridY, elapsed, width, y, rows.d[displacement(0, 0)], rows.d[displacement(0, 1)]);
  for (int axis = 0; axis < 2; axis++)
    for (int x = 0; x < width + LANES; x++) {
      const real d = rows.d[displacement(0, axis)][x];
      rows.d[displacement(0, axis)][x] = -elapsed * d;
      rows.d[displacement(1, axis)][x] = (1 - elapsed) * d;
    }
  for (int x = 0; x < width + LANES; x++) rows.d[BETA][x] = 1 - elapsed;
}

// references[plane]: carrier and other, extended; out: three planes at native size.
static inline void planesBetween(RowTeam& team, const Plane references[3][2], const Plane& gridX, const Plane& gridY,
                                 real elapsed, bool halved, const Plane out[3]) {
  const int w = out[0].w, h = out[0].h;
  team.overFreeRows(h, w, 2, [&](int y0, int y1, int) {
    MotionRows a(w), b(w), chroma(w);
    for (int y = y0; y < y1; y += 2) {
      MotionRows* rows[2] = {&a, &b};
      const int count = y + 1 < h ? 2 : 1;
      for (int k = 0; k < count; k++) {
        trajectoryRows(gridX, gridY, elapsed, w, y + k, *rows[k]);
        predictRow<1>(references, 2, *rows[k], y + k, out);
        if (!halved) predictRow<2>(references + 1, 2, *rows[k], y + k, out + 1);
      }
      if (!halved) continue;
      chromaMotionRows(a, *rows[count - 1], MOTION_COMPONENTS, w, out[1].w, chroma);
      predictRow<2>(references + 1, 2, chroma, y / 2, out + 1);
    }
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
