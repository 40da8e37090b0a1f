/** From the integers of a node to its picture planes and motion field. */

import { CODES_PER_UNIT } from '../field/constants.js';
import { type FieldShape, type LatentPlane, motionComponentCount } from '../field/shape.js';
import { innovationStep, motionStep, type StepSettings } from '../field/steps.js';
import type { FieldNode } from '../field/structure.js';
import { createPlane, type FloatPlane, type Planes } from '../picture/floatPlane.js';
import { filterPlane, filterWeights } from './loopFilter.js';
import { addPredictedMotion, type MotionField } from './motion.js';
import { predict } from './prediction.js';
import { collapseLevels } from './pyramid.js';
import { lumaOnChromaGrid, synthesizeChroma, synthesizeLuma } from './synthesis.js';

/** A node ready for sampling. */
export interface BakedNode {
  /** Y, Cb, Cr in 8-bit codes minus 128, neither clamped nor rounded. */
  readonly planes: Planes;
  /** Planes on the motion grid: the first 0, 3 or 6 of MOTION_COMPONENTS. */
  readonly motion: readonly FloatPlane[];
}

/** What all nodes of a segment share. */
export interface BakeSettings extends StepSettings {
  readonly shape: FieldShape;
}

/**
 * Bakes one node: prediction from its references plus innovation, filtered, in 8-bit codes minus 128, neither clamped nor
 * rounded.
 *
 * @param planes the node's latent planes
 * @param latents concatenated as `planes` says
 * @param baked nodes before this one in coding order
 */
export function bakeNode(
  settings: BakeSettings,
  node: FieldNode,
  planes: readonly LatentPlane[],
  latents: Int32Array,
  baked: readonly BakedNode[],
): BakedNode {
  const innovation = bakeInnovation(settings, node, planes, latents);
  if (node.refs.length === 0) return { planes: filtered(settings, node, innovation), motion: [] };
  const motion = bakeMotion(settings, node, planes, latents, baked);
  const references = node.refs.map((ref) => baked[ref]!.planes);
  const prediction = predict(settings.shape, references, motion);
  for (const [c, plane] of innovation.entries()) {
    for (let i = 0; i < plane.samples.length; i++) plane.samples[i]! += prediction[c]!.samples[i]!;
  }
  return { planes: filtered(settings, node, innovation), motion };
}

function filtered({ nets }: BakeSettings, { depth }: FieldNode, [y, cb, cr]: Planes): Planes {
  const filter = (plane: FloatPlane, p: number): FloatPlane =>
    filterPlane(plane, filterWeights(nets.filters, depth, p));
  return [filter(y, 0), filter(cb, 1), filter(cr, 2)];
}

function bakeInnovation(
  settings: BakeSettings,
  node: FieldNode,
  planes: readonly LatentPlane[],
  latents: Int32Array,
): Planes {
  const weights = settings.nets.synthesis[node.depth === 0 ? 0 : 1];
  const [y, cb, cr] = [0, 1, 2].map((component) =>
    dequantize(planes, latents, 'innovation', component, (level) =>
      innovationStep(settings, node.depth, component, level),
    ),
  ) as [FloatPlane[], FloatPlane[], FloatPlane[]];
  const luma = synthesizeLuma(y, weights.luma);
  const under = lumaOnChromaGrid(luma, settings.shape.chroma);
  const [outCb, outCr] = synthesizeChroma(cb, cr, under, weights.chroma);
  return [inCodes(luma), inCodes(outCb), inCodes(outCr)];
}

function inCodes(plane: FloatPlane): FloatPlane {
  return { ...plane, samples: plane.samples.map((value) => value * CODES_PER_UNIT) };
}

function bakeMotion(
  settings: BakeSettings,
  node: FieldNode,
  planes: readonly LatentPlane[],
  latents: Int32Array,
  baked: readonly BakedNode[],
): MotionField {
  const components = Array.from(
    { length: motionComponentCount(node.refs.length) },
    (_, component) => component,
  );
  const coded = components.map((component) => {
    const step = (level: number): number => motionStep(settings.nets, component, level);
    return collapseLevels(dequantize(planes, latents, 'motion', component, step), 0);
  });
  return addPredictedMotion(
    coded,
    node.motion,
    baked.map((other) => other.motion),
  );
}

/** Levels of one component, finest first. */
function dequantize(
  planes: readonly LatentPlane[],
  latents: Int32Array,
  kind: LatentPlane['kind'],
  component: number,
  stepAt: (level: number) => number,
): FloatPlane[] {
  const levels: FloatPlane[] = [];
  for (const plane of planes) {
    if (plane.kind !== kind || plane.component !== component) continue;
    const { width, height, offset, level } = plane;
    const step = stepAt(level);
    const dequantized = createPlane(width, height);
    for (let i = 0; i < width * height; i++) dequantized.samples[i] = latents[offset + i]! * step;
    levels[level] = dequantized;
  }
  return levels;
}
