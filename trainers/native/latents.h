// The latents of one node: continuous values of the active blocks only, with their optimizer state.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>
#include "contextGradient.h"
#include "trainingSegment.h"

namespace weft {
namespace WEFT_ISA {

// Active blocks of one latent plane; block b holds BLOCK_LATENTS values from [b * BLOCK_LATENTS], row by row.
struct LatentBlocks {
  uint32_t across = 1;           // blocks in a row of the plane
  std::vector<uint32_t> blocks;  // numbers in raster order
  std::vector<real> value, rounded, slope, firstMoment, secondMoment;
  int count() const { return int(blocks.size()); }
  bool empty() const { return blocks.empty(); }
  int x0(int b) const { return int(blocks[b] % across) * BLOCK_WIDTH; }
  int y0(int b) const { return int(blocks[b] / across) * BLOCK_HEIGHT; }

  // Starts anew with these blocks, all zero.
  void assign(const std::vector<uint32_t>& numbers) {
    blocks = numbers;
    for (auto* v : {&value, &rounded, &slope, &firstMoment, &secondMoment}) std::vector<real>(numbers.size() * BLOCK_LATENTS).swap(*v);
  }
  // Keeps block `from` as block `to`.
  void move(int from, int to) {
    blocks[to] = blocks[from];
    for (auto* v : {&value, &rounded, &slope, &firstMoment, &secondMoment})
      std::copy_n(v->begin() + ptrdiff_t(from) * BLOCK_LATENTS, BLOCK_LATENTS, v->begin() + ptrdiff_t(to) * BLOCK_LATENTS);
  }
  void truncate(int count) {
    blocks.resize(count);
    for (auto* v : {&value, &rounded, &slope, &firstMoment, &secondMoment}) {
      v->resize(size_t(count) * BLOCK_LATENTS);
      v->shrink_to_fit();
    }
  }
};

// Makes active every block of a plane of that size in which some |value| exceeds the threshold, and fills it.
template <class Value> static void fillBlocks(LatentBlocks& blocks, int w, int h, real threshold, const Value& value) {
  std::vector<uint32_t> active;
  for (int by = 0; by * BLOCK_HEIGHT < h; by++)
    for (int bx = 0; bx * BLOCK_WIDTH < w; bx++) {
      const int xe = std::min(w, (bx + 1) * BLOCK_WIDTH), ye = std::min(h, (by + 1) * BLOCK_HEIGHT);
      bool any = false;
      for (int y = by * BLOCK_HEIGHT; y < ye && !any; y++)
        for (int x = bx * BLOCK_WIDTH; x < xe && !any; x++) any = std::fabs(value(x, y)) > threshold;
      if (any) active.push_back(uint32_t(by) * blocks.across + uint32_t(bx));
    }
  blocks.assign(active);
  for (int b = 0; b < blocks.count(); b++)
    for (int y = 0; y < BLOCK_HEIGHT && blocks.y0(b) + y < h; y++)
      for (int x = 0; x < BLOCK_WIDTH && blocks.x0(b) + x < w; x++)
        blocks.value[size_t(b) * BLOCK_LATENTS + size_t(y) * BLOCK_WIDTH + x] = value(blocks.x0(b) + x, blocks.y0(b) + y);
}

// Gives up blocks in which no |value| reaches the threshold.
static inline void pruneBlocks(LatentBlocks& blocks, double threshold) {
  int kept = 0;
  for (int b = 0; b < blocks.count(); b++) {
    const real* v = &blocks.value[size_t(b) * BLOCK_LATENTS];
    if (std::any_of(v, v + BLOCK_LATENTS, [&](real x) { return std::fabs(x) >= threshold; })) blocks.move(b, kept++);
  }
  blocks.truncate(kept);
}

static WEFT_INLINE vf tanhOf(vf x) {
  const vf e = exp2Of(x * real(2.8853900817779268));
  return 1 - 2 / (e + 1);
}

// Soft rounding (scale: 1 / (2 tanh(1 / (2 temperature))); Agustsson and Theis, "Universally Quantized Neural Compression", 2020) and its slope.
static WEFT_INLINE vf softRound(vf y, real temperature, real scale, vf& slope) {
  const vf base = floorOf(y) + real(0.5);
  const vf t = tanhOf((y - base) * (1 / temperature));
  slope = scale / temperature * (1 - t * t);
  return base + scale * t;
}

// Uniform bits from a counter: the same for any number of threads (finalizer of MurmurHash3).
static inline uint32_t hashBits(uint32_t a, uint32_t b, uint32_t c) {
  uint32_t h = a * 0x9e3779b1u ^ (b * 0x85ebca77u + 0x165667b1u) ^ (c * 0xc2b2ae3du + 0x27d4eb2fu);
  h ^= h >> 16;
  h *= 0x85ebca6bu;
  h ^= h >> 13;
  h *= 0xc2b2ae35u;
  return h ^ (h >> 16);
}

typedef uint32_t vu32 __attribute__((vector_size(4 * WEFT_LANES)));
typedef int32_t vi32 __attribute__((vector_size(4 * WEFT_LANES)));
static WEFT_INLINE vu32 counting() {
  vu32 v;
  for (int i = 0; i < LANES; i++) v[i] = uint32_t(i);
  return v;
}

// Roughly Gaussian noise of unit variance: the sum of the four bytes of a hash.
static WEFT_INLINE vf gaussianNoise(uint32_t key, uint32_t index) {
  vu32 h = ((counting() + index) * 0x9e3779b1u) ^ key;
  h ^= h >> 16;
  h *= 0x85ebca6bu;
  h ^= h >> 13;
  h *= 0xc2b2ae35u;
  h ^= h >> 16;
  const vu32 total = (h & 255) + ((h >> 8) & 255) + ((h >> 16) & 255) + (h >> 24);
  return (__builtin_convertvector((vi32)total, vf) - real(510)) * real(1 / 147.8);
}

// Fills `rounded` and `slope` of block b: hard rounding with slope 1 if the temperature is 0.
static inline void roundBlock(LatentBlocks& blocks, int b, double temperature, double noise, uint32_t key) {
  const size_t first = size_t(b) * BLOCK_LATENTS;
  const real soft = real(temperature), scale = soft > 0 ? real(1) / (2 * std::tanh(real(0.5) / soft)) : 0;
  for (int i = 0; i < BLOCK_LATENTS; i += LANES) {
    const vf y = load(&blocks.value[first + i]);
    vf q, slope = splat(1);
    if (temperature <= 0) {
      q = roundOf(y);
    } else {
      vf slope2;
      q = softRound(y, soft, scale, slope);
      if (noise > 0) q += real(noise) * gaussianNoise(key, uint32_t(first + i));
      q = softRound(q, soft, scale, slope2);
      slope *= slope2;
    }
    store(&blocks.rounded[first + i], q);
    store(&blocks.slope[first + i], slope);
  }
}

// Calls use(row of the plane, of the block, columns inside the plane) for the rows of block b inside the plane.
template <class Use> static WEFT_INLINE void forEachBlockRow(const LatentBlocks& blocks, int b, const Plane& plane, const Use& use) {
  const int x0 = blocks.x0(b), y0 = blocks.y0(b);
  const int w = plane.w - x0 < BLOCK_WIDTH ? plane.w - x0 : BLOCK_WIDTH, h = plane.h - y0 < BLOCK_HEIGHT ? plane.h - y0 : BLOCK_HEIGHT;
  for (int y = 0; y < h; y++) use(plane.row(y0 + y) + x0, size_t(b) * BLOCK_LATENTS + size_t(y) * BLOCK_WIDTH, w);
}

// A dense plane of latents, zero but for the blocks last written.
class DenseLatents {
 public:
  DenseLatents(int width, int height) : plane_(width, height) {}
  const Plane& plane() const { return plane_; }
  // Takes the rounded values of all blocks; samples past the edge stay zero.
  void fill(const LatentBlocks& blocks) {
    for (uint32_t block : written_) {
      const int x0 = int(block % blocks.across) * BLOCK_WIDTH, y0 = int(block / blocks.across) * BLOCK_HEIGHT;
      for (int y = y0; y < y0 + BLOCK_HEIGHT && y < plane_.h; y++) std::memset(plane_.row(y) + x0, 0, BLOCK_WIDTH * sizeof(real));
    }
    written_ = blocks.blocks;
    for (int b = 0; b < blocks.count(); b++)
      forEachBlockRow(blocks, b, plane_, [&](real* row, size_t at, int w) { std::memcpy(row, &blocks.rounded[at], size_t(w) * sizeof(real)); });
  }

