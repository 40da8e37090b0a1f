/**
 * The numbers that training was tuned with: all of them, in one record. docs/lab has the experiments. What engines need they
 * are handed, so that none of these numbers stands in an engine. The format's own numbers are in runtime/field, efforts in
 * presets.ts, what follows from crf in rateControl.ts.
 */

/** Adam (Kingma and Ba, 2015). */
export interface AdamConstants {
  /** What a new gradient and its square weigh in their running means: 1 - beta1 and 1 - beta2. */
  readonly gradientShare: number;
  readonly squareShare: number;
  /** Added to the root of the mean square. */
  readonly epsilon: number;
}

/** The comparison of anchor distances after a trial. */
export interface AnchorConstants {
  /** Distortion is taken to fall with this power of the bits. */
  readonly distortionPower: number;
  /** What bits weigh over what they weigh where they are in balance with the distortion: at least and at most, as far as that is taken to hold. */
  readonly leastImbalance: number;
  readonly largestImbalance: number;
  /** Part by which a longer distance may cost more: where nothing moves all cost alike, but for some bits. */
  readonly tie: number;
}

/** How much finer the first depths of a segment are quantized, by what its start says. */
export interface RefinementConstants {
  /** Bits of predicted frames times lambda over distortion, in the start and after steps on trial, of a scene that wants what is usual. */
  readonly usualBalance: readonly [number, number];
  /** Octaves that a refinement adds to that. */
  readonly balanceByRefinement: number;
  /** Refinements that an octave less is worth; in all at least and at most. */
  readonly perOctave: number;
  readonly least: number;
  readonly most: number;
}

/** The sparse approximation by a pyramid of latents. */
export interface SparseConstants {
  /** Rounds, each with penalties from the last, and iterations of a round. */
  readonly rounds: number;
  readonly iterations: number;
  /** Power iterations for the largest eigenvalue, what it is multiplied by to be safe, and the first vector's least value, of a range of 1. */
  readonly powerIterations: number;
  readonly eigenvalueMargin: number;
  readonly leastDirection: number;
  /** Expected magnitudes of latents, in steps: in the first round, and at least. */
  readonly firstScale: number;
  readonly leastScale: number;
  /** What the parent weighs in an expected magnitude; the latent and its neighbours weigh 1. */
  readonly parentWeight: number;
}

/** The choice of motion latents by what they cost. */
export interface FitConstants {
  /** Of all latents of both axes. */
  readonly sweeps: number;
  /** Expected magnitudes of latents, in steps: at least, and above the coarsest level. */
  readonly leastMagnitude: number;
  readonly coarsestMagnitude: number;
  /** Where a latent adds less than this share of its step to an axis, it counts as adding nothing. */
  readonly leastResponse: number;
}

/** What nodes begin from. */
export interface StartConstants {
  /**
   * Prices of a bit of motion and of light, over that of a bit of innovation: training removes needless motion more slowly than
   * it adds what is missing, and residuals can say what light says, and more of it.
   */
  readonly motionPrice: number;
  readonly lightPrice: number;
  /** Blocks without a latent above these are inactive: of motion and light, of innovation that others are predicted from, of other. */
  readonly motionThreshold: number;
  readonly anchorThreshold: number;
  readonly leafThreshold: number;
  /** Price of a squared pixel of displacement: this times the squared differences over two samples, and so many times lambda. */
  readonly slopeWeight: number;
  readonly flatWeight: number;
  /**
   * What the vector of a cell is good for, at most: this share of what the residual costs less with it, in nodes that others are
   * predicted from and in others, and so many times lambda at least. A vector that matches nothing, or in a flat cell, is worth no
   * bits.
   */
  readonly anchorMatchShare: number;
  readonly leafMatchShare: number;
  readonly leastLimit: number;
  /** Variance of what a reference has of noise, over lambda: light multiplies it too. */
  readonly lightNoise: number;
  /** What the mean of a cell counts for in its light, beside its shape: innovation says a mean cheaply. */
  readonly lightMeanShare: number;
  /** Squared error of a sample, over lambda, that light leaves in a cell whose light then counts for half: it is another picture. */
  readonly lightLimit: number;
  /** Price of a bit of beta, over that of a bit of innovation; the largest logit that is tried. */
  readonly betaPrice: number;
  readonly largestBeta: number;
  /** What a squared coefficient of a residual must exceed to be worth bits, over lambda. */
  readonly water: number;
}

