// Every kernel of the training step on fresh random input: its time, and its largest error against a plain double-precision
// reading of FORMAT.md. Gradients are compared with differences of the plain forward computation along random directions.
#pragma once
#include <chrono>
#include <random>
#include <string>
#include "engine.h"
#include "latents.h"
#include "nodeAdjoint.h"
#include "trainingOperations.h"
#include "plainField.h"

namespace weft {
namespace WEFT_ISA {

class KernelBench {
 public:
  KernelBench(uint32_t seed, double seconds) : random_(seed), seconds_(seconds) {}

  std::vector<KernelResult> run() {
    sampling();
    splines();
    doubling();
    lumaSynthesis();
    chromaSynthesis();
    filtering();
    context();
    rounding();
    loss();
    return results_;
  }

 private:
  static constexpr int W = 352, H = 288, CW = W / 2, CH = H / 2;
  using Clock = std::chrono::steady_clock;

  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  void fill(const Plane& p, double low, double high) {
    for (int y = 0; y < p.h; y++)
      for (int x = 0; x < p.w; x++) p.row(y)[x] = real(uniform(low, high));
  }
  // Displacements as those of film: smooth over some cells, up to a few pixels.
  void fillMotion(const Plane& p) {
    const double a = uniform(0.05, 0.2), b = uniform(0.05, 0.2), c = uniform(0, 6), d = uniform(-3, 3);
    for (int y = 0; y < p.h; y++)
      for (int x = 0; x < p.w; x++) p.row(y)[x] = real(d + 2 * std::sin(a * x + c) * std::cos(b * y) + uniform(-0.2, 0.2));
  }

  static std::vector<MotionRows> motionOf(int rows) {
    std::vector<MotionRows> out;
    for (int y = 0; y < rows; y++) out.emplace_back(W);
    return out;
  }

  // Best time of runs of `work`, whose results `error` judges.
  template <class Work> void measure(const std::string& name, double operations, double error, const Work& work) {
    double best = 1e9;
    const auto start = Clock::now();
    do {
      const auto before = Clock::now();
      work();
      asm volatile("" : : : "memory");  // nothing of it may be left out
      best = std::min(best, std::chrono::duration<double>(Clock::now() - before).count());
    } while (std::chrono::duration<double>(Clock::now() - start).count() < seconds_);
    results_.push_back({{name, best, operations}, error});
  }

  // Largest difference, relative to the largest value.
  template <class Value> static double difference(const Plane& p, const Value& expected) {
    double worst = 0, largest = 1e-30;
    for (int y = 0; y < p.h; y++)
      for (int x = 0; x < p.w; x++) {
        const double e = expected(x, y);
        worst = std::max(worst, std::fabs(e - p.row(y)[x]));
        largest = std::max(largest, std::fabs(e));
      }
    return worst / largest;
  }
  // Relative difference of two sums that should be equal, by the size of their terms.
  static double relative(double a, double b, double size) { return std::fabs(a - b) / std::max(size, 1e-30); }
  static double product(const Plane& a, const Plane& b) {
    double s = 0;
    for (int y = 0; y < a.h; y++)
      for (int x = 0; x < a.w; x++) s += double(a.row(y)[x]) * b.row(y)[x];
    return s;
  }
  static double sizeOf(const Plane& a) { return std::sqrt(product(a, a)); }

  void sampling();
  void splines();
  void doubling();
  void lumaSynthesis();
  void chromaSynthesis();
  void filtering();
  void context();
  void rounding();
  void loss();

