/**
 * The numbers of the definition, each in its one place. FORMAT.md says what they are for; the C++ header
 * runtime/native/fieldConstants.h is written from the exports of this file (`npm run generate`).
 */

// Structure (FORMAT.md, sections 3 and 13).

/** Smallest and largest width and height of a picture. */
export const MIN_SIDE_PX = 16;
export const MAX_SIDE_PX = 16384;

/** Most frames in one segment. */
export const MAX_SEGMENT_FRAMES = 256;

/** Legal distances between anchors, in frames. */
export const ANCHOR_DISTANCES: readonly number[] = [1, 2, 4, 8, 16, 32];

/** A segment is divided into stretches of so many frames; each may have an anchor distance of its own. */
export const STRETCH_FRAMES = 32;

// Latents (sections 4 to 8).

/** Most levels of an innovation pyramid, and of a motion pyramid. */
export const MAX_INNOVATION_LEVELS = 7;
export const MAX_MOTION_LEVELS = 7;

/** Components of motion latents, in coding order. A node with one reference has the first three. */
export const MOTION_COMPONENTS = ['dx0', 'dy0', 'light', 'dx1', 'dy1', 'beta'] as const;
/** Components for each reference. */
export const COMPONENTS_PER_REFERENCE = 3;
/** Places in that list: the relative change of brightness, the logit of the first reference's weight. */
export const LIGHT = 2;
export const BETA = 5;

/** Latents are skipped in blocks of this size; an adaptive flag of a block has so many contexts for each context net. */
export const BLOCK_WIDTH = 16;
export const BLOCK_HEIGHT = 8;
export const BLOCK_CONTEXTS = 8;

/** Latents and the integers of nets lie in -32767..32767. */
export const LARGEST_VALUE = 32767;

/** Frequencies of a table or of an adaptive bit add up to 2^16. */
export const FREQUENCY_BITS = 16;
export const FREQUENCY_TOTAL = 2 ** FREQUENCY_BITS;

/** Scale indexes, eighths of an octave: the Laplace parameter b is 2^(index / 8). Tables exist up to MAX_TABLE_SCALE. */
export const MIN_SCALE_INDEX = -32;
export const MAX_SCALE_INDEX = 92;
export const MAX_TABLE_SCALE = 12;
/** Symbols of a table: low escape, k = -15..15, high escape; and the smallest |k| of an escape. */
export const LAPLACE_SYMBOLS = 33;
export const ESCAPE_MAGNITUDE = 16;
/** Longest legal prefix of an escape; a longer one can only come from a damaged stream. */
export const MAX_ESCAPE_PREFIX = 16;

/** Signed neighbours saturate here before they enter a context net, sums of magnitudes there. */
export const SIGNED_LIMIT = 15;
export const MAGNITUDE_LIMIT = 255;
/** Hidden units of a context net saturate here (Q4), and its location (sixteenths) at both ends. */
export const MAX_HIDDEN_Q4 = 4095;
export const MAX_LOCATION16 = 32768;

// Nets (sections 7, 9 and 10).

/** Names of the context nets in the order of `LatentPlane.net`, and of the synthesis nets. */
export const CONTEXT_NETS = ['intra', 'inter', 'motion'] as const;
export const SYNTHESIS_NETS = ['intra', 'inter'] as const;

/** Hidden units of every net, inputs of the context nets, inputs of the two synthesis nets. */
export const HIDDEN_UNITS = 8;
export const CONTEXT_INPUTS = 12;
export const LUMA_INPUTS = 4;
export const CHROMA_INPUTS = 5;
/** Planes that the convolution of luma reads: the sum of the groups and the hidden planes. */
export const CONV_PLANES = HIDDEN_UNITS + 1;
/** Width, height and number of the convolution's taps. */
export const CONV_SIDE = 3;
export const CONV_TAPS = CONV_SIDE * CONV_SIDE;
/** Rows of the depth tensors and of luma's filters: depths 0..3 and everything deeper. */
export const DEPTH_ROWS = 5;

/** Context values are integers with this many fraction bits, in the range of an int16. */
export const CONTEXT_FRACTION_BITS = 8;

/** Gains are exponents of two; they saturate here so that every step stays finite. */
export const MAX_GAIN = 16;

// Steps (sections 10 and 11).

/** Base exponents and depth offsets are in such parts of an octave. */
export const EXPONENTS_PER_OCTAVE = 8;

/** Innovation is computed in units of this many 8-bit codes. */
export const CODES_PER_UNIT = 32;

/** Steps of chroma over those of luma: finer, as its errors weigh more. */
export const CHROMA_STEP_FACTOR = 0.8;

/** Steps of motion latents before gains: displacements in luma pixels, light as a factor less one, beta as a logit. */
export const DISPLACEMENT_STEP_PX = 0.25;
export const LIGHT_STEP = 1 / 32;
export const BETA_STEP = 0.5;

