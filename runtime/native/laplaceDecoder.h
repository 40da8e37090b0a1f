// Integers under a Laplace distribution (twin: runtime/entropy/laplaceCoder.ts).
#pragma once
#include "decoderEngine.h"
#include "rangeDecoder.h"
#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

namespace weft {
namespace WEFT_ISA {

// One cache line: cumulative frequencies before the symbols 1..32 (0 before symbol 0 and 65536 after 32 are understood).
struct alignas(64) LaplaceTable {
  uint16_t boundary[32];
};

// Number of boundaries at or below the target, which is the symbol.
static WEFT_INLINE int findSymbol(const LaplaceTable& table, uint32_t target) {
#if defined(__AVX512BW__)
  const __m512i t = _mm512_set1_epi16(short(target));
  const __mmask32 below = _mm512_cmple_epu16_mask(_mm512_load_si512(table.boundary), t);
  return __builtin_ctzll(~uint64_t(below));
#elif defined(__AVX2__)
  const __m256i t = _mm256_set1_epi16(short(target)), zero = _mm256_setzero_si256();
  const __m256i* b = reinterpret_cast<const __m256i*>(table.boundary);
  const __m256i low = _mm256_cmpeq_epi16(_mm256_subs_epu16(_mm256_load_si256(b), t), zero);
  const __m256i high = _mm256_cmpeq_epi16(_mm256_subs_epu16(_mm256_load_si256(b + 1), t), zero);
  const __m256i both = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xd8);
  return __builtin_ctzll(~uint64_t(uint32_t(_mm256_movemask_epi8(both))));
#elif defined(__SSE2__)
  const __m128i t = _mm_set1_epi16(short(target)), zero = _mm_setzero_si128();
  const __m128i* b = reinterpret_cast<const __m128i*>(table.boundary);
  uint64_t below = 0;
  for (int half = 0; half < 2; half++) {
    const __m128i low = _mm_cmpeq_epi16(_mm_subs_epu16(_mm_load_si128(b + 2 * half), t), zero);
    const __m128i high = _mm_cmpeq_epi16(_mm_subs_epu16(_mm_load_si128(b + 2 * half + 1), t), zero);
    below |= uint64_t(uint32_t(_mm_movemask_epi8(_mm_packs_epi16(low, high)))) << (16 * half);
  }
  return __builtin_ctzll(~below);
#elif defined(__wasm_simd128__)
  const v128_t t = wasm_i16x8_splat(short(target));
  uint64_t below = 0;
  for (int half = 0; half < 2; half++) {
    const v128_t low = wasm_u16x8_le(wasm_v128_load(table.boundary + 16 * half), t);
    const v128_t high = wasm_u16x8_le(wasm_v128_load(table.boundary + 16 * half + 8), t);
    below |= uint64_t(wasm_i8x16_bitmask(wasm_i8x16_narrow_i16x8(low, high))) << (16 * half);
  }
  return __builtin_ctzll(~below);
#else
  int symbol = 0;
  for (int i = 0; i < 32; i++) symbol += table.boundary[i] <= target;
  return symbol;
#endif
}

class LaplaceTables {
 public:
  explicit LaplaceTables(const EntropyTables& tables) : tables_(tables.cumulative.size() / (LAPLACE_SYMBOLS + 1)) {
    for (size_t i = 0; i < tables_.size(); i++)
      for (int j = 0; j < 32; j++) tables_[i].boundary[j] = uint16_t(tables.cumulative[i * (LAPLACE_SYMBOLS + 1) + j + 1]);
  }
  WEFT_INLINE const LaplaceTable& at(int scale, int fraction) const {
    return tables_[size_t(scale - MIN_SCALE_INDEX) * 16 + size_t(fraction + 8)];
  }

 private:
  std::vector<LaplaceTable> tables_;
};

// Exp-Golomb code of order 1; -1: longer than any legal one.
static inline int32_t readEscape(RangeDecoder& decoder) {
  int count = 1;
  while (decoder.bits(1))
    if (++count > MAX_ESCAPE_PREFIX) return -1;
  return (1 << count) + decoder.bits(count) - 2;
}

// False if the stream holds what no encoder writes.
static WEFT_INLINE bool readCoefficient(RangeDecoder& decoder, const LaplaceTable& table, int32_t& k) {
  const int symbol = findSymbol(table, decoder.peek());
  const uint32_t low = symbol ? table.boundary[symbol - 1] : 0;
  const uint32_t high = symbol < LAPLACE_SYMBOLS - 1 ? table.boundary[symbol] : FREQUENCY_TOTAL;
  decoder.consume(low, high - low);
  k = symbol - ESCAPE_MAGNITUDE;
  if (__builtin_expect(symbol != 0 && symbol != LAPLACE_SYMBOLS - 1, 1)) return true;
  const int32_t excess = readEscape(decoder);
  k += symbol ? excess : -excess;
  return excess >= 0;
}

// A distribution too wide for the tables sends its low bits plainly.
static inline bool readWide(RangeDecoder& decoder, const LaplaceTables& tables, int centre, int scaleIndex, int32_t& value) {
  const int shift = (scaleIndex - MAX_TABLE_SCALE + 7) >> 3;
  int32_t high;
  if (!readCoefficient(decoder, tables.at(scaleIndex - 8 * shift, 0), high)) return false;
  value = centre + high * (1 << shift) + decoder.bits(shift) - (1 << (shift - 1));
  return value <= LARGEST_VALUE && value >= -LARGEST_VALUE;
}

static WEFT_INLINE bool readLaplace(RangeDecoder& decoder, const LaplaceTables& tables, int location16, int scaleIndex,
                                    int32_t& value) {
  const int centre = (location16 + 8) >> 4;
  if (__builtin_expect(scaleIndex > MAX_TABLE_SCALE, 0)) return readWide(decoder, tables, centre, scaleIndex, value);
  int32_t k;
  if (!readCoefficient(decoder, tables.at(scaleIndex, location16 - 16 * centre), k)) return false;
  value = centre + k;
  return value <= LARGEST_VALUE && value >= -LARGEST_VALUE;
}

}  // namespace WEFT_ISA
}  // namespace weft
