/** Parts of `.weft` files as one file: whole segments are copied, nothing is trained or decoded. */

import { FormatError, UsageError } from '../../runtime/errors.js';
import { infoOf } from '../../runtime/film/film.js';
import { filmClock } from '../../runtime/film/filmClock.js';
import type { StreamedChunk } from '../../runtime/format/chunks.js';
import {
  type PlannedFile,
  planWeft,
  type SegmentOutline,
  segmentBytes,
  segmentNetBytes,
  streamedChunks,
  type WeftFile,
} from '../../runtime/format/container.js';
import type { WeftHeader } from '../../runtime/format/header.js';
import type { NetsEntry } from '../../runtime/format/segments.js';
import { filmSeconds } from '../../runtime/picture/frameTimes.js';

/** Segments of a file, one or more, in a row. */
export interface WeftPart {
  /** For messages. */
  readonly name: string;
  readonly file: WeftFile;
  readonly firstSegment: number;
  /** Behind the last one. */
  readonly endSegment: number;
}

/** Where a part lies in its film, in seconds. */
export interface PartTimes {
  readonly start: number;
  readonly end: number;
}

/** All of a file. */
export function wholeFile(name: string, file: WeftFile): WeftPart {
  return { name, file, firstSegment: 0, endSegment: file.segments.length };
}

/**
 * The segments that a stretch of a film lies in.
 *
 * @param stretch in seconds; from the beginning, or to the end, where it is left out
 * @throws UsageError `EMPTY_RANGE`
 */
export function segmentsAround(
  name: string,
  file: WeftFile,
  { start = 0, end }: { start?: number | undefined; end?: number | undefined },
): WeftPart {
  const clock = filmClock(infoOf(file));
  const until = Math.min(end ?? clock.seconds, clock.seconds);
  if (start >= until) {
    throw new UsageError(`There is nothing of ${name} between ${start} s and ${end ?? clock.seconds} s.`, {
      code: 'EMPTY_RANGE',
      hint: 'Give a start before the end, and within the film.',
      path: '--start',
      value: start,
      range: `0..${clock.seconds.toFixed(3)}`,
    });
  }
  const { segments } = file;
  const [first, last] = [clock.frameAt(start) + NEARLY, clock.frameAt(until) - NEARLY];
  const holding = (frame: number) =>
    segments.findLastIndex(({ startFrame }) => startFrame <= Math.max(0, frame));
  return { name, file, firstSegment: holding(first), endSegment: holding(last) + 1 };
}

/** Frames that an instant may be wrong by. */
const NEARLY = 1e-4;

/** Whether a part is all of its file. */
export function isWhole({ file, firstSegment, endSegment }: WeftPart): boolean {
  return endSegment - firstSegment === file.segments.length;
}

/** Where a part lies in its film. */
export function timesOf({ file, firstSegment, endSegment }: WeftPart): PartTimes {
  const info = infoOf(file);
  const at = (segment: number) =>
    filmSeconds({ ...info, frames: file.segments[segment]?.startFrame ?? info.frames })!;
  return { start: at(firstSegment), end: at(endSegment) };
}

/** Fields of a header that pictures, or their times, depend on. */
const DECIDING = [
  ...(['width', 'height', 'chroma', 'rate', 'tick', 'depthOffset', 'prior'] as const),
  ...(['lumaRange', 'matrix', 'primaries', 'transfer', 'chromaLocation', 'sampleAspect'] as const),
];
/** Fields that are kept where all parts agree on them. */
const TELLING = ['encoder', 'engine', 'preset', 'crf', 'seed', 'trainedKilomacsPerPixel'] as const;

/** @throws UsageError `FILMS_DIFFER` if the files are not parts of one film */
export function checkJoinable(parts: readonly WeftPart[]): void {
  const [first, ...others] = parts;
  for (const { name, file } of others) {
    const field = DECIDING.find((field) => !same(file.header[field], first!.file.header[field]));
    if (field === undefined) continue;
    const [found, expected] = [file, first!.file].map(({ header }) => String(header[field] ?? 'none'));
    throw new UsageError(
      `${name} cannot go on from ${first!.name}: its ${field} is ${found}, not ${expected}.`,
      {
        code: 'FILMS_DIFFER',
        hint: 'Join files of one film that were encoded with the same options.',
        path: 'input',
        value: name,
      },
    );
  }
}

