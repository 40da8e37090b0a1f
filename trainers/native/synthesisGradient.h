// Gradients of the synthesis.
#pragma once
#include "synthesis.h"

namespace weft {
namespace WEFT_ISA {

struct LumaAccumulator {
  vf w1[LUMA_HIDDEN][LUMA_GROUPS], b1[LUMA_HIDDEN], conv[LUMA_CHANNELS][9];
};
struct ChromaAccumulator {
  vf w1[CHROMA_HIDDEN][CHROMA_INPUTS], b1[CHROMA_HIDDEN], w2[2][CHROMA_HIDDEN], linear[2][CHROMA_INPUTS];
};

// gOut: gradient by the luma innovation, with zeros in its margins. Writes rows of gGroups (all four).
static inline void synthesizeLumaAdjointRows(const Plane groups[LUMA_GROUPS], const SynthesisWeights& net, ChannelRing& ring,
                                             const Plane& gOut, const Plane gGroups[LUMA_GROUPS], LumaAccumulator& acc,
                                             int y0, int y1) {
  const int w = gOut.w;
  const vi lane = iota();
  channelRow(groups, net, y0 - 1, ring.at(y0 - 1));
  channelRow(groups, net, y0, ring.at(y0));
  for (int y = y0; y < y1; y++) {
    channelRow(groups, net, y + 1, ring.at(y + 1));
    const ChannelRows rows[3] = {ring.at(y - 1), ring.at(y), ring.at(y + 1)};
    const real *gu = gOut.row(y - 1), *gm = gOut.row(y), *gd = gOut.row(y + 1);
    for (int c = 0; c < LUMA_CHANNELS; c++) {
      vf k[9];
      for (int i = 0; i < 9; i++) k[i] = acc.conv[c][i];
      const real *r0 = rows[0].row(c), *r1 = rows[1].row(c), *r2 = rows[2].row(c);
      for (int x = 0; x < w; x += LANES) {
        const vf g = load(gm + x);
        for (int i = 0; i < 3; i++) {
          k[i] += g * load(r0 + x + i - 1);
          k[3 + i] += g * load(r1 + x + i - 1);
          k[6 + i] += g * load(r2 + x + i - 1);
        }
      }
      for (int i = 0; i < 9; i++) acc.conv[c][i] = k[i];
    }
    for (int x = 0; x < w; x += LANES) {
      vf g[9];
      for (int i = 0; i < 3; i++) {  // sample (x, y) is read by the output at (x - dx, y - dy)
        g[i] = load(gd + x + 1 - i);
        g[3 + i] = load(gm + x + 1 - i);
        g[6 + i] = load(gu + x + 1 - i);
      }
      vf in[LUMA_GROUPS], gx[LUMA_GROUPS];
      for (int i = 0; i < LUMA_GROUPS; i++) in[i] = load(groups[i].row(y) + x);
      vf gs = g[4];
      for (int i = 0; i < 9; i++) gs += net.conv[i] * g[i];
      for (int i = 0; i < LUMA_GROUPS; i++) gx[i] = gs;
      const vi valid = (lane + x) < w;
      for (int c = 0; c < LUMA_HIDDEN; c++) {
        const real* k = net.conv + (c + 1) * 9;
        const real* w1 = net.w1 + c * LUMA_GROUPS;
        vf gh{}, h = splat(net.b1[c]);
        for (int i = 0; i < 9; i++) gh += k[i] * g[i];
        for (int i = 0; i < LUMA_GROUPS; i++) h += w1[i] * in[i];
        const vf gRest = net.b1[c] > 0 ? gh : vf{};
        const vf gActive = select(h > 0, gh, splat(0));
        acc.b1[c] += select(valid, gActive - gRest, splat(0));
        for (int i = 0; i < LUMA_GROUPS; i++) {
          gx[i] += w1[i] * gActive;
          acc.w1[c][i] += select(valid, gActive * in[i], splat(0));
        }
      }
      for (int i = 0; i < LUMA_GROUPS; i++) store(gGroups[i].row(y) + x, gx[i]);
    }
  }
}

// Writes rows of gInputs and adds to gLuma (the gradient by the luma innovation).
static inline void synthesizeChromaAdjointRows(const Plane inputs[4], const Plane& luma, bool halved, const SynthesisWeights& net,
                                               const Plane& gCb, const Plane& gCr, const Plane gInputs[4], const Plane& gLuma,
                                               ChromaAccumulator& acc, int y0, int y1) {
  alignas(64) static thread_local real under[ChannelRows::WIDTH], gUnder[ChannelRows::WIDTH];
  const vi lane = iota();
  const int w = gCb.w;
  for (int y = y0; y < y1; y++) {
    lumaUnderChromaRow(luma, w, halved, y, under);
    for (int x = 0; x < w; x += LANES) {
      const vi valid = (lane + x) < w;
      vf u[CHROMA_INPUTS], gu[CHROMA_INPUTS];
      for (int i = 0; i < 4; i++) u[i] = load(inputs[i].row(y) + x);
      u[4] = load(under + x);
      for (int i = 0; i < CHROMA_INPUTS; i++) u[i] = select(valid, u[i], splat(0));
      const vf a = select(valid, load(gCb.row(y) + x), splat(0)), b = select(valid, load(gCr.row(y) + x), splat(0));
      for (int i = 0; i < CHROMA_INPUTS; i++) {
        gu[i] = net.chromaLinear[i] * a + net.chromaLinear[CHROMA_INPUTS + i] * b;
        acc.linear[0][i] += a * u[i];
        acc.linear[1][i] += b * u[i];
      }
      gu[0] += a;
      gu[1] += a;
      gu[2] += b;
      gu[3] += b;
      for (int k = 0; k < CHROMA_HIDDEN; k++) {
        const vf bias = splat(net.chromaB1[k]), rest = maximum(bias, splat(0));
        vf h = bias;
        for (int i = 0; i < CHROMA_INPUTS; i++) h += net.chromaW1[k * CHROMA_INPUTS + i] * u[i];
        const vf value = maximum(h, splat(0)) - rest;
        acc.w2[0][k] += a * value;
        acc.w2[1][k] += b * value;
        const vf gh = net.chromaW2[k] * a + net.chromaW2[CHROMA_HIDDEN + k] * b;
        const vf gRest = net.chromaB1[k] > 0 ? gh : vf{};
        const vf gActive = select(h > 0, gh, splat(0));
        acc.b1[k] += gActive - gRest;
        for (int i = 0; i < CHROMA_INPUTS; i++) {
          gu[i] += net.chromaW1[k * CHROMA_INPUTS + i] * gActive;
          acc.w1[k][i] += gActive * u[i];
        }
      }
      for (int i = 0; i < 4; i++) store(gInputs[i].row(y) + x, gu[i]);
      store(gUnder + x, gu[4]);
    }
    if (!halved) {
      for (int x = 0; x < w; x++) gLuma.row(y)[x] += gUnder[x];
      continue;
    }
    real *p = gLuma.row(2 * y), *q = gLuma.row(2 * y + 1 < luma.h ? 2 * y + 1 : 2 * y);
    for (int x = 0; x < w; x++) {
      const int x0 = 2 * x, x1 = x0 + 1 < luma.w ? x0 + 1 : x0;
      const real share = real(0.25) * gUnder[x];
      p[x0] += share;
      p[x1] += share;
      q[x0] += share;
      q[x1] += share;
    }
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
