// The adjoint of up2.
#pragma once
#include "pyramid.h"

namespace weft {
namespace WEFT_ISA {

// Weights of the fine rows that read coarse row j (clamped reads of the border fold onto the border row).
struct FineRows {
  int first = 0, count = 0;
  real weight[24];
};

static inline FineRows fineRowsOf(int j, int coarseHeight, int fineHeight) {
  FineRows rows;
  const int lowest = j == 0 ? -2 : j, highest = j == coarseHeight - 1 ? j + 2 : j;
  int from = 2 * lowest - 3, to = 2 * highest + 4;
  if (from < 0) from = 0;
  if (to > fineHeight - 1) to = fineHeight - 1;
  rows.first = from;
  rows.count = to - from + 1;
  for (int i = from; i <= to; i++) {
    real sumOfTaps = 0;
    for (int k = 0; k < 4; k++) {
      const int source = (i >> 1) - 2 + (i & 1) + k;
      if (source >= lowest && source <= highest) sumOfTaps += UP_TAPS[i & 1 ? 3 - k : k];
    }
    rows.weight[i - from] = sumOfTaps;
  }
  return rows;
}

// Rows j0..j1-1 of gCoarse = up2^T(gFine), or += when `accumulate`.
static inline void upsampleAdjointRows(const Plane& gFine, const Plane& gCoarse, bool accumulate, int j0, int j1) {
  alignas(64) static thread_local real fineBuffer[MAX_WIDTH + 128];
  alignas(64) static thread_local real evenBuffer[MAX_HALF_WIDTH + 64], oddBuffer[MAX_HALF_WIDTH + 64];
  alignas(64) static thread_local real outBuffer[MAX_HALF_WIDTH + 64];
  const int fw = gFine.w, cw = gCoarse.w;
  real *e = evenBuffer + 32, *o = oddBuffer + 32, *out = outBuffer + 32;
  const vf f0 = splat(UP_TAPS[0]), f1 = splat(UP_TAPS[1]), f2 = splat(UP_TAPS[2]), f3 = splat(UP_TAPS[3]);
  for (int j = j0; j < j1; j++) {
    const FineRows rows = fineRowsOf(j, gCoarse.h, gFine.h);
    for (int x = 0; x < fw; x += LANES) {
      vf acc{};
      for (int i = 0; i < rows.count; i++) acc += splat(rows.weight[i]) * load(gFine.row(rows.first + i) + x);
      store(fineBuffer + x, acc);
    }
    for (int x = fw; x < 2 * cw + 2 * LANES; x++) fineBuffer[x] = 0;
    for (int x = 0; x < cw; x += LANES) {
      vf ev, ov;
      loadDeinterleaved(fineBuffer + 2 * x, ev, ov);
      store(e + x, ev);
      store(o + x, ov);
    }
    for (int k = 1; k <= 4; k++) e[-k] = o[-k] = 0;
    for (int k = 0; k < LANES + 8; k++) e[cw + k] = o[cw + k] = 0;
    for (int x = -2; x < cw + 2; x += LANES) {
      store(out + x, f3 * load(e + x - 1) + f2 * load(e + x) + f1 * load(e + x + 1) + f0 * load(e + x + 2) +
                         f0 * load(o + x - 2) + f1 * load(o + x - 1) + f2 * load(o + x) + f3 * load(o + x + 1));
    }
    out[0] += out[-1] + out[-2];
    out[cw - 1] += out[cw] + out[cw + 1];
    real* g = gCoarse.row(j);
    if (accumulate) for (int x = 0; x < cw; x++) g[x] += out[x];
    else std::memcpy(g, out, size_t(cw) * sizeof(real));
  }
}

static inline void upsampleAdjoint(RowTeam& pool, const Plane& gFine, const Plane& gCoarse, bool accumulate = false) {
  overRows(pool, gCoarse.h, 2 * gCoarse.w, 1, [&](int j0, int j1, int) { upsampleAdjointRows(gFine, gCoarse, accumulate, j0, j1); });
}

}  // namespace WEFT_ISA
}  // namespace weft
