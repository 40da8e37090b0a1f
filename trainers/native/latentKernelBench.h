// The kernels of rate, rounding, optimizer and loss in the bench.
#pragma once
#include "kernelBench.h"

namespace weft {
namespace WEFT_ISA {

inline void KernelBench::context() {
  // Latents as a film has them: most of them small.
  PlaneBuffer planes[5] = {{W, H}, {CW, CH}, {W / 4, H / 4}, {W, H}, {W, H}}, g[5] = {{W, H}, {CW, CH}, {W / 4, H / 4}, {W, H}, {W, H}};
  for (auto& p : planes)
    for (int y = 0; y < p.h; y++)
      for (int x = 0; x < p.w; x++) p.row(y)[x] = real(uniform(-1, 1) * std::exp(uniform(-2, 1.5)));
  std::vector<real> weights(CONTEXT_DEPTH + 2), gWeights(weights.size());
  for (real& v : weights) v = real(uniform(-0.2, 0.2));
  const auto netOf = [](std::vector<real>& v) { return ContextWeights{&v[0], &v[CONTEXT_B1], &v[CONTEXT_W2], &v[CONTEXT_LINEAR], &v[CONTEXT_BIAS], &v[CONTEXT_DEPTH]}; };
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
  LatentOptions options{};
  options.temperature = 0.2;
  const auto round = [&] { for (int b = 0; b < blocks.count(); b++) roundBlock(blocks, b, options.temperature, options.noise, 1); };
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
  const AdamConstants constants{0.25, 0.02, 1e-8};
  const auto update = [&](int steps) {
    const AdamStep adam(constants, 0.1, steps);
    for (int b = 0; b < blocks.count(); b++)
      forEachBlockRow(blocks, b, g, [&](real* row, size_t at, int) {
        for (int x = 0; x < BLOCK_WIDTH; x += LANES) adamVector(blocks, at + x, load(row + x), adam);
      });
  };
  update(1);
  error = 0;
  for (int b = 0; b < blocks.count(); b++)
    forEachBlockRow(blocks, b, g, [&](real* row, size_t at, int w) {
      for (int x = 0; x < w; x++) error = std::max(error, std::fabs(before[at + x] - 0.1 * double(row[x]) / (std::fabs(double(row[x])) + constants.epsilon) - blocks.value[at + x]));
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
  std::vector<real> weights(size_t(roundedUp(size_t(W), LANES)) * H);
  for (auto& v : weights) v = real(uniform(0, 4));
  task.weights[0] = {weights.data(), roundedUp(size_t(W), LANES), 1};
  task.factor[0] = 1.5;
  task.received[0].push_back(received);
  const auto run = [&] { for (int y = 0; y < H; y++) lossRow(task, 0, y, out.row(y)); };
  run();
  const double error = difference(out, [&](int x, int y) {
    const double weight = task.weights[0].row(y)[x];
    return 1.5 * weight * (double(picture.row(y)[x]) + CODE_OFFSET - source[size_t(y) * W + x]) + received.row(y)[x];
  });
  measure("loss", double(W) * H * LOSS_GRADIENT, error, run);
}

}  // namespace WEFT_ISA
}  // namespace weft
