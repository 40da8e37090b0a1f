import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../../runtime/errors.js';
import type { EncodeHooks, EncodeProgress, FilmSource } from '../../trainers/encodeJob.js';
import { ENCODE_OPTIONS, type EncodeOptions } from '../../trainers/options.js';
import { firstPictures } from '../../trainers/scenes/firstPictures.js';
import type { WorkStore } from '../../trainers/workStore.js';
import { duration } from '../duration.js';
import { given } from '../given.js';
import { type Interrupts, listenForInterrupts } from '../interrupts.js';
import { compareFilms, type FilmComparison } from '../measure/compareFilms.js';
import type { PsnrDb } from '../measure/psnr.js';
import { checkOutput, writeWhole } from '../media/outputFile.js';
import { WorkFolder } from '../media/workFolder.js';
import type { OptionTable } from '../optionTable.js';
import type { EncodeViewer } from '../watch/encodeViewer.js';
import type { RemoteWorkshop } from '../workers/remoteWorkshop.js';
import type { CommandContext } from './context.js';
import { type EncodeSettings, encodeOptions } from './encodeSettings.js';
import { SOUND_OPTIONS, SOURCE_OPTIONS, withSource } from './sourceOptions.js';
import { refuseEvents, throughFile } from './standardOutput.js';
import { NO_BROWSER } from './watchOptions.js';
import { openWeftFile } from './weftFile.js';
import { ADDRESS_VARIABLE } from './worker.js';

/** Options of `weft encode` that the library has no use for. */
export const ENCODE_OWN_OPTIONS: OptionTable = {
  output: {
    flag: 'output',
    alias: 'o',
    type: { kind: 'text' },
    fallbackDoc: '<in>.weft',
    doc: 'File to write, or - for standard output',
  },
  restart: {
    flag: 'restart',
    type: { kind: 'flag' },
    doc: 'Throw away what an encode that was cut off has finished',
  },
  watch: {
    flag: 'watch',
    type: { kind: 'flag' },
    doc: 'Show what is finished in the browser, while the rest is encoded',
  },
  noBrowser: { ...NO_BROWSER, doc: 'With --watch: print the address only, and open no browser' },
  workers: {
    flag: 'workers',
    type: { kind: 'text' },
    variable: ADDRESS_VARIABLE,
    fallbackDoc: 'this machine trains alone',
    doc: 'Have workers train, which meet at this Redis (see weft worker): redis://HOST',
  },
};

/** Options of `weft encode`. */
export const ENCODE_COMMAND_OPTIONS: OptionTable = {
  ...ENCODE_OWN_OPTIONS,
  ...ENCODE_OPTIONS,
  ...SOURCE_OPTIONS,
  ...SOUND_OPTIONS,
};

/** Arguments of `weft encode`. */
export interface EncodeArguments extends EncodeSettings {
  output?: string;
  restart?: boolean;
  watch?: boolean;
  noBrowser?: boolean;
  workers?: string;
}

/** Name of the file if none is given: the film's with its ending replaced. */
function outputName({ input, output }: EncodeArguments): string {
  if (output !== undefined) return output;
  if (input !== '-') return path.join(path.dirname(input), `${path.parse(input).name}.weft`);
  throw new UsageError('A film from standard input has no name to derive the output from.', {
    code: 'OUTPUT_NEEDED',
    hint: 'Give one: -o film.weft',
    path: '--output',
  });
}

function nothingToWatch(): UsageError {
  return new UsageError('What goes to standard output cannot be watched.', {
    code: 'OUTPUT_NEEDED',
    hint: 'Give a file: -o film.weft',
    path: '--watch',
  });
}

/** Film to weights: encodes, writes a part file, decodes that, measures it, and only then gives it its name. */
export async function runEncode(args: EncodeArguments, context: CommandContext): Promise<void> {
  const { reporter } = context;
  const output = outputName(args);
  if (output === '-' && args.watch) throw nothingToWatch();
  if (output === '-') refuseEvents(reporter);
  else await checkOutput(output, { overwrite: context.overwrite, input: args.input });
  const workshop = await openWorkshop(args, context);
  let training = false;
  const interrupts = listenForInterrupts(() => {
    if (training)
      reporter.note('finishing with the best result so far (Ctrl-C again stops and keeps what is finished)');
  });
  try {
    // Before the training there is nothing that could be finished.
    const either = AbortSignal.any([interrupts.finish, interrupts.signal]);
    await withSource(args.input, args, context, either, async (film) => {
      const { frames, width, height, rate, chroma } = film.info;
      reporter.event('start', { input: args.input, output, width, height, rate, chroma, frames });
      const encodeTo = (file: string, store?: WorkStore, viewer?: EncodeViewer) => {
        training = true;
        const places = given({ store, workshop, viewer });
        return encodeToFile(file, film, encodeOptions(args), context, interrupts, places);
      };
      const work = async (viewer?: EncodeViewer) => {
        const report =
          output === '-'
            ? await throughFile(encodeTo)
            : await withWorkFolder(output, args, context, (store) => encodeTo(output, store, viewer));
        reporter.result({ ...report }, encodeSummary(report));
      };
      await (args.watch ? watched(output, args, interrupts.signal, context, work) : work());
    });
  } finally {
    await workshop?.close();
    interrupts.dispose();
  }
}

/** Lets `encode` be watched in the browser. */
async function watched(
  output: string,
  { noBrowser }: EncodeArguments,
  signal: AbortSignal,
  { reporter }: CommandContext,
  encode: (viewer: EncodeViewer) => Promise<void>,
): Promise<void> {
  // Loaded when it is wanted.
  const { EncodeViewer } = await import('../watch/encodeViewer.js');
  const log = (line: string) => reporter.note(line);
  await EncodeViewer.during(output, { signal, log, ...given({ noBrowser }) }, encode);
}

