// The latents of one node: continuous values of the active blocks only, with their optimizer state.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>
#include "contextGradient.h"
#include "engine.h"

namespace weft {
namespace WEFT_ISA {

// Active blocks of one latent plane; block b holds BLOCK_SIZE values from [b * BLOCK_SIZE], row by row.
struct LatentBlocks {
  std::vector<int16_t> bx, by;
  std::vector<real> value, rounded, slope, firstMoment, secondMoment;
  int count() const { return int(bx.size()); }
  bool empty() const { return bx.empty(); }

  void add(int x, int y) {
    bx.push_back(int16_t(x));
    by.push_back(int16_t(y));
    for (auto* v : {&value, &rounded, &slope, &firstMoment, &secondMoment}) v->resize(v->size() + BLOCK_SIZE, real(0));
  }
  // Keeps block `from` as block `to`.
  void move(int from, int to) {
    bx[to] = bx[from];
    by[to] = by[from];
    for (auto* v : {&value, &rounded, &slope, &firstMoment, &secondMoment})
      std::copy_n(v->begin() + ptrdiff_t(from) * BLOCK_SIZE, BLOCK_SIZE, v->begin() + ptrdiff_t(to) * BLOCK_SIZE);
  }
  void truncate(int count) {
    bx.resize(count);
    by.resize(count);
    for (auto* v : {&value, &rounded, &slope, &firstMoment, &secondMoment}) v->resize(size_t(count) * BLOCK_SIZE);
  }
  void clear() {
    bx.clear();
    by.clear();
    for (auto* v : {&value, &rounded, &slope, &firstMoment, &secondMoment}) v->clear();
  }
};

static WEFT_INLINE vf tanhOf(vf x) {
  const vf e = exp2Of(x * real(2.8853900817779268));
  return 1 - 2 / (e + 1);
}

// Soft rounding (Agustsson and Theis, "Universally Quantized Neural Compression", 2020) and its slope.
static WEFT_INLINE vf softRound(vf y, real temperature, vf& slope) {
  const real scale = real(1) / (2 * std::tanh(real(0.5) / temperature));
  const vf base = floorOf(y) + real(0.5);
  const vf t = tanhOf((y - base) / temperature);
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

// Roughly Gaussian noise of unit variance: the sum of the four bytes of a hash.
static WEFT_INLINE vf gaussianNoise(uint32_t key, uint32_t index) {
  vu32 h;
  for (int i = 0; i < LANES; i++) h[i] = index + i;
  h = (h * 0x9e3779b1u) ^ key;
  h ^= h >> 16;
  h *= 0x85ebca6bu;
  h ^= h >> 13;
  h *= 0xc2b2ae35u;
  h ^= h >> 16;
  const vu32 total = (h & 255) + ((h >> 8) & 255) + ((h >> 16) & 255) + (h >> 24);
  return (__builtin_convertvector(total, vf) - real(510)) * real(1 / 147.8);
}

// Fills `rounded` and `slope` of block b.
static inline void roundBlock(LatentBlocks& blocks, int b, const StepOptions& o, uint32_t key) {
  const size_t first = size_t(b) * BLOCK_SIZE;
  for (int i = 0; i < BLOCK_SIZE; i += LANES) {
    const vf y = load(&blocks.value[first + i]);
    vf q, slope = splat(1);
    if (o.temperature <= 0) {
      q = roundOf(y);
    } else {
      vf slope2;
      q = softRound(y, real(o.temperature), slope);
      if (o.noise > 0) q += real(o.noise) * gaussianNoise(key, uint32_t(first + i));
      q = softRound(q, real(o.temperature), slope2);
      slope *= slope2;
      if (o.noise < 0) q = roundOf(y);
    }
    store(&blocks.rounded[first + i], q);
    store(&blocks.slope[first + i], slope);
  }
}

// Writes the rounded values of all blocks into the (cleared) plane; samples past the edge stay zero.
static inline void fillPlane(const LatentBlocks& blocks, const Plane& plane) {
  for (int b = 0; b < blocks.count(); b++) {
    const int x0 = blocks.bx[b] * BLOCK_W, y0 = blocks.by[b] * BLOCK_H;
    const int w = plane.w - x0 < BLOCK_W ? plane.w - x0 : BLOCK_W, h = plane.h - y0 < BLOCK_H ? plane.h - y0 : BLOCK_H;
    for (int y = 0; y < h; y++)
      std::memcpy(plane.row(y0 + y) + x0, &blocks.rounded[size_t(b) * BLOCK_SIZE + y * BLOCK_W], size_t(w) * sizeof(real));
  }
}

// Step of Adam (Kingma and Ba, 2015) on block b with the gradient summed over the threads' planes.
static inline void adamBlock(LatentBlocks& blocks, int b, const Plane* gradients, int threads, real rate, real decay1,
                             real decay2, int steps) {
  const real c1 = 1 / (1 - std::pow(decay1, real(steps))), c2 = 1 / (1 - std::pow(decay2, real(steps)));
  const int x0 = blocks.bx[b] * BLOCK_W, y0 = blocks.by[b] * BLOCK_H;
  const int h = gradients[0].h - y0 < BLOCK_H ? gradients[0].h - y0 : BLOCK_H;
  const vi lane = iota();
  for (int y = 0; y < h; y++) {
    for (int x = 0; x < BLOCK_W; x += LANES) {
      const size_t at = size_t(b) * BLOCK_SIZE + y * BLOCK_W + x;
      vf g = load(gradients[0].row(y0 + y) + x0 + x);
      for (int t = 1; t < threads; t++) g += load(gradients[t].row(y0 + y) + x0 + x);
      g = select((lane + (x0 + x)) < gradients[0].w, g * load(&blocks.slope[at]), splat(0));
      const vf m = decay1 * load(&blocks.firstMoment[at]) + (1 - decay1) * g;
      const vf v = decay2 * load(&blocks.secondMoment[at]) + (1 - decay2) * g * g;
      store(&blocks.firstMoment[at], m);
      store(&blocks.secondMoment[at], v);
      vf root;
      for (int i = 0; i < LANES; i++) root[i] = std::sqrt(v[i] * c2);
      store(&blocks.value[at], load(&blocks.value[at]) - rate * c1 * m / (root + real(1e-8)));
    }
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