  std::mt19937 random_;
  const double seconds_;
  std::vector<KernelResult> results_;
};

inline void KernelBench::sampling() {
  PlaneBuffer reference[2] = {{W, H}, {W, H}}, grid[MOTION_COMPONENTS], out(W, H), g(W, H), gReference[2] = {{W, H}, {W, H}};
  std::vector<MotionRows> rows = motionOf(H), gMotion = motionOf(H);
  Plane references[1][2], gReferences[1][2], grids[MOTION_COMPONENTS];
  for (int r = 0; r < 2; r++) {
    fill(reference[r], -128, 127);
    extendPlane(reference[r]);
    references[0][r] = reference[r];
    gReferences[0][r] = gReference[r];
  }
  for (int c = 0; c < MOTION_COMPONENTS; c++) {
    grid[c].allocate(W / CELL, H / CELL);
    fillMotion(grid[c]);
    grids[c] = grid[c];
  }
  for (int y = 0; y < H; y++) motionRows(grids, MOTION_COMPONENTS, W, y, rows[y]);
  fill(g, -1, 1);
  const Plane target = out;
  const auto predicted = [&](int x, int y) {
    const MotionRows& m = rows[y];
    double at[MOTION_COMPONENTS];
    for (int c = 0; c < MOTION_COMPONENTS; c++) at[c] = m.d[c][x];
    return plainPrediction(reference, x, y, at);
  };
  const auto forward = [&] { for (int y = 0; y < H; y++) predictRow<1>(references, 2, rows[y], y, &target); };
  forward();
  measure("sampling", H * samplingOperations(2, 1, W), difference(out, predicted), forward);

  const auto backward = [&] {
    for (int y = 0; y < H; y++) {
      const real* row[1] = {g.row(y)};
      predictRowAdjoint<1, false>(references, gReferences, 2, rows[y], y, row, W, gMotion[y]);
    }
  };
  backward();
  // Along one direction of all displacements and weights, and one of all samples.
  double analytic = 0, numeric = 0, size = 0;
  PlaneBuffer direction(W, H);
  fill(direction, -1, 1);
  extendPlane(direction);
  const double step = 1e-4;
  for (int y = 8; y < H - 8; y++)
    for (int x = 16; x < W - 16; x++) {
      double d[MOTION_COMPONENTS], value[2];
      for (int c = 0; c < MOTION_COMPONENTS; c++) {
        d[c] = uniform(-1, 1);
        const double part = double(gMotion[y].d[c][x]) * d[c];
        analytic += part;
        size += part * part;
      }
      for (int side = 0; side < 2; side++) {
        double at[MOTION_COMPONENTS];
        for (int c = 0; c < MOTION_COMPONENTS; c++) at[c] = rows[y].d[c][x] + (side ? -step : step) * d[c];
        value[side] = plainPrediction(reference, x, y, at);
      }
      numeric += double(g.row(y)[x]) * (value[0] - value[1]) / (2 * step);
    }
  double error = relative(analytic, numeric, std::sqrt(size));
  double bySamples = 0, expected = 0;
  for (int r = 0; r < 2; r++) {
    for (int y = -5; y < H + 5; y++)
      for (int x = -8; x < W + 8; x++) bySamples += double(gReference[r].row(y)[x]) * direction.row(y)[x];
    for (int y = 0; y < H; y++)
      for (int x = 0; x < W; x++) {
        const MotionRows& m = rows[y];
        const double w = (1 + double(m.d[LIGHT][x])) * (r ? 1 - double(m.d[BETA][x]) : double(m.d[BETA][x]));
        expected += double(g.row(y)[x]) * w * plainSample(direction, x + double(m.d[displacement(r, 0)][x]), y + double(m.d[displacement(r, 1)][x]));
      }
  }
  error = std::max(error, relative(bySamples, expected, sizeOf(g) * 0.5));
  measure("sampling gradient", H * samplingGradientOperations(2, 1, W, true), error, backward);
}

inline void KernelBench::splines() {
  PlaneBuffer grid[MOTION_COMPONENTS], gGrid[MOTION_COMPONENTS];
  Plane grids[MOTION_COMPONENTS], gGrids[MOTION_COMPONENTS];
  for (int c = 0; c < MOTION_COMPONENTS; c++) {
    grid[c].allocate(W / CELL, H / CELL);
    gGrid[c].allocate(W / CELL, H / CELL);
    fill(grid[c], -2, 2);
    grids[c] = grid[c];
    gGrids[c] = gGrid[c];
  }
  std::vector<MotionRows> rows = motionOf(H), g = motionOf(H);
  const auto forward = [&] { for (int y = 0; y < H; y++) motionRows(grids, MOTION_COMPONENTS, W, y, rows[y]); };
  forward();
  double worst = 0, analytic = 0, expected = 0, size = 0;
  for (int y = 0; y < H; y++)
    for (int c = 0; c < MOTION_COMPONENTS; c++)
      for (int x = 0; x < W; x++) {
        const double v = plainSpline(grid[c], x, y), e = c == BETA ? 1 / (1 + std::exp(-v)) : v;
        worst = std::max(worst, std::fabs(e - rows[y].d[c][x]));
        g[y].d[c][x] = real(uniform(-1, 1));
        const double part = double(g[y].d[c][x]) * (c == BETA ? e * (1 - e) : 1);
        expected += part * v;
        size += part * part;
      }
  measure("motion spline", H * splineOperations(2, true, W), worst / 2, forward);
  SplineAdjoint adjoint(W);
  const auto backward = [&] {
    adjoint.begin(gGrids, MOTION_COMPONENTS);
    for (int y = 0; y < H; y += 2) adjoint.add(&rows[y], &g[y], 2, W, y);
    adjoint.flush();
  };
  backward();
  for (int c = 0; c < MOTION_COMPONENTS; c++) analytic += product(gGrid[c], grid[c]);
  measure("motion spline gradient", double(W) * H * (MOTION_COMPONENTS * SPLINE_ACROSS + 3), relative(analytic, expected, std::sqrt(size)), backward);
}

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
    list->resize(list == &plain.w1 ? 32 : list == &plain.b1 ? 8 : 81);
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
  std::vector<real> gW1(32), gB1(8), gConv(81);
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
  std::vector<real> weights(40 + 8 + 16 + 10), gWeights(weights.size());
  for (real& v : weights) v = real(uniform(-0.3, 0.3));
  const auto netOf = [](std::vector<real>& v) {
    SynthesisWeights net{};
    net.chromaW1 = v.data();
    net.chromaB1 = v.data() + 40;
    net.chromaW2 = v.data() + 48;
    net.chromaLinear = v.data() + 64;
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
  const auto at = [&](double step) {
    return [&, step](int x, int y) {
      return plainFilter(W, H, x, y, [&](int u, int v) { return in.row(v)[u] + step * direction.row(v)[u]; },
                         [&](int ring, int c) { return weights[ring * CLIP_COUNT + c] + step * turn[ring * CLIP_COUNT + c]; });
    };
  };
  const auto forward = [&] { for (int y = 0; y < H; y++) filterRow(in, y, weights.data(), out.row(y)); };
  forward();
  measure("loop filter", double(W) * H * LOOP_FILTER, difference(out, at(0)), forward);

  FilterAccumulator sums;
  const auto backward = [&] { for (int y = 0; y < H; y++) filterRowAdjoint(in, g, y, weights.data(), gIn.row(y), sums); };
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

inline void KernelBench::context() {
  // Latents as a film has them: most of them small.
  PlaneBuffer planes[5] = {{W, H}, {CW, CH}, {W / 4, H / 4}, {W, H}, {W, H}}, g[5] = {{W, H}, {CW, CH}, {W / 4, H / 4}, {W, H}, {W, H}};
  for (auto& p : planes)
    for (int y = 0; y < p.h; y++)
      for (int x = 0; x < p.w; x++) p.row(y)[x] = real(uniform(-1, 1) * std::exp(uniform(-2, 1.5)));
  std::vector<real> weights(96 + 8 + 16 + 24 + 2 + 2), gWeights(weights.size());
  for (real& v : weights) v = real(uniform(-0.2, 0.2));
  const auto netOf = [](std::vector<real>& v) { return ContextWeights{&v[0], &v[96], &v[104], &v[120], &v[144], &v[146]}; };
  const ContextPlanes q{planes[0], planes[1], planes[2], planes[3], planes[4]}, gradients{g[0], g[1], g[2], g[3], g[4]};
  const ContextWeights net = netOf(weights);
  ContextAccumulator sums{};
  static ContextAccumulator waste;
  const auto backward = [&](ContextAccumulator& target) {
    double nats = 0;
    for (int y = 0; y < H; y += BLOCK_HEIGHT)
      for (int x = 0; x < W; x += BLOCK_WIDTH) nats += contextBlock<true>(q, gradients, net, target, x, y, 1);
    return nats;
  };
  const double nats = backward(sums);
  sums.addTo(netOf(gWeights));
  const Plane all[5] = {planes[0], planes[1], planes[2], planes[3], planes[4]};
  double analytic = 0, size = 0;
  std::vector<std::vector<double>> moved(5);
  std::vector<double> direction(weights.size());
  for (size_t i = 0; i < direction.size(); i++) {
    direction[i] = uniform(-0.1, 0.1);
    analytic += direction[i] * gWeights[i];
    size += std::fabs(direction[i] * gWeights[i]);
  }
  for (int p = 0; p < 5; p++)
    for (int y = 0; y < planes[p].h; y++)
      for (int x = 0; x < planes[p].w; x++) {
        moved[p].push_back(uniform(-1, 1));
        analytic += moved[p].back() * g[p].row(y)[x];
      }
  const double step = 1e-6;
  const double up = plainRate(all, weights, direction, moved, step), down = plainRate(all, weights, direction, moved, -step);
  const double error = std::max(relative(nats, 0.5 * (up + down), 0.5 * (up + down)), relative(analytic, (up - down) / (2 * step), size));
  measure("context network and rate, with gradient", double(W) * H * CONTEXT_GRADIENT, error, [&] { backward(waste); });
}

inline void KernelBench::rounding() {
  LatentBlocks blocks;
  blocks.across = W / BLOCK_WIDTH;
  std::vector<uint32_t> all(size_t(W / BLOCK_WIDTH) * (H / BLOCK_HEIGHT));
  for (size_t i = 0; i < all.size(); i++) all[i] = uint32_t(i);
  blocks.assign(all);
  for (real& v : blocks.value) v = real(uniform(-4, 4));
  StepOptions options{};
  options.temperature = 0.2;
  const auto round = [&] { for (int b = 0; b < blocks.count(); b++) roundBlock(blocks, b, options, 1); };
  round();
  double error = 0;
  for (size_t i = 0; i < blocks.value.size(); i++) {
    const double once = plainSoftRound(blocks.value[i], 0.2);
    error = std::max(error, std::fabs(plainSoftRound(once, 0.2) - blocks.rounded[i]));
  }
  options.noise = 0.1;
  measure("soft rounding", double(blocks.value.size()) * SOFT_ROUNDING, error, round);

  const std::vector<real> before = blocks.value;
  for (real& v : blocks.slope) v = 1;
  PlaneBuffer g(W, H);
  fill(g, -1, 1);
  const auto update = [&](int steps) {
    const AdamStep adam(0.1, steps);
    for (int b = 0; b < blocks.count(); b++)
      forEachBlockRow(blocks, b, g, [&](real* row, size_t at, int) {
        for (int x = 0; x < BLOCK_WIDTH; x += LANES) adamVector(blocks, at + x, load(row + x), adam);
      });
  };
  update(1);
  error = 0;
  for (int b = 0; b < blocks.count(); b++)
    forEachBlockRow(blocks, b, g, [&](real* row, size_t at, int w) {
      for (int x = 0; x < w; x++) error = std::max(error, std::fabs(before[at + x] - 0.1 * double(row[x]) / (std::fabs(double(row[x])) + 1e-8) - blocks.value[at + x]));
    });
  measure("optimizer", double(blocks.value.size()) * ADAM, error, [&] { update(100); });
}

inline void KernelBench::loss() {
  PlaneBuffer picture(W, H), received(W, H), out(W, H);
  std::vector<uint8_t> source(size_t(W) * H + LANES);
  fill(picture, -128, 127);
  fill(received, -1, 1);
  for (auto& v : source) v = uint8_t(uniform(0, 256));
  AdjointTask task{};
  task.pass.picture[0] = picture;
  task.source[0] = source.data();
  task.factor[0] = 1.5;
  task.received[0].push_back(received);
  const auto run = [&] { for (int y = 0; y < H; y++) lossRow(task, 0, y, out.row(y)); };
  run();
  const double error = difference(out, [&](int x, int y) {
    return 1.5 * (double(picture.row(y)[x]) + 128 - source[size_t(y) * W + x]) + received.row(y)[x];
  });
  measure("loss", double(W) * H * LOSS_GRADIENT, error, run);
}

}  // namespace WEFT_ISA
}  // namespace weft
