// Padded picture planes and the splitting of their rows over threads.
#pragma once
#include <cstdint>
#include <cstring>
#include "fieldConstants.h"
#include "memoryBlock.h"
#include "simd.h"
#include "rowTeam.h"

namespace weft {
namespace WEFT_ISA {

// Margins let kernels read neighbours and whole vectors past the edge without tests. Around the samples of a plane lie
//   MARGIN_X to the left, at least MARGIN_RIGHT to the right, MARGIN_Y rows above and below,
// all of them memory of the plane. Kernels may write up to EXTENDED_RIGHT past a row (its last vector runs past the width), and before
// it; what is read for its value there was put there first, by extendPlane or by clear. Every header that reaches into the margins
// says how far, and asserts that it fits.
constexpr int MARGIN_X = 32;
constexpr int MARGIN_RIGHT = 40;
constexpr int MARGIN_Y = 6;
// How much of the right margin extendRow repeats the border in. Nothing is ever left behind it but zeros: kernels read there what they
// weigh with zero, which must be finite.
constexpr int EXTENDED_RIGHT = 36;
// Rows begin at multiples of this many samples: whole cache lines in single precision, and the width of the widest vector.
constexpr int ROW_ALIGN = 16;
// Behind the last row: kernels prefetch there, and a row address one too far is still in the block.
constexpr int BLOCK_TAIL = 64;

static_assert(LANES == 4 || LANES == 8 || LANES == 16, "kernels are written for these; see the shuffles in pyramid.h");
static_assert(ROW_ALIGN % LANES == 0 && MARGIN_X % ROW_ALIGN == 0, "the first sample of a row is aligned as the row is");
static_assert(EXTENDED_RIGHT <= MARGIN_RIGHT, "the border is repeated within the margin");

// Samples past the end of a row of any length that a kernel touches which works on `step` samples at a time from its start.
constexpr int pastEnd(int step) { return step - 1; }
static_assert(pastEnd(LANES) <= EXTENDED_RIGHT, "a whole vector may start at the last sample of a row");

// A view of w x h samples, row-major, with margins around it; it owns nothing.
struct Plane {
  real* origin = nullptr;
  int w = 0, h = 0, stride = 0;
  WEFT_INLINE real* row(int y) const { return origin + ptrdiff_t(y) * stride; }
};

static inline Plane sizeOnly(int w, int h) {
  Plane p;
  p.w = w;
  p.h = h;
  return p;
}

// A plane that owns its samples.
class PlaneBuffer : public Plane {
 public:
  PlaneBuffer() = default;
  PlaneBuffer(int width, int height) { allocate(width, height); }
  PlaneBuffer(PlaneBuffer&& other) noexcept { *this = static_cast<PlaneBuffer&&>(other); }
  PlaneBuffer& operator=(PlaneBuffer&& other) noexcept {
    static_cast<Plane&>(*this) = other;
    block_ = static_cast<MemoryBlock&&>(other.block_);
    size_ = other.size_;
    other.origin = nullptr;
    return *this;
  }

  // Samples and margins are zero. If there is no memory, the plane is left without any, and of no size.
  void allocate(int width, int height) {
    block_ = MemoryBlock();
    static_cast<Plane&>(*this) = Plane();
    const int rowSamples = int(roundedUp(size_t(MARGIN_X + width + MARGIN_RIGHT), ROW_ALIGN));
    size_ = size_t(rowSamples) * (height + 2 * MARGIN_Y) + BLOCK_TAIL;
    block_ = MemoryBlock(size_ * sizeof(real));
    w = width;
    h = height;
    stride = rowSamples;
    origin = block_.at<real>() + size_t(MARGIN_Y) * stride + MARGIN_X;
  }
  // Allocates unless it has this size.
  void fit(int width, int height) {
    if (w != width || h != height) allocate(width, height);
  }
  // Zeroes samples and margins.
  void clear() { if (block_) std::memset(block_.at<real>(), 0, size_ * sizeof(real)); }
  bool allocated() const { return bool(block_); }

 private:
  MemoryBlock block_;
  size_t size_ = 0;
};

// Below this many samples the threads' meeting costs more than the work.
constexpr int SERIAL_SAMPLES = 2048;

// Calls body(y0, y1, share) for fixed shares of the rows, in multiples of `unit` rows.
template <class Body>
void overFixedShares(RowTeam& team, int rows, int width, int unit, const Body& body) {
  if (team.threads() == 1 || rows * width < SERIAL_SAMPLES) return body(0, rows, 0);
  team.overShares(rows, unit, body);
}

static inline void addScaled(const Plane& in, real gain, const Plane& out) {
  for (int y = 0; y < in.h; y++)
    for (int x = 0; x < in.w; x++) out.row(y)[x] += gain * in.row(y)[x];
}

// Repeats the border samples into the margins.
static inline void extendRow(real* row, int w) {
  for (int x = 1; x <= MARGIN_X; x++) row[-x] = row[0];
  for (int x = 0; x < EXTENDED_RIGHT; x++) row[w + x] = row[w - 1];
}
// Repeats the first and the last row, with their margins, above and below.
static inline void extendRows(const Plane& p) {
  const size_t bytes = size_t(MARGIN_X + p.w + EXTENDED_RIGHT) * sizeof(real);
  for (int y = 1; y <= MARGIN_Y; y++) {
    std::memcpy(p.row(-y) - MARGIN_X, p.row(0) - MARGIN_X, bytes);
    std::memcpy(p.row(p.h - 1 + y) - MARGIN_X, p.row(p.h - 1) - MARGIN_X, bytes);
  }
}
static inline void extendPlane(const Plane& p) {
  for (int y = 0; y < p.h; y++) extendRow(p.row(y), p.w);
  extendRows(p);
}

}  // namespace WEFT_ISA
}  // namespace weft