/** Block matching. */
export interface SearchConstants {
  /** Samples of the window that is compared, on each axis. The native kernels know no other than 16. */
  readonly windowPx: number;
  /** Most levels of the pyramids, and how many of luma's they leave out at least. */
  readonly levels: number;
  readonly levelsLeftOut: number;
  /** Rounds around the best vector: whole pixels to each side in the first one on the coarsest level, and in the others. */
  readonly rounds: number;
  readonly firstReachPx: number;
  readonly reachPx: number;
  /** Halvings of the step beyond whole pixels, and what a whole vector is favoured by, in pixels of difference. */
  readonly halvings: number;
  readonly wholeBonusPx: number;
  /** Cost of a pixel of difference to what is expected, in codes over the window: a constant and a factor of the root of lambda. */
  readonly smoothness: number;
  readonly smoothnessByRoot: number;
  /** The longest difference that costs, and what that to the prediction weighs beside that to the neighbours. */
  readonly longestPenaltyPx: number;
  readonly predictionWeight: number;
  /** Light is matched by at most this factor, of a spread of more codes than this, where it leaves less than this share. */
  readonly largestLight: number;
  readonly flatDeviation: number;
  readonly unlitShare: number;
}

/** What every engine is handed. */
export interface EngineConstants {
  readonly latentAdam: AdamConstants;
  readonly netAdam: AdamConstants;
  /** Side of the cells that errors have weights by (errorWeights.ts), luma samples; even. */
  readonly weightCellPx: number;
  /**
   * Factor of the learning rate and of the noise of motion by level, from the finest up: each level moves all of the picture, and
   * what moves together adds up.
   */
  readonly motionByLevel: number;
  readonly sparse: SparseConstants;
  readonly fit: FitConstants;
  readonly start: StartConstants;
  readonly search: SearchConstants;
}

/** How the hyperparameters of the steps go. */
export interface ScheduleConstants {
  /** Learning rates at the start of the training; those of the nets are of `netRates`. */
  readonly latentRate: number;
  readonly motionRate: number;
  readonly netRate: number;
  /** The fraction of their start at which learning rates end. */
  readonly lastRate: number;
  /** Steps until learning rates are whole. */
  readonly warmUpSteps: number;
  /** Of the soft rounding. */
  readonly firstTemperature: number;
  readonly lastTemperature: number;
  /**
   * Standard deviation in quantizer steps. The noise grows as the rounding hardens: without it latents come to rest between two
   * integers, where they cost less than either.
   */
  readonly firstNoise: number;
  readonly lastNoise: number;
  /** Steps that have all of the noise; fewer have less, by the square root: they cannot average over as much. */
  readonly noisySteps: number;
  /**
   * Pulls of the nets to the prior. Each is that of all steps since the last: in between a value that is worth its bits gets too
   * far to be drawn back.
   */
  readonly pulls: number;
}

/** Learning rates of the nets relative to each other, and the distances from the prior at which values cost their first bit. */
export interface NetConstants {
  readonly contextRate: number;
  readonly synthesisRate: number;
  readonly gainRate: number;
  readonly contextFirstBit: number;
  readonly synthesisFirstBit: number;
}

/** The enlarger of a film. */
export interface EnlargerConstants {
  /** Frames of a film that it learns from, and pieces of each. */
  readonly frames: number;
  readonly piecesOfFrame: number;
  /** Steps, and examples in each. */
  readonly steps: number;
  readonly batch: number;
  readonly rate: number;
  readonly warmUpSteps: number;
  readonly adam: AdamConstants;
  /** What half of a squared second difference of its kernels costs, in mean squares of its error. */
  readonly roughness: number;
  /** Part of what it learnt to add that is added: a film is softer than its half; less where it agrees less with a quarter of it. */
  readonly share: number;
  readonly wholeAgreement: number;
  /** Steps that a tensor is quantized in, in the root of its mean square. */
  readonly stepsOfRoot: number;
  /** It must gain so much on what it has not seen, dB; and is taken unasked where the film has so many bytes. */
  readonly leastGainDb: number;
  readonly leastFilmBytes: number;
}

