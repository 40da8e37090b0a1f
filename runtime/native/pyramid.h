// Doubling of a plane by the fixed 6-tap filter (FORMAT.md, "Doubling").
#pragma once
#include <iterator>
#include "plane.h"

namespace weft {
namespace WEFT_ISA {

constexpr int UP_COUNT = int(std::size(DOUBLING_TAPS)), UP_REACH = UP_COUNT / 2;
constexpr real upTap(int k) { return real(DOUBLING_TAPS[k]); }

static WEFT_INLINE int clampIndex(int i, int n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

// Interleaves the low (half 0) or high (half 1) lanes of two vectors.
static WEFT_INLINE void storeInterleaved(real* out, vf even, vf odd) {
#if WEFT_LANES == 16
  store(out, __builtin_shufflevector(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  store(out + 16, __builtin_shufflevector(even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
#elif WEFT_LANES == 8
  store(out, __builtin_shufflevector(even, odd, 0, 8, 1, 9, 2, 10, 3, 11));
  store(out + 8, __builtin_shufflevector(even, odd, 4, 12, 5, 13, 6, 14, 7, 15));
#else
  store(out, __builtin_shufflevector(even, odd, 0, 4, 1, 5));
  store(out + 4, __builtin_shufflevector(even, odd, 2, 6, 3, 7));
#endif
}

// Splits 2*LANES samples into those at even and at odd places.
static WEFT_INLINE void deinterleave(vf a, vf b, vf& even, vf& odd) {
#if WEFT_LANES == 16
  even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
#elif WEFT_LANES == 8
  even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
  odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
#else
  even = __builtin_shufflevector(a, b, 0, 2, 4, 6);
  odd = __builtin_shufflevector(a, b, 1, 3, 5, 7);
#endif
}

static WEFT_INLINE void loadDeinterleaved(const real* p, vf& even, vf& odd) { deinterleave(load(p), load(p + LANES), even, odd); }

// Rows of a doubling on the stack of the thread, with room for what the taps read beside them and for whole vectors.
constexpr int HALF_ROW_LEFT = 16, HALF_ROW_RIGHT = 112;
constexpr int MAX_HALF_ROW = (MAX_SIDE_PX + 1) / 2;
constexpr int HALF_ROW_SAMPLES = HALF_ROW_LEFT + MAX_HALF_ROW + HALF_ROW_RIGHT;
// The last vector of a row starts at its last sample at worst, and its outermost tap lies UP_REACH further.
static_assert(UP_REACH <= HALF_ROW_LEFT && pastEnd(LANES) + UP_REACH <= HALF_ROW_RIGHT, "a row of taps fits on the stack");

// Past the shorter of two widths that a doubling may end at (twice the coarse one, or one less): whole pairs of vectors.
constexpr int PAST_DOUBLED = 2 * pastEnd(LANES) + 1;
static_assert(PAST_DOUBLED <= EXTENDED_RIGHT, "the doubling of a row ends in its margin, where the border will be repeated");

// Row y of base + up2(coarse); `base` may be null (zero) and may be `out` itself. Reads and writes up to PAST_DOUBLED past the fine
// width.
static inline void upsampleRow(const Plane& coarse, int y, const real* base, real* out) {
  alignas(CACHE_LINE) real buffer[HALF_ROW_SAMPLES];
  real* t = buffer + HALF_ROW_LEFT;
  const int cw = coarse.w, j = y >> 1, odd = y & 1;
  const real* r[UP_COUNT];
  vf f[UP_COUNT];
  for (int k = 0; k < UP_COUNT; k++) {
    r[k] = coarse.row(clampIndex(j - UP_REACH + odd + k, coarse.h));
    f[k] = splat(upTap(odd ? UP_COUNT - 1 - k : k));
  }
  for (int x = 0; x < cw; x += LANES) {
    vf down = f[0] * load(r[0] + x);
    for (int k = 1; k < UP_COUNT; k++) down += f[k] * load(r[k] + x);
    store(t + x, down);
  }
  for (int k = 1; k <= UP_REACH; k++) {
    t[-k] = t[0];
    t[cw - 1 + k] = t[cw - 1];
  }
  // The last vector may run past the edge: margins take it, and every reader of margins renews them first.
  for (int x = 0; x < cw; x += LANES) {
    vf samples[UP_COUNT + 1];
    for (int k = 0; k <= UP_COUNT; k++) samples[k] = load(t + x + k - UP_REACH);
    vf even = upTap(0) * samples[0], oddv = upTap(UP_COUNT - 1) * samples[1];
    for (int k = 1; k < UP_COUNT; k++) {
      even += upTap(k) * samples[k];
      oddv += upTap(UP_COUNT - 1 - k) * samples[k + 1];
    }
    if (base) {
      vf be, bo;
      loadDeinterleaved(base + 2 * x, be, bo);
      even += be;
      oddv += bo;
    }
    storeInterleaved(out + 2 * x, even, oddv);
  }
}

// fine = add + up2(coarse); `add` may be null (zero) and may be `fine` itself.
static inline void upsample(RowTeam& team, const Plane& coarse, const Plane& fine, const Plane* add = nullptr) {
  overFixedShares(team, fine.h, fine.w, 2, [&](int y0, int y1, int) {
    for (int y = y0; y < y1; y++) upsampleRow(coarse, y, add ? add->row(y) : nullptr, fine.row(y));
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
