// Loss and gradient of an enlarger at twice the size (reference: runtime/reference/enlarger.ts). All convolutions are valid ones:
// an example brings the samples around what it is judged by.
#pragma once
#include <algorithm>
#include <vector>
#include "enlargerTraining.h"
#include "plane.h"

namespace weft {
namespace WEFT_ISA {

constexpr int HIDDEN_EDGE = EXAMPLE_INPUT - (ENLARGER_SIDE - 1), FEATURE_EDGE = HIDDEN_EDGE - (ENLARGER_SIDE - 1);
static_assert(EXAMPLE_OUTPUT == FEATURE_EDGE - (SPLINE_REACH - 1) && FEATURE_EDGE == EXAMPLE_INPUT - (ENLARGER_LINEAR_SIDE - 1), "sides of an example");

// Square planes of one size with zeros around them, so that kernels may read past every edge.
class PlaneStack {
 public:
  PlaneStack(int count, int edge) : edge(edge), samples_(size_t(count) * PLANE) {}
  real* row(int plane, int y) { return &samples_[size_t(plane) * PLANE + size_t(y + PAD) * STRIDE + LEFT]; }
  const real* row(int plane, int y) const { return const_cast<PlaneStack*>(this)->row(plane, y); }
  const int edge;

 private:
  static constexpr int PAD = SPLINE_REACH - 1, LEFT = 16, STRIDE = LEFT + EXAMPLE_INPUT + 16, PLANE = (EXAMPLE_INPUT + 2 * PAD) * STRIDE;
  static_assert(EXAMPLE_INPUT % LANES == 0 && PAD <= 16, "whole vectors within a row");
  std::vector<real> samples_;
};

// A convolution: weights (outputs, inputs, side, side).
struct Convolution {
  int inputs, outputs, side;
};
// Outputs that are computed at a time.
constexpr int TOGETHER = 8;

// out[o][y][x] = bias[o] + sum of w[o][c][r][s] in[c][y + r][x + s]; columns behind the edge are undefined.
static inline void convolve(const Convolution& conv, const real* w, const real* bias, const PlaneStack& in, PlaneStack& out, int firstOut = 0) {
  const int taps = conv.side * conv.side, each = conv.inputs * taps;
  for (int o = 0; o < conv.outputs; o += TOGETHER) {
    const int some = std::min(TOGETHER, conv.outputs - o);
    for (int y = 0; y < out.edge; y++)
      for (int x = 0; x < out.edge; x += LANES) {
        vf sum[TOGETHER];
        for (int i = 0; i < TOGETHER; i++) sum[i] = splat(bias && i < some ? bias[o + i] : 0);
        for (int c = 0; c < conv.inputs; c++)
          for (int t = 0; t < taps; t++) {
            const vf v = loadOnce(in.row(c, y + t / conv.side) + x + t % conv.side);
            const real* weight = w + size_t(o) * each + c * taps + t;
            for (int i = 0; i < some; i++) sum[i] += weight[i * each] * v;
          }
        for (int i = 0; i < some; i++) store(out.row(firstOut + o + i, y) + x, sum[i]);
      }
  }
}

// dIn[c][y][x] += sum of w[o][c][r][s] dOut[o][y - r][x - s]; dOut must be zero around its edge.
static inline void convolveBack(const Convolution& conv, const real* w, const PlaneStack& dOut, PlaneStack& dIn, int firstOut = 0) {
  const int taps = conv.side * conv.side;
  for (int c = 0; c < conv.inputs; c += TOGETHER) {
    const int some = std::min(TOGETHER, conv.inputs - c);
    for (int y = 0; y < dIn.edge; y++)
      for (int x = 0; x < dIn.edge; x += LANES) {
        vf sum[TOGETHER];
        for (int i = 0; i < some; i++) sum[i] = load(dIn.row(c + i, y) + x);
        for (int o = 0; o < conv.outputs; o++)
          for (int t = 0; t < taps; t++) {
            const vf v = loadOnce(dOut.row(firstOut + o, y - t / conv.side) + x - t % conv.side);
            const real* weight = w + (size_t(o) * conv.inputs + c) * taps + t;
            for (int i = 0; i < some; i++) sum[i] += weight[i * taps] * v;
          }
        for (int i = 0; i < some; i++) store(dIn.row(c + i, y) + x, sum[i]);
      }
  }
}

// dW[o][c][r][s] += sum of dOut[o][y][x] in[c][y + r][x + s], and dBias[o] += sum of dOut[o].
static inline void weightGradient(const Convolution& conv, const PlaneStack& in, const PlaneStack& dOut, real* dW, real* dBias, int firstOut = 0) {
  const int taps = conv.side * conv.side, each = conv.inputs * taps;
  for (int o = 0; o < conv.outputs; o += TOGETHER) {
    const int some = std::min(TOGETHER, conv.outputs - o);
    for (int c = 0; c < conv.inputs; c++)
      for (int t = 0; t < taps; t++) {
        vf total[TOGETHER]{};
        for (int y = 0; y < dOut.edge; y++)
          for (int x = 0; x < dOut.edge; x += LANES) {
            const vf v = loadOnce(in.row(c, y + t / conv.side) + x + t % conv.side);
            for (int i = 0; i < some; i++) total[i] += load(dOut.row(firstOut + o + i, y) + x) * v;
          }
        for (int i = 0; i < some; i++) dW[size_t(o + i) * each + c * taps + t] += sum(total[i]);
      }
    for (int i = 0; dBias && i < some; i++)
      for (int y = 0; y < dOut.edge; y++)
        for (int x = 0; x < dOut.edge; x++) dBias[o + i] += dOut.row(firstOut + o + i, y)[x];
  }
}

// Weights as the passes want them.
class EnlargerNet : public EnlargerLayout {
 public:
  static constexpr Convolution FIRST{1, ENLARGER_CHANNELS, ENLARGER_SIDE}, SECOND{ENLARGER_CHANNELS, ENLARGER_CHANNELS, ENLARGER_SIDE},
      STRAIGHT{1, ENLARGER_LINEAR, ENLARGER_LINEAR_SIDE}, HEAD{ENLARGER_FEATURES, PHASES * PHASES, SPLINE_REACH};
  static constexpr int HEAD_COUNT = ENLARGER_FEATURES * PHASES * PHASES * SPLINE_REACH * SPLINE_REACH;

