import type { Picture } from '../../runtime/picture/picture.js';
import { type PsnrDb, psnrOf, type SquaredError } from '../../trainers/psnr.js';

export { losslessDb, type PsnrDb, psnrOf, type SquaredError } from '../../trainers/psnr.js';

/** No error over no samples. */
export function noError(): SquaredError {
  return { sums: [0, 0, 0], samples: [0, 0, 0] };
}

function planeError(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    sum += difference * difference;
  }
  return sum;
}

/**
 * Squared error of one picture against another.
 *
 * @throws RangeError if size or chroma differ.
 */
export function squaredError(a: Picture, b: Picture): SquaredError {
  assertAlike(a, b);
  const error = noError();
  for (let plane = 0; plane < 3; plane++) {
    error.sums[plane] = planeError(a.planes[plane]!, b.planes[plane]!);
    error.samples[plane] = a.planes[plane]!.length;
  }
  return error;
}

/** @throws RangeError if size or chroma differ. */
export function assertAlike(a: Picture, b: Picture): void {
  if (a.width === b.width && a.height === b.height && a.chroma === b.chroma) return;
  const name = (p: Picture) => `${p.width}x${p.height} ${p.chroma}`;
  throw new RangeError(`Pictures of ${name(a)} and ${name(b)} cannot be compared.`);
}

/** Adds `error` to `total`, in place. */
export function addError(total: SquaredError, error: SquaredError): void {
  for (let plane = 0; plane < 3; plane++) {
    total.sums[plane]! += error.sums[plane]!;
    total.samples[plane]! += error.samples[plane]!;
  }
}

/** PSNR of one picture. */
export function psnr(a: Picture, b: Picture): PsnrDb {
  return psnrOf(squaredError(a, b));
}
