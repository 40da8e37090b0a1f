// The longer members of Segment: gradient of a node and the training step.
#pragma once
#include <algorithm>
#include "segment.h"

namespace weft {
namespace WEFT_ISA {

inline void Segment::allocateWorkspace() {
  const int threads = pool_.threads();
  for (int variant = 0; variant < 3; variant++) {
    RatePlanes& r = rates_[variant];
    r.gradients.resize(threads);
    for (const auto& spec : config_.planes[variant]) {
      r.latents.emplace_back(spec.width, spec.height);
      for (auto& planes : r.gradients) planes.emplace_back(spec.width, spec.height);
    }
  }
  zero_.allocate(planeWidth(0), planeHeight(0));
  lentKept_.allocate(baker_);
  gMotion_.resize(threads);
  for (int c = 0; c < MOTION_COMPONENTS; c++) {
    for (auto& components : gMotion_) components[c].allocate(baker_.motionLevel(0).w, baker_.motionLevel(0).h);
    for (int l = 0; l < baker_.motionLevels(); l++) gMotionLevels_[c].emplace_back(baker_.motionLevel(l).w, baker_.motionLevel(l).h);
  }
  threadNetGradient_.assign(threads, std::vector<real>(config_.layout.count));
  kept_.resize(nodes_.size());
}

inline AdjointTask Segment::adjointTask(int index, const NodePass& pass, const uint8_t* activity, double weight) {
  Node& node = nodes_[index];
  AdjointTask task{};
  task.pass = pass;
  for (int p = 0; p < 3; p++) {
    task.source[p] = node.source[p].data();
    task.filter[p] = baker_.filter(index, p);
    task.factor[p] = real(2 * weight * config_.lossWeights[p]);
    for (const Plane& g : node.gradient[p]) task.received[p].push_back(g);
  }
  if (!node.spec.references) return task;
  task.out.resize(pool_.threads());
  for (int t = 0; t < pool_.threads(); t++) {
    for (int r = 0; r < node.spec.references; r++) {
      const int reference = node.spec.reference[r];
      for (int p = 0; p < 3 && activity[reference]; p++) task.out[t].references[p][r] = nodes_[reference].gradient[p][t];
    }
    for (int c = 0; c < motionComponents(node.spec); c++) {
      gMotion_[t][c].clear();
      if (pass.motion[c].origin) task.out[t].grids[c] = gMotion_[t][c];
    }
  }
  return task;
}

// From the grids to the levels of the motion pyramids and to the node that the motion is predicted from.
inline void Segment::motionAdjoint(Node& node, const uint8_t* activity) {
  for (int c = 0; c < motionComponents(node.spec); c++) {
    for (auto& components : gMotion_) addScaled(components[c], 1, node.gMotion[c]);
    const int r = c / 3, axis = c % 3, from = axis < 2 ? node.spec.motionNode[r] : -1;
    if (from >= 0 && activity[from])
      addScaled(node.gMotion[c], real(node.spec.motionScale[r]), nodes_[from].gMotion[displacement(node.spec.motionField[r], axis)]);
  }
  pool_.overTasks(motionComponents(node.spec), [&](int c) {
    for (int l = 1; l < baker_.motionLevels(); l++) {
      const Plane& finer = l == 1 ? node.gMotion[c] : gMotionLevels_[c][l - 1];
      upsampleAdjoint(alone_, finer, gMotionLevels_[c][l]);
    }
  });
}

// Code length of the node's latents in nats, by kind; with gradients into the workspace when `backward`.
template <bool backward> inline void Segment::rate(Node& node, double weight, double nats[2]) {
  const auto& specs = planesOf(node);
  const int threads = pool_.threads();
  RatePlanes& planes = rates_[node.spec.references];
  pool_.overShares(int(specs.size()), 1, [&](int from, int to, int) {
    for (int p = from; p < to; p++) planes.latents[p].fill(node.latents[p]);
  });
  if (backward)
    pool_.overShares(threads, 1, [&](int from, int to, int) {
      for (int t = from; t < to; t++) clearRateGradients(node, t);
    });
  std::vector<double> totals(2 * threads, 0.0);
  int total = 0;
  for (auto& p : node.latents) total += p.count();
  overRows(pool_, total, BLOCK_LATENTS, 1, [&](int from, int to, int t) {
    PartClock& clock = baker_.scratch(t).clock;
    clock.start();
    int first = 0;
    for (size_t p = 0; p < specs.size() && first < to; p++) {
      const LatentBlocks& blocks = node.latents[p];
      const int begin = std::max(0, from - first), end = std::min(blocks.count(), to - first);
      first += blocks.count();
      if (begin >= end) continue;
      const auto plane = [&](int index, bool gradient) {
        if (gradient) return index < 0 || node.latents[index].empty() ? Plane() : Plane(planes.gradients[t][index]);
        return index < 0 ? Plane(zero_) : planes.latents[index].plane();
      };
      const auto& s = specs[p];
      const ContextPlanes q{plane(int(p), false), plane(s.parent, false), plane(s.grandparent, false),
                            plane(s.companion1, false), plane(s.companion2, false)};
      ContextPlanes g{};
      if (backward)
        g = {plane(int(p), true), plane(s.parent, true), plane(s.grandparent, true), plane(s.companion1, true),
             plane(s.companion2, true)};
      const ContextWeights net = contextWeights(nets_, s, node.spec.depth);
      ContextAccumulator acc{};
      double sumOfNats = 0;
      for (int b = begin; b < end; b++)
        sumOfNats += contextBlock<backward>(q, g, net, acc, blocks.x0(b), blocks.y0(b), real(weight));
      totals[2 * t + s.kind] += sumOfNats;
      if (backward) acc.addTo(contextWeights(threadNetGradient_[t], s, node.spec.depth));
    }
    clock.lap(RATE, (to - from) * BLOCK_LATENTS * CONTEXT_GRADIENT);
  });
  nats[0] = nats[1] = 0;
  for (int t = 0; t < threads; t++)
    for (int k = 0; k < 2; k++) nats[k] += totals[2 * t + k];
}

// The rate's gradient in active blocks, where it is read.
inline void Segment::clearRateGradients(const Node& node, int thread) {
  for (size_t p = 0; p < node.latents.size(); p++)
    for (int b = 0; b < node.latents[p].count(); b++)
      forEachBlockRow(node.latents[p], b, rates_[node.spec.references].gradients[thread][p],
                      [](real* row, size_t, int) { std::memset(row, 0, BLOCK_WIDTH * sizeof(real)); });
}

// Everything that the gradient by a latent consists of is there: its step, and the gradient by the gains.
inline void Segment::finishLatents(int index, const StepOptions& options, bool update, std::vector<double>& netGradient) {
  Node& node = nodes_[index];
  const auto& specs = planesOf(node);
  const int threads = pool_.threads();
  const auto& byRate = rates_[node.spec.references].gradients;
  std::vector<std::vector<double>> byGain(threads, std::vector<double>(specs.size()));
  if (keepGradient_) kept_[index].assign(latentCount(index), 0.0);
  std::vector<size_t> first(specs.size() + 1);
  for (size_t p = 0; p < specs.size(); p++) first[p + 1] = first[p] + size_t(specs[p].width) * specs[p].height;
  const AdamStep innovationStep(options.latentRate, node.visits), motionStep(options.motionRate, node.visits);
  const vi lane = iota();
  overBlocks(node, [&](int plane, int block, int thread) {
    PartClock& clock = baker_.scratch(thread).clock;
    clock.start();
    LatentBlocks& blocks = node.latents[plane];
    const Plane& byValue = gradientByValue(node, specs[plane]);
    const real step = stepOf(node, plane);
    const AdamStep& adam = specs[plane].kind == MOTION ? motionStep : innovationStep;
    const int x0 = blocks.x0(block);
    int y = blocks.y0(block);
    vf gainSum{};
    forEachBlockRow(blocks, block, byValue, [&](real* row, size_t at, int w) {
      const real* rates[MAX_THREADS];
      for (int t = 0; t < threads; t++) rates[t] = byRate[t][plane].row(y) + x0;
      for (int x = 0; x < BLOCK_WIDTH; x += LANES) {
        const vi valid = (lane + x) < w;
        const vf g = select(valid, gradientOfLatents(row, step, rates, threads, x), splat(0));
        gainSum += select(valid, load(row + x) * load(&blocks.rounded[at + x]), splat(0));
        if (update) adamVector(blocks, at + x, g, adam);
        for (int i = 0; keepGradient_ && i < LANES && x + i < w; i++)
          kept_[index][first[plane] + size_t(y) * specs[plane].width + x0 + x + i] = g[i] * blocks.slope[at + x + i];
      }
      y++;
    });
    byGain[thread][plane] += sum(gainSum);
    clock.lap(OPTIMIZER, BLOCK_LATENTS * ADAM);
  });
  for (size_t p = 0; p < specs.size(); p++)
    for (int t = 0; t < threads; t++) netGradient[gainIndex(node, specs[p])] += byGain[t][p] * stepOf(node, int(p)) * LN2;
}

inline void Segment::backward(int index, const NodePass& pass, const StepOptions& options, const uint8_t* activity, double weight,
                              std::vector<double>& netGradient, Cost& cost, bool update) {
  Node& node = nodes_[index];
  const AdjointTask task = adjointTask(index, pass, activity, weight);
  const PlaneErrors errors = adjoint_.run(task);
  for (int p = 0; p < 3; p++) cost.distortion += weight * config_.lossWeights[p] * errors.plane[p];
  for (int t = 0; t < pool_.threads(); t++) {
    std::vector<real>& gradient = threadNetGradient_[t];
    real* filters[3];
    for (int p = 0; p < 3; p++) filters[p] = gradient.data() + (task.filter[p] - nets_.data());
    adjoint_.addWeightGradients(t, synthesisWeights(gradient, pass.net), filters);
  }
  if (node.spec.references) motionAdjoint(node, activity);
  double nats[2];
  rate<true>(node, weight * options.lambda * LOG2E, nats);
  cost.bits += weight * (nats[0] + nats[1]) * LOG2E;
  node.visits++;
  finishLatents(index, options, update, netGradient);
}

inline Cost Segment::step(const double* nets, const StepOptions& options, const uint8_t* activity, double* netGradient,
                          bool update) {
  loadNets(nets);
  stepCount_++;
  for (auto& g : threadNetGradient_) std::fill(g.begin(), g.end(), real(0));
  std::vector<double> gradient(config_.layout.count, 0.0);
  Cost cost;
  const int count = int(nodes_.size());
  // A node that nothing else reads goes forward and backward at once; the others wait for those that read them.
  for (int n = 0; n < count; n++) {
    if (!activity[n]) continue;
    clearGradients(nodes_[n]);
    const NodePass pass = forward(n, options);
    if (!nodes_[n].referred) backward(n, pass, options, activity, activity[n], gradient, cost, update);
  }
  for (int n = count - 1; n >= 0; n--) {
    if (!activity[n] || !nodes_[n].referred) continue;
    const NodePass pass = baker_.preparePass(n, baked_, keptOf(nodes_[n]), 0);
    backward(n, pass, options, activity, activity[n], gradient, cost, update);
  }
  for (int i = 0; i < config_.layout.count; i++) {
    netGradient[i] = gradient[i];
    for (auto& g : threadNetGradient_) netGradient[i] += g[i];
  }
  return cost;
}

}  // namespace WEFT_ISA
}  // namespace weft