  EnlargerNet(const double* given, const double* splines) : splines_(splines), values(given, given + COUNT), head(HEAD_COUNT) {
    eachHeadWeight([&](int at, int kernel, real weight) { head[at] += weight * values[KERNELS + kernel]; });
  }
  // Adds the gradient by the kernels, from that by the head's weights.
  void addKernelGradient(const real* dHead, real* gradient) const {
    eachHeadWeight([&](int at, int kernel, real weight) { gradient[KERNELS + kernel] += weight * dHead[at]; });
  }

 private:
  // The head says an output of each phase from the features around it: the splines there, weighed by the kernels.
  template <class Use> void eachHeadWeight(const Use& use) const {
    for (int a = 0; a < PHASES; a++)
      for (int b = 0; b < PHASES; b++)
        for (int k = 0; k < ENLARGER_FEATURES; k++)
          for (int i = 0; i < SPLINES; i++)
            for (int j = 0; j < SPLINES; j++)
              for (int r = 0; r < SPLINE_REACH; r++)
                for (int s = 0; s < SPLINE_REACH; s++) {
                  const double weight = splines_[(a * SPLINES + i) * SPLINE_REACH + r] * splines_[(b * SPLINES + j) * SPLINE_REACH + s];
                  if (weight != 0) use((((a * PHASES + b) * ENLARGER_FEATURES + k) * SPLINE_REACH + r) * SPLINE_REACH + s, (k * SPLINES + i) * SPLINES + j, real(weight));
                }
  }
  const double* splines_;

