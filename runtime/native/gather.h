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

}  // namespace WEFT_ISA
}  // namespace weft
