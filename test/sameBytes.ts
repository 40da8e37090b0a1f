/** Arrays of numbers are compared by their bytes first: `toEqual` alone asks each element for its name, and takes seconds for a film. */

import { expect } from 'vitest';

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** Whether two arrays are one type and all of their bytes the same; undefined leaves the answer to `toEqual`. */
function sameBytes(a: unknown, b: unknown): true | undefined {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return undefined;
  return bytesOf(a).equals(bytesOf(b)) || undefined;
}

expect.addEqualityTesters([sameBytes]);
