// A segment in training: the field's forward pass node by node, its gradient, and the optimizer.
#pragma once
#include <array>
#include <numeric>
#include "latents.h"
#include "nodeAdjoint.h"

namespace weft {
namespace WEFT_ISA {

// The memory of a bake's kept planes.
struct KeptBuffers {
  PlaneBuffer under, unfiltered[3];
  void allocate(const NodeBaker& baker) {
    under.allocate(baker.planeSize(1).w, baker.planeSize(1).h);
    for (int p = 0; p < 3; p++) unfiltered[p].allocate(baker.planeSize(p).w, baker.planeSize(p).h);
  }
  KeptPlanes planes() const { return {under, {unfiltered[0], unfiltered[1], unfiltered[2]}}; }
};

struct Node {
  NodeSpec spec;
  std::vector<LatentBlocks> latents;  // by plane
  std::vector<uint8_t> source[3];
  std::vector<PlaneBuffer> gradient[3];  // by thread; only where another node refers to this one
  PlaneBuffer gMotion[MOTION_COMPONENTS];
  KeptBuffers kept;  // of its own only where another node refers to this one
  int visits = 0;
  bool referred = false;
};

// What the rates of one node's latents are computed in: dense planes of the latents and, by thread, of the gradient by them.
// Gradients are good in active blocks only.
struct RatePlanes {
  std::vector<DenseLatents> latents;
  std::vector<std::vector<PlaneBuffer>> gradients;
};

constexpr int MAX_THREADS = 64;

class Segment final : public SegmentEngine, private LatentSource {
 public:
  explicit Segment(const SegmentConfig& config)
      : config_(config), pool_(std::min(config.threads, MAX_THREADS)), baker_(config_, pool_, *this), adjoint_(config_, pool_, baker_) {
    for (size_t i = 0; i < config_.nodes.size(); i++) addNode(config_.nodes[i]);
    for (auto& node : nodes_)
      for (int r = 0; r < node.spec.references; r++) nodes_[node.spec.reference[r]].referred = true;
    baked_.resize(nodes_.size());
    for (auto& node : nodes_) allocateNode(node);
    allocateWorkspace();
  }

  void setSource(int node, const uint8_t* const planes[3]) override {
    for (int p = 0; p < 3; p++) {
      const size_t n = size_t(planeWidth(p)) * planeHeight(p);
      nodes_[node].source[p].assign(planes[p], planes[p] + n);
      nodes_[node].source[p].resize(n + LANES);
    }
  }

  void analyse(const double* nets, double lambda) override;

  Cost train(const StepOptions* options, int steps, const uint8_t* activity, NetTraining& nets) override {
    Cost cost;
    std::vector<double> gradient(config_.layout.count);
    for (int s = 0; s < steps; s++) {
      std::fill(gradient.begin(), gradient.end(), 0.0);
      cost = step(nets.values, options[s], activity + size_t(s) * nodes_.size(), gradient.data(), true);
      if (options[s].netRate > 0) updateNets(options[s], gradient, nets);
    }
    return cost;
  }

  Cost gradient(const double* nets, const StepOptions& options, double* netGradient) override {
    std::vector<uint8_t> all(nodes_.size(), 1);
    std::fill(netGradient, netGradient + config_.layout.count, 0.0);
    keepGradient_ = true;
    const Cost cost = step(nets, options, all.data(), netGradient, false);
    keepGradient_ = false;
    return cost;
  }

  std::vector<NodeCost> evaluate(const double* nets, int nodes, bool distortion, bool bits) override {
    loadNets(nets);
    const StepOptions hard{};
    const double toBits = 1 / std::log(2.0);
    std::vector<NodeCost> costs;
    for (int n = 0; n < nodes; n++) {
      roundLatents(n, hard);
      NodeCost cost{};
      if (distortion) {
        bake(n);
        for (int p = 0; p < 3; p++) cost.squaredError[p] = squaredError(n, p);
      }
      if (bits) {
        double nats[2];
        rate<false>(nodes_[n], 0, nats);
        cost.motionBits = nats[MOTION] * toBits;
        cost.innovationBits = nats[INNOVATION] * toBits;
      }
      costs.push_back(cost);
    }
    return costs;
  }

