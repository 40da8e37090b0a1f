// The reading half of the range coder and its adaptive flags (twins: runtime/entropy/rangeCoder.ts, adaptiveBit.ts).
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include "simd.h"

namespace weft {
namespace WEFT_ISA {

constexpr uint32_t FREQUENCY_TOTAL = 65536;

// Past its end a stream goes on with zero bytes, so reading never fails; it only stops making sense.
class RangeDecoder {
 public:
  // Bytes that must be readable, and zero, behind the stream.
  static constexpr size_t PADDING = 8;

  RangeDecoder(const uint8_t* bytes, size_t size) : next_(bytes), last_(bytes + size + PADDING - 4), code_(loadBytes()) { advance(4); }
  // The frequency (0..65535) at which the next symbol lies. Follow with consume() of the symbol that owns it.
  WEFT_INLINE uint32_t peek() {
    unit_ = range_ >> 16;
    const uint32_t target = code_ / unit_;
    return target < FREQUENCY_TOTAL ? target : FREQUENCY_TOTAL - 1;
  }
  // Shifts in as many whole bytes as bring the range back to 2^24 or more: 0, 1 or 2, as it never falls below 2^8.
  WEFT_INLINE void consume(uint32_t cumulative, uint32_t frequency) {
    range_ = unit_ * frequency;
    const int shift = __builtin_clz(range_) & 24;
    range_ <<= shift;
    code_ = uint32_t((uint64_t(code_ - unit_ * cumulative) << 32 | loadBytes()) << shift >> 32);
    advance(shift >> 3);
  }
  // Bits of the symbols read so far. An encoder drops zero bytes at the end: the first few of them are counted all the same.
  double spentBits(const uint8_t* begin) const { return 8.0 * double(next_ - begin) - std::log2(double(range_)); }
  int32_t bits(int count) {
    int32_t value = 0;
    for (int i = 0; i < count; i++) {
      const bool one = peek() < FREQUENCY_TOTAL / 2;
      consume(one ? 0 : FREQUENCY_TOTAL / 2, FREQUENCY_TOTAL / 2);
      value = value * 2 + one;
    }
    return value;
  }

 private:
  WEFT_INLINE uint32_t loadBytes() const {
    return uint32_t(next_[0]) << 24 | uint32_t(next_[1]) << 16 | uint32_t(next_[2]) << 8 | next_[3];
  }
  WEFT_INLINE void advance(int count) { next_ = last_ - next_ > count ? next_ + count : last_; }
  const uint8_t *next_, *last_;  // the last place from which four bytes can be read
  uint32_t code_, range_ = 0xffffffffu, unit_ = 0;
};

// A flag whose probability moves quickly at first and slowly later.
class AdaptiveBit {
 public:
  int read(RangeDecoder& decoder) {
    const uint32_t ones = uint32_t(ones_ < 32 ? 32 : ones_ > 65504 ? 65504 : ones_);
    const bool bit = decoder.peek() < ones;
    if (bit) decoder.consume(0, ones);
    else decoder.consume(ones, FREQUENCY_TOTAL - ones);
    ones_ += 2 * ((bit ? int32_t(FREQUENCY_TOTAL) : 0) - ones_) / (2 * count_ + 3);
    if (count_ < 30) count_++;
    return bit;
  }

 private:
  int32_t ones_ = FREQUENCY_TOTAL / 2;  // probability of a 1 in 1/65536
  int32_t count_ = 0;
};

}  // namespace WEFT_ISA
}  // namespace weft