export interface TrainingConstants {
  readonly schedule: ScheduleConstants;
  readonly nets: NetConstants;
  /** Intervals between anchors that train at a time (trainingWave.ts). */
  readonly waveIntervals: number;
  /** How anchor distances are compared (anchorChoice.ts). */
  readonly anchors: AnchorConstants;
  readonly refinement: RefinementConstants;
  /** Once the nets are fixed, blocks without a latent of this size are empty for good. */
  readonly prunedBelow: number;
  readonly enlarger: EnlargerConstants;
  readonly engine: EngineConstants;
}

export const TRAINING_CONSTANTS: TrainingConstants = {
  schedule: {
    latentRate: 0.2,
    motionRate: 0.2,
    netRate: 0.02,
    lastRate: 0.02,
    warmUpSteps: 10,
    firstTemperature: 0.35,
    lastTemperature: 0.1,
    firstNoise: 0.12,
    lastNoise: 0.2,
    noisySteps: 220,
    pulls: 32,
  },
  nets: {
    contextRate: 1,
    synthesisRate: 0.3,
    gainRate: 1,
    contextFirstBit: 2 ** -5,
    synthesisFirstBit: 2 ** -6,
  },
  waveIntervals: 4,
  anchors: { distortionPower: 0.8, leastImbalance: 0.5, largestImbalance: 4, tie: 1e-4 },
  refinement: { usualBalance: [0.25, 0.5], balanceByRefinement: 0.4, perOctave: 2.5, least: -3, most: 1 },
  prunedBelow: 0.35,
  enlarger: {
    frames: 32,
    piecesOfFrame: 32,
    steps: 2000,
    batch: 8,
    rate: 6e-3,
    warmUpSteps: 50,
    adam: { gradientShare: 0.1, squareShare: 0.01, epsilon: 1e-8 },
    roughness: 0.01,
    share: 0.75,
    wholeAgreement: 0.5,
    stepsOfRoot: 12,
    leastGainDb: 0.05,
    leastFilmBytes: 65536,
  },
  engine: {
    latentAdam: { gradientShare: 0.2, squareShare: 0.01, epsilon: 1e-8 },
    netAdam: { gradientShare: 0.1, squareShare: 0.01, epsilon: 1e-12 },
    weightCellPx: 4,
    motionByLevel: 0.7,
    sparse: {
      rounds: 3,
      iterations: 15,
      powerIterations: 8,
      eigenvalueMargin: 1.1,
      leastDirection: -0.3,
      firstScale: 0.5,
      leastScale: 0.15,
      parentWeight: 3,
    },
    fit: { sweeps: 2, leastMagnitude: 0.05, coarsestMagnitude: 20, leastResponse: 0.02 },
    start: {
      motionPrice: 4,
      lightPrice: 8,
      motionThreshold: 0.3,
      anchorThreshold: 0.1,
      leafThreshold: 0.25,
      slopeWeight: 0.16,
      flatWeight: 0.1,
      anchorMatchShare: 1,
      leafMatchShare: 2,
      leastLimit: 0.5,
      lightNoise: 0.03,
      lightMeanShare: 0.03,
      lightLimit: 0.05,
      betaPrice: 1,
      largestBeta: 4,
      water: 0.7,
    },
    search: {
      windowPx: 16,
      levels: 4,
      levelsLeftOut: 2,
      rounds: 8,
      firstReachPx: 12,
      reachPx: 1,
      halvings: 2,
      wholeBonusPx: 0.5,
      smoothness: 32,
      smoothnessByRoot: 8,
      longestPenaltyPx: 16,
      predictionWeight: 0.5,
      largestLight: 4,
      flatDeviation: 1,
      unlitShare: 0.7,
    },
  },
};
