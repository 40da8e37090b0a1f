// The synthesis of a node's innovation from its upsampled latents (FORMAT.md, "Synthesis").
#pragma once
#include "plane.h"

namespace weft {
namespace WEFT_ISA {

// Weights of one synthesis; all point into the flat array of net weights (or of its gradient).
struct SynthesisWeights {
  real *w1, *b1, *conv;                        // [8][4] [8] [9][3][3]
  real *chromaW1, *chromaB1, *chromaW2, *chromaLinear;  // [8][5] [8] [2][8] [2][5]
};

// The convolution: 3x3 taps, and as many vectors at a time as registers hold.
constexpr int CONVOLUTION_REACH = CONV_SIDE / 2, CONVOLUTION_VECTORS = 4;
constexpr int CONVOLUTION_STEP = CONVOLUTION_VECTORS * LANES;

// The rows that the convolution reads: the sum of the groups and the hidden units, zero outside the plane. Four rows of the
// plane at a time, which follow the convolution down; one ring to a thread.
class ChannelRing {
 public:
  // Rows y - 1 to y + 2, for a step of two rows.
  static constexpr int ROWS = 4;
  // Before and behind a row; of both, what the taps of the first and the last sample read is kept zero.
  static constexpr int MARGIN = 16, MARGIN_BEHIND = 80;
  static constexpr int ZEROS_BEHIND = 32;

  explicit ChannelRing(int width) : pitch_(roundedUp(size_t(MARGIN + width + MARGIN_BEHIND), ROW_ALIGN)), block_(ROWS * CONV_PLANES * pitch_ * sizeof(real)), first_(block_.at<real>() + MARGIN) {}
  real* row(int y, int channel) const { return first_ + (size_t(y & (ROWS - 1)) * CONV_PLANES + channel) * pitch_; }

