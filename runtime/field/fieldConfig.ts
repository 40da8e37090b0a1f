/** A segment's field as compiled code is handed it: the definition's own records. */

import { type FieldShape, type LatentPlane, latentPlanes } from './shape.js';
import type { FieldNode } from './structure.js';

/** Structure and shape of one segment. */
export interface FieldConfig {
  readonly width: number;
  readonly height: number;
  readonly halvedChroma: boolean;
  /** In coding order. */
  readonly nodes: readonly FieldNode[];
  /** By number of references. */
  readonly planes: readonly (readonly LatentPlane[])[];
}

export function fieldConfig(shape: FieldShape, nodes: readonly FieldNode[]): FieldConfig {
  const { width, height, chroma } = shape;
  const planes = [0, 1, 2].map((refs) => latentPlanes(shape, refs));
  return { width, height, halvedChroma: chroma === '420', nodes, planes };
}
