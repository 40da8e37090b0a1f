// A segment in training: the field's forward pass node by node, its gradient, and the optimizer.
#pragma once
#include <array>
#include "latents.h"
#include "motionGradient.h"
#include "pyramidGradient.h"
#include "synthesisGradient.h"

namespace weft {
namespace WEFT_ISA {

constexpr real UNIT = 32;  // codes
constexpr int MAX_LEVELS = 7;

struct Node {
  NodeSpec spec;
  std::vector<LatentBlocks> latents;  // by plane
  std::vector<uint8_t> source[3];
  PlaneBuffer picture[3];
  std::vector<PlaneBuffer> gradient[3];  // by thread; only where another node refers to this one
  PlaneBuffer motion[5], gMotion[5];
  int visits = 0;
  bool referred = false;
};

// Scratch that one node at a time uses: dense latents, pyramids, synthesis.
struct Workspace {
  std::vector<PlaneBuffer> latent;                   // by plane of the current variant
  std::vector<std::vector<PlaneBuffer>> gLatent;     // by thread, by plane
  std::vector<uint8_t> dirty;
  PlaneBuffer cumulative[MAX_LEVELS];                // luma levels 3 and up, of the remainder
  PlaneBuffer level2[2], level1[3], groups[LUMA_GROUPS], gGroups[LUMA_GROUPS];
  PlaneBuffer chromaCumulative[2][MAX_LEVELS], chromaInputs[4];
  std::vector<std::array<PlaneBuffer, 5>> gMotion;   // by thread
  PlaneBuffer innovation[3], gPicture[3], gInnovation[3], motionCumulative[MAX_LEVELS];
  PlaneBuffer zero;
  const Plane* gGroupPlanes() {
    for (int i = 0; i < LUMA_GROUPS; i++) views_[i] = gGroups[i];
    return views_;
  }

 private:
  Plane views_[LUMA_GROUPS];
};

template <class T> static Plane asPlane(const T& p) { return p; }

class Segment final : public SegmentEngine {
 public:
  explicit Segment(const SegmentConfig& config) : config_(config), pool_(config.threads) {
    layOutGrids();
    for (size_t i = 0; i < config_.nodes.size(); i++) addNode(config_.nodes[i]);
    for (auto& node : nodes_)
      for (int r = 0; r < node.spec.references; r++) nodes_[node.spec.reference[r]].referred = true;
    for (auto& node : nodes_) allocateNode(node);
    allocateWorkspace();
  }

  void setSource(int node, const uint8_t* const planes[3]) override {
    for (int p = 0; p < 3; p++) {
      const size_t n = size_t(planeWidth(p)) * planeHeight(p);
      nodes_[node].source[p].assign(planes[p], planes[p] + n);
    }
  }

  void analyse(const double* nets, double lambda) override;

  Cost train(const StepOptions* options, int steps, const uint8_t* activity, double* nets, double* firstMoment,
             double* secondMoment, const double* netRateScale, int64_t* netSteps) override {
    Cost cost;
    std::vector<double> gradient(config_.layout.count);
    for (int s = 0; s < steps; s++) {
      std::fill(gradient.begin(), gradient.end(), 0.0);
      cost = step(nets, options[s], activity + size_t(s) * nodes_.size(), gradient.data(), true);
      if (options[s].netRate > 0) updateNets(options[s].netRate, gradient, nets, firstMoment, secondMoment, netRateScale, ++*netSteps);
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

  std::vector<NodeCost> evaluate(const double* nets) override {
    loadNets(nets);
    const StepOptions hard{};
    std::vector<NodeCost> costs;
    for (size_t n = 0; n < nodes_.size(); n++) {
      forward(nodes_[n], hard);
      NodeCost cost{};
      for (int p = 0; p < 3; p++) cost.squaredError[p] = squaredError(nodes_[n], p);
      const double toBits = 1 / std::log(2.0);
      double nats[2];
      rate<false>(nodes_[n], 0, nats);
      cost.motionBits = nats[MOTION] * toBits;
      cost.innovationBits = nats[INNOVATION] * toBits;
      costs.push_back(cost);
    }
    return costs;
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
          const real* v = &blocks.value[size_t(b) * BLOCK_SIZE];
          if (std::any_of(v, v + BLOCK_SIZE, [&](real x) { return std::fabs(x) >= threshold; })) blocks.move(b, kept++);
        }
        blocks.truncate(kept);
      }
  }

