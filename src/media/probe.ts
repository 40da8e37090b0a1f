import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FilmInfo, Rational } from '../../runtime/picture/picture.js';
import { type FfmpegTools, fileUrl, notAFilm, probeJson } from './ffmpeg.js';
import { type PixelPlan, planPixels } from './pixelFormat.js';
import { nearestRate, parseProbedFraction, reduce, toNumber } from './rational.js';
import { unreadable } from './unreadable.js';
import { parseY4mHeader, pictureBytes, type Y4mHeader } from './y4m.js';

/** What is known of a film file before its pictures are read. */
export interface FilmFacts {
  /** Size after rotation, before any resizing. */
  info: FilmInfo;
  pixelFormat: string;
  plan: PixelPlan;
  /** True where frame times do not follow `info.rate`. */
  variableRate: boolean;
  /** Time of the first frame, in seconds from the start of the container. */
  firstFrameSeconds: number;
  interlaced: boolean;
  /** Set for a y4m file. */
  y4m?: Y4mHeader;
}

interface ProbedStream {
  codec_type?: string;
  codec_name?: string;
  pix_fmt?: string;
  width?: number;
  height?: number;
  color_range?: string;
  color_space?: string;
  color_primaries?: string;
  color_transfer?: string;
  chroma_location?: string;
  field_order?: string;
  sample_aspect_ratio?: string;
  r_frame_rate?: string;
  avg_frame_rate?: string;
  disposition?: { attached_pic?: number };
  tags?: { rotate?: string };
  side_data_list?: { rotation?: number }[];
}

interface Probed {
  streams?: ProbedStream[];
  format?: { format_name?: string; start_time?: string };
  packets?: { pts_time?: string; dts_time?: string }[];
}

const filmEntries =
  'format=format_name,start_time:stream=codec_type,codec_name,pix_fmt,width,height,color_range,color_space,' +
  'color_primaries,color_transfer,chroma_location,field_order,sample_aspect_ratio,r_frame_rate,avg_frame_rate:' +
  'stream_disposition=attached_pic:stream_tags=rotate:stream_side_data=rotation:packet=pts_time,dts_time';

/** ffmpeg options that read a name as it stands: a `%` in it is no pattern. */
export function inputOptions(file: string): string[] {
  return /\.(png|jpe?g|bmp|tiff?|webp|ppm|pgm|tga)$/i.test(file)
    ? ['-f', 'image2', '-pattern_type', 'none']
    : [];
}

