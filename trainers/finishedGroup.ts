/** Groups of segments in the form in which an encode keeps them. */

import { createHash } from 'node:crypto';
import { Packr, Unpackr } from 'msgpackr';
import { crc32c } from '../runtime/format/crc32c.js';
import type { Picture } from '../runtime/picture/picture.js';
import type { TrainedSegment } from './segmentTrainer.js';

/** A group of segments that needs no more training. */
export interface FinishedGroup {
  readonly segments: readonly TrainedSegment[];
  /** From `writeNets`. */
  readonly nets: Uint8Array;
  /** From `digestOf`, of its pictures, where another run may go on behind it. */
  readonly source?: string;
}

const CHECKSUM_BYTES = 4;

/** SHA-256 over all samples of pictures. In hexadecimal. */
export function digestOf(pictures: Iterable<Picture>): string {
  const hash = createHash('sha256');
  for (const { planes } of pictures) for (const plane of planes) hash.update(plane);
  return hash.digest('hex');
}

/** Bytes of a group, with their checksum. */
export function packGroup(group: FinishedGroup): Uint8Array {
  const content = new Packr({ useRecords: false }).pack(group);
  const bytes = new Uint8Array(content.length + CHECKSUM_BYTES);
  bytes.set(content);
  new DataView(bytes.buffer).setUint32(content.length, crc32c(content), true);
  return bytes;
}

/** What `packGroup` wrote; undefined if the bytes are not whole. */
export function unpackGroup(bytes: Uint8Array): FinishedGroup | undefined {
  const length = bytes.length - CHECKSUM_BYTES;
  if (length < 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const content = bytes.subarray(0, length);
  if (view.getUint32(length, true) !== crc32c(content)) return undefined;
  return new Unpackr({ useRecords: false }).unpack(content) as FinishedGroup;
}