/** Exponents of the depths of a film that says nothing else, in eighths of an octave: what others are predicted from is finer. */
export const DEFAULT_DEPTH_OFFSET: readonly number[] = [-2, -1, 3, 7, 6];

/** What one refinement takes from the exponents of the depths, in eighths of an octave. */
export const REFINEMENT_BY_DEPTH: readonly number[] = [2, 1, 1, 1, 0];

// Picture planes (section 10).

/** Samples are 8-bit codes less this. */
export const CODE_OFFSET = 128;
export const MAX_CODE = 255;

/**
 * Taps that double a plane: nearly Lanczos's kernel with three lobes at distances 2.75, 1.75, 0.75, 0.25, 1.25, 2.25, so that a
 * ramp stays a ramp: a fine sample lies a quarter off a coarse one.
 */
export const DOUBLING_TAPS: readonly number[] = [8, -70, 288, 913, -146, 31].map((tap) => tap / 1024);

/** Clips of the filter's differences, in codes, and the neighbours of each ring as (dx, dy): beside, diagonal, two away. */
export const FILTER_CLIPS = [4, 16, 64] as const;
export const FILTER_NEIGHBOURS: readonly (readonly (readonly [dx: number, dy: number])[])[] = [
  [
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
  ],
  [
    [-1, -1],
    [1, -1],
    [-1, 1],
    [1, 1],
  ],
  [
    [-2, 0],
    [2, 0],
    [0, -2],
    [0, 2],
  ],
];
export const FILTER_RINGS = FILTER_NEIGHBOURS.length;

// Motion and sampling (sections 11 and 12).

/** Pyramid level of luma on whose grid motion lives, and the luma pixels between two points of that grid. */
export const MOTION_LUMA_LEVEL = 3;
export const MOTION_GRID_PX = 2 ** MOTION_LUMA_LEVEL;

/** Places on the motion grid are limited to so many cells before its first and behind its last: both cells around are an end there. */
export const GRID_LIMIT = 1;

/** Parameter a of the cubic convolution of R. Keys (1981) that planes are read with: -1/2 is the kernel of E. Catmull and R. Rom (1974). */
export const CUBIC_SHARPNESS = -0.5;
/** Places on a plane are limited to so many samples before its first and behind its last; all taps lie on an end there. */
export const CUBIC_LIMIT_BEFORE = 3;
export const CUBIC_LIMIT_BEHIND = 2;

/**
 * Between frames, how much a cell's trajectory is believed: mean square that the differences at rest have at least, in codes, so that
 * it is believed where nothing speaks against it; and how many times the mean square along it counts for one at rest.
 */
export const TRUST_FLOOR = 1;
export const TRUST_HANDICAP = 1.3;

/** Between frames, displacements are limited to so many luma pixels: only a damaged file says more. */
export const TRAJECTORY_LIMIT_PX = 1024;

/**
 * Half way between two frames, cells choose among the displacements around them: rounds in which all do; codes that a pixel away from
 * what the coded motion says costs, and from each of the four neighbours, and the pixels beyond which no more is paid; natural
 * logarithms of a displacement's weight that a code costs.
 */
export const CHOICE_ROUNDS = 2;
export const CODED_PRICE = 0.4;
export const CODED_LIMIT_PX = 16;
export const NEIGHBOUR_PRICE = 0.2;
export const NEIGHBOUR_LIMIT_PX = 8;
export const CHOICE_SHARPNESS = 4;

/** Black in codes less CODE_OFFSET, for Y; no colour for Cb and Cr. A change of light is relative to it. */
export const BLACK: readonly number[] = [16 - CODE_OFFSET, 0, 0];

// Enlarging (section 12).

/** Channels of the enlarger's two layers, and of what it says without them. */
export const ENLARGER_CHANNELS = 8;
export const ENLARGER_LINEAR = 4;
export const ENLARGER_FEATURES = ENLARGER_CHANNELS + ENLARGER_LINEAR;
/** Side of the layers' kernels; side of those without layers, and of the square whose mean is taken from a sample first. */
export const ENLARGER_SIDE = 3;
export const ENLARGER_LINEAR_SIDE = 5;

/** Centres of the cubic B-splines on an axis that features are read by, in samples; their knots lie SPLINE_KNOT_PX apart. */
export const SPLINE_CENTRES: readonly number[] = [-1, -0.5, 0, 0.5, 1];
export const SPLINE_KNOT_PX = 0.5;
/** What is so many samples from the border of the picture or less is left as it is; within so many more, what is added fades in. */
export const ENLARGER_BORDER_PX = 2;
export const ENLARGER_FADE_PX = 3;
/** What an enlarger says counts at most so much, at any size; 1 at twice the native one. */
export const ENLARGER_MOST = 4 / 3;
/** Samples on an axis that a spline reaches. */
export const SPLINE_TAPS = 2;
