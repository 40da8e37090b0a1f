// A segment in training: the field's forward pass node by node, its gradient, and the steps of latents and nets.
#pragma once
#include <algorithm>
#include <array>
#include <numeric>
#include "netOptimizer.h"
#include "netWeights.h"
#include "nodeAdjoint.h"
#include "rateModel.h"
#include "segmentStart.h"
#include "trainedNode.h"

namespace weft {
namespace WEFT_ISA {

constexpr int MAX_THREADS = 64;

class Segment final : public TrainingSegment, private LatentSource {
 public:
  explicit Segment(const SegmentConfig& config)
      : config_(config), team_(std::min(config.threads, MAX_THREADS)), nets_(config_), baker_(config_, team_, *this),
        adjoint_(config_, team_, baker_), rate_(config_, team_, baker_, nets_) {
    for (size_t i = 0; i < config_.nodes.size(); i++) addNode(config_.nodes[i]);
    for (auto& node : nodes_)
      for (int r = 0; r < node.spec.references; r++) nodes_[node.spec.reference[r]].referred = true;
    baked_.resize(nodes_.size());
    for (auto& node : nodes_) allocateNode(node);
    allocateWorkspace();
  }

  void setSource(int index, const uint8_t* const planes[3], const float* weights) override {
    Node& node = nodes_[index];
    for (int p = 0; p < 3; p++) {
      const size_t n = size_t(planeWidth(p)) * planeHeight(p);
      node.source[p].assign(planes[p], planes[p] + n);
      node.source[p].resize(n + LANES);
    }
    node.weights[0] = weightsOf(0, weights, node.lumaWeights);
    node.weights[1] = node.weights[2] = weightsOf(1, weights, node.chromaWeights);
  }

  void analyse(const double* nets, double lambda, NodeRange nodes) override {
    loadNets(nets);
    SegmentStart(config_, team_, baker_, nets_, nodes_, baked_, curvatures_).run(lambda, nodes, [&](int index) { forward(index, HARD); });
  }

  void bake(const double* nets, const std::vector<int>& nodes) override {
    loadNets(nets);
    for (int index : nodes) forward(index, HARD);
  }

  Cost train(const StepOptions* options, int steps, StepActivity activity, NetTraining& nets) override {
    Cost cost;
    std::vector<double> gradient(nets_.count());
    for (int s = 0; s < steps; s++) {
      std::fill(gradient.begin(), gradient.end(), 0.0);
      const size_t first = size_t(s) * nodes_.size();
      cost = step(nets.values, options[s], {activity.weights + first, activity.latents + first}, gradient.data(), true);
      if (options[s].netRate > 0) updateNets(config_.constants.netAdam, options[s], gradient, nets);
    }
    return cost;
  }

  Cost gradient(const double* nets, const StepOptions& options, const LatentOptions& latents, double* netGradient) override {
    const std::vector<uint8_t> all(nodes_.size(), 1);
    const std::vector<LatentOptions> alike(nodes_.size(), latents);
    std::fill(netGradient, netGradient + nets_.count(), 0.0);
    keepGradient_ = true;
    const Cost cost = step(nets, options, {all.data(), alike.data()}, netGradient, false);
    keepGradient_ = false;
    return cost;
  }

  std::vector<NodeCost> evaluate(const double* nets, int nodes, bool distortion, bool bits) override {
    loadNets(nets);
    const double toBits = 1 / std::log(2.0);
    std::vector<NodeCost> costs;
    for (int n = 0; n < nodes; n++) {
      roundLatents(n, HARD);
      NodeCost cost{};
      if (distortion) {
        bakeRounded(n);
        for (int p = 0; p < 3; p++) cost.distortion += config_.lossWeights[p] * measureErrors(n, p, cost.squaredError[p]);
      }
      if (bits) {
        double nats[2];
        rate_.measure(nodes_[n], nats);
        cost.motionBits = nats[MOTION] * toBits;
        cost.innovationBits = nats[INNOVATION] * toBits;
      }
      costs.push_back(cost);
    }
    return costs;
  }

  std::vector<PartTime> takePartTimes() override {
    double ticks[PART_COUNT] = {}, operations[PART_COUNT] = {};
    for (int t = 0; t < team_.threads(); t++) baker_.scratch(t).clock.moveTo(ticks, operations);
    std::vector<PartTime> out;
    static const double seconds = PartClock::secondsPerTick();
    for (int i = 0; i < PART_COUNT; i++) out.push_back({PART_NAMES[i], ticks[i] * seconds, operations[i]});
    return out;
  }

