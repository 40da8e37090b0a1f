// Useful floating-point operations of the field's definition, multiply and add counted apart: what speeds are measured by.
#pragma once
#include "loopFilter.h"
#include "overlappedPrediction.h"
#include "synthesis.h"

namespace weft {
namespace WEFT_ISA {

// By sample and reference: of each of the four cells around it, four taps across in the rows of a band and those below it, four
// down, and two weights.
constexpr double CELLS_AROUND = 4, TAPS_ACROSS = 2.0 * CUBIC_TAPS * (CELL + CUBIC_TAPS - 1) / CELL, TAPS_DOWN = 2.0 * CUBIC_TAPS, CELL_WEIGHTS = 4;
// By sample of the finer plane: six taps down (half of the columns), six across.
constexpr double DOUBLING = 18;
constexpr double HIDDEN_LAYER = 2.0 * HIDDEN_UNITS * (LUMA_INPUTS + 1) + LUMA_INPUTS;
constexpr double CONVOLUTION = 2.0 * CONV_TAPS * CONV_PLANES;
constexpr double CHROMA_SYNTHESIS = 2.0 * (2 * CHROMA_INPUTS + HIDDEN_UNITS * (CHROMA_INPUTS + 2));
// By pixel: differences, clips, sums, weights.
constexpr double LOOP_FILTER = 12.0 * (1 + 3 * CLIP_COUNT) + 2.0 * FILTER_WEIGHTS;

// Of one row of planes that share their motion.
inline double predictionOperations(int references, int planes, int width) {
  return double(width) * references * planes * CELLS_AROUND * (TAPS_ACROSS + TAPS_DOWN + CELL_WEIGHTS);
}

}  // namespace WEFT_ISA
}  // namespace weft
