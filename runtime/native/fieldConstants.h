// The numbers of the definition. Written by `npm run generate` from runtime/field/constants.ts, which explains them.
#pragma once

namespace weft {

constexpr int ANCHOR_DISTANCES[6] = {1, 2, 4, 8, 16, 32};
constexpr int BETA = 5;
constexpr double BETA_STEP = 0.5;
constexpr int BLACK[3] = {-112, 0, 0};
constexpr int BLOCK_CONTEXTS = 8;
constexpr int BLOCK_HEIGHT = 8;
constexpr int BLOCK_WIDTH = 16;
constexpr int CHROMA_INPUTS = 5;
constexpr double CHROMA_STEP_FACTOR = 0.8;
constexpr int CODES_PER_UNIT = 32;
constexpr int CODE_OFFSET = 128;
constexpr int COMPONENTS_PER_REFERENCE = 3;
constexpr int CONTEXT_FRACTION_BITS = 8;
constexpr int CONTEXT_INPUTS = 12;
constexpr int CONTEXT_NETS = 3;
constexpr int CONV_PLANES = 9;
constexpr int CONV_SIDE = 3;
constexpr int CONV_TAPS = 9;
constexpr int CUBIC_LIMIT_BEFORE = 3;
constexpr int CUBIC_LIMIT_BEHIND = 2;
constexpr double CUBIC_SHARPNESS = -0.5;
constexpr int DEFAULT_DEPTH_OFFSET[5] = {-2, -1, 3, 7, 6};
constexpr int DEPTH_ROWS = 5;
constexpr double DISPLACEMENT_STEP_PX = 0.25;
constexpr double DOUBLING_TAPS[6] = {0.0078125, -0.068359375, 0.28125, 0.8916015625, -0.142578125, 0.0302734375};
constexpr int ENLARGER_CHANNELS = 8;
constexpr int ENLARGER_FEATURES = 12;
constexpr int ENLARGER_LINEAR = 4;
constexpr int ENLARGER_LINEAR_SIDE = 5;
constexpr int ENLARGER_SIDE = 3;
constexpr int ESCAPE_MAGNITUDE = 16;
constexpr int EXPONENTS_PER_OCTAVE = 8;
constexpr int FILTER_CLIPS[3] = {4, 16, 64};
constexpr int FILTER_NEIGHBOURS[3][4][2] = {{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}, {{-1, -1}, {1, -1}, {-1, 1}, {1, 1}}, {{-2, 0}, {2, 0}, {0, -2}, {0, 2}}};
constexpr int FILTER_RINGS = 3;
constexpr int FREQUENCY_BITS = 16;
constexpr int FREQUENCY_TOTAL = 65536;
constexpr int GRID_LIMIT = 1;
constexpr int HIDDEN_UNITS = 8;
constexpr int LAPLACE_SYMBOLS = 33;
constexpr int LARGEST_VALUE = 32767;
constexpr int LIGHT = 2;
constexpr double LIGHT_STEP = 0.03125;
constexpr int LUMA_INPUTS = 4;
constexpr int MAGNITUDE_LIMIT = 255;
constexpr int MAX_CODE = 255;
constexpr int MAX_ESCAPE_PREFIX = 16;
constexpr int MAX_GAIN = 16;
constexpr int MAX_HIDDEN_Q4 = 4095;
constexpr int MAX_INNOVATION_LEVELS = 7;
constexpr int MAX_LOCATION16 = 32768;
constexpr int MAX_MOTION_LEVELS = 7;
constexpr int MAX_SCALE_INDEX = 92;
constexpr int MAX_SEGMENT_FRAMES = 256;
constexpr int MAX_SIDE_PX = 16384;
constexpr int MAX_TABLE_SCALE = 12;
constexpr int MIN_SCALE_INDEX = -32;
constexpr int MIN_SIDE_PX = 16;
constexpr int MOTION_COMPONENTS = 6;
constexpr int MOTION_GRID_PX = 8;
constexpr int MOTION_LUMA_LEVEL = 3;
constexpr int REFINEMENT_BY_DEPTH[5] = {2, 1, 1, 1, 0};
constexpr int SIGNED_LIMIT = 15;
constexpr double SPLINE_CENTRES[5] = {-1, -0.5, 0, 0.5, 1};
constexpr double SPLINE_KNOT_PX = 0.5;
constexpr int SPLINE_TAPS = 2;
constexpr int STRETCH_FRAMES = 32;
constexpr int SYNTHESIS_NETS = 2;
constexpr int TRUST_FLOOR = 1;
constexpr double TRUST_HANDICAP = 1.3;

}  // namespace weft
