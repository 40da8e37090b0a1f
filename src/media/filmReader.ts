import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MediaError, throwIfAborted, UsageError } from '../../runtime/errors.js';
import { createPicture, type FilmInfo, type Picture, type Rational } from '../../runtime/picture/picture.js';
import type { FilmSource } from '../../trainers/encodeJob.js';
import { type FfmpegRun, type FfmpegTools, fileUrl, findFfmpeg, startFfmpeg } from './ffmpeg.js';
import { scaleFilter } from './pixelFormat.js';
import { type FilmFacts, fileChunks, inputOptions, probeFilm } from './probe.js';
import { reduce, toNumber } from './rational.js';
import { isPlainY4m, pictureBytes, readY4m } from './y4m.js';

/** What to read of a film, and how. */
export interface ReadOptions {
  /** Pictures are resized to this; default: their own size. */
  size?: { width: number; height: number };
  /** Frames are dropped or repeated to this rate; default: the film's own. */
  fps?: Rational;
  /** Seconds from the first frame; default 0. */
  start?: number;
  /** Seconds from the first frame, exclusive; default: the end. */
  end?: number;
  /** At most so many frames, after `fps`; default: all. */
  frames?: number;
  /** Path of ffmpeg; default: see findFfmpeg. */
  ffmpeg?: string;
  /** Gets one line for each thing that is not kept as it was. */
  log?: (line: string) => void;
}

/**
 * A source that reads a file, any number of times; `close` it when done. `info` is that of the pictures as they are read,
 * after resizing, and its `frames` an expectation; `pictures` throws MediaError and InterruptedError while iterating.
 */
export interface OpenedFilm extends FilmSource {
  /** Removes what was set aside; needed for a film from standard input. */
  close(): Promise<void>;
}

interface Plan extends ReadOptions {
  file: string;
  facts: FilmFacts;
  info: FilmInfo;
  /** First frame and number of frames to read, in frames of the source and of the output. */
  firstFrame: number;
  count: number | undefined;
}

/**
 * Opens a film, a still image (a film of one frame), or `-`: y4m on standard input, which is set aside in a
 * temporary file because an encoder reads its source more than once.
 *
 * @throws MediaError FILE_MISSING, NOT_A_FILM, BAD_Y4M, FFMPEG_NOT_FOUND; UsageError for an impossible range
 */
export async function openFilm(
  file: string,
  options: ReadOptions = {},
  stdin: AsyncIterable<Uint8Array> = process.stdin,
): Promise<OpenedFilm> {
  const spooled = file === '-' ? await spool(stdin) : undefined;
  const close = async () => {
    if (spooled) await rm(path.dirname(spooled), { recursive: true, force: true });
  };
  try {
    const source = spooled ?? file;
    const tools = () => findFfmpeg(options.ffmpeg);
    if (spooled) await requireY4m(spooled);
    const plan = planReading(source, await probeFilm(tools, source), options);
    return { info: plan.info, close, pictures: (signal) => readPictures(plan, tools, signal) };
  } catch (error) {
    await close();
    throw error;
  }
}

async function requireY4m(spooled: string): Promise<void> {
  for await (const chunk of fileChunks(spooled)) {
    if (Buffer.from(chunk.subarray(0, 9)).toString('latin1') === 'YUV4MPEG2') return;
    break;
  }
  throw new MediaError('Standard input is no y4m stream.', {
    code: 'BAD_Y4M',
    hint: 'Write one with: ffmpeg -i film.mp4 -pix_fmt yuv420p -f yuv4mpegpipe - | weft encode - -o film.weft',
    path: 'input',
    value: '-',
  });
}

async function spool(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'weft-'));
  const file = path.join(folder, 'stdin.y4m');
  try {
    await pipeline(stdin, createWriteStream(file));
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    throw new MediaError('Setting standard input aside failed.', {
      code: (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'DISK_FULL' : 'STDIN_FAILED',
      hint: `It needs room in ${os.tmpdir()} (TMPDIR chooses another place).`,
      path: 'input',
      cause,
    });
  }
  return file;
}

function planReading(file: string, facts: FilmFacts, options: ReadOptions): Plan {
  const { info, plan } = facts;
  const log = options.log ?? (() => undefined);
  for (const loss of plan.losses) log(loss);
  if (facts.interlaced) log('the film is interlaced: its fields are coded as one picture, not deinterlaced');
  const rate = options.fps ?? info.rate;
  if (facts.variableRate && !options.fps) {
    log(`the film has a variable frame rate: read at a constant ${toNumber(rate).toFixed(3)} Hz`);
  }
  const range = frameRange(facts, options, rate);
  return {
    ...options,
    file,
    facts,
    ...range,
    info: {
      ...info,
      ...resized(info, options.size),
      rate,
      ...(range.expected ? { frames: range.expected } : {}),
    },
  };
}

