/** Time, size and memory of an encode, from a few measured steps on some of its frames. */

import type { Picture } from '../runtime/picture/picture.js';
import { encode } from './encode.js';
import type { EncodeHooks, EncodeProgress, EncodeResult, FilmSource } from './encodeJob.js';
import { measuredFrames } from './nets/netQuantizer.js';
import { DEFAULT_CRF, type EncodeOptions, resolveOptions } from './options.js';
import { PRESETS, type PresetName, stepsOf } from './presets.js';
import { firstPictures } from './scenes/firstPictures.js';
import { longestSegment } from './scenes/segmentation.js';

/** What an encode will take. */
export interface Estimate {
  seconds: number;
  bytes: number;
  memoryBytes: number;
}

/** Frames of the sample: the first of a short film, some here and there of a longer one, which seldom begins as it goes on. */
const SAMPLE_FRAMES = 17;
const STRETCHES = 3;
const STRETCH_FRAMES = 9;
const LEAST_FRAMES_BETWEEN = 20;
/** Encodes that meeting a size or a quality takes. */
const ENCODES_OF_A_SEARCH = 3;
/** What part of a draft's training is no step: the start of nodes, their choice and their end. */
const BESIDE_STEPS = 0.37;
/** What a pass over the integers of the nets takes, over the choice of their steps. */
const PASS_OVER_STEPS = 8;
/** Bytes for a pixel of a segment in training, and of the program itself. */
const BYTES_PER_PIXEL = 40;
const BASE_BYTES = 120e6;

/**
 * Encodes a few frames with the quickest preset. The time of each stage is scaled by pixels and by what the preset does
 * more of; the bytes of the intra frame by segments, those of the other frames by frames.
 *
 * @throws as `encode`
 */
export async function estimate(
  source: FilmSource,
  given: Partial<EncodeOptions> = {},
  hooks: EncodeHooks = {},
): Promise<Estimate> {
  const options = resolveOptions(given);
  const { preset, seed, threads, engine } = options;
  const clock = new StageClock();
  const head: FilmSource = {
    info: source.info,
    pictures: (signal) => samplePictures(source, signal),
  };
  const sample = await encode(
    head,
    { seed, threads, engine, crf: options.crf ?? DEFAULT_CRF, preset: 'draft' },
    { ...hooks, onProgress: (progress) => clock.mark(progress) },
  );
  const { width, height, frames = sample.frames } = source.info;
  const longest = Math.min(frames, longestSegment(width, height));
  // More distances on trial share what they look at: presets differ in their steps.
  const analysing = clock.secondsOf('analysing');
  const steps = stepsOf(preset) / stepsOf('draft');
  const training = clock.secondsOf('training') * (BESIDE_STEPS + (1 - BESIDE_STEPS) * steps);
  // Once for each group: the nets' steps, and the passes before and after the latents are trained for them.
  const passes = 1 + 2 * PRESETS[preset].netPasses * PASS_OVER_STEPS;
  const [anchorDistance = 1] = PRESETS[preset].anchorDistances;
  const measured = measuredFrames({ width, height, frames: longest, anchorDistance }, PRESETS[preset]);
  const groups = Math.ceil((frames * width * height) / options.groupPixels);
  const quantizing = clock.secondsOf('quantizing nets') * passes * measured * groups;
  const once = ((analysing + training) * frames + quantizing) / sample.frames;
  return {
    seconds: once * (options.crf === undefined ? ENCODES_OF_A_SEARCH : 1),
    bytes: options.targetBytes ?? scaledBytes(sample, frames, longest, preset),
    memoryBytes: BASE_BYTES + BYTES_PER_PIXEL * width * height * longest,
  };
}

async function* samplePictures(
  source: FilmSource,
  signal?: AbortSignal,
): AsyncGenerator<Picture, void, undefined> {
  const { frames = 0 } = source.info;
  const pictures = source.pictures(signal);
  const between = Math.floor(frames / STRETCHES) - STRETCH_FRAMES;
  if (between < LEAST_FRAMES_BETWEEN) return yield* firstPictures(pictures, SAMPLE_FRAMES);
  let index = 0;
  for await (const picture of pictures) {
    const place = (index++ - between / 2) % (between + STRETCH_FRAMES);
    if (place >= 0 && place < STRETCH_FRAMES) yield picture;
    if (index >= frames - between / 2) return;
  }
}

/** Bytes of a film like the sample that has so many frames. */
function scaledBytes(sample: EncodeResult, frames: number, longest: number, preset: PresetName): number {
  const { latentBits } = sample;
  const fixed = sample.bytes.length - (latentBits.intra + latentBits.inter) / 8;
  const segments = Math.max(sample.segments, Math.ceil(frames / longest));
  const intra = (latentBits.intra / sample.segments) * segments;
  const inter = (latentBits.inter / Math.max(1, sample.frames - sample.segments)) * (frames - segments);
  return Math.round(fixed + (PRESETS[preset].bytesOverDraft * (intra + inter)) / 8);
}

/** Adds up the time of each stage: from its marks to the next one of any stage. */
class StageClock {
  readonly #seconds = new Map<string, number>();
  #last: EncodeProgress | undefined;

  mark(progress: EncodeProgress): void {
    const { stage, seconds } = this.#last ?? progress;
    this.#seconds.set(stage, this.secondsOf(stage) + progress.seconds - seconds);
    this.#last = progress;
  }

  secondsOf(stage: string): number {
    return this.#seconds.get(stage) ?? 0;
  }
}
