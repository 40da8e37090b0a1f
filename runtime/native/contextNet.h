// The context network, integers only (twin: runtime/entropy/contextNet.ts). Inputs go in pairs through 16-bit
// multiply-adds; those that do not depend on the latent just read are summed ahead for a run of sixteen latents.
#pragma once
#include <algorithm>
#include "laplaceDecoder.h"

namespace weft {
namespace WEFT_ISA {

typedef int16_t i16x16 __attribute__((vector_size(32)));
typedef int32_t i32x8 __attribute__((vector_size(32)));
typedef int16_t i16x8 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));

// Sums of the products of neighbouring pairs.
static WEFT_INLINE i32x4 pairSums(i16x8 a, i16x8 b) {
#if defined(__SSE2__)
  return bitCast<i32x4>(_mm_madd_epi16(bitCast<__m128i>(a), bitCast<__m128i>(b)));
#elif defined(__wasm_simd128__)
  return bitCast<i32x4>(wasm_i32x4_dot_i16x8(bitCast<v128_t>(a), bitCast<v128_t>(b)));
#else
  i32x4 s;
  for (int i = 0; i < 4; i++) s[i] = int32_t(a[2 * i]) * b[2 * i] + int32_t(a[2 * i + 1]) * b[2 * i + 1];
  return s;
#endif
}
static WEFT_INLINE i32x8 pairSums(i16x16 a, i16x16 b) {
#if defined(__AVX2__)
  return bitCast<i32x8>(_mm256_madd_epi16(bitCast<__m256i>(a), bitCast<__m256i>(b)));
#else
  i16x8 parts[4];
  std::memcpy(parts, &a, 32);
  std::memcpy(parts + 2, &b, 32);
  const i32x4 sums[2] = {pairSums(parts[0], parts[2]), pairSums(parts[1], parts[3])};
  i32x8 s;
  std::memcpy(&s, sums, 32);
  return s;
#endif
}

// Hidden sums (Q12) to hidden units (Q4, 0..4095).
static WEFT_INLINE i16x8 hiddenUnits(i32x8 sums) {
#if defined(__SSE2__)
  __m128i halves[2];
  std::memcpy(halves, &sums, 32);
  const __m128i packed = _mm_packs_epi32(_mm_srai_epi32(halves[0], 8), _mm_srai_epi32(halves[1], 8));
  return bitCast<i16x8>(_mm_max_epi16(_mm_min_epi16(packed, _mm_set1_epi16(MAX_HIDDEN_Q4)), _mm_setzero_si128()));
#elif defined(__wasm_simd128__)
  v128_t halves[2];
  std::memcpy(halves, &sums, 32);
  const v128_t packed = wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(halves[0], 8), wasm_i32x4_shr(halves[1], 8));
  return bitCast<i16x8>(wasm_i16x8_max(wasm_i16x8_min(packed, wasm_i16x8_splat(MAX_HIDDEN_Q4)), wasm_i16x8_splat(0)));
#else
  i16x8 h;
  for (int k = 0; k < 8; k++) h[k] = int16_t(std::min(MAX_HIDDEN_Q4, std::max(0, int(sums[k] >> 8))));
  return h;
#endif
}

constexpr int RUN = BLOCK_WIDTH;           // latents of one row of a block
constexpr int EARLY_PAIRS = 5;    // inputs (1,2) (3,4) (5,8) (9,10) (11,-): known before the run starts
constexpr int LATE_PAIRS = 2;     // inputs (0,6) (7,-): depend on the latents of the run itself
constexpr int PAIRS = EARLY_PAIRS + LATE_PAIRS;

static_assert(HIDDEN_UNITS == 8 && CONTEXT_INPUTS == 12, "the vectors below hold eight hidden units, the pairs above twelve inputs");

// Two 16-bit inputs in one 32-bit lane.
static WEFT_INLINE int32_t pairOf(int32_t first, int32_t second) { return int32_t((uint32_t(second) << 16) | (uint32_t(first) & 0xffff)); }

// Sums ahead of the late inputs: hidden units, and both outputs in the even lanes.
struct EarlySums {
  i32x8 hidden;
  i32x4 out;
};

