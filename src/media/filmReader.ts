import { stat } from 'node:fs/promises';
import { MediaError, throwIfAborted } from '../../runtime/errors.js';
import { filmSeconds } from '../../runtime/picture/frameTimes.js';
import { createPicture, type FilmInfo, type Picture } from '../../runtime/picture/picture.js';
import type { FilmSource } from '../../trainers/encodeJob.js';
import { given } from '../given.js';
import {
  type FfmpegRun,
  type FfmpegTools,
  fileUrl,
  findFfmpeg,
  notAFilm,
  passthroughOptions,
  startFfmpeg,
} from './ffmpeg.js';
import { framesOf, isEnough, type Range, selectFrames } from './frameSelection.js';
import { EVERY_FRAME_INPUT, type FrameSurvey, surveyFrames } from './frameSurvey.js';
import { type PixelPlan, planPixels, scaleFilter } from './pixelFormat.js';
import { type ContainerFacts, fileChunks, headOf, inputOptions, probeContainer } from './probe.js';
import { reduce, toNumber } from './rational.js';
import { namedPipe, spool } from './standardInput.js';
import { type TemporaryFolder, temporaryFolder } from './temporaryFolder.js';
import { type AudioChoice, readTracks } from './trackReader.js';
import { isPlainY4m, parseY4mHeader, pictureBytes, readY4m, type Y4mHeader } from './y4m.js';

/** What to read of a film, and how. */
export interface ReadOptions extends Range {
  /** Pictures are resized to this; default: their own size. */
  size?: { width: number; height: number };
  /** What becomes of its sound; default `opus`. */
  audio?: AudioChoice;
  /** Bits per second of a track of Opus; default: by its channels. */
  audioBitrate?: number;
  /** Whether a film that cannot be kept whole is an error; default: no. */
  strict?: boolean;
  /** Path of ffmpeg; default: see findFfmpeg. */
  ffmpeg?: string;
  /** Gets one line for each thing that is not kept as it was. */
  log?: (line: string) => void;
  /** Gets how far the film was looked through, 0..1. */
  onProgress?: (done: number) => void;
  signal?: AbortSignal;
}

/**
 * A source that reads a file, any number of times; `close` it when done. `info` is that of the pictures as they are read,
 * after resizing, and its `frames` an expectation; `pictures` throws MediaError and InterruptedError while iterating.
 */
export interface OpenedFilm extends FilmSource {
  /**
   * Removes what was set aside: a film from standard input, and tracks. So the chunks of an encode must be in their file
   * before.
   */
  close(): Promise<void>;
}

/** A film that is known, and how its pictures are read. */
type Opened = Pick<OpenedFilm, 'info' | 'pictures' | 'chunks'> & Partial<Pick<OpenedFilm, 'close'>>;

/**
 * Opens a film, a still image (a film of one frame), or y4m that comes through standard input (`-`) or a named pipe: that is
 * set aside in a temporary file, because an encoder reads its source more than once.
 *
 * A film is decoded once to know its frames: containers and packets say other sizes, numbers and times than come out.
 *
 * @throws MediaError FILE_MISSING, NOT_A_FILM, BAD_Y4M, FFMPEG_NOT_FOUND; UsageError EMPTY_RANGE; with `strict` MediaError
 *   FILM_LOSSY; InterruptedError
 */
export async function openFilm(
  file: string,
  options: ReadOptions = {},
  stdin: AsyncIterable<Uint8Array> = process.stdin,
): Promise<OpenedFilm> {
  const stream = file === '-' ? stdin : await namedPipe(file);
  const spooled = stream && (await spool(stream, options.signal));
  try {
    const opened = await openFile(spooled?.file ?? file, options);
    const close = async () => {
      await opened.close?.();
      await spooled?.remove();
    };
    return { ...opened, close };
  } catch (error) {
    await spooled?.remove();
    throw error;
  }
}