 public:
  const std::vector<real> values;
  std::vector<real> head;
};

// One example after the other, forward and back.
class EnlargerPass {
 public:
  // input: (32, 32); target: (phases down, phases across, 24, 24). Returns the sum of squared errors; adds half of its gradient,
  // and by the head's weights.
  double run(const EnlargerNet& net, const float* input, const float* target, real* gradient, real* headGradient) {
    const real* w = net.values.data();
    for (int y = 0; y < EXAMPLE_INPUT; y++) std::copy(input + y * EXAMPLE_INPUT, input + (y + 1) * EXAMPLE_INPUT, input_.row(0, y));
    convolve(EnlargerNet::FIRST, w + EnlargerNet::HIDDEN, w + EnlargerNet::HIDDEN_BIAS, input_, hidden_);
    rectify(hidden_, ENLARGER_CHANNELS);
    convolve(EnlargerNet::SECOND, w + EnlargerNet::MIXED, w + EnlargerNet::MIXED_BIAS, hidden_, features_);
    rectify(features_, ENLARGER_CHANNELS);
    convolve(EnlargerNet::STRAIGHT, w + EnlargerNet::LINEAR, nullptr, input_, features_, ENLARGER_CHANNELS);
    convolve(EnlargerNet::HEAD, net.head.data(), nullptr, features_, errors_);
    double squares = 0;
    for (int p = 0; p < PHASES * PHASES; p++) {
      vf ofPhase{};
      for (int y = 0; y < EXAMPLE_OUTPUT; y++, target += EXAMPLE_OUTPUT) {
        real* row = errors_.row(p, y);
        for (int x = 0; x < EXAMPLE_OUTPUT; x++) row[x] -= target[x];
        std::fill(row + EXAMPLE_OUTPUT, row + EXAMPLE_INPUT, real(0));
        for (int x = 0; x < EXAMPLE_INPUT; x += LANES) ofPhase += load(row + x) * load(row + x);
      }
      squares += sum(ofPhase);
    }
    weightGradient(EnlargerNet::HEAD, features_, errors_, headGradient, nullptr);
    clear(dFeatures_, ENLARGER_FEATURES);
    convolveBack(EnlargerNet::HEAD, net.head.data(), errors_, dFeatures_);
    weightGradient(EnlargerNet::STRAIGHT, input_, dFeatures_, gradient + EnlargerNet::LINEAR, nullptr, ENLARGER_CHANNELS);
    rectifyBack(features_, dFeatures_, ENLARGER_CHANNELS);
    weightGradient(EnlargerNet::SECOND, hidden_, dFeatures_, gradient + EnlargerNet::MIXED, gradient + EnlargerNet::MIXED_BIAS);
    clear(dHidden_, ENLARGER_CHANNELS);
    convolveBack(EnlargerNet::SECOND, w + EnlargerNet::MIXED, dFeatures_, dHidden_);
    rectifyBack(hidden_, dHidden_, ENLARGER_CHANNELS);
    weightGradient(EnlargerNet::FIRST, input_, dHidden_, gradient + EnlargerNet::HIDDEN, gradient + EnlargerNet::HIDDEN_BIAS);
    return squares;
  }

 private:
  static void rectify(PlaneStack& planes, int count) {
    eachVector(planes, count, [](real* v) { store(v, maximum(load(v), vf{})); });
  }
  static void clear(PlaneStack& planes, int count) {
    eachVector(planes, count, [](real* v) { store(v, vf{}); });
  }
  // Zero where nothing came through; behind the edge too.
  static void rectifyBack(const PlaneStack& planes, PlaneStack& gradients, int count) {
    for (int p = 0; p < count; p++)
      for (int y = 0; y < planes.edge; y++)
        for (int x = 0; x < EXAMPLE_INPUT; x += LANES) {
          const vi within = (iota() + x) < planes.edge;
          real* gradient = gradients.row(p, y) + x;
          store(gradient, select(within & (load(planes.row(p, y) + x) > splat(0)), load(gradient), splat(0)));
        }
  }
  template <class Use> static void eachVector(PlaneStack& planes, int count, const Use& use) {
    for (int p = 0; p < count; p++)
      for (int y = 0; y < planes.edge; y++)
        for (int x = 0; x < EXAMPLE_INPUT; x += LANES) use(planes.row(p, y) + x);
  }

  PlaneStack input_{1, EXAMPLE_INPUT}, hidden_{ENLARGER_CHANNELS, HIDDEN_EDGE}, dHidden_{ENLARGER_CHANNELS, HIDDEN_EDGE};
  PlaneStack features_{ENLARGER_FEATURES, FEATURE_EDGE}, dFeatures_{ENLARGER_FEATURES, FEATURE_EDGE};
  PlaneStack errors_{PHASES * PHASES, EXAMPLE_OUTPUT};
};

static inline double gradientOfEnlarger(const EnlargerBatch& batch, double* gradient) {
  const EnlargerNet net(batch.values, batch.splines);
  // Kept from step to step: it is larger than what there is to compute on it would be worth fetching for.
  thread_local EnlargerPass pass;
  std::vector<real> half(EnlargerNet::COUNT), byHead(EnlargerNet::HEAD_COUNT);
  const size_t inputs = EXAMPLE_INPUT * EXAMPLE_INPUT, outputs = PHASES * PHASES * EXAMPLE_OUTPUT * EXAMPLE_OUTPUT;
  double squares = 0;
  for (size_t i = 0; i < size_t(batch.count); i++)
    squares += pass.run(net, batch.inputs + i * inputs, batch.targets + i * outputs, half.data(), byHead.data());
  net.addKernelGradient(byHead.data(), half.data());
  const double all = double(batch.count) * outputs;
  for (int i = 0; i < EnlargerNet::COUNT; i++) gradient[i] = 2 / all * double(half[i]);
  return squares / all;
}

}  // namespace WEFT_ISA
}  // namespace weft
