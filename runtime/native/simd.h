// Vectors of one instruction set. Each translation unit defines WEFT_ISA (a namespace), WEFT_LANES and
// WEFT_REAL before it includes this file, so the same kernels compile once for every instruction set
// (and once in double precision, for the gradient tests).
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>
#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace weft {
namespace WEFT_ISA {

using real = WEFT_REAL;
using intr = std::conditional<sizeof(real) == 4, int32_t, int64_t>::type;
constexpr int LANES = WEFT_LANES;
typedef real vf __attribute__((vector_size(sizeof(real) * WEFT_LANES)));
typedef intr vi __attribute__((vector_size(sizeof(real) * WEFT_LANES)));

#define WEFT_INLINE inline __attribute__((always_inline))
// Before a loop whose body is long enough.
#if defined(__clang__)
#define WEFT_ROLLED _Pragma("nounroll")
#else
#define WEFT_ROLLED _Pragma("GCC unroll 1")
#endif
#define WEFT_INLINE_BODY __attribute__((always_inline))  // behind the parameters of a lambda

template <class To, class From> static WEFT_INLINE To bitCast(From v) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  To r; std::memcpy(&r, &v, sizeof r); return r;
}

static WEFT_INLINE vf load(const real* p) { vf v; std::memcpy(&v, p, sizeof v); return v; }
// A vector that is used more than once stays in a register: left to itself, the compiler reads it again for every use.
static WEFT_INLINE vf loadOnce(const real* p) {
  vf v = load(p);
#if defined(__AVX512F__) && WEFT_LANES == 16
  asm("" : "+v"(v));
#elif defined(__x86_64__) && (WEFT_LANES == 4 || defined(__AVX__))
  if (sizeof v <= 16 || WEFT_LANES == 8) asm("" : "+x"(v));
#elif defined(__aarch64__)
  if (sizeof v == 16) asm("" : "+w"(v));
#endif
  return v;
}
static WEFT_INLINE void store(real* p, vf v) { std::memcpy(p, &v, sizeof v); }
static WEFT_INLINE vf splat(real x) { return x - vf{}; }
static WEFT_INLINE vi splatInt(intr x) { return x - vi{}; }
typedef uint8_t vu8 __attribute__((vector_size(WEFT_LANES)));
static WEFT_INLINE vf loadBytes(const uint8_t* p) {
#if defined(__AVX512F__) && WEFT_LANES == 16
  return (vf)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
#elif defined(__AVX2__) && WEFT_LANES == 8
  return (vf)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
#else
  vu8 v;
  std::memcpy(&v, p, sizeof v);
  return __builtin_convertvector(v, vf);
#endif
}
static WEFT_INLINE vi toInt(vf v) { return __builtin_convertvector(v, vi); }
static WEFT_INLINE vf toReal(vi v) { return __builtin_convertvector(v, vf); }
static WEFT_INLINE vf select(vi mask, vf a, vf b) { return mask ? a : b; }
// The compiler does not see single instructions in these comparisons.
static WEFT_INLINE vf maximum(vf a, vf b) {
#if defined(__AVX512F__) && WEFT_LANES == 16
  return (vf)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__) && WEFT_LANES == 8
  return (vf)_mm256_max_ps((__m256)a, (__m256)b);
#else
  return a > b ? a : b;
#endif
}
static WEFT_INLINE vf minimum(vf a, vf b) {
#if defined(__AVX512F__) && WEFT_LANES == 16
  return (vf)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__) && WEFT_LANES == 8
  return (vf)_mm256_min_ps((__m256)a, (__m256)b);
#else
  return a < b ? a : b;
