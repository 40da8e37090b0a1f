import type { WeftFilm } from '../../runtime/film/film.js';
import { type FrameOptions, planFrames } from '../../runtime/film/frameOptions.js';
import type { TimePiece } from '../../runtime/film/retiming.js';
import { filmSeconds } from '../../runtime/picture/frameTimes.js';
import type { FilmInfo, Picture, Rational } from '../../runtime/picture/picture.js';
import { given } from '../given.js';
import { listenForInterrupts } from '../interrupts.js';
import { checkFilmOutput, keepsTimes, refuseEmpty, writeFilm } from '../media/filmWriter.js';
import { reduce, toNumber } from '../media/rational.js';
import { type FilmTracks, takesTracks } from '../media/trackWriter.js';
import type { CommandContext } from './context.js';
import type { DecodeOptions } from './decodeOptions.js';
import { refuseEvents } from './standardOutput.js';
import { nameOf, openWeftFile } from './weftFile.js';

/** Arguments of `weft decode`. */
export interface DecodeArguments extends DecodeOptions {
  input: string;
}

/** Weights to film, at any size, rate, speed and part of the picture. */
export async function runDecode(args: DecodeArguments, context: CommandContext): Promise<void> {
  const { reporter } = context;
  // Never the name of the film that was encoded, which often lies beside it.
  const output = args.output ?? `${nameOf(args.input)}.mp4`;
  if (output === '-') refuseEvents(reporter);
  await checkFilmOutput(output, { overwrite: context.overwrite, input: args.input });
  const interrupts = listenForInterrupts();
  const film = await openWeftFile(args.input, given({ engine: args.engine, threads: args.threads }));
  try {
    const { options, info, pieces } = planOutput(film.info, args);
    if (film.info.times && !args.fps && !args.fpsMulti && !keepsTimes(output))
      reporter.note(
        `${output} has no times of frames: written at a constant ${toNumber(info.rate).toFixed(3)} Hz`,
      );
    reporter.event('start', { input: args.input, output, ...info });
    const { width, height } = info;
    const pictures = film.frames({ ...options, signal: interrupts.signal });
    const written = await writeFilm(withProgress(pictures, info.frames ?? 1, context), info, output, {
      ...given({ ffmpeg: context.ffmpeg }),
      ...{ overwrite: context.overwrite, input: args.input },
      ...(takesTracks(output) && { tracks: await tracksOf(film, args, pieces, interrupts.signal) }),
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

/** What belongs to the pictures that are shown. */
async function tracksOf(
  film: WeftFilm,
  { start = 0, end, speed = 1, retime, freeze }: DecodeArguments,
  pieces: readonly TimePiece[],
  signal: AbortSignal,
): Promise<FilmTracks> {
  const chunks = await film.streamedChunks(signal);
  const seconds = filmSeconds(film.info)!;
  const until = Math.min(end ?? seconds, seconds);
  const part = { start, end: until, speed, ...((retime || freeze) && { pieces }) };
  return { chunks, ...part, whole: start === 0 && until === seconds };
}

/** What the arguments ask of the decoder. */
function frameOptions(
  film: FilmInfo,
  { size, scale = 1, fps, fpsMulti, start, end, crop, output, ...args }: DecodeArguments,
): FrameOptions {
  const { pan, speed, retime, freeze, shutter, enlarge } = args;
  const shown = pan?.[0]?.crop ?? crop ?? film;
  const scaled = (side: number) => Math.max(1, Math.round(side * scale));
  const { width, height } = size ?? { width: scaled(shown.width), height: scaled(shown.height) };
  const needsRate = fpsMulti !== undefined || (output !== undefined && !keepsTimes(output));
  const rate = fps ?? (needsRate ? multiplied(film.rate, fpsMulti ?? 1) : undefined);
  const times = { fps: rate, start, end, speed, retime, freeze, shutter };
  return { width, height, ...given({ ...times, crop, pan, enlarge }) };
}

/**
 * What the arguments ask of the decoder, the facts about the film that it then gives, and which pieces of the film those are.
 *
 * @throws UsageError OPTION_RANGE
 */
export function planOutput(
  film: FilmInfo & { frames: number },
  args: DecodeArguments,
): { options: FrameOptions; info: FilmInfo; pieces: readonly TimePiece[] } {
  const options = frameOptions(film, args);
  const { width, height, crop, count, rate, times, pieces } = planFrames(film, options);
  const { times: _, ...source } = film;
  const shape = { width, height, sampleAspect: sampleAspect(source, args, crop) };
  return { options, pieces, info: { ...source, ...shape, rate, frames: count, ...(times && { times }) } };
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
