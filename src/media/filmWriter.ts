import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MediaError, throwIfAborted, UsageError } from '../../runtime/errors.js';
import type { FilmInfo, Picture } from '../../runtime/picture/picture.js';
import { fileUrl, findFfmpeg, passthroughOptions, startFfmpeg } from './ffmpeg.js';
import { checkOutput, type OutputRules, writeSequence, writeWhole } from './outputFile.js';
import { pixelFormat, planesOf, rawInputOptions } from './rawVideo.js';
import { withTemporaryFolder } from './temporaryFolder.js';
import { MICROSECONDS, timedVideo } from './timedVideo.js';
import { type FilmTracks, takesTracks, trackInputs } from './trackWriter.js';
import { writeY4m } from './y4m.js';

/** How to write a film. */
export interface WriteOptions extends OutputRules {
  ffmpeg?: string;
  signal?: AbortSignal;
  /** Gets one line for each thing that the container cannot keep. */
  log?: (line: string) => void;
  /** What belongs to the pictures; left out where the container has no room for it. */
  tracks?: FilmTracks;
  /** Where `-` goes; default standard output. */
  stdout?: Writable;
}

/** What was written. `bytes` is 0 for a pipe or a sequence. */
export interface WrittenFilm {
  frames: number;
  bytes: number;
}

type Kind = 'pipe' | 'y4m' | 'film' | 'sequence' | 'picture';

/** The number of a picture in the names of a sequence, in the last part of its path. */
const FRAME_NUMBER = /%(?:0?(\d+))?d(?=[^/\\]*$)/;

const filmExtensions = ['.mp4', '.mkv', '.webm', '.mov', '.gif'];

/**
 * What kind of output a name asks for.
 *
 * @throws UsageError UNKNOWN_OUTPUT
 */
export function outputKind(output: string): Kind {
  if (output === '-') return 'pipe';
  const extension = path.extname(output).toLowerCase();
  if (extension === '.y4m') return 'y4m';
  if (filmExtensions.includes(extension)) return 'film';
  if (extension === '.png') return FRAME_NUMBER.test(path.basename(output)) ? 'sequence' : 'picture';
  throw new UsageError(`${output}: no such output format${extension ? ` as ${extension}` : ''}.`, {
    code: 'UNKNOWN_OUTPUT',
    hint: 'End the name in .mp4, .mkv, .webm, .mov, .y4m, .gif or -%05d.png, or give - for y4m on standard output.',
    path: '--output',
    value: output,
  });
}

/**
 * Whether an output keeps the time of every picture: y4m has none, GIF none finer than 1/50 s. Numbered pictures have none
 * either, but lack nothing by it.
 */
export function keepsTimes(output: string): boolean {
  return !['pipe', 'y4m'].includes(outputKind(output)) && path.extname(output).toLowerCase() !== '.gif';
}

/**
 * Checks before the work begins that `output` can be written.
 *
 * @throws UsageError UNKNOWN_OUTPUT; as checkOutput
 */
export async function checkFilmOutput(output: string, rules: OutputRules = {}): Promise<void> {
  const kind = outputKind(output);
  if (kind === 'pipe') return;
  // A sequence's other names are looked at when they are known.
  const first =
    kind === 'sequence'
      ? output.replace(FRAME_NUMBER, (_, digits) => '1'.padStart(Number(digits ?? 1), '0'))
      : output;
  await checkOutput(first, rules);
}

/**
 * Writes a film whose size, rate and colour are those of `info`.
 *
 * The container follows from the name: mp4, mov and mkv hold H.264 (x264, crf 12), webm holds VP9 (crf 16): both
 * near to lossless, so that the film shows what was decoded. y4m and png are exact but for the conversion to RGB, and have
 * no times: only the other containers keep those of `info`.
 *
 * @throws MediaError, UsageError, InterruptedError
 */
