/** The native engine: from the field's one definition (runtime/field) to its plain arrays. */

import { CONTEXT_NETS, SYNTHESIS_NETS } from '../../runtime/field/constants.js';
import { netsFromQuantized, priorTensors } from '../../runtime/field/nets.js';
import { fieldShape, type LatentPlane, latentPlanes } from '../../runtime/field/shape.js';
import { innovationStep, motionStep } from '../../runtime/field/steps.js';
import { type FieldNode, segmentStructure } from '../../runtime/field/structure.js';
import { NET_VALUE_COUNT, tensorNamed } from '../../runtime/field/tensors.js';
import { fieldArrays } from '../../runtime/native/fieldArrays.js';
import { lossWeights } from '../rateControl.js';
import type { SegmentDescription, TrainingEngine } from '../segmentEngine.js';
import type { NativeSegment, NativeSegmentConfig, NativeTrainer } from './trainerAddon.js';

/** A native segment and the structure that it was built with. */
export interface NativeSegmentTrainer {
  readonly native: NativeSegment;
  readonly nodes: readonly FieldNode[];
  readonly description: SegmentDescription;
}

export function nativeEngine(trainer: NativeTrainer): TrainingEngine {
  return {
    name: `native-${trainer.instructionSet}`,
    chunkPixels: 4e6,
    createSegment: async (description, nodes, options) =>
      new trainer.Segment(nativeConfig(description, nodes, options)),
  };
}

/** Builds the engine for one segment. `exact` selects double precision, for gradient tests. */
export function createNativeSegment(
  trainer: NativeTrainer,
  description: SegmentDescription,
  options: { threads: number; seed: number; exact?: boolean },
): NativeSegmentTrainer {
  const nodes = segmentStructure(description);
  const native = new trainer.Segment(nativeConfig(description, nodes, options));
  return { native, nodes, description };
}

function nativeConfig(
  description: SegmentDescription,
  nodes: readonly FieldNode[],
  options: { threads: number; seed: number; exact?: boolean },
): NativeSegmentConfig {
  const shape = fieldShape(description.width, description.height, description.chroma);
  const { baseExponent, depthOffset } = description;
  // Gains are zero at the prior; the engine applies those of the nets in training, and the depth's.
  const settings = { nets: netsFromQuantized(priorTensors()), baseExponent, depthOffset: [0] };
  const step = ({ kind, component, level }: LatentPlane): number =>
    kind === 'motion'
      ? motionStep(settings.nets, component, level)
      : innovationStep(settings, 0, component, level);
  return {
    ...fieldArrays(shape, nodes),
    threads: options.threads,
    seed: options.seed,
    exact: options.exact ?? false,
    steps: [0, 1, 2].map((refs) => Float64Array.from(latentPlanes(shape, refs), step)),
    depthScale: Float64Array.from(depthOffset, (offset) => 2 ** (offset / 8)),
    lossWeights: Float64Array.from(lossWeights(shape)),
    layout: netLayout(),
  };
}

function netLayout(): Int32Array {
  const offset = (name: string): number => tensorNamed(name).offset;
  const contexts = CONTEXT_NETS.flatMap((net) => [
    ...['w1', 'b1', 'w2', 'lin', 'bias'].map((part) => offset(`ctx.${net}.${part}`)),
    net === 'intra' ? -1 : offset(`ctx.${net}.depth`),
  ]);
  const parts = ['y.w1', 'y.b1', 'y.conv', 'c.w1', 'c.b1', 'c.w2', 'c.lin', 'gain'];
  const syntheses = SYNTHESIS_NETS.flatMap((net) => parts.map((part) => offset(`syn.${net}.${part}`)));
  return Int32Array.from([
    ...[...contexts, ...syntheses],
    ...[offset('motion.gain'), offset('filter.y'), NET_VALUE_COUNT],
  ]);
}