 private:
  const size_t pitch_;
  const MemoryBlock block_;
  real* const first_;
};

static_assert(CONVOLUTION_REACH <= ChannelRing::MARGIN && CONVOLUTION_REACH <= ChannelRing::ZEROS_BEHIND, "the taps read zeros outside");
static_assert(pastEnd(CONVOLUTION_STEP) + CONVOLUTION_REACH <= ChannelRing::MARGIN_BEHIND, "the last step of the convolution stays in its row");
static_assert(pastEnd(LANES) <= ChannelRing::ZEROS_BEHIND, "what the last vector of hidden units leaves behind a row becomes zero");
static_assert(ChannelRing::ZEROS_BEHIND <= ChannelRing::MARGIN_BEHIND && ChannelRing::MARGIN % ROW_ALIGN == 0, "zeros fit, rows are aligned");

// Hidden units of up to `count` vectors of pixels.
template <int count>
static WEFT_INLINE void hiddenUnits(const real* const groups[LUMA_INPUTS], const SynthesisWeights& net, real* const out[CONV_PLANES], int x) {
  vf in[LUMA_INPUTS][count];
  for (int g = 0; g < LUMA_INPUTS; g++)
    for (int i = 0; i < count; i++) in[g][i] = load(groups[g] + x + i * LANES);
  for (int i = 0; i < count; i++) store(out[0] + x + i * LANES, in[0][i] + in[1][i] + in[2][i] + in[3][i]);
  for (int k = 0; k < HIDDEN_UNITS; k++) {
    const real* w1 = net.w1 + k * LUMA_INPUTS;
    const vf bias = splat(net.b1[k]), rest = maximum(bias, splat(0));
    vf h[count];
    for (int i = 0; i < count; i++) h[i] = bias;
    for (int g = 0; g < LUMA_INPUTS; g++)
      for (int i = 0; i < count; i++) h[i] += w1[g] * in[g][i];
    for (int i = 0; i < count; i++) store(out[k + 1] + x + i * LANES, maximum(h[i], splat(0)) - rest);
  }
}

// Row y of the ring from a row of each group (null: outside of the plane).
static inline void channelRow(const real* const* groups, const SynthesisWeights& net, int width, int y, const ChannelRing& ring) {
  real* out[CONV_PLANES];
  for (int c = 0; c < CONV_PLANES; c++) out[c] = ring.row(y, c);
  if (!groups) {
    for (real* o : out) std::memset(o - ChannelRing::MARGIN, 0, size_t(ChannelRing::MARGIN + width + ChannelRing::ZEROS_BEHIND) * sizeof(real));
    return;
  }
  int x = 0;
  for (; x + LANES < width; x += 2 * LANES) hiddenUnits<2>(groups, net, out, x);  // its second vector has a sample of the row
  if (x < width) hiddenUnits<1>(groups, net, out, x);
  for (real* o : out)
    for (int k = 0; k < ChannelRing::ZEROS_BEHIND; k++) o[width + k] = 0;
}

// Rows y and y + 1 of the luma innovation, in units, from the ring's rows y - 1 to y + 2. Writes whole steps: up to
// pastEnd(CONVOLUTION_STEP) past the width.
static inline void convolveRows(const ChannelRing& ring, const SynthesisWeights& net, int y, int width, real* upper, real* lower) {
  constexpr int count = CONVOLUTION_VECTORS;
  for (int x = 0; x < width; x += CONVOLUTION_STEP) {
    vf a[count], b[count];
    for (int i = 0; i < count; i++) {
      a[i] = load(ring.row(y, 0) + x + i * LANES);
      b[i] = load(ring.row(y + 1, 0) + x + i * LANES);
    }
    for (int c = 0; c < CONV_PLANES; c++) {
      const real *r0 = ring.row(y - 1, c) + x, *r1 = ring.row(y, c) + x, *r2 = ring.row(y + 1, c) + x, *r3 = ring.row(y + 2, c) + x;
      for (int dx = -1; dx <= 1; dx++) {
        const real* k = net.conv + c * CONV_TAPS + dx + CONVOLUTION_REACH;
        const vf k0 = splat(k[0]), k1 = splat(k[CONV_SIDE]), k2 = splat(k[2 * CONV_SIDE]);
        for (int i = 0; i < count; i++) {
          const int at = i * LANES + dx;
          const vf v1 = loadOnce(r1 + at), v2 = loadOnce(r2 + at);
          a[i] += k0 * load(r0 + at);
          b[i] += k0 * v1;
          a[i] += k1 * v1;
          b[i] += k1 * v2;
          a[i] += k2 * v2;
          b[i] += k2 * load(r3 + at);
        }
      }
    }
    for (int i = 0; i < count; i++) {
      store(upper + x + i * LANES, a[i]);
      store(lower + x + i * LANES, b[i]);
    }
  }
}

// Means of two luma rows under a row of chroma samples (4:2:0). Reads as far past the luma width as a doubling.
static inline void lumaUnderChroma(const real* upper, const real* lower, int lumaWidth, int width, real* out) {
  for (int x = 0; x < width; x += LANES) {
    vf a, b, c, d;
    loadDeinterleaved(upper + 2 * x, a, b);
    loadDeinterleaved(lower + 2 * x, c, d);
    store(out + x, real(0.25) * (a + b + c + d));
  }
  if (lumaWidth % 2) out[width - 1] = real(0.5) * (upper[lumaWidth - 1] + lower[lumaWidth - 1]);
}

// inputs: cb finest, cb rest, cr finest, cr rest, luma. Writes a row of both outputs, in units; they may take the inputs' place.
static inline void synthesizeChromaRow(const real* const inputs[CHROMA_INPUTS], const SynthesisWeights& net, int width, real* cb, real* cr) {
  for (int x = 0; x < width; x += LANES) {
    vf u[CHROMA_INPUTS];
    for (int i = 0; i < CHROMA_INPUTS; i++) u[i] = load(inputs[i] + x);
    vf a = u[0] + u[1], b = u[2] + u[3];
    for (int i = 0; i < CHROMA_INPUTS; i++) {
      a += net.chromaLinear[i] * u[i];
      b += net.chromaLinear[CHROMA_INPUTS + i] * u[i];
    }
    for (int k = 0; k < HIDDEN_UNITS; k++) {
      const vf bias = splat(net.chromaB1[k]);
      vf h = bias;
      for (int i = 0; i < CHROMA_INPUTS; i++) h += net.chromaW1[k * CHROMA_INPUTS + i] * u[i];
      h = maximum(h, splat(0)) - maximum(bias, splat(0));
      a += net.chromaW2[k] * h;
      b += net.chromaW2[HIDDEN_UNITS + k] * h;
    }
    store(cb + x, a);
    store(cr + x, b);
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