 private:
  // --- sizes -------------------------------------------------------------------------------------------------------
  int planeWidth(int p) const { return p == 0 || !config_.halvedChroma ? config_.width : (config_.width + 1) / 2; }
  int planeHeight(int p) const { return p == 0 || !config_.halvedChroma ? config_.height : (config_.height + 1) / 2; }
  const std::vector<LatentPlaneSpec>& planesOf(const Node& node) const { return config_.planes[node.spec.references]; }
  static int componentsOf(const Node& node) { return node.spec.references == 0 ? 0 : node.spec.references == 1 ? 2 : 5; }

  void layOutGrids();
  void addNode(const NodeSpec& spec) {
    nodes_.emplace_back();
    Node& node = nodes_.back();
    node.spec = spec;
    node.latents.resize(planesOf(node).size());
  }
  void allocateNode(Node& node) {
    for (int p = 0; p < 3; p++) {
      node.picture[p].allocate(planeWidth(p), planeHeight(p));
      if (!node.referred) continue;
      node.gradient[p].resize(pool_.threads());
      for (auto& g : node.gradient[p]) g.allocate(planeWidth(p), planeHeight(p));
    }
    for (int c = 0; c < componentsOf(node); c++) {
      node.motion[c].allocate(motionLevels_[0].w, motionLevels_[0].h);
      node.gMotion[c].allocate(motionLevels_[0].w, motionLevels_[0].h);
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
        for (int y = 0; y < BLOCK_H; y++)
          for (int x = 0; x < BLOCK_W; x++) {
            const int px = blocks.bx[b] * BLOCK_W + x, py = blocks.by[b] * BLOCK_H + y;
            if (px < w && py < h) use(first + size_t(py) * w + px, blocks, size_t(b) * BLOCK_SIZE + y * BLOCK_W + x);
          }
      first += size_t(w) * h;
    }
  }

  // Makes active every block in which some |value| exceeds the threshold, and fills it.
  template <class Value>
  static void setBlocks(LatentBlocks& blocks, int w, int h, real threshold, const Value& value) {
    blocks.clear();
    for (int by = 0; by * BLOCK_H < h; by++)
      for (int bx = 0; bx * BLOCK_W < w; bx++) {
        const int xe = std::min(w, (bx + 1) * BLOCK_W), ye = std::min(h, (by + 1) * BLOCK_H);
        bool active = false;
        for (int y = by * BLOCK_H; y < ye && !active; y++)
          for (int x = bx * BLOCK_W; x < xe && !active; x++) active = std::fabs(value(x, y)) > threshold;
        if (!active) continue;
        blocks.add(bx, by);
        const size_t first = size_t(blocks.count() - 1) * BLOCK_SIZE;
        for (int y = by * BLOCK_H; y < ye; y++)
          for (int x = bx * BLOCK_W; x < xe; x++)
            blocks.value[first + size_t(y - by * BLOCK_H) * BLOCK_W + (x - bx * BLOCK_W)] = value(x, y);
      }
  }

