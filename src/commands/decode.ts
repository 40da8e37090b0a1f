import path from 'node:path';
import { DECODER_ENGINE_CHOICES, type DecoderEngineChoice } from '../../runtime/engine/registry.js';
import { UsageError } from '../../runtime/errors.js';
import { open } from '../../runtime/film/film.js';
import { filmInfo } from '../../runtime/format/header.js';
import type { FilmInfo, Picture, Rational } from '../../runtime/picture/picture.js';
import { listenForInterrupts } from '../interrupts.js';
import { checkFilmOutput, refuseEmpty, writeFilm } from '../media/filmWriter.js';
import { parseRate, reduce, toNumber } from '../media/rational.js';
import { numberWithin, parseCrop, parseSeconds, parseSize } from '../optionValues.js';
import type { CommandContext } from './context.js';
import { given } from './sourceOptions.js';
import { readWeftFile } from './weftFile.js';

/** Options of `weft decode`. */
export const decodeOptions = {
  output: {
    type: 'string',
    alias: 'o',
    describe:
      'Film to write: .mp4 .mkv .webm .mov .y4m .gif, pictures -%05d.png, or - for y4m [default: <in>.mp4]',
  },
  size: {
    type: 'string',
    describe: "Size of the pictures: WIDTHxHEIGHT [default: the film's own]",
    conflicts: ['scale'],
    coerce: (text?: string) => parseSize(text),
  },
  scale: {
    type: 'number',
    describe: 'Enlarge by this factor',
    coerce: numberWithin('--scale', 1 / 64, 64),
  },
  fps: {
    type: 'string',
    describe: 'Frame rate: 60, 23.976, 30000/1001',
    conflicts: ['fps-multi'],
    coerce: (text?: string) => (text === undefined ? undefined : parseRate(text)),
  },
  'fps-multi': {
    type: 'number',
    describe: 'Multiply the frame rate',
    coerce: numberWithin('--fps-multi', 1 / 64, 64),
  },
  speed: {
    type: 'number',
    describe: 'Play at this speed: 0.25 is slow motion [default: 1]',
    coerce: numberWithin('--speed', 1 / 1024, 1024),
  },
  start: {
    type: 'string',
    describe: 'Begin at this time of the film: seconds or m:s',
    coerce: (text?: string) => parseSeconds(text, '--start'),
  },
  end: {
    type: 'string',
    describe: 'End before this time',
    coerce: (text?: string) => parseSeconds(text, '--end'),
  },
  crop: {
    type: 'string',
    describe: 'Part of the picture: x,y,width,height in pixels of the film',
    coerce: (text?: string) => parseCrop(text),
  },
  engine: {
    choices: DECODER_ENGINE_CHOICES,
    describe: 'Engine that decodes [default: auto]',
  },
  threads: {
    type: 'number',
    describe: 'Threads to use [default: one for each core]',
    coerce: numberWithin('--threads', 1, 256, true),
  },
} as const;

/** Arguments of `weft decode` after parsing. */
export interface DecodeArguments {
  input: string;
  output?: string | undefined;
  size?: { width: number; height: number } | undefined;
  scale?: number | undefined;
  fps?: Rational | undefined;
  fpsMulti?: number | undefined;
  speed?: number | undefined;
  start?: number | undefined;
  end?: number | undefined;
  crop?: { x: number; y: number; width: number; height: number } | undefined;
  engine?: DecoderEngineChoice | undefined;
  threads?: number | undefined;
}

/** Weights to film, at any size, rate, speed and part of the picture. */
export async function runDecode(args: DecodeArguments, context: CommandContext): Promise<void> {
  const { reporter } = context;
  const output = args.output ?? path.join(path.dirname(args.input), `${path.parse(args.input).name}.mp4`);
  await checkFilmOutput(output, context.overwrite);
  const interrupts = listenForInterrupts();
  const film = await open(
    await readWeftFile(args.input),
    given({ engine: args.engine, threads: args.threads }),
  );
  try {
    const source = filmInfo(film.header);
    const info = outputInfo(source, args);
    reporter.event('start', { input: args.input, output, ...info });
    const { width, height } = info;
    const { start, end, crop, speed } = args;
    const pictures = film.frames({
      ...{ width, height, fps: info.rate, signal: interrupts.signal },
      ...given({ start, end, crop, speed }),
    });
    const written = await writeFilm(withProgress(pictures, info.frames ?? 1, context), info, output, {
      ...given({ ffmpeg: context.ffmpeg }),
      overwrite: context.overwrite,
      signal: interrupts.signal,
      log: (line) => reporter.note(line),
    });
    refuseEmpty(written);
    const { seconds } = reporter;
    const fields = { output, ...written, width, height, rate: info.rate, seconds };
    const size = `${written.frames} frames of ${width}x${height} at ${toNumber(info.rate).toFixed(3)} Hz`;
    reporter.result(fields, `${output}: ${size} in ${seconds.toFixed(1)} s`);
  } finally {
    await film.close();
    interrupts.dispose();
  }
}

async function* withProgress(
  pictures: AsyncIterable<Picture>,
  frames: number,
  { reporter }: CommandContext,
): AsyncGenerator<Picture, void, undefined> {
  let index = 0;
  for await (const picture of pictures) {
    reporter.progress('decoding', Math.min(1, ++index / frames));
    yield picture;
  }
}

/**
 * Facts about the film that the arguments ask for.
 *
 * @throws UsageError CROP_OUTSIDE
 */
export function outputInfo(source: FilmInfo, args: DecodeArguments): FilmInfo {
  const crop = args.crop ?? { x: 0, y: 0, width: source.width, height: source.height };
  if (crop.x + crop.width > source.width || crop.y + crop.height > source.height)
    throw cropOutside(source, crop);
  const scale = args.scale ?? 1;
  const width = args.size?.width ?? Math.max(1, Math.round(crop.width * scale));
  const height = args.size?.height ?? Math.max(1, Math.round(crop.height * scale));
  const rate = args.fps ?? multiplied(source.rate, args.fpsMulti ?? 1);
  const seconds = (source.frames ?? 1) / toNumber(source.rate);
  const shown = Math.min(args.end ?? seconds, seconds) - (args.start ?? 0);
  const frames = Math.max(1, Math.ceil((shown / (args.speed ?? 1)) * toNumber(rate) - 1e-6));
  return { ...source, width, height, rate, frames, sampleAspect: sampleAspect(source, args, crop) };
}

/** Another shape of the raster, asked for with --size, is made good by the shape of its samples. */
function sampleAspect(
  source: FilmInfo,
  { size }: DecodeArguments,
  crop: { width: number; height: number },
): Rational {
  const [n, d] = source.sampleAspect;
  if (!size || !Number.isInteger(crop.width) || !Number.isInteger(crop.height)) return source.sampleAspect;
  return reduce([n * crop.width * size.height, d * crop.height * size.width]);
}

function multiplied([n, d]: Rational, factor: number): Rational {
  const thousandths = Math.round(factor * 1000);
  return reduce([n * thousandths, d * 1000]);
}

function cropOutside(
  source: FilmInfo,
  crop: { x: number; y: number; width: number; height: number },
): UsageError {
  return new UsageError(`The crop reaches beyond the picture of ${source.width}x${source.height}.`, {
    code: 'CROP_OUTSIDE',
    hint: 'Give --crop x,y,width,height with x + width and y + height within the picture.',
    path: '--crop',
    value: [crop.x, crop.y, crop.width, crop.height].join(','),
    range: `${source.width}x${source.height}`,
  });
}