#endif
}
constexpr intr SIGN_BIT = sizeof(real) == 4 ? intr(INT32_MIN) : intr(INT64_MIN);
static WEFT_INLINE vf absolute(vf v) { return bitCast<vf>(bitCast<vi>(v) & ~SIGN_BIT); }
// v where `by` is positive, -v where it is negative.
static WEFT_INLINE vf flipped(vf v, vf by) { return bitCast<vf>(bitCast<vi>(v) ^ (bitCast<vi>(by) & SIGN_BIT)); }
// v times the sign of `by`; zero where that is zero.
static WEFT_INLINE vf timesSign(vf v, vf by) { return select(by != 0, flipped(v, by), vf{}); }
static WEFT_INLINE vf floorOf(vf v) {
#if defined(__AVX512F__) && WEFT_LANES == 16
  return (vf)_mm512_roundscale_ps((__m512)v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif defined(__AVX2__) && WEFT_LANES == 8
  return (vf)_mm256_floor_ps((__m256)v);
#else
#if defined(__aarch64__)
  if constexpr (sizeof(real) == 4) return bitCast<vf>(vrndmq_f32(bitCast<float32x4_t>(v)));
#endif
  vf t = toReal(toInt(v));
  return select(t > v, t - 1, t);
#endif
}
static WEFT_INLINE vf roundOf(vf v) { return floorOf(v + real(0.5)); }
static WEFT_INLINE vi iota() {
  vi v;
  for (int i = 0; i < LANES; i++) v[i] = i;
  return v;
}
static WEFT_INLINE real sum(vf v) {
  real s = 0;
  for (int i = 0; i < LANES; i++) s += v[i];
  return s;
}

// One bit for each lane that is not zero.
static WEFT_INLINE unsigned nonzeroLanes(vi v) {
#if defined(__AVX512F__) && WEFT_LANES == 16
  return unsigned(_mm512_test_epi32_mask((__m512i)v, (__m512i)v));
#elif defined(__AVX2__) && WEFT_LANES == 8
  return 255 & ~unsigned(_mm256_movemask_ps((__m256)(v == 0)));
#else
  unsigned bits = 0;
  for (int i = 0; i < LANES; i++) bits |= unsigned(v[i] != 0) << i;
  return bits;
#endif
}
constexpr unsigned ALL_LANES = (1u << LANES) - 1;
static WEFT_INLINE vi lanesOf(unsigned bits) {
#if defined(__AVX512F__) && WEFT_LANES == 16
  return (vi)_mm512_movm_epi32(__mmask16(bits));
#else
  vi bit;
  for (int i = 0; i < LANES; i++) bit[i] = intr(1) << i;
  return (bit & splatInt(intr(bits))) != 0;
#endif
}

constexpr real LOG2E = real(1.4426950408889634);
// 2^x for |x| < 120; Taylor series of 2^f on [-0.5, 0.5], relative error below 3e-8 (float: rounding dominates).
static WEFT_INLINE vf exp2Of(vf x) {
  x = maximum(minimum(x, splat(120)), splat(-120));
  vf n = roundOf(x), f = x - n;
  vf p = splat(real(1.52527338e-5));
  p = p * f + real(1.54035304e-4);
  p = p * f + real(1.33335581e-3);
  p = p * f + real(9.61812911e-3);
  p = p * f + real(5.55041087e-2);
  p = p * f + real(2.40226507e-1);
  p = p * f + real(6.93147181e-1);
  p = p * f + real(1);
  if constexpr (sizeof(real) == 4) return p * bitCast<vf>((toInt(n) + 127) << 23);
  else return p * bitCast<vf>((toInt(n) + 1023) << 52);
}

// log2(x) for positive normal x, by the series of atanh on [1/sqrt2, sqrt2]; error below 2e-8 before rounding.
static WEFT_INLINE vf log2Of(vf x) {
  vi bits = bitCast<vi>(x), e;
  vf m;
  if constexpr (sizeof(real) == 4) {
    e = (bits >> 23) - 127;
    m = bitCast<vf>((bits & 0x7fffff) | 0x3f800000);
  } else {
    e = (bits >> 52) - 1023;
    m = bitCast<vf>((bits & intr(0xfffffffffffffll)) | intr(0x3ff0000000000000ll));
  }
  vi high = m > real(1.41421356);
  m = select(high, m * real(0.5), m);
  vf exponent = toReal(e) + select(high, splat(1), splat(0));
  vf z = (m - 1) / (m + 1), z2 = z * z;
  vf p = splat(real(1) / 11);
  p = p * z2 + real(1) / 9;
  p = p * z2 + real(1) / 7;
  p = p * z2 + real(1) / 5;
  p = p * z2 + real(1) / 3;
  p = p * z2 + real(1);
  return exponent + z * p * real(2.8853900817779268);
}

}  // namespace WEFT_ISA
}  // namespace weft
