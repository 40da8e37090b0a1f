// The synthesis of a node's innovation from its upsampled latents (FORMAT.md, "Synthesis").
#pragma once
#include "plane.h"

namespace weft {
namespace WEFT_ISA {

constexpr int LUMA_GROUPS = 4, LUMA_HIDDEN = 8, LUMA_CHANNELS = 1 + LUMA_HIDDEN;
constexpr int CHROMA_INPUTS = 5, CHROMA_HIDDEN = 8;

// Weights of one synthesis; all point into the flat array of net weights (or of its gradient).
struct SynthesisWeights {
  real *w1, *b1, *conv;                        // [8][4] [8] [9][3][3]
  real *chromaW1, *chromaB1, *chromaW2, *chromaLinear;  // [8][5] [8] [2][8] [2][5]
};

// Rows of the convolution's input: the sum of the groups and the hidden units, zero outside the plane.
struct ChannelRows {
  static constexpr int WIDTH = 16384 + 128;
  real* data;
  WEFT_INLINE real* row(int channel) const { return data + size_t(channel) * WIDTH + 16; }
};

static inline void channelRow(const Plane groups[LUMA_GROUPS], const SynthesisWeights& net, int y, const ChannelRows& out) {
  const int w = groups[0].w;
  const bool inside = y >= 0 && y < groups[0].h;
  for (int c = 0; c < LUMA_CHANNELS; c++) {
    real* o = out.row(c);
    if (!inside) {
      std::memset(o - 16, 0, size_t(w + 48) * sizeof(real));
      continue;
    }
    if (c == 0) {
      for (int x = 0; x < w; x += LANES) {
        vf s{};
        for (int g = 0; g < LUMA_GROUPS; g++) s += load(groups[g].row(y) + x);
        store(o + x, s);
      }
    } else {
      const real* w1 = net.w1 + (c - 1) * LUMA_GROUPS;
      const vf b = splat(net.b1[c - 1]), rest = maximum(b, splat(0));
      const vf w0 = splat(w1[0]), wa = splat(w1[1]), wb = splat(w1[2]), wc = splat(w1[3]);
      const real *g0 = groups[0].row(y), *g1 = groups[1].row(y), *g2 = groups[2].row(y), *g3 = groups[3].row(y);
      for (int x = 0; x < w; x += LANES)
        store(o + x, maximum(b + w0 * load(g0 + x) + wa * load(g1 + x) + wb * load(g2 + x) + wc * load(g3 + x), splat(0)) - rest);
    }
    for (int k = 0; k < 32; k++) o[w + k] = 0;
    for (int k = 1; k <= 16; k++) o[-k] = 0;
  }
}

// A ring of three channel rows that follows the convolution down the plane; one to a thread.
class ChannelRing {
 public:
  ChannelRing() : block_(static_cast<real*>(std::aligned_alloc(64, bytes()))) {
    if (!block_) throw std::bad_alloc();
  }
  ~ChannelRing() { std::free(block_); }
  ChannelRing(const ChannelRing&) = delete;
  ChannelRing& operator=(const ChannelRing&) = delete;
  ChannelRows at(int y) const { return {block_ + size_t((y + 3) % 3) * LUMA_CHANNELS * ChannelRows::WIDTH}; }

 private:
  static constexpr size_t bytes() { return size_t(3) * LUMA_CHANNELS * ChannelRows::WIDTH * sizeof(real); }
  real* block_;
};

// Row y of the luma innovation, in units, from the channel rows around it.
static inline void convolveRow(const ChannelRing& ring, const SynthesisWeights& net, int y, int width, real* out) {
  const ChannelRows rows[3] = {ring.at(y - 1), ring.at(y), ring.at(y + 1)};
  for (int x = 0; x < width; x += LANES) {
    vf acc = load(rows[1].row(0) + x), acc2{};
    for (int c = 0; c < LUMA_CHANNELS; c++) {
      const real* k = net.conv + c * 9;
      for (int dy = 0; dy < 3; dy++) {
        const real* r = rows[dy].row(c) + x;
        acc += k[dy * 3] * load(r - 1);
        acc2 += k[dy * 3 + 1] * load(r);
        acc += k[dy * 3 + 2] * load(r + 1);
      }
    }
    store(out + x, acc + acc2);
  }
}

// Rows y0..y1-1 of the luma innovation, in units.
static inline void synthesizeLumaRows(const Plane groups[LUMA_GROUPS], const SynthesisWeights& net, ChannelRing& ring,
                                      const Plane& out, int y0, int y1) {
  channelRow(groups, net, y0 - 1, ring.at(y0 - 1));
  channelRow(groups, net, y0, ring.at(y0));
  for (int y = y0; y < y1; y++) {
    channelRow(groups, net, y + 1, ring.at(y + 1));
    convolveRow(ring, net, y, out.w, out.row(y));
  }
}

// The mean of the luma innovation under each chroma sample (4:2:0), or the innovation itself (4:4:4).
static inline void lumaUnderChromaRow(const Plane& luma, int chromaWidth, bool halved, int y, real* out) {
  if (!halved) {
    std::memcpy(out, luma.row(y), size_t(chromaWidth) * sizeof(real));
    return;
  }
  const real* a = luma.row(2 * y);
  const real* b = luma.row(2 * y + 1 < luma.h ? 2 * y + 1 : 2 * y);
  for (int x = 0; x < chromaWidth; x++) {
    const int x0 = 2 * x, x1 = x0 + 1 < luma.w ? x0 + 1 : x0;
    out[x] = real(0.25) * (a[x0] + a[x1] + b[x0] + b[x1]);
  }
}

// inputs: cb finest, cb rest, cr finest, cr rest (planes on the chroma grid); luma: luma innovation. Rows of both outputs, in units.
static inline void synthesizeChromaRows(const Plane inputs[4], const Plane& luma, bool halved, const SynthesisWeights& net,
                                        const Plane& cb, const Plane& cr, int y0, int y1) {
  alignas(64) static thread_local real under[ChannelRows::WIDTH];
  for (int y = y0; y < y1; y++) {
    lumaUnderChromaRow(luma, cb.w, halved, y, under);
    for (int x = 0; x < cb.w; x += LANES) {
      vf u[CHROMA_INPUTS];
      for (int i = 0; i < 4; i++) u[i] = load(inputs[i].row(y) + x);
      u[4] = load(under + x);
      vf a = u[0] + u[1], b = u[2] + u[3];
      for (int i = 0; i < CHROMA_INPUTS; i++) {
        a += net.chromaLinear[i] * u[i];
        b += net.chromaLinear[CHROMA_INPUTS + i] * u[i];
      }
      for (int k = 0; k < CHROMA_HIDDEN; k++) {
        const vf bias = splat(net.chromaB1[k]);
        vf h = bias;
        for (int i = 0; i < CHROMA_INPUTS; i++) h += net.chromaW1[k * CHROMA_INPUTS + i] * u[i];
        h = maximum(h, splat(0)) - maximum(bias, splat(0));
        a += net.chromaW2[k] * h;
        b += net.chromaW2[CHROMA_HIDDEN + k] * h;
      }
      store(cb.row(y) + x, a);
      store(cr.row(y) + x, b);
    }
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