export async function writeFilm(
  pictures: AsyncIterable<Picture>,
  info: FilmInfo,
  output: string,
  options: WriteOptions = {},
): Promise<WrittenFilm> {
  const kind = outputKind(output);
  await checkFilmOutput(output, options);
  const counter = { frames: 0 };
  const counted = count(pictures, counter, options.signal);
  if (kind === 'pipe') {
    await toPipe(counted, info, options.stdout ?? process.stdout);
    return { frames: counter.frames, bytes: 0 };
  }
  if (kind === 'sequence') {
    await writeSequence(output, options.overwrite ?? false, (folder) =>
      viaFfmpeg(counted, info, { file: path.basename(output), folder }, kind, options),
    );
    return { frames: counter.frames, bytes: 0 };
  }
  await writeWhole(output, (part) =>
    kind === 'y4m'
      ? pipeline(writeY4m(counted, info), createWriteStream(part))
      : viaFfmpeg(
          kind === 'picture' ? onlyOne(counted, output) : counted,
          info,
          { file: part },
          kind,
          options,
          output,
        ),
  );
  return { frames: counter.frames, bytes: (await stat(output)).size };
}

async function* count(
  pictures: AsyncIterable<Picture>,
  counter: { frames: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<Picture, void, undefined> {
  for await (const picture of pictures) {
    throwIfAborted(signal);
    counter.frames++;
    yield picture;
  }
  throwIfAborted(signal);
}

async function* onlyOne(
  pictures: AsyncIterable<Picture>,
  output: string,
): AsyncGenerator<Picture, void, undefined> {
  let frames = 0;
  for await (const picture of pictures) {
    if (++frames > 1) throw severalPictures(output);
    yield picture;
  }
}

function severalPictures(output: string): UsageError {
  return new UsageError(`${output} holds one picture, the film has more.`, {
    code: 'ONE_PICTURE_OUTPUT',
    hint: `Write a sequence, for example to ${output.replace(/\.png$/i, '-%05d.png')}, or choose one with --start and --end.`,
    path: '--output',
    value: output,
  });
}

/** A reader that goes away ends the writing quietly, as in any pipe. */
async function toPipe(pictures: AsyncIterable<Picture>, info: FilmInfo, stdout: Writable): Promise<void> {
  try {
    await pipeline(writeY4m(pictures, info), stdout, { end: false });
  } catch (error) {
    if (!readerGone.has((error as NodeJS.ErrnoException).code)) throw error;
  }
}

const readerGone = new Set<string | undefined>([
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
]);

async function viaFfmpeg(
  pictures: AsyncIterable<Picture>,
  info: FilmInfo,
  part: { file: string; folder?: string },
  kind: Kind,
  options: WriteOptions,
  output = part.file,
): Promise<void> {
  const tools = findFfmpeg(options.ffmpeg);
  const extension = path.extname(output).toLowerCase();
  const timed = kind === 'film' && keepsTimes(output) ? info.times : undefined;
  const target = kind === 'film' ? filmTarget(info, extension, options) : pictureTarget(info, kind);
  await withTemporaryFolder(async (folder) => {
    const { tracks, log, signal } = options;
    const placed =
      tracks && takesTracks(output)
        ? await trackInputs(tools, folder, output, tracks, (line) => log?.(line))
        : { others: [], outputOptions: [] };
    const run = startFfmpeg(tools, {
      inputOptions: [...(timed ? ['-f', 'matroska'] : rawInputOptions(info)), ...colourTags(info)],
      stdin: timed ? timedVideo(pictures, info, timed) : planesOf(pictures),
      filters: target.filters,
      others: placed.others,
      tracks: placed.others.length > 0,
      outputOptions: [
        ...target.options,
        ...placed.outputOptions,
        ...(timed ? await passthroughOptions(tools) : []),
      ],
      output: fileUrl(part.file),
      ...(part.folder !== undefined && { folder: part.folder }),
      ...(signal && { signal }),
    });
    await run.finished;
  });
}

interface Target {
  filters: string[];
  options: string[];
}

/** Names that ffprobe prints and ffmpeg's options call otherwise. */
const transferNames: Record<string, string> = { bt470m: 'gamma22', bt470bg: 'gamma28' };

function colourTags(info: FilmInfo): string[] {
  const transfer = transferNames[info.transfer] ?? info.transfer;
  const tags: [string, string][] = [
    ['-color_range', info.lumaRange],
    ['-colorspace', info.matrix],
    ['-color_primaries', info.primaries],
    ['-color_trc', transfer],
    ['-chroma_sample_location', info.chroma === '420' ? info.chromaLocation : 'unknown'],
  ];
  return tags.filter(([, value]) => value !== 'unknown' && value !== 'unspecified' && value !== 'gbr').flat();
}

function aspectFilter({ sampleAspect: [n, d] }: FilmInfo): string {
  return `setsar=${n}/${d}:max=65535`;
}

function filmTarget(info: FilmInfo, extension: string, options: WriteOptions): Target {
  if (extension === '.gif') return gifTarget(info);
  const vp9 = extension === '.webm';
  const odd = info.chroma === '420' && (info.width % 2 === 1 || info.height % 2 === 1);
  const chroma = odd && !vp9 ? '444' : info.chroma;
  if (chroma !== info.chroma) {
    options.log?.('H.264 has no odd 4:2:0 sizes: chroma is written at full size (webm and y4m keep it)');
  }
  const range = info.lumaRange;
  const convert =
    chroma === info.chroma ? [] : [`scale=in_range=${range}:out_range=${range}:flags=bicubic+accurate_rnd`];
  const codec = vp9
    ? ['-c:v', 'libvpx-vp9', '-crf', '16', '-b:v', '0', '-deadline', 'good', '-cpu-used', '4', '-row-mt', '1']
    : ['-c:v', 'libx264', '-crf', '12', '-preset', 'medium'];
  const format =
    { '.mp4': 'mp4', '.mov': 'mov', '.mkv': 'matroska', '.webm': 'webm' }[extension] ?? 'matroska';
  return {
    filters: [...convert, aspectFilter(info)],
    options: [
      ...codec,
      ...['-pix_fmt', pixelFormat(chroma)],
      ...(info.times ? ['-enc_time_base:v', `1/${MICROSECONDS}`] : []),
      ...colourTags(info),
      ...(format === 'mp4' || format === 'mov'
        ? ['-movflags', '+faststart', '-video_track_timescale', timescale(info)]
        : []),
      ...['-f', format],
    ],
  };
}

/** A time base in which every frame time of the film is a whole number. */
function timescale({ rate: [n], times }: FilmInfo): string {
  let scale = times?.tick[1] ?? n;
  while (scale < 10000) scale *= 2;
  return String(scale);
}

/** The matrix that samples are taken to be in, in the words of `FilmInfo`: an unnamed one is taken by size. */
export function matrixOf({ matrix, height }: Pick<FilmInfo, 'matrix' | 'height'>): string {
  const known = /^(bt709|fcc|bt470bg|smpte170m|smpte240m|bt2020nc|bt2020ncl)$/.test(matrix);
  return known ? matrix : height >= 720 ? 'bt709' : 'smpte170m';
}

/** The matrix and range that the samples are in, for a conversion to RGB. */
function toRgb(info: FilmInfo): string {
  const matrix = matrixOf(info).replace('bt2020nc', 'bt2020').replace('bt2020l', 'bt2020');
  return `scale=in_color_matrix=${matrix}:in_range=${info.lumaRange}:out_range=pc:flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp`;
}

function gifTarget(info: FilmInfo): Target {
  return {
    filters: [
      `${toRgb(info)},format=rgb24,split[film][look];[look]palettegen[palette];[film][palette]paletteuse`,
    ],
    options: ['-f', 'gif'],
  };
}

function pictureTarget(info: FilmInfo, kind: Kind): Target {
  const single = kind === 'picture' ? ['-update', '1', '-frames:v', '1'] : ['-start_number', '1'];
  return { filters: [toRgb(info), 'format=rgb24'], options: ['-c:v', 'png', '-f', 'image2', ...single] };
}

/** @throws MediaError EMPTY_FILM */
export function refuseEmpty(written: WrittenFilm): void {
  if (written.frames > 0) return;
  throw new MediaError('There were no frames to write.', {
    code: 'EMPTY_FILM',
    hint: 'Give --start and --end within the film.',
    path: '--start',
  });
}