async function openFile(file: string, options: ReadOptions): Promise<Opened> {
  const head = await headOf(file);
  const y4m = head.startsWith('YUV4MPEG2') ? parseY4mHeader(head.split('\n', 1)[0]!) : undefined;
  const untouched = y4m && isPlainY4m(y4m) && !options.fps && !resizes(y4m.info, options.size);
  if (untouched) return openPlainY4m(file, y4m, options);
  const tools = findFfmpeg(options.ffmpeg);
  const input = inputOptions(head, file);
  const container = y4m ? y4mFacts(y4m) : await probeContainer(tools, file, input);
  return openDecoded({ file, tools, input }, container, options);
}

/** A y4m file that needs no conversion is read without ffmpeg. */
async function openPlainY4m(file: string, header: Y4mHeader, options: ReadOptions): Promise<Opened> {
  const { info, headerBytes } = header;
  const frameBytes = 6 + pictureBytes(info.width, info.height, info.chroma);
  const total = Math.floor(((await stat(file)).size - headerBytes) / frameBytes);
  if (total < 1) throw notAFilm(fileUrl(file), 'it has no pictures');
  tell(header.interlaced ? [INTERLACED] : [], [], options);
  const { first, count } = framesOf(info.rate, total, options);
  // The size of the file is not trusted to end the film: only what was asked for does.
  const ends = options.frames !== undefined || options.end !== undefined;
  return {
    info: { ...info, frames: count },
    pictures: (signal) =>
      picked(readY4m(fileChunks(file)), 0, (index) => first + index, ends ? count : undefined, signal),
  };
}

const INTERLACED = 'the film is interlaced: its fields are coded as one picture, not deinterlaced';

function y4mFacts({ info }: Y4mHeader): ContainerFacts {
  const { lumaRange, matrix, primaries, transfer, chromaLocation } = info;
  return {
    ...{ colorRange: lumaRange, matrix, primaries, transfer, chromaLocation },
    ...{
      rates: [info.rate.join('/')],
      pictureSeconds: undefined,
      seconds: undefined,
      tracks: [],
      losses: [],
    },
  };
}

async function openDecoded(
  asked: DecoderInput,
  container: ContainerFacts,
  options: ReadOptions,
): Promise<Opened> {
  const look = ({ file, tools, input }: DecoderInput) =>
    surveyFrames(tools, file, {
      inputOptions: [...input],
      enough: (ticks, tick) => isEnough(ticks, toNumber(tick), options),
      onTime: (seconds) => options.onProgress?.(Math.min(1, seconds / (container.seconds ?? Infinity))),
      ...(options.signal && { signal: options.signal }),
    });
  let survey = await look(asked);
  // What threads make of damage depends on which of them is first: one alone always makes the same of it.
  const from = survey.errors.count > 0 ? { ...asked, input: ['-threads', '1', ...asked.input] } : asked;
  if (from !== asked) survey = await look(from);
  const plan = planPixels(survey.pixelFormat, container.colorRange);
  const selection = selectFrames(survey, container, options);
  const notes = survey.interlaced ? [INTERLACED] : [];
  const info = infoOf(survey, container, plan, options, notes);
  tell(notes, [...container.losses, ...plan.losses, ...damage(survey, container)], options);
  const { picks, rate, startSeconds, times } = selection;
  const shown: FilmInfo = { ...info, rate, frames: picks.length, ...(times && { times }) };
  let folder: Promise<TemporaryFolder> | undefined;
  const tracks = async (signal?: AbortSignal) => {
    const start = survey.firstSeconds + startSeconds;
    folder ??= temporaryFolder();
    return readTracks({
      ...{ folder: (await folder).folder },
      ...{ ...from, tracks: container.tracks, start, end: start + filmSeconds(shown)! },
      ...given({ audioBitrate: options.audioBitrate, signal }),
      audio: options.audio ?? 'opus',
      lose: (line) => tell([], [line], options),
    });
  };
  let chunks: ReturnType<typeof readTracks> | undefined;
  const reading: DecodedReading = {
    ...{ ...from, plan, info },
    ...{ first: picks[0]!, last: picks.at(-1)!, skipsHere: survey.otherSize !== undefined },
    scaled: survey.otherSize !== undefined || resizes(survey, options.size),
  };
  return {
    info: shown,
    // An encode that looks for its quality asks several times.
    chunks: (signal) => (chunks ??= tracks(signal)),
    close: async () => (await folder)?.remove(),
    pictures: (signal) =>
      picked(
        viaFfmpeg(reading, signal),
        reading.skipsHere ? 0 : reading.first,
        (index) => picks[index]!,
        picks.length,
        signal,
      ),
  };
}

