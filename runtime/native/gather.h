// Loads of a vector's lanes from scattered places.
#pragma once
#include "simd.h"
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace weft {
namespace WEFT_ISA {

static WEFT_INLINE vf gatherSamples(const real* base, vi offset) {
#if defined(__AVX512F__) && WEFT_LANES == 16
  return bitCast<vf>(_mm512_i32gather_ps(bitCast<__m512i>(offset), base, 4));
#elif defined(__AVX2__) && WEFT_LANES == 8
  return bitCast<vf>(_mm256_i32gather_ps(base, bitCast<__m256i>(offset), 4));
#else
  vf v;
  for (int i = 0; i < LANES; i++) v[i] = base[offset[i]];
  return v;
#endif
}

// The same for places 0..CLOSE - 1: the samples there are loaded whole.
constexpr int CLOSE = 2 * LANES;
static WEFT_INLINE vf sampleClose(const real* base, vi place) {
#if defined(__AVX512F__) && WEFT_LANES == 16
  return bitCast<vf>(_mm512_permutex2var_ps(bitCast<__m512>(load(base)), bitCast<__m512i>(place), bitCast<__m512>(load(base + LANES))));
#elif defined(__AVX2__) && WEFT_LANES == 8
  const __m256i lanes = bitCast<__m256i>(place);
  const __m256 near = _mm256_permutevar8x32_ps(bitCast<__m256>(load(base)), lanes), far = _mm256_permutevar8x32_ps(bitCast<__m256>(load(base + LANES)), lanes);
  return bitCast<vf>(_mm256_blendv_ps(near, far, _mm256_castsi256_ps(_mm256_slli_epi32(lanes, 28))));
#else
  return gatherSamples(base, place);
#endif
}

}  // namespace WEFT_ISA
}  // namespace weft