  std::vector<PartTime> takePartTimes() override {
    double ticks[PART_COUNT] = {}, operations[PART_COUNT] = {};
    for (int t = 0; t < pool_.threads(); t++) baker_.scratch(t).clock.moveTo(ticks, operations);
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
    forEachLatent(node, [&](size_t at, const LatentBlocks& blocks, size_t i) {
      const double r = std::floor(double(blocks.value[i]) + 0.5);
      out[at] = int32_t(std::fmax(-32767, std::fmin(32767, r)));
    });
  }
  void continuousLatents(int node, double* out) const override {
    forEachLatent(node, [&](size_t at, const LatentBlocks& blocks, size_t i) { out[at] = double(blocks.value[i]); });
  }
  void latentGradient(int node, double* out) const override {
    std::copy(kept_[node].begin(), kept_[node].end(), out);
  }

  void setContinuousLatents(int node, const double* values) override {
    Node& n = nodes_[node];
    const auto& specs = planesOf(n);
    for (size_t p = 0; p < specs.size(); p++) {
      const int w = specs[p].width, h = specs[p].height;
      setBlocks(n.latents[p], w, h, real(0), [&](int x, int y) { return real(values[size_t(y) * w + x]); });
      values += size_t(w) * h;
    }
  }

  void prune(double threshold) override {
    for (auto& node : nodes_)
      for (auto& blocks : node.latents) {
        int kept = 0;
        for (int b = 0; b < blocks.count(); b++) {
          const real* v = &blocks.value[size_t(b) * BLOCK_LATENTS];
          if (std::any_of(v, v + BLOCK_LATENTS, [&](real x) { return std::fabs(x) >= threshold; })) blocks.move(b, kept++);
        }
        blocks.truncate(kept);
      }
  }

 private:
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
    if (!node.referred) return;
    node.kept.allocate(baker_);
    for (int p = 0; p < 3; p++) {
      node.gradient[p].resize(pool_.threads());
      for (auto& g : node.gradient[p]) g.allocate(planeWidth(p), planeHeight(p));
    }
  }
  void allocateWorkspace();

  template <class Use> void forEachLatent(int node, const Use& use) const {
    const Node& n = nodes_[node];
    const auto& specs = planesOf(n);
    size_t first = 0;
    for (size_t p = 0; p < specs.size(); p++) {
      const int w = specs[p].width, h = specs[p].height;
      const LatentBlocks& blocks = n.latents[p];
      for (int b = 0; b < blocks.count(); b++)
        for (int y = 0; y < BLOCK_HEIGHT; y++)
          for (int x = 0; x < BLOCK_WIDTH; x++) {
            const int px = blocks.x0(b) + x, py = blocks.y0(b) + y;
            if (px < w && py < h) use(first + size_t(py) * w + px, blocks, size_t(b) * BLOCK_LATENTS + y * BLOCK_WIDTH + x);
          }
      first += size_t(w) * h;
    }
  }

  // Makes active every block in which some |value| exceeds the threshold, and fills it.
  template <class Value>
  static void setBlocks(LatentBlocks& blocks, int w, int h, real threshold, const Value& value) {
    std::vector<uint32_t> active;
    for (int by = 0; by * BLOCK_HEIGHT < h; by++)
      for (int bx = 0; bx * BLOCK_WIDTH < w; bx++) {
        const int xe = std::min(w, (bx + 1) * BLOCK_WIDTH), ye = std::min(h, (by + 1) * BLOCK_HEIGHT);
        bool any = false;
        for (int y = by * BLOCK_HEIGHT; y < ye && !any; y++)
          for (int x = bx * BLOCK_WIDTH; x < xe && !any; x++) any = std::fabs(value(x, y)) > threshold;
        if (any) active.push_back(uint32_t(by) * blocks.across + uint32_t(bx));
      }
    blocks.assign(active);
    for (int b = 0; b < blocks.count(); b++)
      for (int y = 0; y < BLOCK_HEIGHT && blocks.y0(b) + y < h; y++)
        for (int x = 0; x < BLOCK_WIDTH && blocks.x0(b) + x < w; x++)
          blocks.value[size_t(b) * BLOCK_LATENTS + size_t(y) * BLOCK_WIDTH + x] = value(blocks.x0(b) + x, blocks.y0(b) + y);
  }

