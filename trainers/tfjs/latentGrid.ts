/** Latent planes that are computed together: those of one pyramid level, which follow each other. */

import * as tf from '@tensorflow/tfjs';
import type { LatentPlane } from '../../runtime/field/shape.js';
import type { Planes } from './resampling.js';

export interface LatentGrid {
  readonly kind: LatentPlane['kind'];
  readonly width: number;
  readonly height: number;
  readonly planes: readonly LatentPlane[];
  /** Place of the first plane among those of the node, of its first latent among the latents. */
  readonly firstPlane: number;
  readonly offset: number;
}

/** The planes of a node by level, in coding order: of motion, then of innovation, each from the coarsest. */
export function latentGrids(planes: readonly LatentPlane[]): LatentGrid[] {
  const grids: LatentGrid[] = [];
  for (const [index, plane] of planes.entries()) {
    const { kind, width, height, offset } = plane;
    const last = grids.at(-1);
    if (last && last.kind === kind && last.width === width && last.height === height) {
      grids[grids.length - 1] = { ...last, planes: [...last.planes, plane] };
    } else grids.push({ kind, width, height, planes: [plane], firstPlane: index, offset });
  }
  return grids;
}

/** One grid of a node's concatenated latents. */
export function planesOf(latents: tf.Tensor1D, { planes, width, height, offset }: LatentGrid): Planes {
  const count = planes.length * width * height;
  return tf.reshape(tf.slice(latents, offset, count), [planes.length, height, width]);
}
