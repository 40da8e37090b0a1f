// Useful floating-point operations of the field's definition, multiply and add counted apart: what speeds are measured by.
#pragma once
#include "contextGradient.h"
#include "motion.h"
#include "synthesis.h"

namespace weft {
namespace WEFT_ISA {

// By sample: weights of both axes (once for planes that share a place), 4x4 taps in two sums, the blend of two references.
constexpr double SAMPLE_WEIGHTS = 24, SAMPLE_TAPS = 40, SAMPLE_BLEND = 3;
// Slopes of both axes; value and both derivatives; products with the gradient; 4x4 products added to the reference's gradient.
constexpr double SLOPE_WEIGHTS = 14, SAMPLE_DERIVATIVES = 88, SAMPLE_CHAIN = 6, SAMPLE_SCATTER = 36;
// By pixel and component: three weights across; down and the grid's own share of the work are an eighth.
constexpr double SPLINE_ACROSS = 6.75;
// By sample of the finer plane: two of four taps down (half of the columns), four across.
constexpr double DOUBLING = 12;
constexpr double HIDDEN_LAYER = 2.0 * LUMA_HIDDEN * (LUMA_GROUPS + 1) + LUMA_GROUPS;
constexpr double CONVOLUTION = 2.0 * 9 * LUMA_CHANNELS;
// Gradients by weights and by inputs.
constexpr double CONVOLUTION_GRADIENT = 2 * CONVOLUTION;
constexpr double HIDDEN_GRADIENT = 2.0 * LUMA_HIDDEN * (2 * LUMA_GROUPS + 1);
constexpr double CHROMA_SYNTHESIS = 2.0 * (2 * CHROMA_INPUTS + CHROMA_HIDDEN * (CHROMA_INPUTS + 2));
constexpr double CHROMA_GRADIENT = 2 * CHROMA_SYNTHESIS;
// By latent: sums of neighbours and their logarithms, the network, the code length.
constexpr double CONTEXT_SUMS = 36 + 6 * 16, CONTEXT_NETWORK = 2.0 * (CONTEXT_HIDDEN * (CONTEXT_INPUTS + 3) + 2 * CONTEXT_INPUTS + 2);
constexpr double CODE_LENGTH = 90;
constexpr double CONTEXT_GRADIENT = CONTEXT_SUMS + 3 * CONTEXT_NETWORK + CODE_LENGTH + 60;
constexpr double SOFT_ROUNDING = 2 * 24, ADAM = 16;
// By sample: difference, square, gradient.
constexpr double LOSS = 5;

}  // namespace WEFT_ISA
}  // namespace weft