  int latentCount(int node) const override {
    int n = 0;
    for (auto& p : planesOf(nodes_[node])) n += p.width * p.height;
    return n;
  }
  void latents(int node, int32_t* out) const override {
    forEachLatent(nodes_[node], planesOf(nodes_[node]), [&](size_t at, const LatentBlocks& blocks, size_t i) {
      const double r = std::floor(double(blocks.value[i]) + 0.5);
      out[at] = int32_t(std::fmax(-32767, std::fmin(32767, r)));
    });
  }
  void continuousLatents(int node, double* out) const override {
    forEachLatent(nodes_[node], planesOf(nodes_[node]), [&](size_t at, const LatentBlocks& blocks, size_t i) { out[at] = double(blocks.value[i]); });
  }
  void latentGradient(int node, double* out) const override { std::copy(kept_[node].begin(), kept_[node].end(), out); }

  void setContinuousLatents(int node, const double* values) override {
    Node& n = nodes_[node];
    const auto& specs = planesOf(n);
    for (size_t p = 0; p < specs.size(); p++) {
      const int w = specs[p].width, h = specs[p].height;
      fillBlocks(n.latents[p], w, h, real(0), [&](int x, int y) { return real(values[size_t(y) * w + x]); });
      values += size_t(w) * h;
    }
  }

  void prune(double threshold, NodeRange nodes) override {
    for (int n = nodes.first; n < nodes.first + nodes.count; n++)
      for (auto& blocks : nodes_[n].latents) pruneBlocks(blocks, threshold);
  }

 private:
  // Rounds to integers, with a slope of 1.
  static constexpr LatentOptions HARD{};

  // --- sizes -------------------------------------------------------------------------------------------------------
  int planeWidth(int p) const { return p == 0 || !config_.halvedChroma ? config_.width : (config_.width + 1) / 2; }
  int planeHeight(int p) const { return p == 0 || !config_.halvedChroma ? config_.height : (config_.height + 1) / 2; }
  const std::vector<LatentPlaneSpec>& planesOf(const Node& node) const { return config_.planes[node.spec.references]; }

  void addNode(const NodeSpec& spec) {
    nodes_.emplace_back();
    Node& node = nodes_.back();
    node.spec = spec;
    node.latents.resize(planesOf(node).size());
    for (size_t p = 0; p < node.latents.size(); p++) node.latents[p].across = uint32_t(blocksAcross(planesOf(node)[p].width));
  }
  void allocateNode(Node& node) {
    for (int c = 0; c < motionComponents(node.spec); c++) node.gMotion[c].allocate(baker_.motionLevel(0).w, baker_.motionLevel(0).h);
  }
  // What only training needs of a node that others refer to: many segments are begun and not trained.
  void allocateForTraining(Node& node) {
    if (!node.referred || node.kept.allocated()) return;
    node.kept.allocate(baker_);
    for (int p = 0; p < 3; p++) {
      node.gradient[p].resize(team_.threads());
      for (auto& g : node.gradient[p]) g.allocate(planeWidth(p), planeHeight(p));
    }
  }
  void allocateWorkspace() {
    const int threads = team_.threads();
    lentKept_.allocate(baker_);
    gMotion_.resize(threads);
    for (int c = 0; c < MOTION_COMPONENTS; c++) {
      for (auto& components : gMotion_) components[c].allocate(baker_.motionLevel(0).w, baker_.motionLevel(0).h);
      for (int l = 0; l < baker_.motionLevels(); l++) gMotionLevels_[c].emplace_back(baker_.motionLevel(l).w, baker_.motionLevel(l).h);
    }
    threadNetGradient_.assign(threads, std::vector<real>(nets_.count()));
    kept_.resize(nodes_.size());
  }