/** Resizing keeps the shape of the whole picture, so the shape of its samples changes. */
function resized(info: FilmInfo, size: ReadOptions['size']): Partial<FilmInfo> {
  if (!size || (size.width === info.width && size.height === info.height)) return {};
  const [n, d] = info.sampleAspect;
  const sampleAspect = reduce([n * info.width * size.height, d * info.height * size.width]);
  return { width: size.width, height: size.height, sampleAspect };
}

function frameRange(
  facts: FilmFacts,
  options: ReadOptions,
  rate: Rational,
): { firstFrame: number; count: number | undefined; expected: number | undefined } {
  const sourceRate = toNumber(facts.info.rate);
  const start = options.start ?? 0;
  const total = facts.info.frames;
  const seconds = total === undefined ? undefined : total / sourceRate;
  const end = Math.min(options.end ?? Infinity, seconds ?? Infinity);
  if (!(start >= 0) || !(end > start)) throw badRange(options, seconds);
  const firstFrame = Math.ceil(start * sourceRate - 1e-6);
  const first = Math.ceil(start * toNumber(rate) - 1e-6);
  const whole = Number.isFinite(end)
    ? Math.max(1, Math.ceil(end * toNumber(rate) - 1e-6) - first)
    : undefined;
  const expected = options.frames === undefined ? whole : Math.min(options.frames, whole ?? Infinity);
  // The container's count is not trusted to end a film: only what was asked for does.
  const count = options.frames === undefined && options.end === undefined ? undefined : expected;
  return { firstFrame, count, expected };
}

function badRange({ start = 0, end }: ReadOptions, seconds: number | undefined): UsageError {
  const length = seconds === undefined ? '' : `; the film is ${seconds.toFixed(3)} s long`;
  return new UsageError(
    `There are no frames from ${start} s to ${end ?? 'the end'}${end === undefined ? '' : ' s'}${length}.`,
    {
      code: 'EMPTY_RANGE',
      hint: 'Give --start and --end within the film, --end after --start.',
      path: '--start',
      value: start,
      range: seconds === undefined ? 'from 0' : `0..${seconds.toFixed(3)}`,
    },
  );
}

/** Pictures of the film as planned; y4m that needs no conversion is read without ffmpeg. */
async function* readPictures(
  plan: Plan,
  tools: () => FfmpegTools,
  signal?: AbortSignal,
): AsyncGenerator<Picture, void, undefined> {
  throwIfAborted(signal);
  const direct = plan.facts.y4m && isPlainY4m(plan.facts.y4m) && !needsScaling(plan) && !plan.fps;
  const pictures = direct
    ? skip(readY4m(fileChunks(plan.file)), plan.firstFrame)
    : viaFfmpeg(plan, tools(), signal);
  let index = 0;
  for await (const picture of pictures) {
    throwIfAborted(signal);
    yield picture;
    if (++index === plan.count) return;
  }
  if (index === 0) throw noPictures(plan.file);
}

function noPictures(file: string): MediaError {
  return new MediaError(`${file} gave no pictures.`, {
    code: 'NO_PICTURES',
    hint: 'Check that the file is complete and plays in a player.',
    path: 'input',
    value: file,
  });
}

async function* skip(
  pictures: AsyncIterable<Picture>,
  count: number,
): AsyncGenerator<Picture, void, undefined> {
  let index = 0;
  for await (const picture of pictures) if (index++ >= count) yield picture;
}

function needsScaling({ facts, info }: Plan): boolean {
  return info.width !== facts.info.width || info.height !== facts.info.height;
}

/**
 * The filters that give every picture its place in time. A film with one rate is counted, not timed: no rounding of
 * time stamps can drop or repeat a frame.
 */
function timeFilters({ facts, info, fps }: Plan): string[] {
  const [n, d] = info.rate;
  if (facts.variableRate || fps) return ['setpts=PTS-STARTPTS', `fps=${n}/${d}`];
  return [`settb=${d}/${n}`, 'setpts=N'];
}

function seekOptions({ facts, firstFrame }: Plan): string[] {
  if (firstFrame === 0) return [];
  // Half a frame early: the first frame at or after this time is the wanted one, however times were rounded.
  const seconds = facts.firstFrameSeconds + (firstFrame - 0.5) / toNumber(facts.info.rate);
  return ['-ss', Math.max(0, seconds).toFixed(6)];
}

async function* viaFfmpeg(
  plan: Plan,
  tools: FfmpegTools,
  signal?: AbortSignal,
): AsyncGenerator<Picture, void, undefined> {
  const scale = scaleFilter(plan.facts.plan, needsScaling(plan) ? plan.info : undefined);
  const run = startFfmpeg(tools, {
    input: fileUrl(plan.file),
    inputOptions: [...inputOptions(plan.file), ...seekOptions(plan)],
    filters: [...timeFilters(plan), ...(scale ? [scale] : [])],
    outputOptions: [
      ...['-map', '0:V:0', '-f', 'rawvideo', '-r', plan.info.rate.join('/')],
      ...(plan.count === undefined ? [] : ['-frames:v', String(plan.count)]),
    ],
    ...(signal ? { signal } : {}),
  });
  yield* runPictures(run, plan.info);
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
