/** The native engine: from the field's one definition (runtime/field) to what the addon is built from. */

import { CONTEXT_NETS, DEPTH_ROWS, SYNTHESIS_NETS } from '../../runtime/field/constants.js';
import { fieldConfig } from '../../runtime/field/fieldConfig.js';
import { netsFromQuantized, priorTensors } from '../../runtime/field/nets.js';
import { type FieldShape, fieldShape, type LatentPlane, latentPlanes } from '../../runtime/field/shape.js';
import { depthScale, innovationStep, motionStep } from '../../runtime/field/steps.js';
import { type FieldNode, segmentStructure } from '../../runtime/field/structure.js';
import { NET_VALUE_COUNT, tensorNamed } from '../../runtime/field/tensors.js';
import { type EngineConstants, TRAINING_CONSTANTS } from '../trainingConstants.js';
import type { SegmentDescription, SegmentOptions, TrainingEngine } from '../trainingEngine.js';
import type {
  ContextLayout,
  NativeTrainer,
  NativeTrainingSegment,
  NetLayout,
  SynthesisLayout,
  TrainingSegmentConfig,
} from './trainerAddon.js';

/** A native segment, and the structure that it was built with. */
export interface BuiltSegment {
  readonly native: NativeTrainingSegment;
  readonly nodes: readonly FieldNode[];
  readonly description: SegmentDescription;
}

/** How a segment is built by itself. */
export interface BuildOptions {
  readonly threads: number;
  readonly seed: number;
  readonly constants?: EngineConstants;
}

export function nativeEngine(trainer: NativeTrainer): TrainingEngine {
  return {
    name: `native-${trainer.instructionSet}`,
    chunkPixels: 4e6,
    createSegment: async (description, nodes, options) =>
      new trainer.Segment(segmentConfig(description, nodes, options)),
    enlargerGradient: (batch, gradient) => trainer.enlargerGradient(batch, gradient),
  };
}

/** Builds the addon's segment with the structure that its description says. */
export function createNativeSegment(
  trainer: NativeTrainer,
  description: SegmentDescription,
  { threads, seed, constants = TRAINING_CONSTANTS.engine }: BuildOptions,
): BuiltSegment {
  const nodes = segmentStructure(description);
  const config = segmentConfig(description, nodes, { threads, seed, constants });
  return { native: new trainer.Segment(config), nodes, description };
}

function segmentConfig(
  { width, height, chroma, baseExponent, depthOffset, lossWeights }: SegmentDescription,
  nodes: readonly FieldNode[],
  { threads, seed, constants }: SegmentOptions,
): TrainingSegmentConfig {
  const shape = fieldShape(width, height, chroma);
  return {
    ...fieldConfig(shape, nodes),
    ...{ threads, seed, constants },
    steps: [0, 1, 2].map((refs) => stepsOf(shape, refs, baseExponent)),
    depthScale: Float64Array.from({ length: DEPTH_ROWS }, (_, depth) => depthScale(depthOffset, depth)),
    lossWeights: Float64Array.from(lossWeights),
    layout: netLayout(),
  };
}

/** Steps at the prior, where gains are zero: the engine applies those of the nets in training, and the depth's. */
function stepsOf(shape: FieldShape, refs: number, baseExponent: number): Float64Array {
  const settings = { nets: netsFromQuantized(priorTensors()), baseExponent, depthOffset: [0] };
  const step = ({ kind, component, level }: LatentPlane): number =>
    kind === 'motion'
      ? motionStep(settings.nets, component, level)
      : innovationStep(settings, 0, component, level);
  return Float64Array.from(latentPlanes(shape, refs), step);
}

function netLayout(): NetLayout {
  const offset = (name: string): number => tensorNamed(name).offset;
  return {
    contexts: CONTEXT_NETS.map(
      (net): ContextLayout => ({
        w1: offset(`ctx.${net}.w1`),
        b1: offset(`ctx.${net}.b1`),
        w2: offset(`ctx.${net}.w2`),
        linear: offset(`ctx.${net}.lin`),
        bias: offset(`ctx.${net}.bias`),
        depth: net === 'intra' ? -1 : offset(`ctx.${net}.depth`),
      }),
    ),
    syntheses: SYNTHESIS_NETS.map(
      (net): SynthesisLayout => ({
        w1: offset(`syn.${net}.y.w1`),
        b1: offset(`syn.${net}.y.b1`),
        conv: offset(`syn.${net}.y.conv`),
        chromaW1: offset(`syn.${net}.c.w1`),
        chromaB1: offset(`syn.${net}.c.b1`),
        chromaW2: offset(`syn.${net}.c.w2`),
        chromaLinear: offset(`syn.${net}.c.lin`),
        gain: offset(`syn.${net}.gain`),
      }),
    ),
    motionGain: offset('motion.gain'),
    filters: offset('filter.y'),
    count: NET_VALUE_COUNT,
  };
}