  // By the samples of a plane, from those by cells; `out` holds them.
  ErrorWeights weightsOf(int plane, const float* cells, std::vector<real>& out) {
    const int w = planeWidth(plane), h = planeHeight(plane), lumaPx = config_.constants.weightCellPx;
    const int across = (config_.width + lumaPx - 1) / lumaPx, cellPx = plane > 0 && config_.halvedChroma ? lumaPx / 2 : lumaPx;
    const size_t stride = roundedUp(size_t(w), LANES);
    if (!cells) {
      out.assign(stride, real(1));
      return {out.data(), 0, h};
    }
    const int rows = (h + cellPx - 1) / cellPx;
    out.assign(stride * rows, real(0));
    for (int y = 0; y < rows; y++)
      for (int x = 0; x < w; x++) out[y * stride + x] = real(cells[size_t(y) * across + x / cellPx]);
    return {out.data(), stride, cellPx};
  }

  void loadNets(const double* nets) {
    nets_.load(nets);
    baker_.setNets(nets_.synthesis(0), nets_.synthesis(1), nets_.filters());
  }

  // --- forward -----------------------------------------------------------------------------------------------------
  LatentRows rows(int node, int plane) const override {
    const LatentBlocks& blocks = nodes_[node].latents[plane];
    const LatentPlaneSpec& spec = planesOf(nodes_[node])[plane];
    return {blocks.blocks, blocks.rounded.data(), spec.width, spec.height, nets_.stepOf(nodes_[node].spec, plane)};
  }

  // Of the learning rate and the noise of a plane.
  double levelFactor(const LatentPlaneSpec& plane) const { return plane.kind == MOTION ? std::pow(config_.constants.motionByLevel, plane.level) : 1; }

  void roundLatents(int index, const LatentOptions& options) {
    auto& planes = nodes_[index].latents;
    overBlocks(nodes_[index], [&](int plane, int block, int thread) {
      PartClock& clock = baker_.scratch(thread).clock;
      clock.start();
      const uint32_t key = hashBits(config_.seed + uint32_t(stepCount_), uint32_t(index), uint32_t(plane));
      roundBlock(planes[plane], block, options.temperature, options.noise * levelFactor(planesOf(nodes_[index])[plane]), key);
      clock.lap(ROUNDING, BLOCK_LATENTS * SOFT_ROUNDING);
    });
  }

  NodePass forward(int index, const LatentOptions& options) {
    roundLatents(index, options);
    return bakeRounded(index);
  }
  NodePass bakeRounded(int index) {
    if (!nodes_[index].referred) lendPicture(index);
    if (nodes_[index].spec.references) baker_.bakeMotion(index, baked_);
    return baker_.bakePicture(index, baked_, keptOf(nodes_[index]));
  }
  // Pictures that nothing refers to share their memory: each is done with before the next one begins.
  void lendPicture(int index) {
    if (lent_ >= 0 && lent_ != index) std::swap(baked_[lent_].picture, baked_[index].picture);
    lent_ = index;
  }
  KeptPlanes keptOf(const Node& node) const { return (node.kept.allocated() ? node.kept : lentKept_).planes(); }

  // Calls body(plane, block, thread) for every active block, shared over the threads.
  template <class Body> void overBlocks(const Node& node, const Body& body) {
    overFixedShares(team_, node.activeBlocks(), BLOCK_LATENTS, 1, [&](int from, int to, int thread) {
      int first = 0;
      for (size_t p = 0; p < node.latents.size() && first < to; p++) {
        const int n = node.latents[p].count();
        for (int b = std::max(0, from - first); b < std::min(n, to - first); b++) body(int(p), b, thread);
        first += n;
      }
    });
  }

  // Of the 8-bit picture that a decoder shows; returns what its errors weigh.
  double measureErrors(int index, int plane, double& squaredError) {
    const Plane& p = baked_[index].picture[plane];
    const uint8_t* first = nodes_[index].source[plane].data();
    const ErrorWeights& weights = nodes_[index].weights[plane];
    std::vector<double> ofRows(p.h), weighted(p.h);
    const vi lane = iota();
    overFixedShares(team_, p.h, p.w, 1, [&](int y0, int y1, int) {
      for (int y = y0; y < y1; y++) {
        const real* weight = weights.row(y);
        vf squares{}, products{};
        for (int x = 0; x < p.w; x += LANES) {
          const vf code = minimum(maximum(roundOf(load(p.row(y) + x) + CODE_OFFSET), splat(0)), splat(MAX_CODE));
          const vf e = select((lane + x) < p.w, code - loadBytes(first + size_t(y) * p.w + x), splat(0));
          squares += e * e;
          products += load(weight + x) * e * e;
        }
        ofRows[y] = sum(squares);
        weighted[y] = sum(products);
      }
    });
    squaredError = std::accumulate(ofRows.begin(), ofRows.end(), 0.0);
    return std::accumulate(weighted.begin(), weighted.end(), 0.0);
  }

