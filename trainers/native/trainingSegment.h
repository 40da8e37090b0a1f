// What the addon sees of a training engine, whatever instruction set it was compiled for.
#pragma once
#include <memory>
#include <string>
#include "fieldSpec.h"
#include "partClock.h"
#include "trainingConstants.h"

namespace weft {

// Places of the net tensors in the flat array of weights (runtime/field/tensors.ts); -1: absent.
struct NetLayout {
  struct Context { int w1, b1, w2, linear, bias, depth; } context[3];
  struct Synthesis { int w1, b1, conv, chromaW1, chromaB1, chromaW2, chromaLinear, gain; } synthesis[2];
  int motionGain, filters, count;
};

struct SegmentConfig : FieldSpec {
  std::vector<double> steps[3];            // by number of references: quantization step of each plane at depth offset 0
  double depthScale[5];                    // factor on innovation steps by depth
  double lossWeights[3];                   // of a squared error in one sample, by plane
  NetLayout layout;
  EngineConstants constants;
  int threads;
  uint32_t seed;
};

// Hyperparameters of one training step; from trainers/trainingStep.ts.
struct StepOptions {
  double lambda;            // squared 8-bit codes per bit, per luma pixel
  double netRate;
  double netLambda;         // squared 8-bit codes per bit of the nets, in the loss of this step
};

// How the latents of one node are trained in one step; as they lie in StepActivity.latents.
struct LatentOptions {
  double temperature;       // of the soft rounding; 0: hard rounding with slope 1
  double noise;             // standard deviation, in quantizer steps
  double latentRate, motionRate;
};

// Which nodes some steps visit, and how: shape (steps, nodes).
struct StepActivity {
  const uint8_t* weights;   // 0: a constant; else the node's weight in the loss
  const LatentOptions* latents;
};

// Some nodes, in coding order.
struct NodeRange {
  int first, count;
};

// The nets in training and the state of their optimizer, shared by the segments of a film; by value, in the layout's order.
struct NetTraining {
  double *values, *firstMoment, *secondMoment;
  const double *rateScale;  // of the step's netRate
  const double *prior;      // what the file codes values against
  const double *firstBit;   // distance from the prior that costs the first bit
  int64_t steps;            // taken so far
};

struct Cost {
  double distortion = 0;  // weighted squared error summed over luma pixels' worth of samples
  double bits = 0;
};

struct NodeCost {
  double squaredError[3];  // by plane, in squared codes
  double distortion;       // as in Cost
  double innovationBits, motionBits;
};

// One segment in training.
class TrainingSegment {
 public:
  virtual ~TrainingSegment() = default;
  // Hands over the source of one node: tightly packed 8-bit planes, and what squared errors weigh by cells of constants.weightCellPx
  // luma samples, row by row; none: 1.
  virtual void setSource(int node, const uint8_t* const planes[3], const float* weights) = 0;
  // Motion search and sparse approximation of some nodes; those before them that they are predicted from are baked.
  virtual void analyse(const double* nets, double lambda, NodeRange nodes) = 0;
  // Bakes nodes with rounded latents.
  virtual void bake(const double* nets, const std::vector<int>& nodes) = 0;
  virtual Cost train(const StepOptions* options, int steps, StepActivity activity, NetTraining& nets) = 0;
  // Cost of the first nodes with latents rounded; none of them needs a later one. What is not asked for is zero.
  virtual std::vector<NodeCost> evaluate(const double* nets, int nodes, bool distortion, bool bits) = 0;
  // What the parts of evaluations and steps took since the last call: seconds summed over threads, and useful operations.
  virtual std::vector<PartTime> takePartTimes() = 0;
  // Loss and gradients with everything switched on and without update, for tests and for other engines.
  virtual Cost gradient(const double* nets, const StepOptions& options, const LatentOptions& latents, double* netGradient) = 0;
  virtual int latentCount(int node) const = 0;
  virtual void latents(int node, int32_t* out) const = 0;            // rounded, planes in coding order
  virtual void continuousLatents(int node, double* out) const = 0;   // as they are in training
  virtual void setContinuousLatents(int node, const double* values) = 0;  // blocks of zeros become inactive
  virtual void latentGradient(int node, double* out) const = 0;      // of the last gradient()
  // Gives up blocks of some nodes in which no |value| reaches the threshold.
  virtual void prune(double threshold, NodeRange nodes) = 0;
};

// Best time and useful operations of one run of a kernel.
struct KernelResult : PartTime {
  double error;  // largest error against the plain definition, relative to the largest value
};

// Times every kernel of the training step on fresh random input, each for so many seconds.
std::vector<KernelResult> benchKernels(uint32_t seed, double seconds);
// Operations a second of multiply-adds that depend on nothing, on one thread.
double peakOperations(double seconds);

// In the instruction set and the precision that this addon was built for.
std::unique_ptr<TrainingSegment> makeTrainingSegment(const SegmentConfig&);

}  // namespace weft
