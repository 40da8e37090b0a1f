/** What compiled engines are handed: a segment as records of numbers. */

import { type FieldConfig, fieldConfig } from '../field/fieldConfig.js';
import type { ContextWeights, SynthesisWeights } from '../field/nets.js';
import type { LatentPlane } from '../field/shape.js';
import { innovationStep, motionStep } from '../field/steps.js';
import { type FieldNode, linkAfter, type NodeLink } from '../field/structure.js';
import type { SegmentStream } from '../format/segmentHead.js';
import type { SegmentTask } from './decoderEngine.js';

/** What a segment is decoded from; `segmentSpec` in native/addon.cc reads every field by its name, that in wasm/decoder.cc what segmentWords.ts writes. */
export interface DecodedSegmentConfig extends FieldConfig {
  /** By frame, without the last one: what leads from it to the next. */
  readonly links: readonly NodeLink[];
  /** By node: quantization step of each of its planes. */
  readonly steps: readonly Float32Array[];
  readonly contexts: readonly ContextWeights[];
  readonly synthesis: readonly SynthesisWeights[];
  /** (7, 3, 3): of luma by depth, of Cb, of Cr. */
  readonly filters: Float32Array;
  readonly streams: readonly SegmentStream[];
}

/** Everything about a segment but how it is computed. */
export function segmentConfig(task: SegmentTask): DecodedSegmentConfig {
  const { shape, nets, segment, nodes } = task;
  const field = fieldConfig(shape, nodes);
  return {
    ...field,
    links: nodes.slice(1).map((_, frame) => linkAfter(nodes, frame)),
    steps: nodes.map((node) => stepsOf(task, node, field.planes[node.refs.length]!)),
    contexts: nets.contexts,
    synthesis: nets.synthesis,
    filters: nets.filters,
    streams: segment.streams,
  };
}

function stepsOf(task: SegmentTask, node: FieldNode, planes: readonly LatentPlane[]): Float32Array {
  const { nets, depthOffset, segment } = task;
  const settings = { nets, depthOffset, baseExponent: segment.baseExponent };
  return Float32Array.from(planes, ({ kind, component, level }) =>
    kind === 'motion'
      ? motionStep(nets, component, level)
      : innovationStep(settings, node.depth, component, level),
  );
}
