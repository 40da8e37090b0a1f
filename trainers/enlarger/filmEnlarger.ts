/** The enlarger of a film: learnt from pieces of its source and of what is decoded there. */

import { openDecoderEngine } from '../../runtime/engine/registry.js';
import { writeEnlarger } from '../../runtime/entropy/netCoder.js';
import { samplingKernels } from '../../runtime/field/samplingKernels.js';
import { open } from '../../runtime/film/film.js';
import { TRAINING_CONSTANTS } from '../trainingConstants.js';
import { type EnlargerTraining, trainEnlarger } from './enlargerTrainer.js';
import { type Example, exampleOf } from './examples.js';
import { cutOut, type FramePieces } from './sourcePieces.js';

/** A part of a film as a file of its own. */
export interface FilmPart {
  readonly frames: number;
  bytes(): Promise<Uint8Array>;
}

/** What the enlarger of a film is learnt with. */
export interface EnlargerLearning extends EnlargerTraining {
  /** That the film is decoded with. */
  readonly threads: number;
}

/** Fewer examples say nothing. */
const LEAST_EXAMPLES = 64;

/**
 * Bytes of the enlarger, or undefined where there is none worth having.
 *
 * @param parts the film, from its first frame on
 * @param pieces of its source, in the order of the film
 * @throws InterruptedError if the signal fires
 */
export async function learnEnlarger(
  parts: readonly FilmPart[],
  pieces: readonly FramePieces[],
  learning: EnlargerLearning,
): Promise<Uint8Array | undefined> {
  const examples: Example[] = [];
  let first = 0;
  for (const part of parts) {
    const end = first + part.frames;
    const within = pieces.filter(({ frame }) => frame >= first && frame < end);
    if (within.length > 0) examples.push(...(await examplesOf(await part.bytes(), first, within, learning)));
    first = end;
  }
  if (examples.length < LEAST_EXAMPLES) return undefined;
  const { tensors, gainDb } = await trainEnlarger(examples, learning);
  return gainDb >= TRAINING_CONSTANTS.enlarger.leastGainDb ? writeEnlarger(tensors) : undefined;
}

/** Examples from a part that begins at the frame `first` of the film. */
async function examplesOf(
  bytes: Uint8Array,
  first: number,
  wanted: readonly FramePieces[],
  { threads, signal }: EnlargerLearning,
): Promise<Example[]> {
  const decoder = await openDecoderEngine('auto', { threads });
  const film = await open(bytes, { decoder });
  try {
    const { width, height } = film.info;
    const kernels = samplingKernels(film.shape, { x: 0, y: 0, width, height }, width, height);
    const examples: Example[] = [];
    for (const [index, { startFrame, frames }] of film.segments.entries()) {
      const start = first + startFrame;
      const within = wanted.filter(({ frame }) => frame >= start && frame < start + frames);
      if (within.length === 0) continue;
      const segment = await decoder.bake(await film.segmentTask(index, signal), signal);
      for (const { frame, pieces } of within) {
        const { planes } = await segment.picture(frame - start, 0, kernels, signal);
        for (const { x, y, codes } of pieces)
          examples.push(exampleOf(cutOut(planes[0], width, height, x, y), codes));
      }
      segment.close();
    }
    return examples;
  } finally {
    film.close();
  }
}