 private:
  PlaneBuffer plane_;
  std::vector<uint32_t> written_;
};

// Gradient by the latents of one row of a block: of what is decoded from them, by step * latent (`byValue`, times `step`), and of
// their code length, which threads summed apart.
static WEFT_INLINE vf gradientOfLatents(const real* byValue, real step, const real* const* byRate, int threads, int x) {
  vf g = step * load(byValue + x);
  for (int t = 0; t < threads; t++) g += load(byRate[t] + x);
  return g;
}

struct AdamStep {
  real rate, decay1, decay2, correction1, correction2, epsilon;
  AdamStep(const AdamConstants& adam, double learningRate, int steps)
      : rate(real(learningRate)), decay1(real(1 - adam.gradientShare)), decay2(real(1 - adam.squareShare)),
        correction1(1 / (1 - std::pow(decay1, real(steps)))), correction2(1 / (1 - std::pow(decay2, real(steps)))),
        epsilon(real(adam.epsilon)) {}
};

static WEFT_INLINE vf squareRoot(vf v) {
#if defined(__AVX512F__) && WEFT_LANES == 16
  return (vf)_mm512_sqrt_ps((__m512)v);
#elif defined(__AVX2__) && WEFT_LANES == 8
  return (vf)_mm256_sqrt_ps((__m256)v);
#else
  vf root;
  for (int i = 0; i < LANES; i++) root[i] = std::sqrt(v[i]);
  return root;
#endif
}

// Step of Adam (Kingma and Ba, 2015) on a vector of latents, by their gradient before the slope of the rounding.
static WEFT_INLINE void adamVector(LatentBlocks& blocks, size_t at, vf gradient, const AdamStep& o) {
  const vf g = gradient * load(&blocks.slope[at]);
  const vf m = o.decay1 * load(&blocks.firstMoment[at]) + (1 - o.decay1) * g;
  const vf v = o.decay2 * load(&blocks.secondMoment[at]) + (1 - o.decay2) * g * g;
  store(&blocks.firstMoment[at], m);
  store(&blocks.secondMoment[at], v);
  store(&blocks.value[at], load(&blocks.value[at]) - o.rate * o.correction1 * m / (squareRoot(v * o.correction2) + o.epsilon));
}

}  // namespace WEFT_ISA
}  // namespace weft
