/** Head of a segment: its structure, its step and where its streams are. */

import { FormatError, UsageError } from '../errors.js';
import { ANCHOR_DISTANCES, type AnchorGrid } from '../field/structure.js';
import { ByteReader } from './byteReader.js';
import { ByteWriter } from './byteWriter.js';
import { writeSignedVarint, writeVarint } from './varint.js';

export const MAX_STREAMS = 16;

/** The base step is 2^(baseExponent / 8) codes. */
export const MIN_BASE_EXPONENT = -96;
export const MAX_BASE_EXPONENT = 96;

/** A run of nodes in coding order that is one range-coder stream. */
export interface SegmentStream {
  /** Number of nodes. */
  readonly nodes: number;
  readonly bytes: Uint8Array;
}

/** Factor of the first anchor in the varint that places the anchors. */
const FIRST_ANCHOR = 64;

/** A segment as it lies in the file; its number of frames is in the index. */
export interface SegmentData extends AnchorGrid {
  readonly baseExponent: number;
  readonly streams: readonly SegmentStream[];
}

/**
 * Bytes of a segment: varint anchorDistance (+ 64 firstAnchor if they differ; a reader takes it if they are equal too),
 * signed varint baseExponent, varint stream count, per stream varint nodes and varint bytes (not for the last one), then
 * the streams.
 *
 * @throws UsageError `SEGMENT_FIELD` if a field is out of range.
 */
export function packSegment(segment: SegmentData): Uint8Array {
  checkSegment(segment, UsageError);
  const writer = new ByteWriter();
  const { anchorDistance, firstAnchor = anchorDistance } = segment;
  writeVarint(writer, anchorDistance + (firstAnchor === anchorDistance ? 0 : FIRST_ANCHOR * firstAnchor));
  writeSignedVarint(writer, segment.baseExponent);
  writeVarint(writer, segment.streams.length);
  for (const [index, stream] of segment.streams.entries()) {
    writeVarint(writer, stream.nodes);
    if (index < segment.streams.length - 1) writeVarint(writer, stream.bytes.length);
  }
  for (const stream of segment.streams) writer.bytes(stream.bytes);
  return writer.finish();
}

/**
 * Reads what `packSegment` wrote.
 *
 * @param frames frames of the segment according to the index
 * @throws FormatError `SEGMENT_FIELD` or `FILE_TRUNCATED`
 */
export function unpackSegment(bytes: Uint8Array, frames: number): SegmentData {
  const reader = new ByteReader(bytes, 'segment');
  const anchors = reader.varint();
  const anchorDistance = anchors % FIRST_ANCHOR;
  const firstAnchor = Math.floor(anchors / FIRST_ANCHOR) || anchorDistance;
  const baseExponent = reader.signedVarint();
  const count = reader.varint();
  if (count < 1 || count > MAX_STREAMS) {
    throw fieldError(FormatError, 'streams', count, `1..${MAX_STREAMS}`);
  }
  const sizes: { nodes: number; bytes: number }[] = [];
  for (let i = 0; i < count; i++) {
    sizes.push({ nodes: reader.varint(), bytes: i < count - 1 ? reader.varint() : -1 });
  }
  const streams = sizes.map((size) => ({
    nodes: size.nodes,
    bytes: reader.take(size.bytes < 0 ? reader.left : size.bytes),
  }));
  const segment: SegmentData = { frames, anchorDistance, firstAnchor, baseExponent, streams };
  checkSegment(segment, FormatError);
  return segment;
}

type ErrorClass = typeof UsageError | typeof FormatError;

function checkSegment(segment: SegmentData, errorClass: ErrorClass): void {
  const { anchorDistance, firstAnchor = anchorDistance, baseExponent, streams, frames } = segment;
  if (!ANCHOR_DISTANCES.includes(anchorDistance)) {
    throw fieldError(errorClass, 'anchorDistance', anchorDistance, ANCHOR_DISTANCES.join(', '));
  }
  if (firstAnchor < 1 || firstAnchor > anchorDistance) {
    throw fieldError(errorClass, 'firstAnchor', firstAnchor, `1..${anchorDistance}`);
  }
  const exponentFits = baseExponent >= MIN_BASE_EXPONENT && baseExponent <= MAX_BASE_EXPONENT;
  if (!exponentFits || !Number.isInteger(baseExponent)) {
    throw fieldError(errorClass, 'baseExponent', baseExponent, `${MIN_BASE_EXPONENT}..${MAX_BASE_EXPONENT}`);
  }
  if (streams.length < 1 || streams.length > MAX_STREAMS) {
    throw fieldError(errorClass, 'streams', streams.length, `1..${MAX_STREAMS}`);
  }
  const nodes = streams.reduce((sum, stream) => sum + stream.nodes, 0);
  if (nodes !== frames || streams.some((stream) => stream.nodes < 1)) {
    throw fieldError(errorClass, 'streams.nodes', nodes, `1 or more each, ${frames} together`);
  }
}

function fieldError(errorClass: ErrorClass, name: string, value: number, range: string) {
  return new errorClass(`The segment field ${name} is out of range: ${value}.`, {
    code: 'SEGMENT_FIELD',
    hint: `Legal: ${range}.`,
    path: `segment.${name}`,
    value,
    range,
  });
}