  // --- nets --------------------------------------------------------------------------------------------------------
  void loadNets(const double* nets) {
    nets_.resize(config_.layout.count);
    for (int i = 0; i < config_.layout.count; i++) nets_[i] = real(nets[i]);
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
  void updateNets(double rate, const std::vector<double>& gradient, double* nets, double* m, double* v, const double* scale,
                  int64_t steps) const {
    const double c1 = 1 / (1 - std::pow(0.9, double(steps))), c2 = 1 / (1 - std::pow(0.99, double(steps)));
    for (int i = 0; i < config_.layout.count; i++) {
      m[i] = 0.9 * m[i] + 0.1 * gradient[i];
      v[i] = 0.99 * v[i] + 0.01 * gradient[i] * gradient[i];
      nets[i] -= rate * scale[i] * c1 * m[i] / (std::sqrt(c2 * v[i]) + 1e-12);
    }
  }

  // --- forward -----------------------------------------------------------------------------------------------------
  void roundLatents(Node& node, const StepOptions& options) {
    auto& planes = node.latents;
    overBlocks(node, [&](int plane, int block, int) {
      const uint32_t key = hashBits(config_.seed + uint32_t(stepCount_), uint32_t(&node - nodes_.data()), uint32_t(plane));
      roundBlock(planes[plane], block, options, key);
    });
  }

  // Calls body(plane, block, thread) for every active block, shared over the threads.
  template <class Body> void overBlocks(const Node& node, const Body& body) {
    int total = 0;
    for (auto& p : node.latents) total += p.count();
    overRows(pool_, total, BLOCK_SIZE, 1, [&](int from, int to, int thread) {
      int first = 0;
      for (size_t p = 0; p < node.latents.size() && first < to; p++) {
        const int n = node.latents[p].count();
        for (int b = std::max(0, from - first); b < std::min(n, to - first); b++) body(int(p), b, thread);
        first += n;
      }
    });
  }

  void fillLatents(const Node& node) {
    for (size_t p = 0; p < node.latents.size(); p++) {
      PlaneBuffer& plane = workspacePlane(node, p);
      if (dirtyOf(node, p)) plane.clear();
      dirtyOf(node, p) = !node.latents[p].empty();
      fillPlane(node.latents[p], plane);
    }
  }
  PlaneBuffer& workspacePlane(const Node& node, size_t plane) { return work_[node.spec.references].latent[plane]; }
  uint8_t& dirtyOf(const Node& node, size_t plane) { return work_[node.spec.references].dirty[plane]; }
  PlaneBuffer& workspaceGradient(const Node& node, int thread, size_t plane) {
    return work_[node.spec.references].gLatent[thread][plane];
  }
  int planeIndex(const Node& node, int kind, int component, int level) const {
    return planeIndex_[node.spec.references][kind][component][level];
  }

  void forward(Node& node, const StepOptions& options) {
    roundLatents(node, options);
    fillLatents(node);
    if (node.spec.references) {
      bakeMotion(node);
      predictPicture(node);
    } else {
      for (auto& p : node.picture) p.clear();
    }
    if (hasInnovation(node)) addInnovation(node);
    for (auto& p : node.picture) extendPlane(p);
  }
  bool hasInnovation(const Node& node) const {
    const auto& specs = planesOf(node);
    for (size_t p = 0; p < specs.size(); p++)
      if (specs[p].kind == INNOVATION && !node.latents[p].empty()) return true;
    return false;
  }

  static void scaleInto(const Plane& in, real gain, const Plane& out, bool accumulate = false) {
    for (int y = 0; y < in.h; y++) {
      const real* a = in.row(y);
      real* o = out.row(y);
      if (accumulate) for (int x = 0; x < in.w; x++) o[x] += gain * a[x];
      else for (int x = 0; x < in.w; x++) o[x] = gain * a[x];
    }
  }
  void scaledLatent(const Node& node, int plane, const Plane& out) {
    const Plane& q = workspacePlane(node, plane);
    const real gain = stepOf(node, plane);
    overRows(pool_, q.h, q.w, 1, [&](int y0, int y1, int) {
      for (int y = y0; y < y1; y++) {
        const real* a = q.row(y);
        real* o = out.row(y);
        for (int x = 0; x < q.w; x++) o[x] = gain * a[x];
      }
    });
  }

  void bakeMotion(Node& node) {
    const int levels = int(motionLevels_.size());
    for (int c = 0; c < componentsOf(node); c++) {
      const int r = c / 2;
      for (int k = levels - 1; k >= 0; k--) {
        const Plane& out = k == 0 ? asPlane(node.motion[c]) : asPlane(s_.motionCumulative[k]);
        scaledLatent(node, planeIndex(node, MOTION, c, k), out);
        if (k < levels - 1) upsample(pool_, s_.motionCumulative[k + 1], out, &out);
      }
      if (c < 4 && node.spec.motionNode[r] >= 0) {
        const Plane& from = nodes_[node.spec.motionNode[r]].motion[2 * node.spec.motionField[r] + c % 2];
        scaleInto(from, real(node.spec.motionScale[r]), node.motion[c], true);
      }
    }
  }

  void referencePlanes(const Node& node, Plane out[3][2]) const {
    for (int p = 0; p < 3; p++)
      for (int r = 0; r < node.spec.references; r++) out[p][r] = nodes_[node.spec.reference[r]].picture[p];
  }
  void predictPicture(Node& node) {
    Plane references[3][2], grids[5], out[3];
    referencePlanes(node, references);
    for (int c = 0; c < componentsOf(node); c++) grids[c] = node.motion[c];
    for (int p = 0; p < 3; p++) out[p] = node.picture[p];
    predict(pool_, references, node.spec.references, grids, config_.halvedChroma, out);
  }

  void lumaPyramid(const Node& node);
  void chromaPyramid(const Node& node);
  void addInnovation(Node& node);

  // --- loss --------------------------------------------------------------------------------------------------------
  // Weight of a squared error in one sample, so that the sum over all planes is pixels * (6 mseY + mseCb + mseCr) / 8.
  double lossWeight(int plane) const {
    if (plane == 0) return 0.75;
    return 0.125 * (double(planeWidth(0)) * planeHeight(0)) / (double(planeWidth(1)) * planeHeight(1));
  }
  // Of the 8-bit picture that a decoder shows.
  double squaredError(const Node& node, int plane) const {
    const Plane& p = node.picture[plane];
    double total = 0;
    for (int y = 0; y < p.h; y++) {
      const uint8_t* source = &node.source[plane][size_t(y) * p.w];
      real rowSum = 0;
      for (int x = 0; x < p.w; x++) {
        const real code = std::fmin(std::fmax(std::floor(p.row(y)[x] + real(128.5)), real(0)), real(255));
        rowSum += (code - real(source[x])) * (code - real(source[x]));
      }
      total += rowSum;
    }
    return total;
  }
  // Writes the gradient by the picture into gPicture (with what later nodes added) and returns the distortion.
  double lossGradient(Node& node, double weight);

  // --- backward ----------------------------------------------------------------------------------------------------
  void foldMargins(const Plane& g) const;
  void clearMargins(const Plane& g) const {
    for (int y = -1; y <= g.h; y++) {
      real* row = g.row(y);
      if (y < 0 || y == g.h) std::memset(row - MARGIN_X, 0, size_t(MARGIN_X + g.w + 36) * sizeof(real));
      for (int k = 1; k <= MARGIN_X; k++) row[-k] = 0;
      for (int k = 0; k < 36; k++) row[g.w + k] = 0;
    }
  }
  void keepLatentGradient(const Node& node) {
    auto& out = kept_[&node - nodes_.data()];
    forEachLatent(int(&node - nodes_.data()), [&](size_t at, const LatentBlocks& blocks, size_t i) {
      const size_t plane = &blocks - node.latents.data(), b = i / BLOCK_SIZE;
      const int x = blocks.bx[b] * BLOCK_W + int(i % BLOCK_W), y = blocks.by[b] * BLOCK_H + int(i % BLOCK_SIZE) / BLOCK_W;
      double g = 0;
      for (int t = 0; t < pool_.threads(); t++) g += workspaceGradient(node, t, plane).row(y)[x];
      out[at] = g * blocks.slope[i];
    });
  }
  void clearGradients(Node& node) {
    for (int p = 0; p < 3; p++)
      for (auto& g : node.gradient[p]) g.clear();
    for (int c = 0; c < componentsOf(node); c++) node.gMotion[c].clear();
  }
  void innovationAdjoint(Node& node, std::vector<double>& netGradient);
  void lumaPyramidAdjoint(const Node& node, std::vector<double>& netGradient);
  void chromaPyramidAdjoint(const Node& node, std::vector<double>& netGradient);
  void motionAdjoint(Node& node, const uint8_t* activity, std::vector<double>& netGradient);
  void latentAdjoint(const Node& node, int plane, const Plane& gValue, std::vector<double>& netGradient);
  template <bool backward> void rate(Node& node, double weight, double nats[2]);
  void flushContext(const ContextAccumulator& acc, const ContextWeights& g) const;
  void backward(Node& node, const StepOptions& options, const uint8_t* activity, double weight, std::vector<double>& netGradient,
                Cost& cost, bool update);
  Cost step(const double* nets, const StepOptions& options, const uint8_t* activity, double* netGradient, bool update);

  // --- analysis ----------------------------------------------------------------------------------------------------
  struct Pyramid {
    std::vector<int> planes;  // indexes of the latent planes, finest first
    std::vector<real> steps;  // what one latent adds at its own grid
  };
  Pyramid pyramidOf(const Node& node, int kind, int component) const;
  void approximate(Node& node, const Pyramid& pyramid, const Plane& target, const Plane* weights, double lambda, real threshold);
  void searchMotion(Node& node, double lambda);
  void matchBlocks(const Node& node, int reference, double lambda, std::vector<float>& dx, std::vector<float>& dy) const;

  SegmentConfig config_;
  RowTeam pool_;
  std::vector<Node> nodes_;
  std::vector<Plane> motionLevels_, lumaLevels_, chromaLevels_;  // sizes only
  int planeIndex_[3][2][5][MAX_LEVELS];
  Workspace s_, work_[3];  // work_: latents by number of references
  std::vector<real> nets_;
  std::vector<std::vector<real>> threadNetGradient_;
  std::vector<std::unique_ptr<ChannelRing>> rings_;
  std::vector<std::vector<double>> kept_;
  bool keepGradient_ = false;
  int64_t stepCount_ = 0;
};

}  // namespace WEFT_ISA
}  // namespace weft
