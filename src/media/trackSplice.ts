/** Sound, subtitles and names of parts of films, put one behind the other without being coded anew. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../runtime/errors.js';
import type { StreamedChunk } from '../../runtime/format/chunks.js';
import { type FfmpegTools, fileUrl, probeJson, startFfmpeg } from './ffmpeg.js';
import { cutMetadata, type FilmMetadata, formatMetadata, parseMetadata } from './filmMetadata.js';
import { chunkOfFile, chunkOfText, textOfChunk } from './trackFile.js';
import { TRACK_CHUNKS } from './trackReader.js';

/** The chunks of a film, and the part of it that is wanted, in seconds. */
export interface ChunkPart {
  /** For messages. */
  readonly name: string;
  readonly chunks: readonly StreamedChunk[];
  readonly start: number;
  readonly end: number;
  /** Whether that is all of it. */
  readonly whole: boolean;
}

/**
 * The chunks of the parts as one film.
 *
 * @param folder where they lie until they are written: they are good as long as it is there
 * @param lose gets what is not kept
 * @throws UsageError `TRACKS_DIFFER` if the parts have not the same tracks; MediaError FFMPEG_FAILED; FormatError
 *   `CHUNK_DAMAGED`
 */
export async function spliceChunks(
  tools: FfmpegTools,
  folder: string,
  parts: readonly ChunkPart[],
  lose: (line: string) => void,
): Promise<StreamedChunk[]> {
  const [only] = parts;
  if (parts.length === 1 && only!.whole) return [...only!.chunks];
  const known = new Set<string>(Object.values(TRACK_CHUNKS));
  for (const { name, chunks } of parts)
    for (const chunk of chunks) if (!known.has(chunk.name)) lose(`not kept: ${chunk.name} of ${name}`);
  const splice = new Splice(tools, folder, parts);
  const tracks = [
    ...(await splice.tracks(TRACK_CHUNKS.audio)),
    ...(await splice.tracks(TRACK_CHUNKS.subtitle)),
  ];
  const text = formatMetadata(await spliceMetadata(parts));
  return text ? [...tracks, chunkOfText(TRACK_CHUNKS.metadata, text)] : tracks;
}

/** The tags of the first part, and the chapters of all. */
async function spliceMetadata(parts: readonly ChunkPart[]): Promise<FilmMetadata> {
  const all: FilmMetadata = { tags: [], chapters: [] };
  let seconds = 0;
  for (const [index, { chunks, start, end }] of parts.entries()) {
    const chunk = chunks.find(({ name }) => name === TRACK_CHUNKS.metadata);
    const text = chunk ? await textOfChunk(chunk) : '';
    const { tags, chapters } = cutMetadata(parseMetadata(text), { start, end });
    if (index === 0) all.tags = tags;
    for (const { seconds: place, tags } of chapters)
      all.chapters.push({ seconds: { start: seconds + place.start, end: seconds + place.end }, tags });
    seconds += end - start;
  }
  return all;
}

/** A track of a part, in a file of its own. */
interface TrackFile {
  file: string;
  codec: string;
  channels: number | undefined;
  language: string | undefined;
}

class Splice {
  readonly #tools: FfmpegTools;
  readonly #folder: string;
  readonly #parts: readonly ChunkPart[];
  #files = 0;

  constructor(tools: FfmpegTools, folder: string, parts: readonly ChunkPart[]) {
    this.#tools = tools;
    this.#folder = folder;
    this.#parts = parts;
  }

