// The longer members of Segment: layout, bake, loss, gradient and the training step.
#pragma once
#include <algorithm>
#include "segment.h"

namespace weft {
namespace WEFT_ISA {

inline Plane sizeOnly(int w, int h) {
  Plane p;
  p.w = w;
  p.h = h;
  return p;
}

inline void Segment::layOutGrids() {
  int* first = &planeIndex_[0][0][0][0];
  std::fill(first, first + sizeof planeIndex_ / sizeof(int), -1);
  for (int variant = 0; variant < 3; variant++)
    for (size_t p = 0; p < config_.planes[variant].size(); p++) {
      const auto& s = config_.planes[variant][p];
      planeIndex_[variant][s.kind][s.component][s.level] = int(p);
    }
  for (const auto& s : config_.planes[1]) {
    auto& levels = s.kind == MOTION ? motionLevels_ : s.component == 0 ? lumaLevels_ : chromaLevels_;
    if (s.component == 2 || (s.kind == MOTION && s.component > 0)) continue;
    levels.insert(levels.begin(), sizeOnly(s.width, s.height));  // coded coarse to fine
  }
}

inline void Segment::allocateWorkspace() {
  for (int variant = 0; variant < 3; variant++) {
    Workspace& w = work_[variant];
    for (const auto& spec : config_.planes[variant]) w.latent.emplace_back(spec.width, spec.height);
    w.dirty.assign(w.latent.size(), 0);
    w.gLatent.resize(pool_.threads());
    for (auto& planes : w.gLatent)
      for (const auto& spec : config_.planes[variant]) planes.emplace_back(spec.width, spec.height);
  }
  const auto like = [](PlaneBuffer& buffer, const Plane& size) { buffer.allocate(size.w, size.h); };
  for (size_t l = 3; l < lumaLevels_.size(); l++) like(s_.cumulative[l], lumaLevels_[l]);
  const int levels = int(lumaLevels_.size());
  if (levels > 2) for (auto& p : s_.level2) like(p, lumaLevels_[2]);
  for (auto& p : s_.level1) like(p, lumaLevels_[1]);
  for (auto& p : s_.groups) like(p, lumaLevels_[0]);
  for (auto& p : s_.gGroups) like(p, lumaLevels_[0]);
  s_.gMotion.resize(pool_.threads());
  for (auto& components : s_.gMotion)
    for (auto& p : components) like(p, motionLevels_[0]);
  for (auto& component : s_.chromaCumulative)
    for (size_t l = 1; l < chromaLevels_.size(); l++) like(component[l], chromaLevels_[l]);
  for (auto& p : s_.chromaInputs) like(p, chromaLevels_[0]);
  for (size_t k = 0; k < motionLevels_.size(); k++) like(s_.motionCumulative[k], motionLevels_[k]);
  for (int p = 0; p < 3; p++) {
    s_.innovation[p].allocate(planeWidth(p), planeHeight(p));
    s_.gPicture[p].allocate(planeWidth(p), planeHeight(p));
    s_.gInnovation[p].allocate(planeWidth(p), planeHeight(p));
  }
  s_.zero.allocate(planeWidth(0), planeHeight(0));
  for (int t = 0; t < pool_.threads(); t++) rings_.push_back(std::make_unique<ChannelRing>());
  threadNetGradient_.assign(pool_.threads(), std::vector<real>(config_.layout.count));
  kept_.resize(nodes_.size());
  for (size_t n = 0; n < nodes_.size(); n++) kept_[n].assign(latentCount(int(n)), 0.0);
}

// --- bake ------------------------------------------------------------------------------------------------------------

// Fills groups[0..3]: levels 0, 1, 2 and the rest, each at full size.
inline void Segment::lumaPyramid(const Node& node) {
  const int levels = int(lumaLevels_.size());
  for (int l = levels - 1; l >= 3; l--) {
    scaledLatent(node, planeIndex(node, INNOVATION, 0, l), s_.cumulative[l]);
    if (l < levels - 1) upsample(pool_, s_.cumulative[l + 1], s_.cumulative[l], &s_.cumulative[l]);
  }
  scaledLatent(node, planeIndex(node, INNOVATION, 0, 0), s_.groups[0]);
  scaledLatent(node, planeIndex(node, INNOVATION, 0, 1), s_.level1[0]);
  upsample(pool_, s_.level1[0], s_.groups[1]);
  if (levels > 2) {
    scaledLatent(node, planeIndex(node, INNOVATION, 0, 2), s_.level2[0]);
    upsample(pool_, s_.level2[0], s_.level1[1]);
    upsample(pool_, s_.level1[1], s_.groups[2]);
  } else {
    s_.groups[2].clear();
  }
  if (levels > 3) {
    upsample(pool_, s_.cumulative[3], s_.level2[1]);
    upsample(pool_, s_.level2[1], s_.level1[2]);
    upsample(pool_, s_.level1[2], s_.groups[3]);
  } else {
    s_.groups[3].clear();
  }
}

// Fills chromaInputs: cb finest, cb rest, cr finest, cr rest.
inline void Segment::chromaPyramid(const Node& node) {
  const int levels = int(chromaLevels_.size());
  for (int c = 0; c < 2; c++) {
    scaledLatent(node, planeIndex(node, INNOVATION, 1 + c, 0), s_.chromaInputs[2 * c]);
    auto& cumulative = s_.chromaCumulative[c];
    for (int l = levels - 1; l >= 1; l--) {
      scaledLatent(node, planeIndex(node, INNOVATION, 1 + c, l), cumulative[l]);
      if (l < levels - 1) upsample(pool_, cumulative[l + 1], cumulative[l], &cumulative[l]);
    }
    if (levels > 1) upsample(pool_, cumulative[1], s_.chromaInputs[2 * c + 1]);
    else s_.chromaInputs[2 * c + 1].clear();
  }
}

inline void Segment::addInnovation(Node& node) {
  lumaPyramid(node);
  chromaPyramid(node);
  const SynthesisWeights net = synthesisWeights(nets_, node.spec.references ? 1 : 0);
  Plane groups[LUMA_GROUPS], inputs[4];
  for (int i = 0; i < 4; i++) {
    groups[i] = s_.groups[i];
    inputs[i] = s_.chromaInputs[i];
  }
  overRows(pool_, config_.height, config_.width, 1, [&](int y0, int y1, int t) {
    synthesizeLumaRows(groups, net, *rings_[t], s_.innovation[0], y0, y1);
  });
  overRows(pool_, s_.innovation[1].h, config_.width, 1, [&](int y0, int y1, int) {
    synthesizeChromaRows(inputs, s_.innovation[0], config_.halvedChroma, net, s_.innovation[1], s_.innovation[2], y0, y1);
  });
  for (int p = 0; p < 3; p++) {
    const Plane& in = s_.innovation[p];
    overRows(pool_, in.h, in.w, 1, [&](int y0, int y1, int) {
      for (int y = y0; y < y1; y++) {
        const real* a = in.row(y);
        real* o = node.picture[p].row(y);
        for (int x = 0; x < in.w; x++) o[x] += UNIT * a[x];
      }
    });
  }
}

// --- loss ------------------------------------------------------------------------------------------------------------

// Adds what was scattered into the margins to the border samples that they repeat.
inline void Segment::foldMargins(const Plane& g) const {
  for (int k = 1; k < MARGIN_Y; k++) {
    real *top = g.row(0), *bottom = g.row(g.h - 1);
    const real *above = g.row(-k), *below = g.row(g.h - 1 + k);
    for (int x = -MARGIN_X; x < g.w + 8; x++) {
      top[x] += above[x];
      bottom[x] += below[x];
    }
  }
  for (int y = 0; y < g.h; y++) {
    real* row = g.row(y);
    for (int k = 1; k <= 8; k++) {
      row[0] += row[-k];
      row[g.w - 1] += row[g.w - 1 + k];
    }
  }
}

inline double Segment::lossGradient(Node& node, double weight) {
  double total = 0;
  for (int p = 0; p < 3; p++) {
    for (auto& g : node.gradient[p]) foldMargins(g);
    const real factor = real(2 * weight * lossWeight(p));
    const Plane &picture = node.picture[p], &out = s_.gPicture[p];
    std::vector<double> sums(pool_.threads(), 0.0);
    overRows(pool_, picture.h, picture.w, 1, [&](int y0, int y1, int t) {
      double share = 0;
      for (int y = y0; y < y1; y++) {
        const uint8_t* source = &node.source[p][size_t(y) * picture.w];
        const real* value = picture.row(y);
        real *o = out.row(y), rowSum = 0;
        for (int x = 0; x < picture.w; x++) {
          const real e = value[x] - (real(source[x]) - 128);
          rowSum += e * e;
          o[x] = factor * e;
        }
        for (auto& g : node.gradient[p]) {
          const real* a = g.row(y);
          for (int x = 0; x < picture.w; x++) o[x] += a[x];
        }
        share += rowSum;
      }
      sums[t] += share;
    });
    for (double s : sums) total += weight * lossWeight(p) * s;
  }
  return total;
}

// --- backward --------------------------------------------------------------------------------------------------------

// gValue: gradient by step * latent. Adds to the latents' gradient and to the gain's.
inline void Segment::latentAdjoint(const Node& node, int plane, const Plane& gValue, std::vector<double>& netGradient) {
  if (node.latents[plane].empty()) return;
  const Plane &q = workspacePlane(const_cast<Node&>(node), plane), &g = workspaceGradient(node, 0, plane);
  const real gain = stepOf(node, plane);
  std::vector<double> sums(pool_.threads(), 0.0);
  overRows(pool_, q.h, q.w, 1, [&](int y0, int y1, int t) {
    double share = 0;
    for (int y = y0; y < y1; y++) {
      const real *gv = gValue.row(y), *value = q.row(y);
      real *o = g.row(y), rowSum = 0;
      for (int x = 0; x < q.w; x++) {
        o[x] += gain * gv[x];
        rowSum += gv[x] * value[x];
      }
      share += rowSum;
    }
    sums[t] += share;
  });
  for (double s : sums) netGradient[gainIndex(node, planesOf(node)[plane])] += s * gain * LN2;
}

inline void Segment::lumaPyramidAdjoint(const Node& node, std::vector<double>& netGradient) {
  const int levels = int(lumaLevels_.size());
  const auto plane = [&](int l) { return planeIndex(node, INNOVATION, 0, l); };
  // The groups hold their own gradients here.
  latentAdjoint(node, plane(0), s_.groups[0], netGradient);
  upsampleAdjoint(pool_, s_.groups[1], s_.level1[0]);
  latentAdjoint(node, plane(1), s_.level1[0], netGradient);
  if (levels > 2) {
    upsampleAdjoint(pool_, s_.groups[2], s_.level1[1]);
    upsampleAdjoint(pool_, s_.level1[1], s_.level2[0]);
    latentAdjoint(node, plane(2), s_.level2[0], netGradient);
  }
  if (levels > 3) {
    upsampleAdjoint(pool_, s_.groups[3], s_.level1[2]);
    upsampleAdjoint(pool_, s_.level1[2], s_.level2[1]);
    upsampleAdjoint(pool_, s_.level2[1], s_.cumulative[3]);
    for (int l = 3; l < levels; l++) {
      if (l > 3) upsampleAdjoint(pool_, s_.cumulative[l - 1], s_.cumulative[l]);
      latentAdjoint(node, plane(l), s_.cumulative[l], netGradient);
    }
  }
}

inline void Segment::chromaPyramidAdjoint(const Node& node, std::vector<double>& netGradient) {
  const int levels = int(chromaLevels_.size());
  for (int c = 0; c < 2; c++) {
    latentAdjoint(node, planeIndex(node, INNOVATION, 1 + c, 0), s_.chromaInputs[2 * c], netGradient);
    auto& cumulative = s_.chromaCumulative[c];
    for (int l = 1; l < levels; l++) {
      upsampleAdjoint(pool_, l == 1 ? asPlane(s_.chromaInputs[2 * c + 1]) : asPlane(cumulative[l - 1]), cumulative[l]);
      latentAdjoint(node, planeIndex(node, INNOVATION, 1 + c, l), cumulative[l], netGradient);
    }
  }
}

template <class Vector> static inline void flushSum(real* target, const Vector& v) { *target += sum(v); }

inline void Segment::innovationAdjoint(Node& node, std::vector<double>& netGradient) {
  lumaPyramid(node);
  chromaPyramid(node);
  const int netIndex = node.spec.references ? 1 : 0;
  const SynthesisWeights net = synthesisWeights(nets_, netIndex);
  Plane groups[LUMA_GROUPS], inputs[4];
  for (int i = 0; i < 4; i++) {
    groups[i] = s_.groups[i];
    inputs[i] = s_.chromaInputs[i];
  }
  for (int p = 0; p < 3; p++) {
    const Plane &g = s_.gPicture[p], &out = s_.gInnovation[p];
    overRows(pool_, g.h, g.w, 1, [&](int y0, int y1, int) {
      for (int y = y0; y < y1; y++) {
        const real* a = g.row(y);
        real* o = out.row(y);
        for (int x = 0; x < g.w; x++) o[x] = UNIT * a[x];
      }
    });
  }
  // The chroma net reads the luma innovation: bake it again for its gradient.
  overRows(pool_, config_.height, config_.width, 1, [&](int y0, int y1, int t) {
    synthesizeLumaRows(groups, net, *rings_[t], s_.innovation[0], y0, y1);
  });
  const auto weightsOf = [&](int t) { return synthesisWeights(threadNetGradient_[t], netIndex); };
  overRows(pool_, s_.innovation[1].h, config_.width, 1, [&](int y0, int y1, int t) {
    ChromaAccumulator acc{};
    synthesizeChromaAdjointRows(inputs, s_.innovation[0], config_.halvedChroma, net, s_.gInnovation[1], s_.gInnovation[2],
                                inputs, s_.gInnovation[0], acc, y0, y1);
    const SynthesisWeights g = weightsOf(t);
    for (int k = 0; k < CHROMA_HIDDEN; k++) {
      flushSum(g.chromaB1 + k, acc.b1[k]);
      for (int i = 0; i < CHROMA_INPUTS; i++) flushSum(g.chromaW1 + k * CHROMA_INPUTS + i, acc.w1[k][i]);
      for (int m = 0; m < 2; m++) flushSum(g.chromaW2 + m * CHROMA_HIDDEN + k, acc.w2[m][k]);
    }
    for (int m = 0; m < 2; m++)
      for (int i = 0; i < CHROMA_INPUTS; i++) flushSum(g.chromaLinear + m * CHROMA_INPUTS + i, acc.linear[m][i]);
  });
  clearMargins(s_.gInnovation[0]);
  overRows(pool_, config_.height, config_.width, 1, [&](int y0, int y1, int t) {
    LumaAccumulator acc{};
    synthesizeLumaAdjointRows(groups, net, *rings_[t], s_.gInnovation[0], s_.gGroupPlanes(), acc, y0, y1);
    const SynthesisWeights g = weightsOf(t);
    for (int k = 0; k < LUMA_HIDDEN; k++) {
      flushSum(g.b1 + k, acc.b1[k]);
      for (int i = 0; i < LUMA_GROUPS; i++) flushSum(g.w1 + k * LUMA_GROUPS + i, acc.w1[k][i]);
    }
    for (int c = 0; c < LUMA_CHANNELS; c++)
      for (int i = 0; i < 9; i++) flushSum(g.conv + c * 9 + i, acc.conv[c][i]);
  });
  for (int i = 0; i < LUMA_GROUPS; i++) std::swap(s_.groups[i], s_.gGroups[i]);
  lumaPyramidAdjoint(node, netGradient);
  chromaPyramidAdjoint(node, netGradient);
}

inline void Segment::motionAdjoint(Node& node, const uint8_t* activity, std::vector<double>& netGradient) {
  const int components = componentsOf(node), threads = pool_.threads();
  Plane references[3][2], grids[5], gPrediction[3];
  referencePlanes(node, references);
  for (int c = 0; c < components; c++) grids[c] = node.motion[c];
  for (int p = 0; p < 3; p++) gPrediction[p] = s_.gPicture[p];
  std::vector<PredictionGradient> perThread(threads);
  for (int t = 0; t < threads; t++) {
    for (int r = 0; r < node.spec.references; r++) {
      const int reference = node.spec.reference[r];
      for (int p = 0; p < 3; p++)
        perThread[t].references[p][r] = activity[reference] ? asPlane(nodes_[reference].gradient[p][t]) : Plane();
    }
    for (int c = 0; c < components; c++) {
      s_.gMotion[t][c].clear();
      perThread[t].grids[c] = s_.gMotion[t][c];
    }
  }
  predictAdjoint(pool_, references, node.spec.references, grids, config_.halvedChroma, gPrediction, perThread.data());
  const int levels = int(motionLevels_.size());
  for (int c = 0; c < components; c++) {
    for (int t = 0; t < threads; t++) scaleInto(s_.gMotion[t][c], 1, node.gMotion[c], true);
    const int r = c / 2;
    if (c < 4 && node.spec.motionNode[r] >= 0 && activity[node.spec.motionNode[r]])
      scaleInto(node.gMotion[c], real(node.spec.motionScale[r]),
                nodes_[node.spec.motionNode[r]].gMotion[2 * node.spec.motionField[r] + c % 2], true);
    for (int k = 0; k < levels; k++) {
      const Plane& g = k == 0 ? asPlane(node.gMotion[c]) : asPlane(s_.motionCumulative[k]);
      latentAdjoint(node, planeIndex(node, MOTION, c, k), g, netGradient);
      if (k < levels - 1) upsampleAdjoint(pool_, g, s_.motionCumulative[k + 1]);
    }
  }
}

inline void Segment::flushContext(const ContextAccumulator& acc, const ContextWeights& g) const {
  for (int k = 0; k < CONTEXT_HIDDEN; k++) {
    flushSum(g.b1 + k, acc.b1[k]);
    for (int j = 0; j < CONTEXT_INPUTS; j++) flushSum(g.w1 + k * CONTEXT_INPUTS + j, acc.w1[k][j]);
  }
  for (int m = 0; m < 2; m++) {
    for (int k = 0; k < CONTEXT_HIDDEN; k++) flushSum(g.w2 + m * CONTEXT_HIDDEN + k, acc.w2[m][k]);
    for (int j = 0; j < CONTEXT_INPUTS; j++) flushSum(g.linear + m * CONTEXT_INPUTS + j, acc.linear[m][j]);
    const real b = sum(acc.bias[m]);
    g.bias[m] += b;
    if (g.depthBias) g.depthBias[m] += b;
  }
}

// Code length of the node's latents in nats, by kind; with gradients into the workspace when `backward`.
template <bool backward> inline void Segment::rate(Node& node, double weight, double nats[2]) {
  const auto& specs = planesOf(node);
  const int threads = pool_.threads();
  std::vector<double> totals(2 * threads, 0.0);
  int total = 0;
  for (auto& p : node.latents) total += p.count();
  overRows(pool_, total, BLOCK_SIZE, 1, [&](int from, int to, int t) {
    int first = 0;
    for (size_t p = 0; p < specs.size() && first < to; p++) {
      const LatentBlocks& blocks = node.latents[p];
      const int begin = std::max(0, from - first), end = std::min(blocks.count(), to - first);
      first += blocks.count();
      if (begin >= end) continue;
      const auto plane = [&](int index, bool gradient) {
        if (gradient) return index < 0 || node.latents[index].empty() ? Plane() : asPlane(workspaceGradient(node, t, index));
        Plane q = index < 0 ? asPlane(s_.zero) : asPlane(workspacePlane(node, index));
        return q;
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
        sumOfNats += contextBlock<backward>(q, g, net, acc, blocks.bx[b] * BLOCK_W, blocks.by[b] * BLOCK_H, real(weight));
      totals[2 * t + s.kind] += sumOfNats;
      if (backward) flushContext(acc, contextWeights(threadNetGradient_[t], s, node.spec.depth));
    }
  });
  nats[0] = nats[1] = 0;
  for (int t = 0; t < threads; t++)
    for (int k = 0; k < 2; k++) nats[k] += totals[2 * t + k];
}

inline void Segment::backward(Node& node, const StepOptions& options, const uint8_t* activity, double weight,
                              std::vector<double>& netGradient, Cost& cost, bool update) {
  for (size_t p = 0; p < node.latents.size(); p++)
    if (!node.latents[p].empty())
      for (int t = 0; t < pool_.threads(); t++) workspaceGradient(node, t, p).clear();
  cost.distortion += lossGradient(node, weight);
  if (hasInnovation(node)) innovationAdjoint(node, netGradient);
  if (node.spec.references) motionAdjoint(node, activity, netGradient);
  double nats[2];
  rate<true>(node, weight * options.lambda * LOG2E, nats);
  cost.bits += weight * (nats[0] + nats[1]) * LOG2E;
  node.visits++;
  if (update) {
    const auto& specs = planesOf(node);
    overBlocks(node, [&](int plane, int block, int) {
      Plane gradients[64];
      const int threads = std::min(64, pool_.threads());
      for (int t = 0; t < threads; t++) gradients[t] = workspaceGradient(node, t, plane);
      const double latentRate = specs[plane].kind == MOTION ? options.motionRate : options.latentRate;
      adamBlock(node.latents[plane], block, gradients, threads, real(latentRate), real(0.8), real(0.99), node.visits);
    });
  }
  if (keepGradient_) keepLatentGradient(node);
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
    forward(nodes_[n], options);
    if (nodes_[n].referred) continue;
    backward(nodes_[n], options, activity, activity[n], gradient, cost, update);
  }
  for (int n = count - 1; n >= 0; n--) {
    if (!activity[n] || !nodes_[n].referred) continue;
    fillLatents(nodes_[n]);
    backward(nodes_[n], options, activity, activity[n], gradient, cost, update);
  }
  for (int i = 0; i < config_.layout.count; i++) {
    netGradient[i] = gradient[i];
    for (auto& g : threadNetGradient_) netGradient[i] += g[i];
  }
  return cost;
}

}  // namespace WEFT_ISA
}  // namespace weft