// One context net at one row of its biases.
class ContextNet {
 public:
  ContextNet(const ContextNetSpec& spec, int biasRow, int depthRow) {
    static constexpr int INPUTS[PAIRS][2] = {{1, 2}, {3, 4}, {5, 8}, {9, 10}, {11, -1}, {0, 6}, {7, -1}};
    for (int p = 0; p < PAIRS; p++)
      for (int half = 0; half < 2; half++) {
        const int j = INPUTS[p][half];
        for (int k = 0; k < HIDDEN_UNITS; k++) hidden_[p][2 * k + half] = j < 0 ? 0 : int16_t(spec.w1[size_t(k) * CONTEXT_INPUTS + j]);
        for (int lane = 0; lane < 4; lane++) direct_[p][2 * lane + half] = 0;
        for (int m = 0; m < 2; m++) direct_[p][4 * m + half] = j < 0 ? 0 : int16_t(spec.lin[size_t(m) * CONTEXT_INPUTS + j]);
      }
    rest_.out = i32x4{};
    for (int k = 0; k < HIDDEN_UNITS; k++) {
      rest_.hidden[k] = spec.b1[k] * 16;
      for (int m = 0; m < 2; m++) out_[m][k] = int16_t(spec.w2[size_t(m) * HIDDEN_UNITS + k]);
    }
    for (int m = 0; m < 2; m++)
      rest_.out[2 * m] = (spec.bias[size_t(biasRow) * 2 + m] + spec.depth[size_t(depthRow) * 2 + m]) * 16;
  }

  // early[p][i]: pair p of latent i of the run.
  WEFT_INLINE EarlySums early(const int32_t pairs[EARLY_PAIRS][RUN], int i) const {
    EarlySums s = rest_;
    for (int p = 0; p < EARLY_PAIRS; p++) addPair(s, p, pairs[p][i]);
    return s;
  }

  WEFT_INLINE const EarlySums& rest() const { return rest_; }

  WEFT_INLINE void evaluate(EarlySums s, int signedWest, int near, int wide, int& location16, int& scaleIndex) const {
    addPair(s, EARLY_PAIRS, pairOf(signedWest, near));
    addPair(s, EARLY_PAIRS + 1, pairOf(wide, 0));
    const i16x8 h = hiddenUnits(s.hidden);
    const i32x4 a = pairSums(h, out_[0]), b = pairSums(h, out_[1]);
#if defined(__SSE2__)
    // [a0+a2, a1+a3, b0+b2, b1+b3] + [out0, 0, out1, 0]
    const __m128i va = bitCast<__m128i>(a), vb = bitCast<__m128i>(b);
    const __m128i four = _mm_add_epi32(_mm_add_epi32(_mm_unpacklo_epi64(va, vb), _mm_unpackhi_epi64(va, vb)), bitCast<__m128i>(s.out));
    const __m128i two = _mm_add_epi32(four, _mm_srli_epi64(four, 32));
    const int32_t out0 = _mm_cvtsi128_si32(two), out1 = _mm_cvtsi128_si32(_mm_unpackhi_epi64(two, two));
#elif defined(__wasm_simd128__)
    const v128_t va = bitCast<v128_t>(a), vb = bitCast<v128_t>(b);
    const v128_t four = wasm_i32x4_add(wasm_i32x4_add(wasm_i64x2_shuffle(va, vb, 0, 2), wasm_i64x2_shuffle(va, vb, 1, 3)), bitCast<v128_t>(s.out));
    const v128_t two = wasm_i32x4_add(four, wasm_i32x4_shuffle(four, four, 1, 0, 3, 2));
    const int32_t out0 = wasm_i32x4_extract_lane(two, 0), out1 = wasm_i32x4_extract_lane(two, 2);
#else
    const int32_t out0 = a[0] + a[1] + a[2] + a[3] + s.out[0], out1 = b[0] + b[1] + b[2] + b[3] + s.out[2];
#endif
    location16 = std::min(std::max((out0 + 128) >> 8, -MAX_LOCATION16), MAX_LOCATION16);
    scaleIndex = std::min(std::max((out1 + 256) >> 9, MIN_SCALE_INDEX), MAX_SCALE_INDEX);
  }

 private:
  WEFT_INLINE void addPair(EarlySums& s, int p, int32_t pair) const {
    s.hidden += pairSums(hidden_[p], bitCast<i16x16>(pair - i32x8{}));
    s.out += pairSums(direct_[p], bitCast<i16x8>(pair - i32x4{}));
  }

  i16x16 hidden_[PAIRS];
  i16x8 direct_[PAIRS], out_[2];
  EarlySums rest_;
};

}  // namespace WEFT_ISA
}  // namespace weft
