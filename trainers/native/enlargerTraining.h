// What the addon sees of the training of enlargers, whatever instruction set it was compiled for.
#pragma once
#include "enlargerLayout.h"

namespace weft {

// Sides of an example in samples of the smaller film: what is read, what is judged. Twins in trainers/enlarger/examples.ts.
constexpr int EXAMPLE_INPUT = 32, EXAMPLE_OUTPUT = 24;
// Outputs for each sample on an axis, and samples on an axis that the splines around them reach.
constexpr int PHASES = 2, SPLINE_REACH = 5;

struct EnlargerBatch {
  const double* values;   // in the order of ENLARGER_TENSORS
  const double* splines;  // (phase, spline, sample from -2 on)
  int count;
  const float* inputs;    // (count, 32, 32): deviations from their means, in units
  const float* targets;   // (count, phase down, phase across, 24, 24): what is missing, in units
};

// Mean squared error over a batch; `gradient` is filled. On the calling thread: a step is done before another thread has woken up.
double enlargerGradient(const EnlargerBatch& batch, double* gradient);

}  // namespace weft
