import { infoOf } from '../../runtime/film/film.js';
import type { ChunkOutline } from '../../runtime/format/chunks.js';
import { chunkOutlines } from '../../runtime/format/container.js';
import { HEADER_FIELDS, type WeftHeader } from '../../runtime/format/header.js';
import type { SegmentEntry } from '../../runtime/format/segments.js';
import { filmSeconds } from '../../runtime/picture/frameTimes.js';
import type { FilmInfo } from '../../runtime/picture/picture.js';
import { FILM_PARTS, type FilmParts, filmParts, type SegmentParts } from '../measure/filmParts.js';
import type { OptionTableOf } from '../optionTable.js';
import type { CommandContext } from './context.js';
import { openWeftFile, readWeftHead } from './weftFile.js';

/** Options of `weft info`. */
interface InfoOptions {
  parts?: boolean;
}

export const INFO_OPTIONS: OptionTableOf<InfoOptions> = {
  parts: {
    flag: 'parts',
    type: { kind: 'flag' },
    doc: 'What the bytes are spent on: reads all segments, and not some kilobytes of them alone',
  },
};

/** Every header field, segments and what lies behind them; bytes by part if that is wanted. */
export async function runInfo(
  { input, parts }: InfoOptions & { input: string },
  context: CommandContext,
): Promise<void> {
  await (parts ? wholeInfo(input, context) : headInfo(input, context));
}

async function wholeInfo(input: string, { reporter }: CommandContext): Promise<void> {
  const film = await openWeftFile(input);
  try {
    const { parts, segments } = await filmParts(film);
    const { header, bytes, info } = film;
    const chunks = (await film.chunkOutlines()).map(nameAndBytes);
    const { line, ...facts } = factsOf(input, header, info, bytes);
    reporter.result(
      { ...facts, parts, segments, chunks },
      [
        ...[line, ...headerLines(header), ...partLines(parts, bytes), ...segmentLines(segments)],
        ...chunkLines(chunks),
      ].join('\n'),
    );
  } finally {
    film.close();
  }
}

async function headInfo(input: string, { reporter }: CommandContext): Promise<void> {
  const file = await readWeftHead(input);
  try {
    const { header, source } = file;
    const chunks = (await chunkOutlines(file)).map(nameAndBytes);
    const segments = file.segments.map(({ startFrame, frames, bytes }) => ({ startFrame, frames, bytes }));
    const { line, ...facts } = factsOf(input, header, infoOf(file), source.size);
    reporter.result(
      { ...facts, segments, chunks },
      [line, ...headerLines(header), ...sizeLines(segments), ...chunkLines(chunks)].join('\n'),
    );
  } finally {
    file.source.close?.();
  }
}

/** What there is to say of any file, and the line that says it. */
function factsOf(input: string, header: WeftHeader, info: FilmInfo & { frames: number }, bytes: number) {
  const seconds = filmSeconds(info)!;
  const bitsPerPixel = (8 * bytes) / (header.frames * header.width * header.height);
  const line = `${input}: ${bytes} bytes, ${seconds.toFixed(3)} s, ${bitsPerPixel.toFixed(4)} bits per pixel`;
  // Bytes say nothing to a reader of JSON but how many they are.
  const told = { ...header, enlarger: header.enlarger && { bytes: header.enlarger.length } };
  return { input, bytes, seconds, bitsPerPixel, header: told, line };
}

function nameAndBytes({ name, bytes }: ChunkOutline): Pick<ChunkOutline, 'name' | 'bytes'> {
  return { name, bytes };
}

function chunkLines(chunks: readonly Pick<ChunkOutline, 'name' | 'bytes'>[]): string[] {
  if (chunks.length === 0) return [];
  return [
    'chunks',
    ...chunks.map(({ name, bytes }) => `  ${JSON.stringify(name).slice(1, -1)}  ${bytes} bytes`),
  ];
}

function sizeLines(segments: readonly Pick<SegmentEntry, 'startFrame' | 'frames' | 'bytes'>[]): string[] {
  return [
    'segments',
    ...segments.map(
      ({ startFrame, frames, bytes }) => `  from frame ${startFrame}: ${frames} frames, ${bytes} bytes`,
    ),
  ];
}

function headerLines(header: WeftHeader): string[] {
  const shown = (value: unknown) => {
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    return value === null || value === '' ? '-' : String(value);
  };
  const width = Math.max(...HEADER_FIELDS.map((field) => field.name.length));
  return ['header', ...HEADER_FIELDS.map(({ name }) => `  ${name.padEnd(width)}  ${shown(header[name])}`)];
}

function partLines(parts: FilmParts, total: number): string[] {
  const line = (name: keyof FilmParts) =>
    `  ${name.padEnd(10)} ${String(parts[name]).padStart(10)}  ${((100 * parts[name]) / total).toFixed(1).padStart(5)}%`;
  return ['bytes', ...(Object.keys(FILM_PARTS) as (keyof FilmParts)[]).map(line)];
}

function segmentLines(segments: SegmentParts[]): string[] {
  const line = (s: SegmentParts) =>
    `  from frame ${s.startFrame}: ${s.frames} ${s.frames === 1 ? 'node' : 'nodes'}, ${s.bytes} bytes, ${anchorText(s)}` +
    `base step ${s.baseStepCodes.toFixed(2)}, refinement ${s.refinement}, ` +
    `${s.streams} ${s.streams === 1 ? 'stream' : 'streams'}`;
  return ['segments', ...segments.map(line)];
}

/** Anchors of a segment that has any. */
function anchorText({ frames, anchorDistances, firstAnchor }: SegmentParts): string {
  if (frames === 1) return '';
  const first = firstAnchor < anchorDistances[0]! ? `, first anchor ${firstAnchor}` : '';
  return `anchor distance ${anchorDistances.join(', ')}${first}, `;
}