  // --- backward ----------------------------------------------------------------------------------------------------
  void clearGradients(Node& node) {
    if (node.referred)
      team_.overShares(team_.threads(), 1, [&](int from, int to, int) {
        for (int p = 0; p < 3; p++)
          for (int t = from; t < to; t++) node.gradient[p][t].clear();
      });
    for (int c = 0; c < motionComponents(node.spec); c++) node.gMotion[c].clear();
  }
  const Plane& gradientByValue(const Node& node, const LatentPlaneSpec& plane) const {
    if (plane.kind == INNOVATION) return adjoint_.byValue(plane.component, plane.level);
    return plane.level == 0 ? node.gMotion[plane.component] : gMotionLevels_[plane.component][plane.level];
  }

  AdjointTask adjointTask(int index, const NodePass& pass, const uint8_t* activity, double weight) {
    Node& node = nodes_[index];
    AdjointTask task{};
    task.pass = pass;
    for (int p = 0; p < 3; p++) {
      task.source[p] = node.source[p].data();
      task.weights[p] = node.weights[p];
      task.filter[p] = baker_.filter(index, p);
      task.factor[p] = real(2 * weight * config_.lossWeights[p]);
      for (const Plane& g : node.gradient[p]) task.received[p].push_back(g);
    }
    if (!node.spec.references) return task;
    task.out.resize(team_.threads());
    for (int t = 0; t < team_.threads(); t++) {
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
  void motionAdjoint(Node& node, const uint8_t* activity) {
    for (int c = 0; c < motionComponents(node.spec); c++) {
      for (auto& components : gMotion_) addScaled(components[c], 1, node.gMotion[c]);
      const int r = c / COMPONENTS_PER_REFERENCE, axis = c % COMPONENTS_PER_REFERENCE, from = axis < 2 ? node.spec.motionNode[r] : -1;
      if (from >= 0 && activity[from])
        addScaled(node.gMotion[c], real(node.spec.motionScale[r]), nodes_[from].gMotion[displacement(node.spec.motionField[r], axis)]);
    }
    team_.overTasks(motionComponents(node.spec), [&](int c) {
      for (int l = 1; l < baker_.motionLevels(); l++) {
        const Plane& finer = l == 1 ? node.gMotion[c] : gMotionLevels_[c][l - 1];
        upsampleAdjoint(alone_, finer, gMotionLevels_[c][l]);
      }
    });
  }

  // Everything that the gradient by a latent consists of is there: its step, and the gradient by the gains.
  void finishLatents(int index, const LatentOptions& options, bool update, std::vector<double>& netGradient) {
    Node& node = nodes_[index];
    const auto& specs = planesOf(node);
    const int threads = team_.threads();
    std::vector<std::vector<double>> byGain(threads, std::vector<double>(specs.size()));
    if (keepGradient_) kept_[index].assign(latentCount(index), 0.0);
    std::vector<size_t> first(specs.size() + 1);
    for (size_t p = 0; p < specs.size(); p++) first[p + 1] = first[p] + size_t(specs[p].width) * specs[p].height;
    std::vector<AdamStep> adam;
    for (const auto& spec : specs) {
      const double rate = spec.kind == MOTION ? options.motionRate : options.latentRate;
      adam.emplace_back(config_.constants.latentAdam, rate * levelFactor(spec), node.visits);
    }
    const vi lane = iota();
    overBlocks(node, [&](int plane, int block, int thread) {
      PartClock& clock = baker_.scratch(thread).clock;
      clock.start();
      LatentBlocks& blocks = node.latents[plane];
      const Plane& byValue = gradientByValue(node, specs[plane]);
      const real step = nets_.stepOf(node.spec, plane);
      const int x0 = blocks.x0(block);
      int y = blocks.y0(block);
      vf gainSum{};
      forEachBlockRow(blocks, block, byValue, [&](real* row, size_t at, int w) {
        const real* rates[MAX_THREADS];
        for (int t = 0; t < threads; t++) rates[t] = rate_.gradient(node, t, plane).row(y) + x0;
        for (int x = 0; x < BLOCK_WIDTH; x += LANES) {
          const vi valid = (lane + x) < w;
          const vf g = select(valid, gradientOfLatents(row, step, rates, threads, x), splat(0));
          gainSum += select(valid, load(row + x) * load(&blocks.rounded[at + x]), splat(0));
          if (update) adamVector(blocks, at + x, g, adam[plane]);
          for (int i = 0; keepGradient_ && i < LANES && x + i < w; i++)
            kept_[index][first[plane] + size_t(y) * specs[plane].width + x0 + x + i] = g[i] * blocks.slope[at + x + i];
        }
        y++;
      });
      byGain[thread][plane] += sum(gainSum);
      clock.lap(OPTIMIZER, BLOCK_LATENTS * ADAM);
    });
    for (size_t p = 0; p < specs.size(); p++)
      for (int t = 0; t < threads; t++) netGradient[nets_.gainIndex(node.spec, specs[p])] += byGain[t][p] * nets_.stepOf(node.spec, int(p)) * LN2;
  }

  void backward(int index, const NodePass& pass, double lambda, const StepActivity& activity, std::vector<double>& netGradient, Cost& cost,
                bool update) {
    Node& node = nodes_[index];
    const double weight = activity.weights[index];
    const AdjointTask task = adjointTask(index, pass, activity.weights, weight);
    const PlaneErrors errors = adjoint_.run(task);
    for (int p = 0; p < 3; p++) cost.distortion += weight * config_.lossWeights[p] * errors.plane[p];
    for (int t = 0; t < team_.threads(); t++) {
      std::vector<real>& gradient = threadNetGradient_[t];
      real* filters[3];
      for (int p = 0; p < 3; p++) filters[p] = gradient.data() + (task.filter[p] - nets_.data());
      adjoint_.addWeightGradients(t, nets_.synthesisIn(gradient, pass.net), filters);
    }
    if (node.spec.references) motionAdjoint(node, activity.weights);
    double nats[2];
    rate_.differentiate(node, weight * lambda * LOG2E, threadNetGradient_, nats);
    cost.bits += weight * (nats[0] + nats[1]) * LOG2E;
    node.visits++;
    finishLatents(index, activity.latents[index], update, netGradient);
  }

  Cost step(const double* nets, const StepOptions& options, const StepActivity& activity, double* netGradient, bool update) {
    loadNets(nets);
    stepCount_++;
    for (auto& g : threadNetGradient_) std::fill(g.begin(), g.end(), real(0));
    std::vector<double> gradient(nets_.count(), 0.0);
    Cost cost;
    const int count = int(nodes_.size());
    // A node that nothing else reads goes forward and backward at once; the others wait for those that read them.
    for (int n = 0; n < count; n++) {
      if (!activity.weights[n]) continue;
      allocateForTraining(nodes_[n]);
      clearGradients(nodes_[n]);
      const NodePass pass = forward(n, activity.latents[n]);
      if (!nodes_[n].referred) backward(n, pass, options.lambda, activity, gradient, cost, update);
    }
    for (int n = count - 1; n >= 0; n--) {
      if (!activity.weights[n] || !nodes_[n].referred) continue;
      const NodePass pass = baker_.preparePass(n, baked_, keptOf(nodes_[n]), 0);
      backward(n, pass, options.lambda, activity, gradient, cost, update);
    }
    for (int i = 0; i < nets_.count(); i++) {
      netGradient[i] = gradient[i];
      for (auto& g : threadNetGradient_) netGradient[i] += g[i];
    }
    return cost;
  }

  SegmentConfig config_;
  RowTeam team_, alone_{1};
  NetWeights nets_;
  std::vector<Node> nodes_;
  std::vector<BakedNode> baked_;
  NodeBaker baker_;
  NodeAdjoint adjoint_;
  RateModel rate_;
  Curvatures curvatures_;
  KeptBuffers lentKept_;  // of nodes that have none of their own
  std::vector<std::array<PlaneBuffer, MOTION_COMPONENTS>> gMotion_;  // by thread
  std::vector<PlaneBuffer> gMotionLevels_[MOTION_COMPONENTS];        // by component and level from 1
  std::vector<std::vector<real>> threadNetGradient_;
  std::vector<std::vector<double>> kept_;  // gradient by the latents, by node
  bool keepGradient_ = false;
  int lent_ = -1;  // the node that has the picture
  int64_t stepCount_ = 0;
};

}  // namespace WEFT_ISA
}  // namespace weft
