// The adjoint of up2.
#pragma once
#include "pyramid.h"

namespace weft {
namespace WEFT_ISA {

// Most fine rows between the first and the last that read one coarse row, were they all there: it reads for UP_REACH rows that the
// border repeats on either side, too.
constexpr int MAX_FINE_ROWS = 2 * (2 * UP_REACH) + 2 * UP_COUNT;

// Weights of the fine rows that read coarse row j (clamped reads of the border fold onto the border row).
struct FineRows {
  int first = 0, count = 0;
  real weight[MAX_FINE_ROWS];
};

// All of them are there, and none reads the border.
static WEFT_INLINE bool amidFineRows(int j, int coarseHeight, int fineHeight) {
  return j > 0 && j < coarseHeight - 1 && 2 * j - UP_COUNT + 1 >= 0 && 2 * j + UP_COUNT <= fineHeight - 1;
}

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
      if (source >= lowest && source <= highest) sumOfTaps += upTap(i & 1 ? UP_COUNT - 1 - k : k);
    }
    rows.weight[i - from] = sumOfTaps;
  }
  return rows;
}

// Zeros around the gradients across. The sums go UP_REACH past either end, in whole vectors, and their taps UP_REACH further.
constexpr int ZEROS_BEFORE = UP_COUNT, ZEROS_BEHIND = LANES + 8;
static_assert(2 * UP_REACH <= ZEROS_BEFORE && pastEnd(LANES) + 2 * UP_REACH <= ZEROS_BEHIND, "taps outside read zeros");
static_assert(ZEROS_BEFORE <= HALF_ROW_LEFT && ZEROS_BEHIND <= HALF_ROW_RIGHT, "zeros fit on the stack");

// Adjoint of the doubling across: from `fineWidth` gradients to `width`. Reads up to PAST_DOUBLED past the fine width.
static inline void upsampleAdjointAcross(const real* fine, int fineWidth, int width, real* out) {
  alignas(CACHE_LINE) real evenBuffer[HALF_ROW_SAMPLES], oddBuffer[HALF_ROW_SAMPLES], sums[HALF_ROW_SAMPLES];
  real *e = evenBuffer + HALF_ROW_LEFT, *o = oddBuffer + HALF_ROW_LEFT, *s = sums + HALF_ROW_LEFT;
  for (int x = 0; x < width; x += LANES) {
    vf even, odd;
    loadDeinterleaved(fine + 2 * x, even, odd);
    store(e + x, even);
    store(o + x, odd);
  }
  if (fineWidth % 2) o[width - 1] = 0;
  for (int k = 1; k <= ZEROS_BEFORE; k++) e[-k] = o[-k] = 0;
  for (int k = 0; k < ZEROS_BEHIND; k++) e[width + k] = o[width + k] = 0;
  for (int x = -UP_REACH; x < width + UP_REACH; x += LANES) {
    vf total{};
    for (int k = 0; k < UP_COUNT; k++) total += upTap(k) * (load(e + x + UP_REACH - k) + load(o + x - UP_REACH + k));
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
  if (amidFineRows(j, coarseHeight, fine.h)) {
    const real* first = fine.row(2 * j - UP_COUNT + 1);
    for (int x = 0; x < fine.w; x += LANES) {
      vf even{}, odd{};
#pragma GCC unroll 8
      for (int k = 0; k < UP_COUNT; k++) {
        even += upTap(UP_COUNT - 1 - k) * load(first + (2 * k + 1) * ptrdiff_t(fine.stride) + x);
        odd += upTap(k) * load(first + 2 * k * ptrdiff_t(fine.stride) + x);
      }
      store(out + x, even + odd);
    }
    return;
  }
  const FineRows rows = fineRowsOf(j, coarseHeight, fine.h);
  for (int x = 0; x < fine.w; x += LANES) {
    vf acc{};
    for (int i = 0; i < rows.count; i++) acc += rows.weight[i] * load(fine.row(rows.first + i) + x);
    store(out + x, acc);
  }
}

// A row at full width on the stack, and what whole pairs of vectors read past it.
constexpr int ROW_PAST_END = 192;
static_assert(PAST_DOUBLED <= ROW_PAST_END, "a row to be halved fits on the stack");

// gCoarse = up2^T(gFine); finished(j) is told of each of its rows.
template <class Finished> void upsampleAdjoint(RowTeam& team, const Plane& gFine, const Plane& gCoarse, const Finished& finished) {
  overFixedShares(team, gCoarse.h, 2 * gCoarse.w, 1, [&](int j0, int j1, int) {
    alignas(CACHE_LINE) real row[MAX_SIDE_PX + ROW_PAST_END];
    for (int j = j0; j < j1; j++) {
      upsampleAdjointDown(gFine, j, gCoarse.h, row);
      upsampleAdjointAcross(row, gFine.w, gCoarse.w, gCoarse.row(j));
      finished(j);
    }
  });
}
static inline void upsampleAdjoint(RowTeam& team, const Plane& gFine, const Plane& gCoarse) {
  upsampleAdjoint(team, gFine, gCoarse, [](int) {});
}

// The second half, where every row of gAcross has gone through upsampleAdjointAcross.
static inline void upsampleAdjointOfRows(RowTeam& team, const Plane& gAcross, const Plane& gCoarse) {
  overFixedShares(team, gCoarse.h, gCoarse.w, 1, [&](int j0, int j1, int) {
    for (int j = j0; j < j1; j++) upsampleAdjointDown(gAcross, j, gCoarse.h, gCoarse.row(j));
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
