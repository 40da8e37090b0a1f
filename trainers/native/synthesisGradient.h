// Gradients of the synthesis.
#pragma once
#include "synthesis.h"

namespace weft {
namespace WEFT_ISA {

// Sums over lanes of what one thread adds to the gradient of the weights.
struct LumaAccumulator {
  vf w1[HIDDEN_UNITS][LUMA_INPUTS], b1[HIDDEN_UNITS], conv[CONV_PLANES][CONV_TAPS];
  void addTo(const SynthesisWeights& g) const {
    for (int k = 0; k < HIDDEN_UNITS; k++) {
      g.b1[k] += sum(b1[k]);
      for (int i = 0; i < LUMA_INPUTS; i++) g.w1[k * LUMA_INPUTS + i] += sum(w1[k][i]);
    }
    for (int c = 0; c < CONV_PLANES; c++)
      for (int i = 0; i < CONV_TAPS; i++) g.conv[c * CONV_TAPS + i] += sum(conv[c][i]);
  }
};
struct ChromaAccumulator {
  vf w1[HIDDEN_UNITS][CHROMA_INPUTS], b1[HIDDEN_UNITS], w2[2][HIDDEN_UNITS], linear[2][CHROMA_INPUTS];
  void addTo(const SynthesisWeights& g) const {
    for (int k = 0; k < HIDDEN_UNITS; k++) {
      g.chromaB1[k] += sum(b1[k]);
      for (int i = 0; i < CHROMA_INPUTS; i++) g.chromaW1[k * CHROMA_INPUTS + i] += sum(w1[k][i]);
      for (int m = 0; m < 2; m++) g.chromaW2[m * HIDDEN_UNITS + k] += sum(w2[m][k]);
    }
    for (int m = 0; m < 2; m++)
      for (int i = 0; i < CHROMA_INPUTS; i++) g.chromaLinear[m * CHROMA_INPUTS + i] += sum(linear[m][i]);
  }
};

// Gradients of two luma rows by the hidden units (0: by the sum of the groups), and by the groups; readable PAST_END past the width.
struct LumaGradientRows {
  static constexpr int PAST_END = 128;
  explicit LumaGradientRows(int width) : hidden_(width + PAST_END, 2 * CONV_PLANES), groups_(width + PAST_END, 2 * LUMA_INPUTS) {}
  real* hidden(int row, int c) const { return hidden_.row(row * CONV_PLANES + c); }
  real* group(int row, int g) const { return groups_.row(row * LUMA_INPUTS + g); }