/**
 * Plans the file; its `pieces` read the parts.
 *
 * @throws UsageError `FILMS_DIFFER`, `FILE_LIMIT`; FormatError `SEGMENT_DAMAGED`, `CHUNK_DAMAGED` also while it is read
 */
export async function planSplice(
  parts: readonly WeftPart[],
  chunks: readonly StreamedChunk[],
): Promise<Omit<PlannedFile, 'pieces'> & { pieces(): AsyncGenerator<Uint8Array, void, undefined> }> {
  checkJoinable(parts);
  const segments: SegmentOutline[] = [];
  const known = new Map<string, Uint8Array>();
  for (const part of parts) segments.push(...(await outlines(part, known)));
  const nets = segments[0]!.nets!;
  // Those of the head are said once; further on, those of the segment before.
  const shared = segments.findIndex((segment) => segment.nets !== nets);
  const inHead = shared < 0 ? segments.length : shared;
  const plan = planWeft({
    header: headerOf(parts),
    nets,
    segments: segments.map((segment, i) => (i < inHead ? { ...segment, nets: undefined } : segment)),
    chunks,
  });
  return { size: plan.size, pieces: () => plan.pieces(bodies(parts)) };
}

/**
 * The segments of a part, each with the nets that it is read with.
 *
 * @param known nets by their bytes, so that equal ones are one
 */
async function outlines(
  { name, file, firstSegment, endSegment }: WeftPart,
  known: Map<string, Uint8Array>,
): Promise<SegmentOutline[]> {
  const own = new Map<NetsEntry | undefined, Uint8Array>();
  const all: SegmentOutline[] = [];
  for (let index = firstSegment; index < endSegment; index++) {
    const { bytes, frames, checksum, durations, nets: entry } = file.segments[index]!;
    if (!own.has(entry)) {
      const nets = (await named(name, () => segmentNetBytes(file, index))) ?? file.nets;
      const text = nets.join();
      own.set(entry, known.get(text) ?? nets);
      known.set(text, own.get(entry)!);
    }
    all.push({ bytes, frames, checksum, durations, nets: own.get(entry) });
  }
  return all;
}

function framesOf({ file, firstSegment, endSegment }: WeftPart): number {
  return file.segments.slice(firstSegment, endSegment).reduce((sum, { frames }) => sum + frames, 0);
}

async function* bodies(parts: readonly WeftPart[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { name, file, firstSegment, endSegment } of parts)
    for (let index = firstSegment; index < endSegment; index++)
      yield await named(name, () => segmentBytes(file, index));
}

function headerOf(parts: readonly WeftPart[]): Omit<WeftHeader, 'frames' | keyof Telling> & Partial<Telling> {
  const { frames: _, psnr, ...header } = parts[0]!.file.header;
  const agreed = TELLING.filter((field) =>
    parts.every(({ file }) => same(file.header[field], header[field])),
  );
  const telling = Object.fromEntries(agreed.map((field) => [field, header[field]])) as Partial<Telling>;
  const deciding = Object.fromEntries(DECIDING.map((field) => [field, header[field]]));
  const longest = parts.reduce((best, part) => (framesOf(part) > framesOf(best) ? part : best));
  // The PSNR of a part is not that of the whole.
  const whole = parts.length === 1 && isWhole(parts[0]!);
  return {
    ...(deciding as Omit<WeftHeader, 'frames' | 'psnr' | keyof Telling>),
    ...telling,
    enlarger: longest.file.header.enlarger,
    psnr: whole ? psnr : null,
  };
}

type Telling = Pick<WeftHeader, (typeof TELLING)[number]>;

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * What lies behind the segments of a part's file. Bytes are read when they are wanted.
 *
 * @throws FormatError `FILE_TRUNCATED`, `VARINT_INVALID`; `CHUNK_DAMAGED` while they are read
 */
export async function partChunks({ name, file }: WeftPart): Promise<StreamedChunk[]> {
  const chunks = await named(name, () => streamedChunks(file));
  return chunks.map((chunk) => ({
    ...chunk,
    async *pieces() {
      try {
        yield* chunk.pieces();
      } catch (error) {
        throw namedError(name, error);
      }
    },
  }));
}

/** The decoder knows bytes, not names: of several files its errors say which one. */
export async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw namedError(name, error);
  }
}

function namedError(name: string, error: unknown): unknown {
  if (!(error instanceof FormatError)) return error;
  const { code, hint, path, value, range } = error;
  const details = { code, hint, value, cause: error, ...(path && { path }), ...(range && { range }) };
  return new FormatError(`${name}: ${error.message}`, details);
}
