/** Title, other tags and chapters of a film, in the plain text that ffmpeg reads and writes (`ffmetadata`). */

import type { TimePiece } from '../../runtime/film/retiming.js';
import { type FfmpegTools, ffmpegWrites, fileUrl } from './ffmpeg.js';
import { piecesOf, type SoundPart } from './soundCoding.js';

/** A stretch of a film that has a name. */
interface Chapter {
  seconds: { start: number; end: number };
  /** As they stand in the text, `title=...`. */
  tags: string[];
}

/** What a film says of itself. */
export interface FilmMetadata {
  /** As they stand in the text, `title=...`. */
  tags: string[];
  chapters: Chapter[];
}

/** What a container or an encoder says of itself. */
const notOfTheFilm =
  /^(major_brand|minor_version|compatible_brands|encoder|creation_time|handler_name|vendor_id|duration)=/i;

/**
 * Reads what a file says of its film.
 *
 * @throws MediaError FFMPEG_FAILED
 */
export async function readMetadata(
  tools: FfmpegTools,
  file: string,
  input: readonly string[],
): Promise<FilmMetadata> {
  return parseMetadata(await ffmpegWrites(tools, [...input, '-i', fileUrl(file), '-f', 'ffmetadata', '-']));
}

/** Reads the text. */
export function parseMetadata(text: string): FilmMetadata {
  // A line that ends in a backslash goes on.
  const lines = text.split(/(?<!\\)\r?\n/).filter((line) => /^[^;#]/.test(line));
  const metadata: FilmMetadata = { tags: [], chapters: [] };
  let section: string[] = metadata.tags;
  const chapters: string[][] = [];
  for (const line of lines) {
    if (line.startsWith('[')) {
      section = [];
      if (line === '[CHAPTER]') chapters.push(section);
    } else section.push(line);
  }
  metadata.tags = metadata.tags.filter((tag) => !notOfTheFilm.test(tag));
  metadata.chapters = chapters.flatMap(chapterOf);
  return metadata;
}

function chapterOf(lines: readonly string[]): Chapter[] {
  const value = (key: string) => lines.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1);
  const [numerator, denominator] = (value('TIMEBASE') ?? '1/1000000000').split('/').map(Number);
  const [start, end] = [value('START'), value('END')].map(
    (time) => (Number(time) * numerator!) / denominator!,
  );
  if (!(end! > start!)) return [];
  return [
    {
      seconds: { start: start!, end: end! },
      tags: lines.filter((line) => !/^(TIMEBASE|START|END)=/.test(line)),
    },
  ];
}

/** Writes the text; empty if there is nothing to say. Chapters are kept to the millisecond. */
export function formatMetadata({ tags, chapters }: FilmMetadata): string {
  if (tags.length === 0 && chapters.length === 0) return '';
  const sections = chapters.map(({ seconds, tags }) => {
    const [start, end] = [seconds.start, seconds.end].map((time) => Math.round(1000 * time));
    return ['[CHAPTER]', 'TIMEBASE=1/1000', `START=${start}`, `END=${end}`, ...tags];
  });
  return `${[';FFMETADATA1', ...tags, ...sections.flat()].join('\n')}\n`;
}

/** What is left of the chapters in a part of the film that is shown at another speed, or at several. */
export function cutMetadata({ tags, chapters }: FilmMetadata, part: SoundPart): FilmMetadata {
  const pieces = piecesOf(part);
  const place = (seconds: number) => pieces.reduce((shown, piece) => shown + shownOf(piece, seconds), 0);
  const kept = chapters.map(({ seconds, tags }) => ({
    seconds: { start: place(seconds.start), end: place(seconds.end) },
    tags,
  }));
  return { tags, chapters: kept.filter(({ seconds }) => seconds.end > seconds.start) };
}

/** For how long a piece is shown before an instant of the film; a picture that stands there comes behind it. */
function shownOf({ from, to, seconds }: TimePiece, instant: number): number {
  if (instant <= from) return 0;
  return to > from ? seconds * Math.min(1, (instant - from) / (to - from)) : seconds;
}
