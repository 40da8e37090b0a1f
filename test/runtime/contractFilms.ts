/** Films that engines are tried on, as the tasks that an engine gets, whole and damaged. */

import type { SegmentTask } from '../../runtime/engine/decoderEngine.js';
import { readSegmentLatents } from '../../runtime/entropy/segmentCoder.js';
import { FormatError } from '../../runtime/errors.js';
import { open } from '../../runtime/film/film.js';
import { ReferenceDecoderEngine } from '../../runtime/reference/referenceDecoderEngine.js';
import { randomNumbers } from './randomNumbers.js';
import { type Drawing, randomTensors, type SampleFilm, sampleFilm } from './sampleSegments.js';

export type Sample = Partial<SampleFilm> & { readonly drawing: Drawing };

/** All shapes, chromas, numbers of streams and structures; sizes at which vectors of any length have a rest. */
export const SAMPLES: readonly Sample[] = [
  { drawing: 'sparse' },
  { drawing: 'dense', chroma: '444', streams: 3 },
  { drawing: 'huge', width: 33, height: 47, frames: [3, 2], streams: 2 },
  { drawing: 'empty', width: 16, height: 16 },
  { drawing: 'sparse', width: 131, height: 77, frames: [9], anchorDistance: 8, streams: 4 },
  { drawing: 'dense', width: 65, height: 129, chroma: '444', frames: [1, 5], anchorDistance: 1 },
  { drawing: 'sparse', width: 16, height: 201, frames: [33], anchorDistance: 32 },
  { drawing: 'sparse', width: 48, height: 16, frames: [40], anchorDistance: 16, laterDistances: [4] },
  { drawing: 'dense', refinement: 5 },
  { drawing: 'dense', frames: [3, 2, 4], laterNets: [1] },
];

/** Base steps that spread pictures over some tens of codes and seldom to 0 or 255, so that differences show. */
const CONTRAST = { sparse: 40, dense: 20, huge: -84, empty: 8 } as const;

/** Bytes of a film of 40x24 in one segment of 9 frames, but for what the sample says. */
export function filmOf(sample: Sample, seed: number): Uint8Array {
  const full: SampleFilm = {
    width: 40,
    height: 24,
    chroma: '420',
    frames: [9],
    anchorDistance: 4,
    baseExponent: CONTRAST[sample.drawing],
    ...sample,
  };
  return sampleFilm(full, seed, randomTensors(seed, 0.1)).bytes;
}

/** The segments of a film. */
export async function tasksOf(bytes: Uint8Array): Promise<SegmentTask[]> {
  const film = await open(bytes, { decoder: new ReferenceDecoderEngine() });
  return Promise.all(film.segments.map((_, index) => film.segmentTask(index)));
}

export interface DamagedTask {
  readonly task: SegmentTask;
  /** Latents of the nodes, or undefined where a stream holds a value out of range. */
  readonly latents: readonly Int32Array[] | undefined;
}

/** Segments whose streams are cut short and overwritten, at random but always the same. */
export async function damagedTasks(count: number): Promise<DamagedTask[]> {
  const next = randomNumbers(77);
  const damaged: DamagedTask[] = [];
  for (let round = 0; round < count; round++) {
    const drawing = (['sparse', 'dense', 'huge'] as const)[round % 3]!;
    const bytes = filmOf({ drawing, frames: [4], streams: 1 + (round % 2) }, 100 + round);
    const [task] = await tasksOf(bytes);
    const streams = task!.segment.streams.map((stream) => ({
      ...stream,
      bytes: stream.bytes.slice(0, 1 + (next() % (stream.bytes.length + 1))),
    }));
    for (const stream of streams) {
      for (let hits = 1 + (next() % 4); hits > 0; hits--) {
        stream.bytes[next() % stream.bytes.length] = next() & 255;
      }
      if (round % 5 === 0) stream.bytes.fill(round % 10 === 0 ? 255 : 0);
    }
    const broken = { ...task!, segment: { ...task!.segment, streams } };
    damaged.push({ task: broken, latents: readIfLegal(broken) });
  }
  return damaged;
}

function readIfLegal({ segment, shape, nets }: SegmentTask): Int32Array[] | undefined {
  try {
    return readSegmentLatents(segment, shape, nets);
  } catch (error) {
    if (error instanceof FormatError && error.code === 'LATENT_RANGE') return undefined;
    throw error;
  }
}
