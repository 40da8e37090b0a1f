// Where the tensors of an enlarger lie among its values (runtime/field/enlarger.ts).
#pragma once
#include "fieldConstants.h"

namespace weft {

constexpr int SPLINES = sizeof(SPLINE_CENTRES) / sizeof(SPLINE_CENTRES[0]);

struct EnlargerLayout {
  static constexpr int TAPS = ENLARGER_SIDE * ENLARGER_SIDE, LINEAR_TAPS = ENLARGER_LINEAR_SIDE * ENLARGER_LINEAR_SIDE;
  static constexpr int HIDDEN = 0, HIDDEN_BIAS = HIDDEN + ENLARGER_CHANNELS * TAPS;
  static constexpr int MIXED = HIDDEN_BIAS + ENLARGER_CHANNELS, MIXED_BIAS = MIXED + ENLARGER_CHANNELS * ENLARGER_CHANNELS * TAPS;
  static constexpr int LINEAR = MIXED_BIAS + ENLARGER_CHANNELS, KERNELS = LINEAR + ENLARGER_LINEAR * LINEAR_TAPS;
  static constexpr int COUNT = KERNELS + ENLARGER_FEATURES * SPLINES * SPLINES;
};

}  // namespace weft
