// Useful floating-point operations of the field's definition, multiply and add counted apart: what speeds are measured by.
#pragma once
#include "loopFilter.h"
#include "synthesis.h"

namespace weft {
namespace WEFT_ISA {

// By sample: weights of both axes (once for planes that share a place), 4x4 taps in two sums, the blend of two references.
constexpr double SAMPLE_WEIGHTS = 24, SAMPLE_TAPS = 40, SAMPLE_BLEND = 3;
// By pixel and component: three weights across; down and the grid's own share of the work are an eighth. A blend's logistic.
constexpr double SPLINE_ACROSS = 6.75, LOGISTIC = 10;
// By sample of the finer plane: six taps down (half of the columns), six across.
constexpr double DOUBLING = 18;
constexpr double HIDDEN_LAYER = 2.0 * HIDDEN_UNITS * (LUMA_INPUTS + 1) + LUMA_INPUTS;
constexpr double CONVOLUTION = 2.0 * CONV_TAPS * CONV_PLANES;
constexpr double CHROMA_SYNTHESIS = 2.0 * (2 * CHROMA_INPUTS + HIDDEN_UNITS * (CHROMA_INPUTS + 2));
// By pixel: differences, clips, sums, weights.
constexpr double LOOP_FILTER = 12.0 * (1 + 3 * CLIP_COUNT) + 2.0 * FILTER_WEIGHTS;

// Of one row: displacements, and samples of planes that share them.
inline double splineOperations(int references, bool light, int width) {
  return width * ((2 * references + (references > 1) + light) * SPLINE_ACROSS + (references > 1 ? LOGISTIC : 0));
}
inline double samplingOperations(int references, int planes, int width) {
  return double(width) * (references * (SAMPLE_WEIGHTS + planes * SAMPLE_TAPS) + (references > 1 ? planes * SAMPLE_BLEND : 0));
}

}  // namespace WEFT_ISA
}  // namespace weft
