/** What may be wrong with the parts of a file, each by itself; everything else about the file stays sound. */

import { Packr, Unpackr } from 'msgpackr';
import { writeLaplace } from '../../runtime/entropy/laplaceCoder.js';
import { RangeEncoder } from '../../runtime/entropy/rangeCoder.js';
import { MIN_SCALE_INDEX } from '../../runtime/field/constants.js';
import { AT_PRIOR, maxK } from '../../runtime/field/nets.js';
import { NET_TENSORS } from '../../runtime/field/tensors.js';
import { HEADER_FIELDS, HEADER_WORDS } from '../../runtime/format/header.js';
import { unpackSegment } from '../../runtime/format/segmentHead.js';
import type { Dice } from './dice.js';
import { concatenate, type FileParts, type Lies, varint } from './fileParts.js';

/** Changes the parts, or what the file says of them; returns what it did in a few words. */
export type PartMutation = (parts: FileParts, lies: Lies, dice: Dice, others: readonly FileParts[]) => string;

/** Numbers at which something usually ends. */
const EDGES = [
  ...[0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 257, 1023, 4095, 4096],
  ...[16383, 16384, 16385, 32767, 32768, 65535, 65536, 65537, 2 ** 24 - 1, 2 ** 24, 2 ** 24 + 1],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 35 - 1],
];

/** A number at an edge, or near the true one. */
export function oddNumber(dice: Dice, truth: number): number {
  if (dice.oneIn(3)) return Math.max(0, truth + dice.below(9) - 4);
  return dice.pick(EDGES);
}

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ mapsAsObjects: false, useRecords: false });

const LAST_KEY = HEADER_FIELDS.length - 1;

function headerField(parts: FileParts, _lies: Lies, dice: Dice): string {
  const header = unpackr.unpack(parts.header) as Map<unknown, unknown>;
  const key = dice.oneIn(12) ? dice.below(300) : dice.below(LAST_KEY + 1);
  if (dice.oneIn(10)) header.delete(key);
  else header.set(key, headerValue(dice, key));
  parts.header = new Uint8Array(packr.pack(header));
  return `header field ${key}`;
}

/** A film of another size or chroma, mostly a small one, with the streams of the old one. */
function pictureSize(parts: FileParts, _lies: Lies, dice: Dice): string {
  const header = unpackr.unpack(parts.header) as Map<unknown, unknown>;
  const side = (): number =>
    dice.oneIn(40) ? 16 + dice.below(1000) : 16 + dice.below(dice.pick([3, 50, 120]));
  header.set(0, side());
  header.set(1, side());
  if (dice.oneIn(2)) header.set(4, dice.pick(['420', '444']));
  if (dice.oneIn(3))
    header.set(
      11,
      [0, 0, 0, 0, 0].map(() => dice.below(65) - 32),
    );
  parts.header = new Uint8Array(packr.pack(header));
  return 'picture size';
}

