/** Head of a segment: its structure, its step and where its streams are. */

import { FormatError, UsageError } from '../errors.js';
import { ANCHOR_DISTANCES } from '../field/constants.js';
import { type AnchorGrid, stretchCount } from '../field/structure.js';
import { ByteReader } from './byteReader.js';
import { ByteWriter } from './byteWriter.js';
import { readSignedVarint, readVarint, writeSignedVarint, writeVarint } from './varint.js';

/** Most streams that a segment may have. */
export const MAX_STREAMS = 16;

/** The base step is 2^(baseExponent / 8) codes. */
export const MIN_BASE_EXPONENT = -96;
export const MAX_BASE_EXPONENT = 96;

/** Legal refinements of a segment: see `refinedOffsets`. */
export const MAX_REFINEMENT = 7;

/** A run of nodes in coding order that is one range-coder stream. */
export interface SegmentStream {
  /** Number of nodes. */
  readonly nodes: number;
  readonly bytes: Uint8Array;
}

/** Factor of the first anchor in the varint that places the anchors. */
const FIRST_ANCHOR = 64;
/** The same for the flag that later stretches have distances of their own. */
const LATER_DISTANCES = 4096;

/** Factor of the refinement in the varint that counts the streams. */
const REFINEMENT = 32;

/** A segment as it lies in the file; its number of frames is in the index. */
export interface SegmentData extends AnchorGrid {
  /** -96..96: the base step is 2^(baseExponent / 8) codes. */
  readonly baseExponent: number;
  /** How much finer than in other segments the first depths are, 0..7; 0 by default. */
  readonly refinement?: number;
  /** 1..16, in coding order; their nodes add up to the frames. */
  readonly streams: readonly SegmentStream[];
}

/**
 * Bytes of a segment: varint anchorDistance (+ 64 firstAnchor if they differ; a reader takes it if they are equal too; + 4096
 * if the later stretches have distances of their own: then a varint each), signed varint baseExponent, varint stream count
 * (+ 32 refinement), per stream varint nodes and varint bytes (not for the last one), then the streams.
 *
 * @throws UsageError `SEGMENT_FIELD` if a field is out of range.
 */
export function packSegment(segment: SegmentData): Uint8Array {
  checkSegment(segment, UsageError);
  const writer = new ByteWriter();
  const { anchorDistance, firstAnchor = anchorDistance, laterDistances = [] } = segment;
  const uniform = laterDistances.every((distance) => distance === anchorDistance);
  const first = firstAnchor === anchorDistance ? 0 : FIRST_ANCHOR * firstAnchor;
  writeVarint(writer, anchorDistance + first + (uniform ? 0 : LATER_DISTANCES));
  if (!uniform) for (const distance of laterDistances) writeVarint(writer, distance);
  writeSignedVarint(writer, segment.baseExponent);
  writeVarint(writer, segment.streams.length + REFINEMENT * (segment.refinement ?? 0));
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
 * @throws FormatError `SEGMENT_FIELD`, `FILE_TRUNCATED` or `VARINT_INVALID`
 */
export function unpackSegment(bytes: Uint8Array, frames: number): SegmentData {
  const reader = new ByteReader(bytes, 'segment');
  const anchors = readVarint(reader);
  const anchorDistance = anchors % FIRST_ANCHOR;
  const uniform = anchors < LATER_DISTANCES;
  const first = uniform ? anchors : anchors - LATER_DISTANCES;
  const firstAnchor = Math.floor(first / FIRST_ANCHOR) || anchorDistance;
  const later = uniform ? 0 : stretchCount(frames) - 1;
  const laterDistances = Array.from({ length: later }, () => readVarint(reader));
  const baseExponent = readSignedVarint(reader);
  const counts = readVarint(reader);
  const count = counts % REFINEMENT;
  const refinement = Math.floor(counts / REFINEMENT);
  if (count < 1 || count > MAX_STREAMS) {
    throw fieldError(FormatError, 'streams', count, `1..${MAX_STREAMS}`);
  }
  const sizes: { nodes: number; bytes: number }[] = [];
  for (let i = 0; i < count; i++) {
    sizes.push({ nodes: readVarint(reader), bytes: i < count - 1 ? readVarint(reader) : -1 });
  }
  const streams = sizes.map((size) => ({
    nodes: size.nodes,
    bytes: reader.take(size.bytes < 0 ? reader.left : size.bytes),
  }));
  const segment: SegmentData = {
    ...{ frames, anchorDistance, firstAnchor, ...(uniform ? {} : { laterDistances }) },
    ...{ baseExponent, refinement, streams },
  };
  checkSegment(segment, FormatError);
  return segment;
}

type ErrorClass = typeof UsageError | typeof FormatError;

function checkSegment(segment: SegmentData, errorClass: ErrorClass): void {
  const {
    frames,
    anchorDistance,
    firstAnchor = anchorDistance,
    laterDistances,
    baseExponent,
    refinement = 0,
    streams,
  } = segment;
  if (laterDistances && laterDistances.length !== stretchCount(frames) - 1) {
    throw fieldError(
      errorClass,
      'laterDistances',
      laterDistances.length,
      `${stretchCount(frames) - 1} numbers`,
    );
  }
  for (const distance of [anchorDistance, ...(laterDistances ?? [])]) {
    if (ANCHOR_DISTANCES.includes(distance)) continue;
    throw fieldError(errorClass, 'anchorDistance', distance, ANCHOR_DISTANCES.join(', '));
  }
  if (firstAnchor < 1 || firstAnchor > anchorDistance) {
    throw fieldError(errorClass, 'firstAnchor', firstAnchor, `1..${anchorDistance}`);
  }
  const exponentFits = baseExponent >= MIN_BASE_EXPONENT && baseExponent <= MAX_BASE_EXPONENT;
  if (!exponentFits || !Number.isInteger(baseExponent)) {
    throw fieldError(errorClass, 'baseExponent', baseExponent, `${MIN_BASE_EXPONENT}..${MAX_BASE_EXPONENT}`);
  }
  if (refinement < 0 || refinement > MAX_REFINEMENT || !Number.isInteger(refinement)) {
    throw fieldError(errorClass, 'refinement', refinement, `0..${MAX_REFINEMENT}`);
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
