// The kernels of doubling, synthesis and filter in the bench.
#pragma once
#include "kernelBench.h"

namespace weft {
namespace WEFT_ISA {

inline void KernelBench::doubling() {
  PlaneBuffer coarse(CW, CH), fine(W, H), g(W, H), gCoarse(CW, CH), across(CW, H);
  fill(coarse, -1, 1);
  fill(g, -1, 1);
  const auto forward = [&] { for (int y = 0; y < H; y++) upsampleRow(coarse, y, nullptr, fine.row(y)); };
  forward();
  measure("upsampling", double(W) * H * DOUBLING, difference(fine, [&](int x, int y) { return plainDouble(coarse, x, y); }), forward);
  const auto backward = [&] {
    for (int y = 0; y < H; y++) upsampleAdjointAcross(g.row(y), W, CW, across.row(y));
    for (int y = 0; y < CH; y++) upsampleAdjointDown(across, y, CH, gCoarse.row(y));
  };
  backward();
  double expected = 0;
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++) expected += g.row(y)[x] * plainDouble(coarse, x, y);
  measure("upsampling gradient", double(W) * H * DOUBLING, relative(product(coarse, gCoarse), expected, sizeOf(g)), backward);
}

inline void KernelBench::lumaSynthesis() {
  PlaneBuffer groups[LUMA_INPUTS], out(W + 64, H + 2), gOut(W, H), unused(W + 64, 1);
  PlainLuma plain{};
  for (auto& group : groups) {
    group.allocate(W, H);
    fill(group, -1, 1);
  }
  for (int i = 0; i < LUMA_INPUTS; i++) plain.groups[i] = &groups[i];
  for (auto* list : {&plain.w1, &plain.b1, &plain.conv}) {
    list->resize(list == &plain.w1 ? HIDDEN_UNITS * LUMA_INPUTS : list == &plain.b1 ? HIDDEN_UNITS : CONV_PLANES * CONV_TAPS);
    for (real& v : *list) v = real(uniform(-0.3, 0.3));
  }
  SynthesisWeights net{};
  net.w1 = plain.w1.data();
  net.b1 = plain.b1.data();
  net.conv = plain.conv.data();
  ChannelRing ring(W);
  const auto rowsOf = [&](int y, const real* list[LUMA_INPUTS]) { for (int i = 0; i < LUMA_INPUTS; i++) list[i] = groups[i].row(y); };
  const auto channels = [&](int y) {
    const real* list[LUMA_INPUTS];
    if (y >= 0 && y < H) rowsOf(y, list);
    channelRow(y < 0 || y >= H ? nullptr : list, net, W, y, ring);
  };
  channels(-1);
  channels(0);
  for (int y = 0; y < H; y += 2) {
    channels(y + 1);
    channels(y + 2);
    convolveRows(ring, net, y, W, out.row(y), out.row(y + 1));
  }
  Plane view = out;
  view.w = W;
  view.h = H;
  const double error = difference(view, [&](int x, int y) { return plain.at(x, y); });
  measure("hidden layer", double(W) * H * HIDDEN_LAYER, error, [&] { for (int y = 0; y < H; y++) channels(y); });
  measure("convolution", double(W) * H * CONVOLUTION, error, [&] { for (int y = 0; y < H; y += 2) convolveRows(ring, net, y, W, out.row(y), out.row(y + 1)); });

  fill(gOut, -1, 1);
  LumaGradientRows rows(W);
  LumaAccumulator sums{};
  static LumaAccumulator waste;
  PlaneBuffer gGroups[LUMA_INPUTS];
  for (auto& p : gGroups) p.allocate(W, H);
  for (int y = 0; y < H; y += 2) {
    for (int k = 0; k < 2; k++) channels(y + k);
    for (int c = 0; c < CONV_PLANES; c++) convolutionAdjoint(ring, net, gOut, c, y, 2, rows, sums);
    for (int k = 0; k < 2; k++) {
      const real* list[LUMA_INPUTS];
      rowsOf(y + k, list);
      hiddenAdjoint(list, net, k, W, rows, sums);
      for (int i = 0; i < LUMA_INPUTS; i++) std::memcpy(gGroups[i].row(y + k), rows.group(k, i), W * sizeof(real));
    }
  }
  std::vector<real> gW1(plain.w1.size()), gB1(plain.b1.size()), gConv(plain.conv.size());
  SynthesisWeights gNet{};
  gNet.w1 = gW1.data();
  gNet.b1 = gB1.data();
  gNet.conv = gConv.data();
  sums.addTo(gNet);
  const double gradientError = plain.gradientError(gOut, gGroups, {&gW1, &gB1, &gConv}, [&] { return uniform(-1, 1); });
  measure("convolution gradient", double(W) * H * CONVOLUTION_GRADIENT, gradientError, [&] {
    for (int y = 0; y < H; y += 2)
      for (int c = 0; c < CONV_PLANES; c++) convolutionAdjoint(ring, net, gOut, c, y, 2, rows, waste);
  });
  measure("hidden layer gradient", double(W) * H * HIDDEN_GRADIENT, gradientError, [&] {
    for (int y = 0; y < H; y++) {
      const real* list[LUMA_INPUTS];
      rowsOf(y, list);
      hiddenAdjoint(list, net, y & 1, W, rows, waste);
    }
  });
}

inline void KernelBench::chromaSynthesis() {
  PlaneBuffer in[CHROMA_INPUTS], g[CHROMA_INPUTS], out[2], gOut[2];
  for (int i = 0; i < CHROMA_INPUTS; i++) {
    in[i].allocate(CW, CH);
    g[i].allocate(CW, CH);
    fill(in[i], -1, 1);
  }
  for (int c = 0; c < 2; c++) {
    out[c].allocate(CW, CH);
    gOut[c].allocate(CW, CH);
    fill(gOut[c], -1, 1);
  }
  std::vector<real> weights(CHROMA_LINEAR + 2 * CHROMA_INPUTS), gWeights(weights.size());
  for (real& v : weights) v = real(uniform(-0.3, 0.3));
  const auto netOf = [](std::vector<real>& v) {
    SynthesisWeights net{};
    net.chromaW1 = v.data();
    net.chromaB1 = v.data() + CHROMA_B1;
    net.chromaW2 = v.data() + CHROMA_W2;
    net.chromaLinear = v.data() + CHROMA_LINEAR;
    return net;
  };
  const SynthesisWeights net = netOf(weights);
  const auto inputsOf = [&](PlaneBuffer* planes, int y, auto** list) { for (int i = 0; i < CHROMA_INPUTS; i++) list[i] = planes[i].row(y); };
  const auto forward = [&] {
    for (int y = 0; y < CH; y++) {
      const real* list[CHROMA_INPUTS];
      inputsOf(in, y, list);
      synthesizeChromaRow(list, net, CW, out[0].row(y), out[1].row(y));
    }
  };
  forward();
  double error = 0;
  for (int c = 0; c < 2; c++)
    error = std::max(error, difference(out[c], [&](int x, int y) {
      double u[CHROMA_INPUTS], both[2];
      for (int i = 0; i < CHROMA_INPUTS; i++) u[i] = in[i].row(y)[x];
      plainChroma(u, weights, both);
      return both[c];
    }));
  measure("chroma synthesis", double(CW) * CH * CHROMA_SYNTHESIS, error, forward);
  ChromaAccumulator sums{};
  static ChromaAccumulator waste;
  const auto backward = [&](ChromaAccumulator& target) {
    for (int y = 0; y < CH; y++) {
      const real* list[CHROMA_INPUTS];
      real* gList[CHROMA_INPUTS];
      inputsOf(in, y, list);
      inputsOf(g, y, gList);
      synthesizeChromaRowAdjoint(list, net, gOut[0].row(y), gOut[1].row(y), 1, CW, gList, target);
    }
  };
  backward(sums);
  sums.addTo(netOf(gWeights));
  double analytic = 0, numeric = 0, size = 0;
  std::vector<double> direction(weights.size());
  for (size_t i = 0; i < direction.size(); i++) {
    direction[i] = uniform(-1, 1);
    analytic += direction[i] * gWeights[i];
    size += std::fabs(direction[i] * gWeights[i]);
  }
  for (int y = 0; y < CH; y++)
    for (int x = 0; x < CW; x++) {
      double d[CHROMA_INPUTS], value[2][2];
      for (int i = 0; i < CHROMA_INPUTS; i++) {
        d[i] = uniform(-1, 1);
        analytic += d[i] * g[i].row(y)[x];
        size += std::fabs(d[i] * g[i].row(y)[x]) / 8;
      }
      for (int side = 0; side < 2; side++) {
        const double h = side ? -1e-6 : 1e-6;
        double u[CHROMA_INPUTS];
        std::vector<double> moved(weights.begin(), weights.end());
        for (size_t i = 0; i < moved.size(); i++) moved[i] += h * direction[i];
        for (int i = 0; i < CHROMA_INPUTS; i++) u[i] = in[i].row(y)[x] + h * d[i];
        plainChroma(u, moved, value[side]);
      }
      for (int c = 0; c < 2; c++) numeric += gOut[c].row(y)[x] * (value[0][c] - value[1][c]) / 2e-6;
    }
  measure("chroma synthesis gradient", double(CW) * CH * CHROMA_GRADIENT, relative(analytic, numeric, size), [&] { backward(waste); });
}

inline void KernelBench::filtering() {
  PlaneBuffer in(W, H), out(W, H), g(W, H), gIn(W, H), direction(W, H);
  fill(in, -30, 30);
  fill(g, -1, 1);
  fill(direction, -1, 1);
  std::vector<real> weights(FILTER_WEIGHTS), gWeights(FILTER_WEIGHTS);
  std::vector<double> turn(FILTER_WEIGHTS);
  for (int i = 0; i < FILTER_WEIGHTS; i++) {
    weights[i] = real(uniform(-0.2, 0.2));
    turn[i] = uniform(-0.1, 0.1);
  }
  FilterExchange exchange(W);
  const auto at = [&](double step) {
    return [&, step](int x, int y) {
      return plainFilter(W, H, x, y, [&](int u, int v) { return in.row(v)[u] + step * direction.row(v)[u]; },
                         [&](int ring, int c) { return weights[ring * CLIP_COUNT + c] + step * turn[ring * CLIP_COUNT + c]; });
    };
  };
  const auto forward = [&] { filterBand(in, 0, H, weights.data(), exchange, out); };
  forward();
  measure("loop filter", double(W) * H * LOOP_FILTER, difference(out, at(0)), forward);

  FilterAccumulator sums;
  const auto backward = [&] { filterBandAdjoint(in, g, 0, H, weights.data(), exchange, gIn, sums); };
  backward();
  sums.addTo(gWeights.data());
  double analytic = product(gIn, direction), numeric = 0, size = sizeOf(gIn) * sizeOf(direction);
  for (int i = 0; i < FILTER_WEIGHTS; i++) {
    analytic += gWeights[i] * turn[i];
    size += std::fabs(gWeights[i] * turn[i]);
  }
  const double h = 1e-6;
  const auto behind = at(-h), before = at(h);
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++) numeric += g.row(y)[x] * (before(x, y) - behind(x, y)) / (2 * h);
  measure("loop filter, gradient", double(W) * H * LOOP_FILTER_GRADIENT, relative(analytic, numeric, size), backward);
}

}  // namespace WEFT_ISA
}  // namespace weft
