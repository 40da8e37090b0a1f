/** Planes of real samples. */

/** Shape (height, width), row-major. */
export interface FloatPlane {
  readonly width: number;
  readonly height: number;
  readonly samples: Float32Array;
}

/** Y, Cb, Cr. */
export type Planes = readonly [FloatPlane, FloatPlane, FloatPlane];

/** A plane of zeros. */
export function createPlane(width: number, height: number): FloatPlane {
  return { width, height, samples: new Float32Array(width * height) };
}
