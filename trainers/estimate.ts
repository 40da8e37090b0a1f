/** Time, size and memory of an encode, from a few measured steps on its first frames. */

import type { Picture } from '../runtime/film/frame.js';
import { type EncodeHooks, encode, type FilmSource } from './encode.js';
import { type EncodeOptions, resolveOptions } from './options.js';
import { PRESETS } from './presets.js';
import { longestSegment } from './segmentation.js';

/** What an encode will take. */
export interface Estimate {
  seconds: number;
  bytes: number;
  memoryBytes: number;
}

const SAMPLE_FRAMES = 9;
/** Bytes for a pixel of a segment in training, and of the program itself. */
const BYTES_PER_PIXEL = 36;
const BASE_BYTES = 120e6;

/** Encodes the first frames with the quickest preset and scales by pixels and steps. */
export async function estimate(
  source: FilmSource,
  given: Partial<EncodeOptions> = {},
  hooks: EncodeHooks = {},
): Promise<Estimate> {
  const options = resolveOptions(given);
  const { targetPsnr: _p, targetBytes: _b, bitrate: _r, ...rest } = options;
  const head: FilmSource = {
    info: source.info,
    pictures: (signal) => first(source.pictures(signal), SAMPLE_FRAMES),
  };
  const sample = await encode(head, { ...rest, crf: options.crf ?? 27, preset: 'draft' }, hooks);
  const steps = (name: keyof typeof PRESETS): number => PRESETS[name].netSteps + PRESETS[name].latentSteps;
  const frames = source.info.frames ?? sample.frames;
  const { width, height } = source.info;
  const longest = Math.min(frames, longestSegment(width, height));
  return {
    seconds: (sample.seconds * frames * steps(options.preset)) / (sample.frames * steps('draft')),
    bytes: Math.round(options.targetBytes ?? (sample.bytes.length * frames) / sample.frames),
    memoryBytes: BASE_BYTES + BYTES_PER_PIXEL * width * height * longest,
  };
}

async function* first(
  pictures: AsyncIterable<Picture>,
  count: number,
): AsyncGenerator<Picture, void, undefined> {
  let index = 0;
  for await (const picture of pictures) {
    yield picture;
    if (++index === count) return;
  }
}
