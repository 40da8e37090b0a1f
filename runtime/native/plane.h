// Padded picture planes and the splitting of their rows over threads.
#pragma once
#include <cstdlib>
#include <cstring>
#include <new>
#include "simd.h"
#include "rowTeam.h"

namespace weft {
namespace WEFT_ISA {

// Margins let kernels read neighbours and whole vectors past the edge without tests.
constexpr int MARGIN_X = 16;
constexpr int MARGIN_Y = 6;

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
    std::free(block_);
    static_cast<Plane&>(*this) = other;
    block_ = other.block_;
    size_ = other.size_;
    other.block_ = nullptr;
    other.origin = nullptr;
    return *this;
  }
  PlaneBuffer(const PlaneBuffer&) = delete;
  PlaneBuffer& operator=(const PlaneBuffer&) = delete;
  ~PlaneBuffer() { std::free(block_); }

  void allocate(int width, int height) {
    std::free(block_);
    w = width;
    h = height;
    stride = (MARGIN_X + width + 40 + 15) / 16 * 16;
    size_ = size_t(stride) * (height + 2 * MARGIN_Y) + 64;
    block_ = static_cast<real*>(std::aligned_alloc(64, (size_ * sizeof(real) + 63) / 64 * 64));
    if (!block_) throw std::bad_alloc();
    origin = block_ + size_t(MARGIN_Y) * stride + MARGIN_X;
    clear();
  }
  // Zeroes samples and margins.
  void clear() { if (block_) std::memset(block_, 0, size_ * sizeof(real)); }
  bool allocated() const { return block_ != nullptr; }

 private:
  real* block_ = nullptr;
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
  for (int x = 0; x < 36; x++) row[w + x] = row[w - 1];
}
// Repeats the first and the last row, with their margins, above and below.
static inline void extendRows(const Plane& p) {
  const size_t bytes = size_t(MARGIN_X + p.w + 36) * sizeof(real);
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
