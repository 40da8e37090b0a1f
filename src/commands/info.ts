import { HEADER_FIELDS, type WeftHeader } from '../../runtime/format/header.js';
import { filmSeconds } from '../../runtime/picture/frameTimes.js';
import { FILM_PARTS, type FilmParts, filmParts, type SegmentParts } from '../measure/filmParts.js';
import type { CommandContext } from './context.js';
import { openWeftFile } from './weftFile.js';

/** Arguments of `weft info`. */
export interface InfoArguments {
  input: string;
}

/** Every header field, bytes by part, and the segments. */
export async function runInfo({ input }: InfoArguments, { reporter }: CommandContext): Promise<void> {
  const film = await openWeftFile(input);
  try {
    const { parts, segments } = await filmParts(film);
    const { header, bytes } = film;
    const seconds = filmSeconds(film.info)!;
    const bitsPerPixel = (8 * bytes) / (header.frames * header.width * header.height);
    reporter.result(
      { input, bytes, seconds, bitsPerPixel, header, parts, segments },
      [
        `${input}: ${bytes} bytes, ${seconds.toFixed(3)} s, ${bitsPerPixel.toFixed(4)} bits per pixel`,
        ...headerLines(header),
        ...partLines(parts, bytes),
        ...segmentLines(segments),
      ].join('\n'),
    );
  } finally {
    await film.close();
  }
}

function headerLines(header: WeftHeader): string[] {
  const shown = (value: unknown) => (value === null || value === '' ? '-' : String(value));
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
