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
  const int lowest = j == 0 ? -UP_REACH : j, highest = j == coarseHeight - 1 ? j + UP_REACH : j;
  int from = 2 * lowest - UP_COUNT + 1, to = 2 * highest + UP_COUNT;
  if (from < 0) from = 0;
  if (to > fineHeight - 1) to = fineHeight - 1;
  rows.first = from;
  rows.count = to - from + 1;
  for (int i = from; i <= to; i++) {
    real sumOfTaps = 0;
    for (int k = 0; k < UP_COUNT; k++) {
      const int source = (i >> 1) - UP_REACH + (i & 1) + k;
      if (source >= lowest && source <= highest) sumOfTaps += UP_TAPS[i & 1 ? UP_COUNT - 1 - k : k];
    }
    rows.weight[i - from] = sumOfTaps;
  }
  return rows;
}

// Adjoint of the doubling across: from `fineWidth` gradients to `width`. Reads up to 4 * LANES past both widths.
static inline void upsampleAdjointAcross(const real* fine, int fineWidth, int width, real* out) {
  alignas(64) real evenBuffer[MAX_HALF_WIDTH], oddBuffer[MAX_HALF_WIDTH], sums[MAX_HALF_WIDTH];
  real *e = evenBuffer + 16, *o = oddBuffer + 16, *s = sums + 16;
  for (int x = 0; x < width; x += LANES) {
    vf even, odd;
    loadDeinterleaved(fine + 2 * x, even, odd);
    store(e + x, even);
    store(o + x, odd);
  }
  if (fineWidth % 2) o[width - 1] = 0;
  for (int k = 1; k <= UP_COUNT; k++) e[-k] = o[-k] = 0;
  for (int k = 0; k < LANES + 8; k++) e[width + k] = o[width + k] = 0;
  for (int x = -UP_REACH; x < width + UP_REACH; x += LANES) {
    vf total{};
    for (int k = 0; k < UP_COUNT; k++) total += UP_TAPS[k] * (load(e + x + UP_REACH - k) + load(o + x - UP_REACH + k));
    store(s + x, total);
  }
  for (int k = 1; k <= UP_REACH; k++) {
    s[0] += s[-k];
    s[width - 1] += s[width - 1 + k];
  }
  std::memcpy(out, s, size_t(width) * sizeof(real));
}

// Adjoint of the doubling down: row j of the coarse plane's gradient, at the width of `fine`.
static inline void upsampleAdjointDown(const Plane& fine, int j, int coarseHeight, real* out) {
  const FineRows rows = fineRowsOf(j, coarseHeight, fine.h);
  for (int x = 0; x < fine.w; x += LANES) {
    vf acc{};
    for (int i = 0; i < rows.count; i++) acc += rows.weight[i] * load(fine.row(rows.first + i) + x);
    store(out + x, acc);
  }
}

// gCoarse = up2^T(gFine)
static inline void upsampleAdjoint(RowTeam& team, const Plane& gFine, const Plane& gCoarse) {
  overFixedShares(team, gCoarse.h, 2 * gCoarse.w, 1, [&](int j0, int j1, int) {
    alignas(64) real row[MAX_WIDTH + 64];
    for (int j = j0; j < j1; j++) {
      upsampleAdjointDown(gFine, j, gCoarse.h, row);
      upsampleAdjointAcross(row, gFine.w, gCoarse.w, gCoarse.row(j));
    }
  });
}

// The second half, where every row of gAcross has gone through upsampleAdjointAcross.
static inline void upsampleAdjointOfRows(RowTeam& team, const Plane& gAcross, const Plane& gCoarse) {
  overFixedShares(team, gCoarse.h, gCoarse.w, 1, [&](int j0, int j1, int) {
    for (int j = j0; j < j1; j++) upsampleAdjointDown(gAcross, j, gCoarse.h, gCoarse.row(j));
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
