// The nets in training as the field reads them: weights by name, and the quantization steps that their gains scale.
#pragma once
#include <algorithm>
#include <cmath>
#include "contextGradient.h"
#include "nodeBake.h"
#include "trainingSegment.h"

namespace weft {
namespace WEFT_ISA {

class NetWeights {
 public:
  // The configuration must outlive this.
  explicit NetWeights(const SegmentConfig& config) : config_(config), values_(config.layout.count) {}

  // Takes all values, in the layout's order.
  void load(const double* nets) {
    for (int i = 0; i < count(); i++) values_[i] = real(nets[i]);
  }
  int count() const { return config_.layout.count; }
  real* data() { return values_.data(); }
  const real* data() const { return values_.data(); }

  // Weights of a net in these values, or their gradients in `values` of the same layout.
  ContextWeights context(const LatentPlaneSpec& plane, int depth) { return contextIn(values_, plane, depth); }
  ContextWeights contextIn(std::vector<real>& values, const LatentPlaneSpec& plane, int depth) const {
    const auto& c = config_.layout.context[plane.net];
    real* v = values.data();
    return {v + c.w1, v + c.b1, v + c.w2, v + c.linear, v + c.bias + 2 * plane.biasRow,
            c.depth < 0 ? nullptr : v + c.depth + 2 * std::min(depth, DEPTH_ROWS - 1)};
  }
  SynthesisWeights synthesis(int net) { return synthesisIn(values_, net); }
  SynthesisWeights synthesisIn(std::vector<real>& values, int net) const {
    const auto& s = config_.layout.synthesis[net];
    real* v = values.data();
    return {v + s.w1, v + s.b1, v + s.conv, v + s.chromaW1, v + s.chromaB1, v + s.chromaW2, v + s.chromaLinear};
  }
  const real* filters() const { return values_.data() + config_.layout.filters; }

  // Place of the gain of a plane.
  int gainIndex(const NodeSpec& node, const LatentPlaneSpec& plane) const {
    if (plane.kind == MOTION) return config_.layout.motionGain + plane.component * MAX_MOTION_LEVELS + plane.level;
    return config_.layout.synthesis[node.references ? 1 : 0].gain + plane.component * MAX_LEVELS + plane.level;
  }
  // Value of one latent: units (innovation), pixels or logits (motion).
  real stepOf(const NodeSpec& node, int plane) const {
    const LatentPlaneSpec& spec = config_.planes[node.references][plane];
    const double depth = spec.kind == INNOVATION ? config_.depthScale[std::min(node.depth, DEPTH_ROWS - 1)] : 1;
    return real(config_.steps[node.references][plane] * depth) * std::exp2(values_[gainIndex(node, spec)]);
  }

 private:
  const SegmentConfig& config_;
  std::vector<real> values_;
};

}  // namespace WEFT_ISA
}  // namespace weft
