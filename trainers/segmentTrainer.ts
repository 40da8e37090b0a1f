/** From the field's one definition (runtime/field) to the native engine's plain arrays. */

import { fieldShape, type LatentPlane, latentPlanes } from '../runtime/field/shape.js';
import {
  BETA_STEP,
  CHROMA_STEP_FACTOR,
  CODES_PER_UNIT,
  DISPLACEMENT_STEP_PX,
} from '../runtime/field/steps.js';
import { type FieldNode, segmentStructure } from '../runtime/field/structure.js';
import { CONTEXT_NETS, SYNTHESIS_NETS, tensorNamed } from '../runtime/field/tensors.js';
import type { Chroma } from '../runtime/film/frame.js';
import type { NativeSegment, NativeSegmentConfig, NativeTrainer } from './nativeAddon.js';

/** What a segment's field looks like. */
export interface SegmentDescription {
  readonly width: number;
  readonly height: number;
  readonly chroma: Chroma;
  readonly frames: number;
  readonly anchorDistance: number;
  /** Eighths of an octave: the base quantization step is 2^(baseExponent / 8) codes. */
  readonly baseExponent: number;
  readonly depthOffset: readonly number[];
}

/** A native segment and the structure that it was built with. */
export interface SegmentTrainer {
  readonly native: NativeSegment;
  readonly nodes: readonly FieldNode[];
  readonly description: SegmentDescription;
}

/** Builds the engine for one segment. `exact` selects double precision, for gradient tests. */
export function createSegment(
  trainer: NativeTrainer,
  description: SegmentDescription,
  options: { threads: number; seed: number; exact?: boolean },
): SegmentTrainer {
  const nodes = segmentStructure(description.frames, description.anchorDistance);
  const native = new trainer.Segment(nativeConfig(description, nodes, options));
  return { native, nodes, description };
}

function nativeConfig(
  description: SegmentDescription,
  nodes: readonly FieldNode[],
  options: { threads: number; seed: number; exact?: boolean },
): NativeSegmentConfig {
  const shape = fieldShape(description.width, description.height, description.chroma);
  const planes = [0, 1, 2].map((refs) => latentPlanes(shape, refs));
  return {
    width: description.width,
    height: description.height,
    halvedChroma: description.chroma === '420',
    threads: options.threads,
    seed: options.seed,
    exact: options.exact ?? false,
    nodes: Int32Array.from(nodes.flatMap(nodeRow)),
    scales: Float64Array.from(nodes.flatMap((node) => [0, 1].map((r) => node.motion[r]?.scale ?? 0))),
    planes: planes.map((list) => Int32Array.from(list.flatMap(planeRow))),
    steps: planes.map((list) => Float64Array.from(list.map((p) => planeStep(p, description.baseExponent)))),
    depthScale: Float64Array.from(description.depthOffset, (offset) => 2 ** (offset / 8)),
    layout: netLayout(),
  };
}

function nodeRow(node: FieldNode): number[] {
  const pair = (value: (r: number) => number | undefined): number[] => [value(0) ?? -1, value(1) ?? -1];
  return [
    node.frame,
    node.depth,
    node.refs.length,
    ...pair((r) => node.refs[r]),
    ...pair((r) => node.motion[r]?.node),
    ...pair((r) => node.motion[r]?.field),
  ];
}

function planeRow(p: LatentPlane): number[] {
  const kind = p.kind === 'motion' ? 0 : 1;
  const contexts = [p.parent, p.grandparent, p.companion1, p.companion2];
  return [kind, p.component, p.level, p.width, p.height, p.net, p.biasRow, ...contexts];
}

/** Step before gains and depth offsets; compare `innovationStep` and `motionStep` in runtime/field/steps.ts. */
function planeStep(p: LatentPlane, baseExponent: number): number {
  if (p.kind === 'motion') return p.component === 4 ? BETA_STEP : DISPLACEMENT_STEP_PX;
  const factor = p.component === 0 ? 1 : CHROMA_STEP_FACTOR;
  return (2 ** (baseExponent / 8 - p.level) * factor) / CODES_PER_UNIT;
}

function netLayout(): Int32Array {
  const offset = (name: string): number => tensorNamed(name).offset;
  const contexts = CONTEXT_NETS.flatMap((net) => [
    ...['w1', 'b1', 'w2', 'lin', 'bias'].map((part) => offset(`ctx.${net}.${part}`)),
    net === 'intra' ? -1 : offset(`ctx.${net}.depth`),
  ]);
  const parts = ['y.w1', 'y.b1', 'y.conv', 'c.w1', 'c.b1', 'c.w2', 'c.lin', 'gain'];
  const syntheses = SYNTHESIS_NETS.flatMap((net) => parts.map((part) => offset(`syn.${net}.${part}`)));
  const last = tensorNamed('motion.gain');
  return Int32Array.from([...contexts, ...syntheses, last.offset, last.offset + last.size]);
}