function headerValue(dice: Dice, key: number): unknown {
  const number = (): number => dice.pick([1, -1]) * oddNumber(dice, 16) * (dice.oneIn(12) ? 0.5 : 1);
  const values: (() => unknown)[] = [
    number,
    number,
    () => [number(), number()],
    () => Array.from({ length: key === 11 ? 5 : dice.below(7) }, () => dice.below(70) - 35),
    () => dice.pick([...HEADER_WORDS, '420', '444', '422', 'tv', 'pc', '', 'x'.repeat(dice.below(70))]),
    () => dice.pick([Number.NaN, Number.POSITIVE_INFINITY, -0, 1e300, 2 ** 60, -(2 ** 40), 0.5]),
    () => dice.pick([null, true, false, undefined, dice.bytes(dice.below(9)), new Map([[0, number()]])]),
    () => nested(dice.below(12)),
  ];
  return dice.pick(values)();
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

function headerBytes(parts: FileParts, _lies: Lies, dice: Dice): string {
  parts.header = corrupt(parts.header, dice);
  return 'header bytes';
}

function netBytes(parts: FileParts, _lies: Lies, dice: Dice): string {
  const segment = parts.segments[dice.below(parts.segments.length)];
  if (segment?.nets && dice.oneIn(2)) segment.nets = corrupt(segment.nets, dice);
  else parts.nets = corrupt(parts.nets, dice);
  return 'net bytes';
}

/** Nets that are coded well, if at no good scale, and say monstrous things: weights up to 32767, gains and biases at their ends. */
function hostileNets(parts: FileParts, _lies: Lies, dice: Dice): string {
  const encoder = new RangeEncoder();
  const wild = 1 + dice.below(8);
  for (const tensor of NET_TENSORS) {
    const k = !dice.oneIn(wild) ? AT_PRIOR : dice.oneIn(2) ? 0 : dice.below(maxK(tensor) + 1);
    encoder.bits(k, 4);
    if (k === AT_PRIOR) continue;
    const most = dice.pick([1, 16, 500, 32767]);
    const extremes = dice.oneIn(2);
    const scale = dice.below(64);
    encoder.bits(scale, 6);
    for (let i = 0; i < tensor.size; i++) {
      const value = extremes ? most * (dice.below(3) - 1) : dice.below(2 * most + 1) - most;
      writeLaplace(encoder, value, 0, scale + MIN_SCALE_INDEX);
    }
  }
  parts.nets = encoder.finish();
  return 'hostile nets';
}

function foreignNets(parts: FileParts, _lies: Lies, dice: Dice, others: readonly FileParts[]): string {
  parts.nets = dice.pick(others).nets;
  return 'nets of another file';
}

function indexNumbers(parts: FileParts, lies: Lies, dice: Dice): string {
  const at = dice.below(parts.segments.length);
  const segment = parts.segments[at];
  const changes: (() => string)[] = [
    () => {
      if (segment) segment.frames = oddNumber(dice, segment.frames);
      return 'frames of a segment';
    },
    () => {
      lies.segmentBytes = new Map([[at, oddNumber(dice, segment?.bytes.length ?? 0)]]);
      return 'bytes of a segment';
    },
    () => {
      if (segment?.nets) delete segment.nets;
      else if (segment) segment.nets = parts.nets;
      return 'nets of a segment';
    },
    () => {
      lies.segmentCount = oddNumber(dice, parts.segments.length);
      return 'number of segments';
    },
    () => {
      lies.indexTail = dice.bytes(dice.small(20));
      return 'bytes behind the index';
    },
  ];
  return dice.pick(changes)();
}

/** Segments dropped, repeated or in another order; the header's frames follow, as often as not. */
function segmentList(parts: FileParts, _lies: Lies, dice: Dice, others: readonly FileParts[]): string {
  const { segments } = parts;
  const at = dice.below(segments.length + 1);
  if (dice.oneIn(3)) segments.splice(at, 1);
  else if (dice.oneIn(2))
    segments.splice(at, 0, ...dice.pick(others).segments.map((segment) => ({ ...segment })));
  else segments.reverse();
  if (!dice.oneIn(8)) followFrames(parts);
  return 'list of segments';
}

/** Says in the header how many frames the segments have together. */
function followFrames(parts: FileParts): void {
  const header = unpackr.unpack(parts.header) as Map<unknown, unknown>;
  header.set(
    2,
    parts.segments.reduce((sum, { frames }) => sum + frames, 0),
  );
  parts.header = new Uint8Array(packr.pack(header));
}

/** A segment's structure: other frames, anchors, exponents, refinements and shares of the streams, legal ones mostly. */
function segmentHead(parts: FileParts, _lies: Lies, dice: Dice): string {
  const segment = dice.pick(parts.segments);
  if (!segment) return 'no segment';
  const head = unpackSegment(segment.bytes, segment.frames);
  const streams = head.streams.map(({ nodes, bytes }) => ({ nodes, claimed: bytes.length, bytes }));
  let anchors = head.anchorDistance + 64 * (head.firstAnchor ?? 0);
  const later: number[] = [];
  let exponent = head.baseExponent;
  let counts = streams.length + 32 * (head.refinement ?? 0);
  const changes: (() => void)[] = [
    () => {
      segment.frames = dice.oneIn(4)
        ? oddNumber(dice, segment.frames)
        : 1 + dice.below(dice.pick([4, 40, 256]));
      streams.splice(1);
      counts = 1;
      streams[0]!.nodes = segment.frames;
      followFrames(parts);
    },
    () => {
      anchors = dice.oneIn(3) ? oddNumber(dice, anchors) : dice.pick([1, 2, 4, 8, 16, 32]);
      if (dice.oneIn(3)) anchors += 64 * (1 + dice.below(32));
    },
    () => {
      anchors += 4096;
      for (let s = dice.below(9); s > 0; s--) later.push(dice.pick([1, 2, 4, 8, 16, 32, 3, 0]));
    },
    () => {
      exponent = dice.oneIn(4) ? dice.below(2 ** 31) - 2 ** 30 : dice.below(193) - 96;
    },
    () => {
      counts = dice.oneIn(2) ? streams.length + 32 * dice.below(9) : oddNumber(dice, counts);
    },
    () => {
      const stream = dice.pick(streams);
      stream.nodes = oddNumber(dice, stream.nodes);
    },
    () => {
      const stream = dice.pick(streams);
      stream.claimed = oddNumber(dice, stream.claimed);
    },
  ];
  for (let i = dice.small(2); i > 0; i--) dice.pick(changes)();
  const fields = [varint(anchors), ...later.map(varint), varint(zigzag(exponent)), varint(counts)];
  for (const [i, { nodes, claimed }] of streams.entries()) {
    fields.push(varint(nodes));
    if (i < streams.length - 1) fields.push(varint(claimed));
  }
  segment.bytes = concatenate([...fields, ...streams.map(({ bytes }) => bytes)]);
  return 'head of a segment';
}

function zigzag(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1;
}

/** The end of a segment is its streams: what the range decoder reads. */
function streamBytes(parts: FileParts, _lies: Lies, dice: Dice): string {
  const segment = dice.pick(parts.segments);
  if (!segment) return 'no segment';
  const head = Math.min(segment.bytes.length, 4 + dice.below(6));
  segment.bytes = concatenate([segment.bytes.subarray(0, head), corrupt(segment.bytes.subarray(head), dice)]);
  return 'streams';
}

function segmentBytes(parts: FileParts, _lies: Lies, dice: Dice): string {
  const segment = dice.pick(parts.segments);
  if (segment) segment.bytes = corrupt(segment.bytes, dice);
  return 'segment bytes';
}

/** The tail of one segment behind the head of another. */
function splicedSegment(parts: FileParts, _lies: Lies, dice: Dice, others: readonly FileParts[]): string {
  const segment = dice.pick(parts.segments);
  const other = dice.pick(dice.pick(others).segments);
  if (!segment || !other) return 'no segment';
  const cut = dice.below(segment.bytes.length + 1);
  segment.bytes = concatenate([
    segment.bytes.subarray(0, cut),
    other.bytes.subarray(dice.below(other.bytes.length)),
  ]);
  return 'segment spliced';
}

function chunks(parts: FileParts, lies: Lies, dice: Dice): string {
  const at = dice.below(parts.chunks.length + 1);
  const name = dice.oneIn(2) ? dice.bytes(4) : Uint8Array.of(97, 98, 99, 100);
  parts.chunks.splice(at, dice.below(2), { name, bytes: dice.bytes(dice.below(40)) });
  if (dice.oneIn(2)) lies.chunkBytes = new Map([[at, oddNumber(dice, 10)]]);
  return 'chunks';
}

function partLengths(parts: FileParts, lies: Lies, dice: Dice): string {
  const which = dice.pick(['headerBytes', 'netBytes', 'indexBytes'] as const);
  const truths = { headerBytes: parts.header.length, netBytes: parts.nets.length, indexBytes: 10 };
  lies[which] = oddNumber(dice, truths[which]);
  return which;
}

function version(parts: FileParts, _lies: Lies, dice: Dice): string {
  parts.version = oddNumber(dice, 1);
  return 'version';
}

/** Each as often as it stands here. */
export const PART_MUTATIONS: readonly PartMutation[] = [
  ...[headerField, headerField, headerBytes, pictureSize, pictureSize, pictureSize],
  ...[netBytes, netBytes, netBytes, hostileNets, hostileNets, hostileNets, foreignNets],
  ...[indexNumbers, segmentList, segmentHead, segmentHead, segmentHead, splicedSegment],
  ...[streamBytes, streamBytes, streamBytes, streamBytes, streamBytes, segmentBytes],
  ...[chunks, partLengths, version],
];

/** Bytes with some of them changed, cut off, doubled or filled in. */
export function corrupt(bytes: Uint8Array, dice: Dice): Uint8Array {
  const kinds: (() => Uint8Array)[] = [
    () => flipped(bytes, dice),
    () => flipped(bytes, dice),
    () => overwritten(bytes, dice),
    () => bytes.slice(0, dice.below(bytes.length + 1)),
    () => bytes.slice().fill(dice.pick([0, 255, 127, 128]), dice.below(bytes.length)),
    () => dice.bytes(dice.small(2 * bytes.length + 8)),
    () => moved(bytes, dice),
    () => extremeVarint(bytes, dice),
  ];
  return dice.pick(kinds)();
}

function flipped(bytes: Uint8Array, dice: Dice): Uint8Array {
  const out = bytes.slice();
  for (let hits = dice.small(8); hits > 0 && out.length > 0; hits--)
    out[dice.below(out.length)]! ^= 1 << dice.below(8);
  return out;
}

function overwritten(bytes: Uint8Array, dice: Dice): Uint8Array {
  const out = bytes.slice();
  const at = dice.below(out.length);
  out.set(dice.bytes(dice.small(8)).subarray(0, out.length - at), at);
  return out;
}

/** A piece dropped, doubled, or put elsewhere. */
function moved(bytes: Uint8Array, dice: Dice): Uint8Array {
  const from = dice.below(bytes.length);
  const piece = bytes.subarray(from, from + dice.small(16));
  const rest = dice.oneIn(2)
    ? bytes
    : concatenate([bytes.subarray(0, from), bytes.subarray(from + piece.length)]);
  const to = dice.below(rest.length + 1);
  const inserted = dice.oneIn(3) ? new Uint8Array(0) : piece;
  return concatenate([rest.subarray(0, to), inserted, rest.subarray(to)]);
}

/** The longest legal varint, the first illegal one, and one that does not end. */
const VARINTS: readonly (readonly number[])[] = [
  [255, 255, 255, 255, 15],
  [255, 255, 255, 255, 16],
  [255, 255, 255, 255, 255, 255, 255, 255],
  [128, 128, 128, 128, 0],
  [128, 128, 128, 128, 128, 0],
];

function extremeVarint(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.below(bytes.length + 1);
  return concatenate([
    bytes.subarray(0, at),
    Uint8Array.from(dice.pick(VARINTS)),
    bytes.subarray(Math.min(bytes.length, at + dice.below(3))),
  ]);
}
