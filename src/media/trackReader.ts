/** Sound, subtitles and names of a film, as the chunks of a `.weft` file. */

import path from 'node:path';
import { InterruptedError, WeftError } from '../../runtime/errors.js';
import type { StreamedChunk } from '../../runtime/format/chunks.js';
import { type FfmpegTools, fileUrl, probeJson, startFfmpeg } from './ffmpeg.js';
import { cutMetadata, formatMetadata, readMetadata } from './filmMetadata.js';
import type { Track } from './probe.js';
import { opusBitrate, opusOptions } from './soundCoding.js';
import { chunkOfFile, chunkOfText } from './trackFile.js';

/** What becomes of sound: coded anew, kept as it is coded, or left out. */
export const AUDIO_CHOICES = ['opus', 'copy', 'none'] as const;
export type AudioChoice = (typeof AUDIO_CHOICES)[number];

/** Names of the chunks. */
export const TRACK_CHUNKS = { audio: 'AUDI', subtitle: 'SUBT', metadata: 'META' } as const;

/** The tracks of a film, and the part of it that its pictures are read from. */
export interface TrackSource {
  file: string;
  tools: FfmpegTools;
  /** Options of ffmpeg before the file. */
  input: readonly string[];
  tracks: readonly Track[];
  /** Beginning and end of the pictures, in seconds where ffmpeg begins the file at 0. */
  start: number;
  end: number;
  audio: AudioChoice;
  /** Bits per second of a track of Opus; default: by its channels. */
  audioBitrate?: number;
  /** Where the tracks lie until they are written: the chunks are good as long as it is there. */
  folder: string;
  signal?: AbortSignal;
  /** Gets what cannot be kept; may throw. */
  lose(line: string): void;
}

/**
 * Reads all tracks. Each is a file of its own: WebM for Opus, else Matroska; times are those of the pictures.
 *
 * @throws what `lose` throws; MediaError FFMPEG_FAILED; InterruptedError
 */
export async function readTracks(source: TrackSource): Promise<StreamedChunk[]> {
  const chunks: StreamedChunk[] = [];
  for (const track of source.tracks) {
    if (track.kind === 'audio' && source.audio === 'none') continue;
    try {
      const output = await readTrack(source, track);
      if (output) chunks.push(await chunkOfFile(TRACK_CHUNKS[track.kind], output));
    } catch (error) {
      if (error instanceof InterruptedError || !(error instanceof WeftError)) throw error;
      source.lose(`not kept: ${track.kind} (${track.codec}), ${error.message}`);
    }
  }
  const { tools, file, input, start, end } = source;
  const text = formatMetadata(cutMetadata(await readMetadata(tools, file, input), { start, end }));
  if (text) chunks.push(chunkOfText(TRACK_CHUNKS.metadata, text));
  return chunks;
}

/** A file of the track; undefined where it has nothing in this part of the film. */
async function readTrack(source: TrackSource, track: Track): Promise<string | undefined> {
  const { tools, file, input, folder, signal } = source;
  const output = path.join(folder, `track${track.index}`);
  const run = startFfmpeg(tools, {
    input: fileUrl(file),
    inputOptions: [...input],
    tracks: true,
    outputOptions: [
      ...['-map', `0:${track.index}`, '-vn', ...codingOf(source, track)],
      ...['-map_metadata', '-1', '-map_chapters', '-1', ...namesOf(track)],
      // The same sound gives the same bytes.
      ...['-fflags', '+bitexact', '-flags', '+bitexact'],
    ],
    output: fileUrl(output),
    ...(signal && { signal }),
  });
  await run.finished;
  const probed = (await probeJson(tools, fileUrl(output), ['-show_entries', 'format=duration'])) as {
    format?: { duration?: string };
  };
  return Number(probed.format?.duration) > 0 ? output : undefined;
}

function codingOf({ start, end, audio, audioBitrate }: TrackSource, track: Track): string[] {
  if (track.kind === 'audio' && audio === 'opus')
    return opusOptions({ start, end }, audioBitrate ?? opusBitrate(track.channels));
  // What MP4 has for subtitles no other container takes.
  const codec = track.codec === 'mov_text' ? 'srt' : 'copy';
  return ['-ss', start.toFixed(6), '-to', end.toFixed(6), '-c', codec, '-f', 'matroska'];
}

function namesOf({ language, title }: Track): string[] {
  const names = Object.entries({ language, title }).filter(([, value]) => value !== undefined);
  return names.flatMap(([name, value]) => ['-metadata:s:0', `${name}=${value}`]);
}
