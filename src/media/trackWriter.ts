/** Sound, subtitles and names of a `.weft` file, as inputs of ffmpeg beside its pictures. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TimePiece } from '../../runtime/film/retiming.js';
import { type Chunk, type StreamedChunk, streamed } from '../../runtime/format/chunks.js';
import { type FfmpegTools, fileUrl, probeJson, startFfmpeg } from './ffmpeg.js';
import { cutMetadata, formatMetadata, parseMetadata } from './filmMetadata.js';
import { isAudible, opusBitrate, opusOptions, piecesOf, soundFilters } from './soundCoding.js';
import { textOfChunk } from './trackFile.js';
import { TRACK_CHUNKS } from './trackReader.js';

/** The tracks of a film, and the part of it that is shown. */
export interface FilmTracks {
  chunks: readonly (Chunk | StreamedChunk)[];
  /** Seconds of the film. */
  start: number;
  end: number;
  /** Film seconds per second shown. */
  speed: number;
  /** What is shown of the film, one piece after the other, where that is not one speed; `speed` does not count then. */
  pieces?: readonly TimePiece[];
  /** Whether `start` to `end` is all of the film. */
  whole: boolean;
}

/** What a run of ffmpeg needs for them. */
export interface TrackInputs {
  /** Inputs behind the pictures. */
  others: { file: string; options?: readonly string[] }[];
  outputOptions: string[];
}

/** Bits per second and channel of sound that is coded anew for MP4. */
const AAC_BITRATE = 96_000;

/** What a container takes as it is, and what else is coded as. */
interface Container {
  sound: RegExp;
  soundCoding: 'aac' | 'opus';
  subtitles: RegExp;
  /** What text becomes; pictures of text do not fit. */
  textCoding: string;
}

const mp4: Container = {
  sound: /^(aac|mp3|ac3|eac3|alac)$/,
  soundCoding: 'aac',
  subtitles: /^mov_text$/,
  textCoding: 'mov_text',
};
const containers: Readonly<Record<string, Container>> = {
  '.mp4': mp4,
  '.mov': mp4,
  '.mkv': { sound: /./, soundCoding: 'opus', subtitles: /./, textCoding: 'srt' },
  '.webm': { sound: /^(opus|vorbis)$/, soundCoding: 'opus', subtitles: /^webvtt$/, textCoding: 'webvtt' },
};

const pictureSubtitles = /^(hdmv_pgs_subtitle|dvd_subtitle|dvb_subtitle|xsub)$/;

/** Whether an output, by the ending of its name, has room for tracks. */
export function takesTracks(output: string): boolean {
  return path.extname(output).toLowerCase() in containers;
}

/**
 * Writes the tracks into a folder and says how ffmpeg takes them from there.
 *
 * @param output one that `takesTracks`
 * @param lose gets what the output cannot keep
 * @throws MediaError FFMPEG_FAILED; FormatError `CHUNK_DAMAGED`
 */
export async function trackInputs(
  tools: FfmpegTools,
  folder: string,
  output: string,
  tracks: FilmTracks,
  lose: (line: string) => void,
): Promise<TrackInputs> {
  const container = containers[path.extname(output).toLowerCase()]!;
  const placing = new TrackPlacing(tools, container, tracks, lose);
  for (const [number, chunk] of tracks.chunks.entries())
    await placing.add(chunk, path.join(folder, `track${number}`));
  return placing.inputs();
}

class TrackPlacing {
  readonly #others: TrackInputs['others'] = [];
  readonly #options: string[] = [];
  readonly #counts = { audio: 0, subtitle: 0 };
  readonly #tools: FfmpegTools;
  readonly #container: Container;
  readonly #part: FilmTracks;
  readonly #pieces: readonly TimePiece[];
  readonly #lose: (line: string) => void;

  constructor(tools: FfmpegTools, container: Container, part: FilmTracks, lose: (line: string) => void) {
    this.#tools = tools;
    this.#container = container;
    this.#part = part;
    this.#pieces = piecesOf(part);
    this.#lose = lose;
  }

  /** @param file where the chunk's bytes may lie meanwhile */
  async add(chunk: Chunk | StreamedChunk, file: string): Promise<void> {
    const { name } = chunk;
    if (name === TRACK_CHUNKS.metadata) await this.#addMetadata(await textOfChunk(chunk), file);
    if (name !== TRACK_CHUNKS.audio && name !== TRACK_CHUNKS.subtitle) return;
    await writeFile(file, streamed(chunk).pieces());
    if (name === TRACK_CHUNKS.audio) await this.#addSound(file);
    else await this.#addSubtitles(file);
  }