async function readHead(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(1024), 0, 1024, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** @throws MediaError FILE_MISSING, FILE_UNREADABLE */
async function headOf(file: string): Promise<string> {
  try {
    return await readHead(file);
  } catch (cause) {
    throw unreadable(file, 'a film file', cause);
  }
}

/**
 * Reads the facts of a film or a still image.
 *
 * @throws MediaError FILE_MISSING, FILE_UNREADABLE, NOT_A_FILM, BAD_Y4M
 */
export async function probeFilm(tools: () => FfmpegTools, file: string): Promise<FilmFacts> {
  const head = await headOf(file);
  if (head.startsWith('YUV4MPEG2')) return probeY4m(file, head);
  const options = ['-select_streams', 'V:0', '-show_entries', filmEntries, ...inputOptions(file)];
  const probed = (await probeJson(tools(), fileUrl(file), options)) as Probed;
  const stream = probed.streams?.[0];
  if (!stream?.pix_fmt || !stream.width || !stream.height) throw notAFilm(file, 'it has no pictures');
  return factsOf(stream, probed);
}

async function probeY4m(file: string, head: string): Promise<FilmFacts> {
  const header = parseY4mHeader(head.split('\n', 1)[0]!);
  const { info } = header;
  const format = `yuv${header.colourSpace.replace(/^(420)(jpeg|mpeg2|paldv)$/, '$1')}`;
  const pixelFormat =
    header.colourSpace === 'mono' ? 'gray' : format.replace(/^(yuv\d+)(p\d+)?$/, (_, a, b) => a + (b ?? 'p'));
  const plan = planPixels(pixelFormat, info.lumaRange);
  const size = await fileSize(file);
  const frames = Math.floor(
    (size - header.headerBytes) / (6 + pictureBytes(info.width, info.height, info.chroma)),
  );
  return {
    info: { ...info, chroma: plan.chroma, lumaRange: plan.lumaRange, ...(plan.untouched ? { frames } : {}) },
    pixelFormat,
    plan,
    variableRate: false,
    firstFrameSeconds: 0,
    interlaced: header.interlaced,
    y4m: header,
  };
}

async function fileSize(file: string): Promise<number> {
  const handle = await open(file);
  try {
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

/** Quarter turns change places of width and height. */
function isTurned(stream: ProbedStream): boolean {
  const degrees = stream.side_data_list?.find((entry) => entry.rotation !== undefined)?.rotation;
  return Math.abs(Math.round(Number(degrees ?? stream.tags?.rotate ?? 0) / 90)) % 2 === 1;
}

function named(value: string | undefined): string {
  return !value || value === 'unspecified' || value === 'reserved' ? 'unknown' : value;
}

function factsOf(stream: ProbedStream, probed: Probed): FilmFacts {
  const plan = planPixels(stream.pix_fmt!, stream.color_range);
  const turned = isTurned(stream);
  const aspect = parseProbedFraction(stream.sample_aspect_ratio) ?? [1, 1];
  const times = frameTimes(probed);
  const timing = timingOf(times, stream);
  const start = Number(probed.format?.start_time ?? 0) || 0;
  return {
    info: {
      width: turned ? stream.height! : stream.width!,
      height: turned ? stream.width! : stream.height!,
      chroma: plan.chroma,
      rate: timing.rate,
      ...(timing.frames > 0 ? { frames: timing.frames } : {}),
      lumaRange: plan.lumaRange,
      matrix: plan.fromRgb ? 'bt709' : named(stream.color_space),
      primaries: named(stream.color_primaries),
      transfer: named(stream.color_transfer),
      chromaLocation: chromaLocation(stream.chroma_location),
      sampleAspect: turned ? [aspect[1], aspect[0]] : aspect,
    },
    pixelFormat: stream.pix_fmt!,
    plan,
    variableRate: timing.variable,
    firstFrameSeconds: times.length > 0 ? times[0]! - start : 0,
    interlaced: /^(tt|bb|tb|bt)$/.test(stream.field_order ?? ''),
  };
}

function chromaLocation(value: string | undefined): string {
  const location = named(value);
  return location === 'unknown' ? 'left' : location;
}

/** Presentation times of the frames in seconds, ascending. */
function frameTimes(probed: Probed): number[] {
  const packets = probed.packets ?? [];
  const presented = packets.map((packet) => Number(packet.pts_time)).filter(Number.isFinite);
  const times =
    presented.length === packets.length ? presented : packets.map((packet) => Number(packet.dts_time));
  return times.filter(Number.isFinite).sort((a, b) => a - b);
}

/**
 * Whether a film has one frame rate, and which. Containers round times (Matroska to 1 ms), so that intervals may
 * differ by two ticks of a millisecond.
 */
export function timingOf(
  times: number[],
  stream: { r_frame_rate?: string; avg_frame_rate?: string },
): { rate: Rational; variable: boolean; frames: number } {
  const real = parseProbedFraction(stream.r_frame_rate);
  const average = parseProbedFraction(stream.avg_frame_rate);
  const fallback = usable(average) ?? usable(real) ?? [25, 1];
  if (times.length < 2) return { rate: fallback, variable: false, frames: times.length };
  const mean = (times.at(-1)! - times[0]!) / (times.length - 1);
  if (!(mean > 0)) return { rate: fallback, variable: false, frames: times.length };
  const even = times.every(
    (time, index) => Math.abs(time - times[0]! - index * mean) < Math.max(0.0021, 0.05 * mean),
  );
  const tolerance = even ? 0.002 + 0.002 / (mean * (times.length - 1)) : 0.05;
  const named = [real, average].find((rate) => rate && Math.abs(toNumber(rate) * mean - 1) < tolerance);
  const rate = reduce(usable(named) ?? nearestRate(1 / mean));
  const seconds = times.at(-1)! - times[0]! + 1 / toNumber(rate);
  return { rate, variable: !even, frames: even ? times.length : Math.round(seconds * toNumber(rate)) };
}

function usable(rate: Rational | undefined): Rational | undefined {
  return rate && toNumber(rate) <= 1000 ? rate : undefined;
}

/** The bytes of a file as an async iterable that closes its file also when it is left early. */
export async function* fileChunks(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } finally {
    if (!stream.closed) {
      stream.destroy();
      await once(stream, 'close').catch(() => undefined);
    }
  }
}