  // --- nets --------------------------------------------------------------------------------------------------------
  void loadNets(const double* nets) {
    nets_.resize(config_.layout.count);
    for (int i = 0; i < config_.layout.count; i++) nets_[i] = real(nets[i]);
    baker_.setNets(synthesisWeights(nets_, 0), synthesisWeights(nets_, 1), nets_.data() + config_.layout.filters);
  }
  ContextWeights contextWeights(std::vector<real>& values, const LatentPlaneSpec& plane, int depth) const {
    const auto& c = config_.layout.context[plane.net];
    real* v = values.data();
    return {v + c.w1, v + c.b1, v + c.w2, v + c.linear, v + c.bias + 2 * plane.biasRow,
            c.depth < 0 ? nullptr : v + c.depth + 2 * std::min(depth, 4)};
  }
  SynthesisWeights synthesisWeights(std::vector<real>& values, int net) const {
    const auto& s = config_.layout.synthesis[net];
    real* v = values.data();
    return {v + s.w1, v + s.b1, v + s.conv, v + s.chromaW1, v + s.chromaB1, v + s.chromaW2, v + s.chromaLinear};
  }
  int gainIndex(const Node& node, const LatentPlaneSpec& plane) const {
    if (plane.kind == MOTION) return config_.layout.motionGain + plane.component * 4 + plane.level;
    return config_.layout.synthesis[node.spec.references ? 1 : 0].gain + plane.component * MAX_LEVELS + plane.level;
  }
  // Value of one latent: units (innovation), pixels or logits (motion).
  real stepOf(const Node& node, int plane) const {
    const auto& specs = planesOf(node);
    const double depth = specs[plane].kind == INNOVATION ? config_.depthScale[std::min(node.spec.depth, 4)] : 1;
    return real(config_.steps[node.spec.references][plane] * depth) * std::exp2(nets_[gainIndex(node, specs[plane])]);
  }
  // Adam, then its proximal half for the bits of the nets: a value pays about log2(1 + |distance| / firstBit) bits for its
  // distance from the prior, which leaves at the prior what does not pay for its bits.
  void updateNets(const StepOptions& options, const std::vector<double>& gradient, NetTraining& nets) const {
    nets.steps++;
    const double c1 = 1 / (1 - std::pow(0.9, double(nets.steps))), c2 = 1 / (1 - std::pow(0.99, double(nets.steps)));
    const double lambda = options.netLambda / std::log(2.0);
    for (int i = 0; i < config_.layout.count; i++) {
      double &m = nets.firstMoment[i], &v = nets.secondMoment[i];
      m = 0.9 * m + 0.1 * gradient[i];
      v = 0.99 * v + 0.01 * gradient[i] * gradient[i];
      const double rate = options.netRate * nets.rateScale[i] / (std::sqrt(c2 * v) + 1e-12);
      const double distance = nets.values[i] - rate * c1 * m - nets.prior[i], size = std::fabs(distance);
      const double pull = rate * lambda / (nets.firstBit[i] + size);
      nets.values[i] = nets.prior[i] + std::copysign(std::fmax(0.0, size - pull), distance);
    }
  }

  // --- forward -----------------------------------------------------------------------------------------------------
  LatentRows rows(int node, int plane) const override {
    const LatentBlocks& blocks = nodes_[node].latents[plane];
    const LatentPlaneSpec& spec = planesOf(nodes_[node])[plane];
    return {blocks.blocks, blocks.rounded.data(), spec.width, spec.height, stepOf(nodes_[node], plane)};
  }

  void roundLatents(int index, const StepOptions& options) {
    auto& planes = nodes_[index].latents;
    overBlocks(nodes_[index], [&](int plane, int block, int thread) {
      PartClock& clock = baker_.scratch(thread).clock;
      clock.start();
      const uint32_t key = hashBits(config_.seed + uint32_t(stepCount_), uint32_t(index), uint32_t(plane));
      roundBlock(planes[plane], block, options, key);
      clock.lap(ROUNDING, BLOCK_LATENTS * SOFT_ROUNDING);
    });
  }

  NodePass forward(int index, const StepOptions& options) {
    roundLatents(index, options);
    return bake(index);
  }
  NodePass bake(int index) {
    if (!nodes_[index].referred) lendPicture(index);
    if (nodes_[index].spec.references) baker_.bakeMotion(index, baked_);
    return baker_.bakePicture(index, baked_, keptOf(nodes_[index]));
  }
  // Pictures that nothing refers to share their memory: each is done with before the next one begins.
  void lendPicture(int index) {
    if (lent_ >= 0 && lent_ != index) std::swap(baked_[lent_].picture, baked_[index].picture);
    lent_ = index;
  }
  KeptPlanes keptOf(const Node& node) const { return (node.referred ? node.kept : lentKept_).planes(); }