/** Facts about the pictures as they are read, but for their rate and number. */
function infoOf(
  survey: FrameSurvey,
  { matrix, primaries, transfer, chromaLocation }: ContainerFacts,
  plan: PixelPlan,
  { size }: ReadOptions,
  notes: string[],
): Omit<FilmInfo, 'rate' | 'frames' | 'times'> {
  const { width, height, sampleAspect } = survey;
  const info = {
    ...{
      width,
      height,
      chroma: plan.chroma,
      lumaRange: plan.lumaRange,
      primaries,
      transfer,
      chromaLocation,
      sampleAspect,
    },
    matrix: plan.fromRgb ? 'bt709' : matrix,
  };
  if (survey.otherSize) {
    const { frame, width: columns, height: rows } = survey.otherSize;
    notes.push(
      `pictures change to ${columns}x${rows} at frame ${frame}: all are resized to ${width}x${height}`,
    );
  }
  if (!size || !resizes(info, size)) return info;
  // Resizing keeps the shape of the whole picture, so the shape of its samples changes.
  const [n, d] = sampleAspect;
  const shape = { ...size, sampleAspect: reduce([n * width * size.height, d * height * size.width]) };
  const [before, after] = [usualMatrix(height), usualMatrix(size.height)];
  if (info.matrix !== 'unknown' || before === after) return { ...info, ...shape };
  notes.push(`the film does not name its colour matrix: ${before} is written, as its size implies`);
  return { ...info, ...shape, matrix: before };
}

/** The matrix that players take a film for that names none. */
function usualMatrix(height: number): string {
  return height >= 720 ? 'bt709' : 'smpte170m';
}

function resizes(own: { width: number; height: number }, size: ReadOptions['size']): boolean {
  return size !== undefined && (size.width !== own.width || size.height !== own.height);
}

/** What is wrong with a film that ffmpeg had to complain about. */
function damage({ errors, ticks, tick, whole }: FrameSurvey, { seconds }: ContainerFacts): string[] {
  if (errors.count === 0) return [];
  const times = errors.count === 1 ? 'once' : `${errors.count} times`;
  const found = ticks.at(-1)! * toNumber(tick);
  const short = whole && seconds !== undefined && found < seconds - Math.max(0.5, 0.02 * seconds);
  return [
    `the film is damaged: ffmpeg complained ${times}, first: ${errors.first}`,
    ...(short ? [`the film ends after ${found.toFixed(2)} s of ${seconds.toFixed(2)} s`] : []),
  ];
}

/** @throws MediaError FILM_LOSSY */
function tell(notes: readonly string[], losses: readonly string[], { log, strict }: ReadOptions): void {
  if (strict && losses.length > 0) {
    throw new MediaError(`The film cannot be kept whole: ${losses.join('; ')}.`, {
      code: 'FILM_LOSSY',
      hint: 'Leave out --strict to go on without that.',
      path: '--strict',
    });
  }
  for (const line of [...losses, ...notes]) log?.(line);
}

/**
 * Some of the pictures of a film, each as often as it is wanted.
 *
 * @param number of the first picture
 * @param pick number of the picture that is given at a place; never falls
 * @param count undefined: to the end
 */
