/** What an engine makes of a file, and whether that is allowed. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BakedSegment, DecoderEngine, SegmentTask } from '../../runtime/engine/decoderEngine.js';
import { readSegmentNodes } from '../../runtime/entropy/segmentCoder.js';
import { FormatError } from '../../runtime/errors.js';
import { latentPlanes } from '../../runtime/field/shape.js';
import { open, type WeftFilm } from '../../runtime/film/film.js';
import type { Picture } from '../../runtime/picture/picture.js';
import { rasterKernels } from '../../runtime/picture/raster.js';
import { type BakedNode, bakeNode } from '../../runtime/reference/nodeBake.js';
import { repositoryRoot } from './corpus.js';

/** Segments of a file that are decoded; more of them test nothing new. */
const SEGMENTS = 2;

/** Another raster than the film's own. */
const SMALL_RASTER = { width: 24, height: 20 };

export type Outcome =
  | { readonly kind: 'decoded'; readonly segments: readonly DecodedSegment[] }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'uncoded'; readonly error: string };

export interface DecodedSegment {
  readonly task: SegmentTask;
  readonly latents: readonly Int32Array[];
  readonly pictures: readonly Picture[];
}

/** Codes that FORMAT.md (section 14) lists. */
export function documentedCodes(): ReadonlySet<string> {
  const document = readFileSync(join(repositoryRoot(), 'FORMAT.md'), 'utf8');
  const section = document.slice(document.indexOf('\n## 14'), document.indexOf('\n## 15'));
  const codes = [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]!);
  if (codes.length === 0) throw new Error('FORMAT.md has no table of errors');
  return new Set(codes);
}

/** How to look at a file. */
export interface Examination {
  readonly maxSegmentPixels: number;
  /** Codes that a decoder may refuse a file with. */
  readonly codes: ReadonlySet<string>;
  /** Whether latents and their bits are asked for too, which decodes a segment twice more. */
  readonly latents: boolean;
}

/** Decodes the first segments of a file and some pictures of each. */
export async function examine(
  bytes: Uint8Array,
  decoder: DecoderEngine,
  { maxSegmentPixels, codes, latents }: Examination,
): Promise<Outcome> {
  try {
    const film = await open(bytes, { decoder, maxSegmentPixels });
    await film.chunks();
    const segments: DecodedSegment[] = [];
    for (let i = 0; i < Math.min(SEGMENTS, film.segments.length); i++) {
      segments.push(await decodeSegment(film, i, decoder, latents));
    }
    return { kind: 'decoded', segments };
  } catch (error) {
    if (error instanceof FormatError && codes.has(error.code)) return { kind: 'refused', code: error.code };
    return { kind: 'uncoded', error: String((error as Error | undefined)?.stack ?? error) };
  }
}

async function decodeSegment(
  film: WeftFilm,
  index: number,
  decoder: DecoderEngine,
  withLatents: boolean,
): Promise<DecodedSegment> {
  const task = await film.segmentTask(index);
  const latents = withLatents ? await decoder.latents(task) : [];
  if (withLatents) await decoder.bits(task);
  const baked = await decoder.bake(task);
  try {
    return { task, latents, pictures: await picturesOf(film, baked, task.nodes.length) };
  } finally {
    baked.close();
  }
}

/** The last frame first, so that everything that it refers to is baked for it; the first; and one between two frames. */
async function picturesOf(film: WeftFilm, baked: BakedSegment, frames: number): Promise<Picture[]> {
  const { width, height } = film.header;
  const whole = { x: 0, y: 0, width, height };
  const own = rasterKernels(film.shape, whole, width, height);
  const small = rasterKernels(film.shape, whole, SMALL_RASTER.width, SMALL_RASTER.height);
  const pictures = [await baked.picture(frames - 1, 0, own), await baked.picture(0, 0, small)];
  if (frames > 1) pictures.push(await baked.picture((frames - 1) >> 1, 0.5, own));
  return pictures;
}

/**
 * Within what both engines must show the same picture. FORMAT.md asks for less: at samples of 2^15, single precision and a filter
 * with large weights leave nothing of a code.
 */
const TAME_SAMPLE = 2 ** 11;
const TAME_DISPLACEMENT_PX = 2 ** 9;
/** Filters, lights and nets larger than this magnify what engines round differently. */
const TAME_WEIGHT = 4;
/** Codes that pictures of tame segments may differ by, anywhere. */
const PICTURE_TOLERANCE = 2;

/** In what way two engines disagree; undefined if they agree. */
export function disagreement(a: Outcome, b: Outcome): string | undefined {
  if (a.kind !== 'decoded' || b.kind !== 'decoded') {
    const [first, second] = [a, b].map(summaryOf);
    return first === second ? undefined : `${first} against ${second}`;
  }
  for (const [i, segment] of a.segments.entries()) {
    const other = b.segments[i]!;
    if (!sameLatents(segment, other)) return `latents of segment ${i} differ`;
    const largest = largestDifference(segment.pictures, other.pictures);
    if (largest > PICTURE_TOLERANCE && isTame(segment))
      return `pictures of segment ${i} differ by ${largest}`;
  }
  return undefined;
}

export function summaryOf(outcome: Outcome): string {
  if (outcome.kind === 'decoded') return 'decoded';
  return outcome.kind === 'refused' ? `refused ${outcome.code}` : `uncoded ${outcome.error.split('\n')[0]}`;
}

function sameLatents(a: DecodedSegment, b: DecodedSegment): boolean {
  return a.latents.every((node, n) => node.every((q, i) => q === b.latents[n]![i]));
}

function largestDifference(a: readonly Picture[], b: readonly Picture[]): number {
  let largest = 0;
  for (const [i, picture] of a.entries())
    for (const [p, plane] of picture.planes.entries()) {
      const other = b[i]!.planes[p]!;
      if (other.length !== plane.length) return Number.POSITIVE_INFINITY;
      for (let k = 0; k < plane.length; k++) largest = Math.max(largest, Math.abs(plane[k]! - other[k]!));
    }
  return largest;
}

/** Whether every sample and every displacement of a segment is one that single precision can carry. */
function isTame({ task }: DecodedSegment): boolean {
  const { shape, nets, depthOffset, segment, nodes } = task;
  if ([...nets.values].some((value) => Math.abs(value) > TAME_WEIGHT)) return false;
  const settings = { shape, nets, depthOffset, baseExponent: segment.baseExponent };
  const planesOf = [0, 1, 2].map((references) => latentPlanes(shape, references));
  const baked: BakedNode[] = [];
  for (const latents of readSegmentNodes(segment, shape, nets, nodes)) {
    const node = nodes[baked.length]!;
    baked.push(bakeNode(settings, node, planesOf[node.refs.length]!, latents, baked));
    const { planes, motion } = baked.at(-1)!;
    if (!planes.every(({ samples }) => samples.every((sample) => Math.abs(sample) <= TAME_SAMPLE)))
      return false;
    if (!motion.every(({ samples }) => samples.every((d) => Math.abs(d) <= TAME_DISPLACEMENT_PX)))
      return false;
  }
  return true;
}
