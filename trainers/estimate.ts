/** Time, size and memory of an encode, from a few measured steps on its first frames. */

import { type EncodeHooks, type EncodeProgress, encode, type FilmSource } from './encode.js';
import { firstPictures } from './firstPictures.js';
import { type EncodeOptions, resolveOptions } from './options.js';
import { PRESETS, type PresetName } from './presets.js';
import { longestSegment } from './segmentation.js';

/** What an encode will take. */
export interface Estimate {
  seconds: number;
  bytes: number;
  memoryBytes: number;
}

const SAMPLE_FRAMES = 9;
const TYPICAL_CRF = 27;
/** Bytes for a pixel of a segment in training, and of the program itself. */
const BYTES_PER_PIXEL = 36;
const BASE_BYTES = 120e6;

/**
 * Encodes the first frames with the quickest preset; scales the time of a training step by pixels and steps, and the rest
 * by pixels.
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
  const clock = new TrainingClock();
  const head: FilmSource = {
    info: source.info,
    pictures: (signal) => firstPictures(source.pictures(signal), SAMPLE_FRAMES),
  };
  const sample = await encode(
    head,
    { seed, threads, engine, crf: options.crf ?? TYPICAL_CRF, preset: 'draft' },
    { ...hooks, onProgress: (progress) => clock.mark(progress) },
  );
  const { width, height, frames = sample.frames } = source.info;
  const longer = frames / sample.frames;
  const steps = stepsOf(preset) / stepsOf('draft');
  const trials = PRESETS[preset].anchorDistances.length;
  const other = (sample.seconds - clock.seconds) * trials;
  return {
    seconds: (clock.seconds * steps + other) * longer,
    bytes: Math.round(options.targetBytes ?? sample.bytes.length * longer),
    memoryBytes:
      BASE_BYTES + BYTES_PER_PIXEL * width * height * Math.min(frames, longestSegment(width, height)),
  };
}

function stepsOf(name: PresetName): number {
  const { netSteps, latentSteps, trialSteps, anchorDistances } = PRESETS[name];
  return netSteps + latentSteps + trialSteps * anchorDistances.length;
}

/** Adds up the time between marks of training. */
class TrainingClock {
  seconds = 0;
  private last: EncodeProgress | undefined;

  mark(progress: EncodeProgress): void {
    if (this.last?.stage === 'training' && progress.stage === 'training') {
      this.seconds += progress.seconds - this.last.seconds;
    }
    this.last = progress;
  }
}
