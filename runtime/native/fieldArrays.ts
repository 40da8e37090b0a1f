/** The field's definition as the plain arrays that both addons read (addonSupport.h). */

import { type FieldShape, type LatentPlane, latentPlanes } from '../field/shape.js';
import type { FieldNode } from '../field/structure.js';

/** Structure and shape of one segment. */
export interface FieldArrays {
  readonly width: number;
  readonly height: number;
  readonly halvedChroma: boolean;
  /** 9 integers a node: frame, depth, references, reference 0 and 1, motion node 0 and 1, motion field 0 and 1. */
  readonly nodes: Int32Array;
  /** 2 a node: scales of the predicted fields. */
  readonly scales: Float64Array;
  /** By number of references: 11 integers a latent plane, the fields of `LatentPlaneSpec` in fieldSpec.h. */
  readonly planes: readonly Int32Array[];
}

export function fieldArrays(shape: FieldShape, nodes: readonly FieldNode[]): FieldArrays {
  return {
    width: shape.width,
    height: shape.height,
    halvedChroma: shape.chroma === '420',
    nodes: Int32Array.from(nodes.flatMap(nodeFields)),
    scales: Float64Array.from(nodes.flatMap((node) => [0, 1].map((ref) => node.motion[ref]?.scale ?? 0))),
    planes: [0, 1, 2].map((refs) => Int32Array.from(latentPlanes(shape, refs).flatMap(planeFields))),
  };
}

function nodeFields(node: FieldNode): number[] {
  const { refs, motion } = node;
  const pair = (value: (ref: number) => number | undefined): number[] => [value(0) ?? -1, value(1) ?? -1];
  return [
    node.frame,
    node.depth,
    refs.length,
    ...pair((ref) => refs[ref]),
    ...pair((ref) => motion[ref]?.node),
    ...pair((ref) => motion[ref]?.field),
  ];
}

function planeFields(plane: LatentPlane): number[] {
  return [
    plane.kind === 'motion' ? 0 : 1,
    plane.component,
    plane.level,
    plane.width,
    plane.height,
    plane.net,
    plane.biasRow,
    plane.parent,
    plane.grandparent,
    plane.companion1,
    plane.companion2,
  ];
}