  // Calls body(plane, block, thread) for every active block, shared over the threads.
  template <class Body> void overBlocks(const Node& node, const Body& body) {
    int total = 0;
    for (auto& p : node.latents) total += p.count();
    overRows(pool_, total, BLOCK_LATENTS, 1, [&](int from, int to, int thread) {
      int first = 0;
      for (size_t p = 0; p < node.latents.size() && first < to; p++) {
        const int n = node.latents[p].count();
        for (int b = std::max(0, from - first); b < std::min(n, to - first); b++) body(int(p), b, thread);
        first += n;
      }
    });
  }

  // --- loss --------------------------------------------------------------------------------------------------------
  // Of the 8-bit picture that a decoder shows.
  double squaredError(int index, int plane) {
    const Plane& p = baked_[index].picture[plane];
    const uint8_t* first = nodes_[index].source[plane].data();
    std::vector<double> ofRows(p.h);
    const vi lane = iota();
    overRows(pool_, p.h, p.w, 1, [&](int y0, int y1, int) {
      for (int y = y0; y < y1; y++) {
        vf squares{};
        for (int x = 0; x < p.w; x += LANES) {
          const vf code = minimum(maximum(roundOf(load(p.row(y) + x) + 128), splat(0)), splat(255));
          const vf e = select((lane + x) < p.w, code - loadBytes(first + size_t(y) * p.w + x), splat(0));
          squares += e * e;
        }
        ofRows[y] = sum(squares);
      }
    });
    return std::accumulate(ofRows.begin(), ofRows.end(), 0.0);
  }

  // --- backward ----------------------------------------------------------------------------------------------------
  void clearGradients(Node& node) {
    if (node.referred)
      pool_.overShares(pool_.threads(), 1, [&](int from, int to, int) {
        for (int p = 0; p < 3; p++)
          for (int t = from; t < to; t++) node.gradient[p][t].clear();
      });
    for (int c = 0; c < motionComponents(node.spec); c++) node.gMotion[c].clear();
  }
  AdjointTask adjointTask(int index, const NodePass& pass, const uint8_t* activity, double weight);
  void motionAdjoint(Node& node, const uint8_t* activity);
  const Plane& gradientByValue(const Node& node, const LatentPlaneSpec& plane) const {
    if (plane.kind == INNOVATION) return adjoint_.byValue(plane.component, plane.level);
    return plane.level == 0 ? node.gMotion[plane.component] : gMotionLevels_[plane.component][plane.level];
  }
  template <bool backward> void rate(Node& node, double weight, double nats[2]);
  void clearRateGradients(const Node& node, int thread);
  void finishLatents(int index, const StepOptions& options, bool update, std::vector<double>& netGradient);
  void backward(int index, const NodePass& pass, const StepOptions& options, const uint8_t* activity, double weight,
                std::vector<double>& netGradient, Cost& cost, bool update);
  Cost step(const double* nets, const StepOptions& options, const uint8_t* activity, double* netGradient, bool update);

  // --- analysis ----------------------------------------------------------------------------------------------------
  struct Pyramid {
    std::vector<int> planes;  // indexes of the latent planes, finest first
    std::vector<real> steps;  // what one latent adds at its own grid
  };
  Pyramid pyramidOf(const Node& node, int kind, int component) const;
  void approximate(Node& node, const Pyramid& pyramid, const Plane& target, const Plane* weights, double lambda, real threshold);
  void searchMotion(int index, double lambda);
  bool searchLight(int index, double lambda);
  void matchBlocks(const Node& node, int reference, double lambda, std::vector<float>& dx, std::vector<float>& dy) const;

  SegmentConfig config_;
  RowTeam pool_, alone_{1};
  std::vector<Node> nodes_;
  std::vector<BakedNode> baked_;
  std::vector<real> nets_;
  NodeBaker baker_;
  NodeAdjoint adjoint_;
  RatePlanes rates_[3];  // by number of references
  PlaneBuffer zero_;
  KeptBuffers lentKept_;  // of nodes that nothing refers to
  std::vector<std::array<PlaneBuffer, MOTION_COMPONENTS>> gMotion_;  // by thread
  std::vector<PlaneBuffer> gMotionLevels_[MOTION_COMPONENTS];        // by component and level from 1
  std::vector<std::vector<real>> threadNetGradient_;
  std::vector<std::vector<double>> kept_;
  bool keepGradient_ = false;
  int lent_ = -1;  // the node that has the picture
  int64_t stepCount_ = 0;
};

}  // namespace WEFT_ISA
}  // namespace weft
