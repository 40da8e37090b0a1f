import { open } from '../../runtime/film/film.js';
import { HEADER_FIELDS, type WeftHeader } from '../../runtime/format/header.js';
import { type FilmParts, filmParts, type SegmentParts } from '../measure/filmParts.js';
import { toNumber } from '../media/rational.js';
import type { CommandContext } from './context.js';
import { readWeftFile } from './weftFile.js';

/** Arguments of `weft info`. */
export interface InfoArguments {
  input: string;
}

/** Every header field, bytes by part, and the segments. */
export async function runInfo({ input }: InfoArguments, { reporter }: CommandContext): Promise<void> {
  const bytes = await readWeftFile(input);
  const film = await open(bytes);
  try {
    const { parts, segments } = await filmParts(bytes, film);
    const { header } = film;
    const seconds = header.frames / toNumber(header.rate);
    const bitsPerPixel = (8 * bytes.length) / (header.frames * header.width * header.height);
    reporter.result(
      { input, bytes: bytes.length, seconds, bitsPerPixel, header, parts, segments },
      [
        `${input}: ${bytes.length} bytes, ${seconds.toFixed(3)} s, ${bitsPerPixel.toFixed(4)} bits per pixel`,
        ...headerLines(header),
        ...partLines(parts, bytes.length),
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

const partNames: [keyof FilmParts, string][] = [
  ['weights', 'net weights'],
  ['keyLatents', 'key latents'],
  ['motion', 'motion'],
  ['residual', 'residual'],
  ['container', 'container'],
];

function partLines(parts: FilmParts, total: number): string[] {
  const line = ([key, name]: [keyof FilmParts, string]) =>
    `  ${name.padEnd(12)} ${String(parts[key]).padStart(10)}  ${((100 * parts[key]) / total).toFixed(1).padStart(5)}%`;
  return ['bytes', ...partNames.map(line)];
}

function segmentLines(segments: SegmentParts[]): string[] {
  const line = (s: SegmentParts) =>
    `  from frame ${s.startFrame}: ${s.frames} frames, ${s.bytes} bytes, anchors every ${s.anchorDistances.join(', ')}${s.firstAnchor < s.anchorDistances[0]! ? ` from ${s.firstAnchor}` : ''}, ` +
    `step ${s.baseStepCodes.toFixed(2)}, refinement ${s.refinement}, ${s.streams} streams`;
  return ['segments', ...segments.map(line)];
}