  inputs(): TrackInputs {
    if (this.#others.length === 0) return { others: [], outputOptions: [] };
    const seconds = this.#pieces.reduce((sum, piece) => sum + piece.seconds, 0);
    // Times as they are: a track that begins late begins late. None goes on behind the pictures.
    const times = ['-copyts', '-avoid_negative_ts', 'disabled', '-t', seconds.toFixed(6)];
    return { others: this.#others, outputOptions: ['-map', '0:v', ...this.#options, ...times] };
  }

  /** Number of an input that was added. */
  #input(file: string, options: readonly string[] = []): number {
    return this.#others.push({ file, options });
  }

  async #addSound(file: string): Promise<void> {
    const { speed, whole, pieces } = this.#part;
    const tooSlowOrFast = this.#pieces.filter((piece) => piece.to > piece.from && !isAudible(piece));
    if (!this.#pieces.some(isAudible)) {
      this.#lose(pieces ? 'no sound at these speeds' : `no sound at ${speed} times the speed`);
      return;
    }
    if (tooSlowOrFast.length > 0) this.#lose('no sound where the speed is below 0.25 or above 4');
    const { sound, soundCoding } = this.#container;
    const { codec_name: codec = '', channels = 2 } = await this.#probe(file);
    const track = this.#counts.audio++;
    const fits = whole && this.#keepsTimes() && sound.test(codec);
    if (!fits && soundCoding === 'aac') {
      const options = [`-c:a:${track}`, 'aac', `-b:a:${track}`, String(AAC_BITRATE * channels)];
      const filters = [`-filter:a:${track}`, soundFilters(this.#part).join(',')];
      this.#options.push('-map', `${this.#input(file)}:a`, ...options, ...filters);
      return;
    }
    const copied = fits ? file : await this.#made(file, opusOptions(this.#part, 1.5 * opusBitrate(channels)));
    // Below 0 where a codec needs a while to begin, which ffmpeg takes off again when it writes packets.
    const begins = Number((await this.#probe(copied)).start_time) || 0;
    const offset = begins < 0 ? ['-itsoffset', String(-begins)] : [];
    this.#options.push('-map', `${this.#input(copied, offset)}:a`, `-c:a:${track}`, 'copy');
  }

  async #addSubtitles(file: string): Promise<void> {
    const { start, end, whole } = this.#part;
    const { codec_name: codec = '' } = await this.#probe(file);
    if (!this.#keepsTimes()) {
      this.#lose('no subtitles at another speed');
      return;
    }
    if (pictureSubtitles.test(codec) && !this.#container.subtitles.test(codec)) {
      this.#lose(`subtitles that are pictures (${codec}) are kept in .mkv only`);
      return;
    }
    const cut = ['-ss', start.toFixed(6), '-to', end.toFixed(6), '-c', 'copy', '-f', 'matroska'];
    const part = whole ? file : await this.#made(file, cut);
    const track = this.#counts.subtitle++;
    const coder = this.#container.subtitles.test(codec) ? 'copy' : this.#container.textCoding;
    this.#options.push('-map', `${this.#input(part)}:s`, `-c:s:${track}`, coder);
  }

  /** Whether all is shown as fast as it is. */
  #keepsTimes(): boolean {
    return this.#pieces.every(({ from, to, seconds }) => Math.abs(seconds - (to - from)) < 1e-9);
  }

  /** Another file of a track, beside it. */
  async #made(file: string, options: readonly string[]): Promise<string> {
    const output = `${file}.part`;
    const run = startFfmpeg(this.#tools, {
      input: fileUrl(file),
      tracks: true,
      // Its own times: ffmpeg would begin it with the while before 0.
      outputOptions: ['-copyts', '-map', '0', ...options],
      output: fileUrl(output),
    });
    await run.finished;
    return output;
  }

  async #addMetadata(whole: string, file: string): Promise<void> {
    const text = formatMetadata(cutMetadata(parseMetadata(whole), this.#part));
    if (!text) return;
    await writeFile(file, text);
    const input = this.#input(file, ['-f', 'ffmetadata']);
    this.#options.push('-map_metadata', String(input), '-map_chapters', String(input));
  }

  async #probe(file: string): Promise<{ codec_name?: string; channels?: number; start_time?: string }> {
    const options = ['-show_entries', 'stream=codec_name,channels,start_time'];
    const probed = (await probeJson(this.#tools, fileUrl(file), options)) as { streams?: object[] };
    return probed.streams?.[0] ?? {};
  }
}