  /** Tracks of one kind: those of the part with the most of them; others may lack some. */
  async tracks(name: string): Promise<StreamedChunk[]> {
    const found = await Promise.all(
      this.#parts.map(async ({ chunks }) => {
        const tracks = chunks.filter((chunk) => chunk.name === name);
        return Promise.all(tracks.map((track) => this.#track(track)));
      }),
    );
    const full = found.reduce((most, tracks) => (tracks.length > most.length ? tracks : most));
    const placed = found.map((tracks, part) => {
      const places = placesIn(full, tracks);
      if (places) return places;
      throw differ(this.#parts[part]!.name, this.#parts[found.indexOf(full)]!.name);
    });
    const spliced: StreamedChunk[] = [];
    for (const [number, track] of full.entries()) {
      const files = placed.map((tracks) => tracks[number]?.file);
      spliced.push(await chunkOfFile(name, await this.#spliced(files, track)));
    }
    return spliced;
  }

  /** @param files of the parts that have the track */
  async #spliced(files: readonly (string | undefined)[], { codec, language }: TrackFile): Promise<string> {
    const packets = await Promise.all(files.map(async (file) => (file ? this.#packets(file) : [])));
    const kept = chosenPackets(packets, this.#parts);
    const lines: string[] = [];
    for (const { part, from, until, lasts } of kept) {
      const cut = [...(from > 0 ? ['-ss', from.toFixed(6)] : []), '-to', until.toFixed(6)];
      const file = await this.#ran(fileUrl(files[part]!), [], cut);
      lines.push(`file '${path.basename(file)}'`, `duration ${lasts.toFixed(6)}`);
    }
    const list = await this.#file(`ffconcat version 1.0\n${lines.join('\n')}\n`);
    const names = language === undefined ? [] : ['-metadata:s:0', `language=${language}`];
    const place = kept[0]?.place ?? 0;
    const written = (offset: number) =>
      this.#ran(
        fileUrl(list),
        ['-f', 'concat', '-safe', '0'],
        ['-output_ts_offset', offset.toFixed(6), ...names, ...(codec === 'opus' ? ['-f', 'webm'] : [])],
      );
    const file = await written(place);
    // How a muxer counts the while that a codec needs to begin is its own affair: what comes out says it.
    const moved = ((await this.#packets(file))[0]?.at ?? place) - place;
    return Math.abs(moved) < 0.001 ? file : await written(place - moved);
  }

  /** Copies packets into a Matroska file, or what the options say. */
  async #ran(input: string, inputOptions: string[], options: readonly string[]): Promise<string> {
    const output = await this.#file('');
    const run = startFfmpeg(this.#tools, {
      ...{ input, inputOptions, tracks: true },
      outputOptions: [
        ...['-avoid_negative_ts', 'disabled', '-map', '0', '-c', 'copy', '-f', 'matroska'],
        ...['-map_metadata', '-1', '-map_chapters', '-1'],
        ...['-fflags', '+bitexact', '-flags', '+bitexact', ...options],
      ],
      output: fileUrl(output),
    });
    await run.finished;
    return output;
  }

  async #packets(file: string): Promise<Packet[]> {
    const entries = 'packet=pts_time,duration_time:packet_side_data=side_data_type';
    const probed = (await probeJson(this.#tools, fileUrl(file), ['-show_entries', entries])) as {
      packets?: {
        pts_time?: string;
        duration_time?: string;
        side_data_list?: { side_data_type?: string }[];
      }[];
    };
    return (probed.packets ?? []).map(({ pts_time, duration_time, side_data_list = [] }) => ({
      at: Number(pts_time),
      lasts: Number(duration_time ?? 0),
      padded: side_data_list.some(({ side_data_type }) => side_data_type === 'Skip Samples'),
    }));
  }

  async #file(content: string | AsyncIterable<Uint8Array>): Promise<string> {
    const file = path.join(this.#folder, `track${this.#files++}`);
    await writeFile(file, content);
    return file;
  }

  async #track(chunk: StreamedChunk): Promise<TrackFile> {
    const file = await this.#file(chunk.pieces());
    const entries = 'stream=codec_name,channels:stream_tags=language';
    const probed = (await probeJson(this.#tools, fileUrl(file), ['-show_entries', entries])) as {
      streams?: { codec_name?: string; channels?: number; tags?: { language?: string } }[];
    };
    const { codec_name: codec = '', channels, tags } = probed.streams?.[0] ?? {};
    return { file, codec, channels, language: tags?.language };
  }
}

/** Where each of some tracks stands among all; undefined if they are not some of these, in their order. */
function placesIn(
  all: readonly TrackFile[],
  some: readonly TrackFile[],
): (TrackFile | undefined)[] | undefined {
  let next = 0;
  const places = all.map((track) => {
    const same =
      some[next] &&
      (['codec', 'channels', 'language'] as const).every((key) => some[next]![key] === track[key]);
    return same ? some[next++] : undefined;
  });
  return next === some.length ? places : undefined;
}

/** A packet of a track, in seconds. */
interface Packet {
  at: number;
  lasts: number;
  /** Whether some of it is not played. */
  padded: boolean;
}

/** What is taken of the track of a part: its packets from one time of its own clock until another. */
interface Stretch {
  part: number;
  from: number;
  until: number;
  /** Where it begins in the new film. */
  place: number;
  /** Seconds to the beginning of the next stretch. */
  lasts: number;
}

/**
 * Packets that follow each other without a hole or an overlap: players count samples rather than look at times, and a
 * track that was cut anywhere begins with some of what lies before and ends with silence.
 */
function chosenPackets(tracks: readonly (readonly Packet[])[], parts: readonly ChunkPart[]): Stretch[] {
  const stretches: Stretch[] = [];
  let shift = 0;
  let written = Number.NEGATIVE_INFINITY;
  for (const [part, { start, end }] of parts.entries()) {
    shift -= start;
    const wanted = tracks[part]!.filter(({ at, lasts, padded }) => {
      const middle = at + lasts / 2;
      // At the very beginning of a film a codec may need a while before it.
      const within = start === 0 || (part === 0 ? at : middle) >= start;
      return (
        at < end && within && middle + shift >= written && !(padded && part < parts.length - 1 && at > start)
      );
    });
    const [first, last] = [wanted[0], wanted.at(-1)];
    if (first && last) {
      const [from, until] = [first.at - 0.0005, last.at + Math.max(last.lasts / 2, 0.0005)];
      stretches.push({ part, from, until, place: first.at + shift, lasts: 0 });
      written = last.at + last.lasts + shift;
    }
    shift += end;
  }
  for (const [i, stretch] of stretches.entries())
    stretch.lasts = (stretches[i + 1]?.place ?? written) - stretch.place;
  return stretches;
}

function differ(one: string, other: string): UsageError {
  return new UsageError(`${one} has not the same sound and subtitles as ${other}.`, {
    code: 'TRACKS_DIFFER',
    hint: 'Join files that were encoded with the same options, or leave sound and subtitles out with --no-tracks.',
    path: 'input',
    value: one,
  });
}
