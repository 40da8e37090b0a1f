// Sums of vectors moved by some lanes against each other: gradients that overlap in memory are added up in registers, because a
// store that is read again at an overlapping place stalls.
#pragma once
#include "pyramid.h"

namespace weft {
namespace WEFT_ISA {

typedef real v4 __attribute__((vector_size(4 * sizeof(real))));
static WEFT_INLINE v4 load4(const real* p) { v4 v; std::memcpy(&v, p, sizeof v); return v; }
static WEFT_INLINE void store4(real* p, v4 v) { std::memcpy(p, &v, sizeof v); }

// Lanes behind the first vector of a ShiftedSum, and the furthest that another may start behind it.
constexpr int SHIFTED_SUM_PAST = 4;

// Vectors that start up to four lanes apart; `low` is at the first of them, `high` behind it.
struct ShiftedSum {
  vf low{};
  v4 high{};

  // Adds v, which starts `lanes` further on.
  template <int lanes> WEFT_INLINE void add(vf v) {
    if constexpr (lanes == 0) {
      low += v;
      return;
    }
#if defined(__AVX512F__) && WEFT_LANES == 16
    low += (vf)_mm512_alignr_epi32((__m512i)v, _mm512_setzero_si512(), 16 - lanes);
    high += (v4)_mm_bsrli_si128(_mm512_extracti32x4_epi32((__m512i)v, 3), 16 - 4 * lanes);
#elif defined(__AVX2__) && WEFT_LANES == 8
    const __m256i below = _mm256_permute2x128_si256((__m256i)v, (__m256i)v, 0x08);
    low += (vf)_mm256_alignr_epi8((__m256i)v, below, 16 - 4 * lanes);
    high += (v4)_mm_bsrli_si128(_mm256_extracti128_si256((__m256i)v, 1), 16 - 4 * lanes);
#else
    low += __builtin_shufflevector(vf{}, v, 4 - lanes, 5 - lanes, 6 - lanes, 7 - lanes);
    high += __builtin_shufflevector(v, vf{}, 4 - lanes, 5 - lanes, 6 - lanes, 7 - lanes);
#endif
  }
  // Adds the sum to memory.
  WEFT_INLINE void addTo(real* p) const {
    store(p, load(p) + low);
    store4(p + LANES, load4(p + LANES) + high);
  }
};

// Sums of neighbouring lanes in the lower half, zeros above.
static WEFT_INLINE vf pairSums(vf v) {
  vf even, odd;
  deinterleave(v, vf{}, even, odd);
  return even + odd;
}

}  // namespace WEFT_ISA
}  // namespace weft
