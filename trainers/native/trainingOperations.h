// Useful floating-point operations of the gradients and of the rate; see operations.h of the runtime.
#pragma once
#include "contextGradient.h"
#include "operations.h"

namespace weft {
namespace WEFT_ISA {

// By sample and cell: slopes across, value and both derivatives down, products with the gradient and sums by row of cells; taps and
// weights back to the reference.
constexpr double PREDICTION_DERIVATIVES = 2 * TAPS_ACROSS + 3 * TAPS_DOWN + 9, PREDICTION_SCATTER = TAPS_ACROSS + TAPS_DOWN + 2;
// Gradients by weights and by inputs.
constexpr double CONVOLUTION_GRADIENT = 2 * CONVOLUTION;
constexpr double HIDDEN_GRADIENT = 2.0 * HIDDEN_UNITS * (2 * LUMA_INPUTS + 1);
constexpr double CHROMA_GRADIENT = 2 * CHROMA_SYNTHESIS;
// By latent: sums of neighbours and their logarithms, the network, the code length.
constexpr double CONTEXT_SUMS = 36 + 6 * 16, CONTEXT_NETWORK = 2.0 * (HIDDEN_UNITS * (CONTEXT_INPUTS + 3) + 2 * CONTEXT_INPUTS + 2);
constexpr double CODE_LENGTH = 90;
constexpr double CONTEXT_GRADIENT = CONTEXT_SUMS + 3 * CONTEXT_NETWORK + CODE_LENGTH + 60;
constexpr double SOFT_ROUNDING = 2 * 24, ADAM = 16;
// By sample: difference, weight, square, gradient; what later nodes added.
constexpr double LOSS_GRADIENT = 6;
// Besides the filter's own differences and clips: slopes, products with the gradients, sums by weight.
constexpr double LOOP_FILTER_GRADIENT = LOOP_FILTER + 12.0 * (3 + 2 * CLIP_COUNT) + 2.0 * FILTER_WEIGHTS;

inline double predictionGradientOperations(int references, int planes, int width, bool scattered) {
  return double(width) * references * planes * CELLS_AROUND * (PREDICTION_DERIVATIVES + (scattered ? PREDICTION_SCATTER : 0));
}

}  // namespace WEFT_ISA
}  // namespace weft