 private:
  PlaneBuffer hidden_, groups_;
};

static_assert(PAST_DOUBLED <= LumaGradientRows::PAST_END, "the doubling's adjoint reads pairs of vectors, as does hiddenAdjoint");
static_assert(CONVOLUTION_REACH <= MARGIN_X && pastEnd(LANES) + CONVOLUTION_REACH <= MARGIN_RIGHT, "gradients that are zero outside");
static_assert(CONVOLUTION_REACH + 1 <= MARGIN_Y, "rows y - 1 to y + 2 of the gradient");

// Adjoint of the convolution for channel c of rows y and y + 1. gOut: gradient by the luma innovation, zero outside of the plane.
static inline void convolutionAdjoint(const ChannelRing& ring, const SynthesisWeights& net, const Plane& gOut, int c, int y, int rows,
                                      const LumaGradientRows& out, LumaAccumulator& acc) {
  const real* g[4] = {gOut.row(y - 1), gOut.row(y), gOut.row(y + 1), gOut.row(y + 2)};
  const real *upper = ring.row(y, c), *lower = ring.row(y + 1, c);
  real *outUpper = out.hidden(0, c), *outLower = out.hidden(1, c);
  vf sums[CONV_TAPS], k[CONV_TAPS], activeSum{}, restSum{};
  for (int i = 0; i < CONV_TAPS; i++) {
    sums[i] = acc.conv[c][i];
    k[i] = splat(net.conv[c * CONV_TAPS + i]);
  }
  const real bias = c ? net.b1[c - 1] : 0, threshold = bias > 0 ? -bias : 0;
  const vi lane = iota();
  for (int x = 0; x < gOut.w; x += LANES) {
    const vf a = load(upper + x), b = load(lower + x);
    vf u{}, v{}, centre[2];
    for (int r = 0; r < 4; r++)
      for (int i = 0; i < 3; i++) {  // a sample is read by the outputs around it, through the opposite tap
        const vf value = loadOnce(g[r] + x + 1 - i);
        if (r < 3) {
          const int tap = 3 * (2 - r) + i;
          sums[tap] += value * a;
          u += k[tap] * value;
        }
        if (r > 0) {
          const int tap = 3 * (3 - r) + i;
          sums[tap] += value * b;
          v += k[tap] * value;
        }
        if (i == 1 && r > 0 && r < 3) centre[r - 1] = value;
      }
    const vi valid = (lane + x) < gOut.w;
    if (c == 0) {
      u += centre[0];
      v += centre[1];
    } else {
      u = select(valid, u, splat(0));
      v = rows > 1 ? select(valid, v, splat(0)) : splat(0);
      restSum += u + v;
      u = select(a > threshold, u, splat(0));
      v = select(b > threshold, v, splat(0));
      activeSum += u + v;
    }
    store(outUpper + x, u);
    store(outLower + x, v);
  }
  for (int i = 0; i < CONV_TAPS; i++) acc.conv[c][i] = sums[i];
  if (c) acc.b1[c - 1] += bias > 0 ? activeSum - restSum : activeSum;
}

// From the hidden units of one row to its groups.
static inline void hiddenAdjoint(const real* const groups[LUMA_INPUTS], const SynthesisWeights& net, int row, int width,
                                 const LumaGradientRows& g, LumaAccumulator& acc) {
  constexpr int count = 2;
  for (int x = 0; x < width; x += count * LANES) {
    vf out[LUMA_INPUTS][count];
    for (int i = 0; i < count; i++) {
      const vf bySum = load(g.hidden(row, 0) + x + i * LANES);
      for (int j = 0; j < LUMA_INPUTS; j++) out[j][i] = bySum;
    }
    for (int c = 0; c < HIDDEN_UNITS; c++)
      for (int i = 0; i < count; i++) {
        const vf h = load(g.hidden(row, c + 1) + x + i * LANES);
        for (int j = 0; j < LUMA_INPUTS; j++) out[j][i] += net.w1[c * LUMA_INPUTS + j] * h;
      }
    for (int j = 0; j < LUMA_INPUTS; j++)
      for (int i = 0; i < count; i++) store(g.group(row, j) + x + i * LANES, out[j][i]);
  }
  for (int c = 0; c < HIDDEN_UNITS; c += 4) {
    vf sums[4][LUMA_INPUTS];
    for (int k = 0; k < 4; k++)
      for (int j = 0; j < LUMA_INPUTS; j++) sums[k][j] = acc.w1[c + k][j];
    for (int x = 0; x < width; x += LANES) {
      vf in[LUMA_INPUTS];
      for (int j = 0; j < LUMA_INPUTS; j++) in[j] = load(groups[j] + x);
      for (int k = 0; k < 4; k++) {
        const vf h = load(g.hidden(row, c + k + 1) + x);
        for (int j = 0; j < LUMA_INPUTS; j++) sums[k][j] += h * in[j];
      }
    }
    for (int k = 0; k < 4; k++)
      for (int j = 0; j < LUMA_INPUTS; j++) acc.w1[c + k][j] = sums[k][j];
  }
}

// inputs as for synthesizeChromaRow. gCb, gCr: gradients by the innovation in codes (times `unit`: by units). Writes a row of the
// gradients by the inputs, zero past the width.
static inline void synthesizeChromaRowAdjoint(const real* const inputs[CHROMA_INPUTS], const SynthesisWeights& net, const real* gCb,
                                              const real* gCr, real unit, int width, real* const gInputs[CHROMA_INPUTS],
                                              ChromaAccumulator& acc) {
  const vi lane = iota();
  for (int x = 0; x < width; x += LANES) {
    const vi valid = (lane + x) < width;
    vf u[CHROMA_INPUTS], gu[CHROMA_INPUTS];
    for (int i = 0; i < CHROMA_INPUTS; i++) u[i] = select(valid, load(inputs[i] + x), splat(0));
    const vf a = select(valid, unit * load(gCb + x), splat(0)), b = select(valid, unit * load(gCr + x), splat(0));
    for (int i = 0; i < CHROMA_INPUTS; i++) {
      gu[i] = net.chromaLinear[i] * a + net.chromaLinear[CHROMA_INPUTS + i] * b;
      acc.linear[0][i] += a * u[i];
      acc.linear[1][i] += b * u[i];
    }
    gu[0] += a;
    gu[1] += a;
    gu[2] += b;
    gu[3] += b;
    for (int k = 0; k < HIDDEN_UNITS; k++) {
      const vf bias = splat(net.chromaB1[k]), rest = maximum(bias, splat(0));
      vf h = bias;
      for (int i = 0; i < CHROMA_INPUTS; i++) h += net.chromaW1[k * CHROMA_INPUTS + i] * u[i];
      const vf value = maximum(h, splat(0)) - rest;
      acc.w2[0][k] += a * value;
      acc.w2[1][k] += b * value;
      const vf gh = net.chromaW2[k] * a + net.chromaW2[HIDDEN_UNITS + k] * b;
      const vf gActive = select(h > 0, gh, splat(0));
      acc.b1[k] += net.chromaB1[k] > 0 ? gActive - gh : gActive;
      for (int i = 0; i < CHROMA_INPUTS; i++) {
        gu[i] += net.chromaW1[k * CHROMA_INPUTS + i] * gActive;
        acc.w1[k][i] += gActive * u[i];
      }
    }
    for (int i = 0; i < CHROMA_INPUTS; i++) store(gInputs[i] + x, gu[i]);
  }
}

// Adds the gradient by the means under chroma samples (zero past their width) to the two luma rows that they are of (4:2:0);
// `lower` may be `upper`.
static inline void lumaUnderChromaAdjoint(const real* gUnder, int lumaWidth, int width, real* upper, real* lower) {
  for (int x = 0; x < width; x += LANES) {
    const vf share = real(0.25) * load(gUnder + x);
    for (real* row : {upper, lower}) {
      vf even, odd;
      loadDeinterleaved(row + 2 * x, even, odd);
      storeInterleaved(row + 2 * x, even + share, odd + share);
    }
  }
  if (lumaWidth % 2 == 0) return;
  const real share = real(0.25) * gUnder[width - 1];
  for (real* row : {upper, lower}) {  // the last column stands for two
    row[lumaWidth - 1] += share;
    row[lumaWidth] = 0;
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
