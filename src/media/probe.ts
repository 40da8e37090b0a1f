import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FilmInfo } from '../../runtime/picture/picture.js';
import { type FfmpegTools, fileUrl, notAFilm, probeJson } from './ffmpeg.js';
import { unreadable } from './unreadable.js';

/** What a film's container says of it. How its frames decode is another question: see surveyFrames. */
export interface ContainerFacts
  extends Pick<FilmInfo, 'matrix' | 'primaries' | 'transfer' | 'chromaLocation'> {
  colorRange: string | undefined;
  /** Rates that it names, as `n/d`. */
  rates: readonly (string | undefined)[];
  /** Duration that it promises, of the pictures and of whatever is longest. */
  pictureSeconds: number | undefined;
  seconds: number | undefined;
  /** Sound and subtitles. */
  tracks: Track[];
  /** What cannot be kept, for the log. */
  losses: string[];
}

/** A stream of sound or subtitles. */
export interface Track {
  kind: 'audio' | 'subtitle';
  /** Number of the stream in its file. */
  index: number;
  codec: string;
  /** Of sound. */
  channels: number;
  language: string | undefined;
  title: string | undefined;
}

interface ProbedStream {
  index?: number;
  channels?: number;
  codec_type?: string;
  codec_name?: string;
  color_range?: string;
  color_space?: string;
  color_primaries?: string;
  color_transfer?: string;
  chroma_location?: string;
  r_frame_rate?: string;
  avg_frame_rate?: string;
  duration?: string;
  disposition?: { attached_pic?: number };
  tags?: { alpha_mode?: string; ALPHA_MODE?: string; DURATION?: string; language?: string; title?: string };
  side_data_list?: { dv_profile?: number }[];
}

/** What ffprobe is asked for. */
export interface Probed {
  streams?: ProbedStream[];
  format?: { duration?: string };
}

const entries =
  'format=duration:stream=index,codec_type,codec_name,channels,color_range,color_space,color_primaries,color_transfer,' +
  'chroma_location,r_frame_rate,avg_frame_rate,duration:stream_disposition=attached_pic:' +
  'stream_tags=alpha_mode,ALPHA_MODE,DURATION,language,title:stream_side_data=dv_profile';

/** How still images begin, and which reader of ffmpeg takes their file as it is, whatever its name. */
const stillImages: readonly [string, string][] = [
  ['\x89PNG\r\n', 'png_pipe'],
  ['\xff\xd8\xff', 'jpeg_pipe'],
  ['RIFF....WEBP', 'webp_pipe'],
  ['BM', 'bmp_pipe'],
  ['II*\0', 'tiff_pipe'],
  ['MM\0*', 'tiff_pipe'],
  ['P5\n', 'pgm_pipe'],
  ['P6\n', 'ppm_pipe'],
];

/**
 * Options of ffmpeg that read a still image by its content: its name may end in anything, and a `%` in it is no pattern.
 * None for a film.
 *
 * @param head first bytes of the file, a character each
 */
export function inputOptions(head: string, file: string): string[] {
  if (head.startsWith('\x89PNG') && head.includes('acTL')) return ['-f', 'apng'];
  const begins = (form: string) => [...form].every((letter, i) => letter === '.' || letter === head[i]);
  const format = stillImages.find(([form]) => begins(form))?.[1];
  if (format) return ['-f', format];
  return /\.tga$/i.test(file) ? ['-f', 'image2', '-pattern_type', 'none'] : [];
}

/**
 * First bytes of a file, a character each.
 *
 * @throws MediaError FILE_MISSING, FILE_UNREADABLE
 */
export async function headOf(file: string): Promise<string> {
  try {
    const handle = await open(file);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(1024), 0, 1024, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw unreadable(file, 'a film file', cause);
  }
}

/**
 * Reads what the container of a film or a still image says.
 *
 * @throws MediaError NOT_A_FILM
 */
export async function probeContainer(
  tools: FfmpegTools,
  file: string,
  options: readonly string[],
): Promise<ContainerFacts> {
  const probed = await probeJson(tools, fileUrl(file), ['-show_entries', entries, ...options]);
  return containerFacts(probed as Probed, file);
}

/** @throws MediaError NOT_A_FILM */
export function containerFacts({ streams = [], format }: Probed, file: string): ContainerFacts {
  const stream = streams.find((stream) => stream.codec_type === 'video' && !isCover(stream));
  if (!stream) throw notAFilm(file, 'it has no pictures');
  const location = named(stream.chroma_location);
  const pictureSeconds = seconds(stream.duration);
  return {
    colorRange: stream.color_range,
    matrix: named(stream.color_space),
    primaries: named(stream.color_primaries),
    transfer: named(stream.color_transfer),
    chromaLocation: location === 'unknown' ? 'left' : location,
    rates: [stream.r_frame_rate, stream.avg_frame_rate],
    pictureSeconds,
    seconds: pictureSeconds ?? seconds(stream.tags?.DURATION) ?? seconds(format?.duration),
    tracks: streams.flatMap(trackOf),
    losses: losses(stream, streams),
  };
}

function trackOf({
  codec_type: kind,
  codec_name: codec = '',
  index = 0,
  channels = 0,
  tags,
}: ProbedStream): Track[] {
  if (kind !== 'audio' && kind !== 'subtitle') return [];
  const language = tags?.language === 'und' ? undefined : tags?.language;
  return [{ kind, index, codec, channels, language, title: tags?.title }];
}

function isCover(stream: ProbedStream): boolean {
  return stream.disposition?.attached_pic === 1;
}

/** `12.5` or `00:00:12.5`. */
function seconds(text: string | undefined): number | undefined {
  const value = text?.split(':').reduce((sum, part) => 60 * sum + Number(part), 0);
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

function named(value: string | undefined): string {
  return !value || value === 'unspecified' || value === 'reserved' ? 'unknown' : value;
}

function losses(film: ProbedStream, streams: readonly ProbedStream[]): string[] {
  const lost: string[] = [];
  const others = streams.filter(
    (stream) => stream !== film && !isCover(stream) && trackOf(stream).length === 0,
  );
  if (others.length > 0) {
    const names = others.map(({ codec_type, codec_name }) => `${codec_type} (${codec_name ?? 'unknown'})`);
    lost.push(`not kept: ${names.join(', ')}`);
  }
  if ((film.tags?.alpha_mode ?? film.tags?.ALPHA_MODE) === '1')
    lost.push(`${film.codec_name}: transparency is dropped`);
  if (film.side_data_list?.some(({ dv_profile }) => dv_profile === 5))
    lost.push('Dolby Vision profile 5: no other decoder shows its colours right, nor will this film');
  return lost;
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
