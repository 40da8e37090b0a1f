/** A node in training, as its start and its steps see it. */

import { displacement, type LatentPlane } from '../../runtime/field/shape.js';
import type { FieldNode, MotionPrediction } from '../../runtime/field/structure.js';
import type { LatentGrid } from './latentGrid.js';
import type { LatentStore } from './latentStore.js';
import type { Plane } from './resampling.js';
import type { Source } from './source.js';

/** What later nodes read of a node: three picture planes (codes less 128), then its motion components. */
export type Baked = readonly Plane[];
export const PICTURE_PLANES = 3;

/** One plane of an earlier node's `Baked`. */
export interface Read {
  readonly node: number;
  readonly place: number;
}

export interface TrainedNode {
  readonly field: FieldNode;
  readonly planes: readonly LatentPlane[];
  readonly grids: readonly LatentGrid[];
  readonly latents: LatentStore;
  /** What it is computed from besides its latents: planes of its references, motion that its own is predicted from. */
  readonly reads: readonly Read[];
  readonly referred: boolean;
  /** Once it is set. */
  source: Source | undefined;
  baked: Baked | undefined;
}

/** Every plane once: a gradient by the same tensor twice would count twice. */
export function readsOf({ refs, motion }: FieldNode): Read[] {
  const reads = refs.flatMap((node) =>
    Array.from({ length: PICTURE_PLANES }, (_, place) => ({ node, place })),
  );
  for (const prediction of motion) {
    for (let axis = 0; prediction && axis < 2; axis++) {
      const read = predictorOf(prediction, axis);
      if (!reads.some(({ node, place }) => node === read.node && place === read.place)) reads.push(read);
    }
  }
  return reads;
}

/** Where a displacement is that another is predicted from. */
export function predictorOf({ node, field }: MotionPrediction, axis: number): Read {
  return { node, place: PICTURE_PLANES + displacement(field, axis) };
}