async function* picked(
  pictures: AsyncIterable<Picture>,
  number: number,
  pick: (index: number) => number,
  count: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Picture, void, undefined> {
  throwIfAborted(signal);
  let index = 0;
  for await (const picture of pictures) {
    for (; pick(index) === number && index !== count; index++) {
      throwIfAborted(signal);
      yield picture;
    }
    if (index === count) return;
    number++;
  }
  if (index < (count ?? 1)) throw tooFew(index, count ?? 1);
}

function tooFew(found: number, wanted: number): MediaError {
  return new MediaError(`The film gave ${found} of ${wanted} pictures.`, {
    code: 'FILM_CHANGED',
    hint: 'Check that nothing writes to the file while it is read.',
    path: 'input',
  });
}

/** What ffmpeg is started with, and its options before the file. */
interface DecoderInput {
  file: string;
  tools: FfmpegTools;
  input: readonly string[];
}

interface DecodedReading extends DecoderInput {
  plan: PixelPlan;
  info: Pick<FilmInfo, 'width' | 'height' | 'chroma'>;
  first: number;
  last: number;
  /** Whether what lies before `first` is skipped here: ffmpeg begins to count anew where the size of frames changes. */
  skipsHere: boolean;
  scaled: boolean;
}

async function* viaFfmpeg(
  { file, tools, input, plan, info, first, last, skipsHere, scaled }: DecodedReading,
  signal?: AbortSignal,
): AsyncGenerator<Picture, void, undefined> {
  const scale = scaleFilter(plan, scaled ? info : undefined);
  const skip = skipsHere || first === 0 ? [] : [`select=gte(n\\,${first})`];
  const run = startFfmpeg(tools, {
    input: fileUrl(file),
    inputOptions: [...input, ...EVERY_FRAME_INPUT],
    filters: [...skip, ...(scale ? [scale] : [])],
    outputOptions: [
      ...['-map', '0:V:0', '-f', 'rawvideo', ...(await passthroughOptions(tools))],
      ...['-frames:v', String(last + 1 - (skipsHere ? 0 : first))],
    ],
    ...(signal ? { signal } : {}),
  });
  yield* runPictures(run, info);
}

/**
 * Pictures that a run of ffmpeg writes as raw planes; ends the run when no more of them are wanted.
 *
 * @throws what the run ended with, MediaError SHORT_PICTURE
 */
export async function* runPictures(
  run: FfmpegRun,
  info: Pick<FilmInfo, 'width' | 'height' | 'chroma'>,
): AsyncGenerator<Picture, void, undefined> {
  try {
    yield* rawPictures(run.stdout, info);
    await run.finished;
  } catch (error) {
    await run.finished; // its reason, an abort for example, says more than a broken pipe
    throw error;
  } finally {
    run.stop();
  }
}

/**
 * Cuts raw planar bytes into pictures.
 *
 * @throws MediaError SHORT_PICTURE if the stream ends within one.
 */
export async function* rawPictures(
  chunks: AsyncIterable<Uint8Array>,
  info: Pick<FilmInfo, 'width' | 'height' | 'chroma'>,
): AsyncGenerator<Picture, void, undefined> {
  const { width, height, chroma } = info;
  const bytes = pictureBytes(width, height, chroma);
  let frame = new Uint8Array(bytes);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length; ) {
      const part = chunk.subarray(offset, offset + bytes - filled);
      frame.set(part, filled);
      offset += part.length;
      filled += part.length;
      if (filled < bytes) continue;
      yield pictureOf(frame, info);
      frame = new Uint8Array(bytes);
      filled = 0;
    }
  }
  if (filled > 0) {
    throw new MediaError('ffmpeg gave an incomplete picture.', {
      code: 'SHORT_PICTURE',
      hint: 'Check that the file is complete and that the disk is not full.',
      path: 'input',
    });
  }
}

/** A picture whose planes lie one behind the other in `bytes`. */
export function pictureOf(bytes: Uint8Array, info: Pick<FilmInfo, 'width' | 'height' | 'chroma'>): Picture {
  const picture = createPicture(0, 0, info.chroma);
  const luma = info.width * info.height;
  const chroma = (bytes.length - luma) / 2;
  picture.width = info.width;
  picture.height = info.height;
  picture.planes = [
    bytes.subarray(0, luma),
    bytes.subarray(luma, luma + chroma),
    bytes.subarray(luma + chroma),
  ];
  return picture;
}