async function openWorkshop(
  { workers }: EncodeArguments,
  { reporter, ffmpeg }: CommandContext,
): Promise<RemoteWorkshop | undefined> {
  if (workers === undefined) return undefined;
  const { RemoteWorkshop } = await import('../workers/remoteWorkshop.js');
  return RemoteWorkshop.open(workers, { log: (line) => reporter.note(line), ...given({ ffmpeg }) });
}

/** Lets `encode` keep what it finishes beside its output, until that is there. */
async function withWorkFolder<T>(
  output: string,
  { restart }: EncodeArguments,
  { reporter }: CommandContext,
  encode: (store: WorkStore) => Promise<T>,
): Promise<T> {
  const log = (line: string) => reporter.note(line);
  const work = new WorkFolder(output, { log, ...given({ restart }) });
  try {
    const result = await encode(work);
    await work.remove();
    return result;
  } catch (error) {
    await work.release();
    if (work.hasParts) log(`what is finished is kept in ${work.folder}: the same command goes on with it`);
    throw error;
  }
}

/** What `weft encode` reports of its work. */
export interface EncodeReport {
  output: string;
  /** Of the written file. */
  bytes: number;
  /** What the last training step expected them to be. */
  estimatedBytes: number;
  frames: number;
  width: number;
  height: number;
  /** Measured by decoding the written file. */
  psnrDb: PsnrDb;
  seconds: number;
  macsPerPixel: number;
  trainedMacsPerPixel: number;
  engine: string;
  /** Whether Ctrl-C ended the training. */
  finishedEarly: boolean;
}

/**
 * Encodes `film` into the file `output`, which appears only when its part file was decoded and measured.
 *
 * @param places where groups are kept and trained, and who watches
 * @throws WeftError of any class
 */
export async function encodeToFile(
  output: string,
  film: FilmSource,
  options: Partial<EncodeOptions>,
  { reporter }: CommandContext,
  { finish, signal }: Interrupts,
  { viewer, ...places }: Pick<EncodeHooks, 'store' | 'workshop'> & { viewer?: EncodeViewer } = {},
): Promise<EncodeReport> {
  const started = performance.now();
  // Loaded when needed: help and mistakes are answered without the trainers.
  const { encodeFilm } = await import('../../trainers/encode.js');
  const encoded = await encodeFilm(film, options, {
    finish,
    signal,
    onProgress: ({ stage, done, ...rest }) => {
      const more = outlook(rest);
      reporter.progress(stage, done, rest, more);
      viewer?.progress([`${stage} ${Math.round(100 * done)}%`, ...(more ? [more] : [])].join(', '));
    },
    log: (line) => reporter.note(line),
    ...(viewer && { onGrown: (film) => viewer.grown(film) }),
    ...places,
  });
  const { size, frames } = encoded;
  const progress = reporter.progress.bind(reporter);
  let measured: FilmComparison | undefined;
  await writeWhole(output, async (part) => {
    await pipeline(encoded.pieces(), createWriteStream(part));
    measured = await measureFile(part, film, frames, progress, signal);
  });
  const { width, height, estimatedBytes, macsPerPixel, trainedMacsPerPixel, engine } = encoded;
  return {
    ...{ output, bytes: size, estimatedBytes, frames, width, height },
    ...{ psnrDb: measured!.psnrDb, seconds: (performance.now() - started) / 1000 },
    ...{ macsPerPixel, trainedMacsPerPixel, engine, finishedEarly: finish.aborted },
  };
}

/** What is known of the end of an encode, for people. */
function outlook({
  secondsLeft,
  bytes,
  expectedBytes,
  psnrDb,
  workers,
}: Omit<EncodeProgress, 'stage' | 'done' | 'seconds'>): string {
  const known: string[] = [];
  if (secondsLeft !== undefined) known.push(`${duration(secondsLeft)} left`);
  if (bytes !== undefined) known.push(`${kilobytes(bytes)} of about ${kilobytes(expectedBytes!)} kB`);
  if (psnrDb) known.push(`${psnrDb.yuv.toFixed(2)} dB`);
  if (workers !== undefined) known.push(workers === 1 ? '1 worker' : `${workers} workers`);
  return known.join(', ');
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0);
}

/** Decodes the written file and compares it with the film, one picture of each at a time. */
async function measureFile(
  file: string,
  film: FilmSource,
  frames: number,
  progress: (stage: string, done: number) => void,
  signal: AbortSignal,
): Promise<FilmComparison> {
  // An encode that was finished early may hold fewer frames than the film.
  const weft = await openWeftFile(file);
  try {
    return await compareFilms(
      firstPictures(film.pictures(signal), frames),
      weft.frames({ signal }),
      (index) => progress('verifying', (index + 1) / frames),
    );
  } finally {
    await weft.close();
  }
}

/** The report in two lines for people. */
export function encodeSummary({
  output,
  bytes,
  frames,
  width,
  height,
  psnrDb,
  seconds,
}: EncodeReport): string {
  const bitsPerPixel = ((8 * bytes) / (frames * width * height)).toFixed(4);
  const { y, u, v, yuv } = psnrDb;
  const db = `${yuv.toFixed(2)} dB (Y ${y.toFixed(2)}, U ${u.toFixed(2)}, V ${v.toFixed(2)})`;
  return (
    `${output}: ${bytes} bytes, ${bitsPerPixel} bits per pixel, PSNR ${db}\n` +
    `${frames} frames of ${width}x${height} in ${seconds.toFixed(1)} s`
  );
}
