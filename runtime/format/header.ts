/**
 * Header fields as one table. It drives the writer, the reader, `weft info` and the table in FORMAT.md.
 */

import { Packr, Unpackr } from 'msgpackr';
import { FormatError, UsageError } from '../errors.js';
import { DEFAULT_DEPTH_OFFSET, MAX_SIDE_PX, MIN_SIDE_PX } from '../field/constants.js';
import type { Chroma, FilmInfo, Rational } from '../picture/picture.js';
import { checkMessagePack } from './messagePack.js';

/** What a `.weft` file says about the film. Fields without a meaning for decoding are for people and tools. */
export interface WeftHeader {
  width: number;
  height: number;
  frames: number;
  rate: Rational;
  chroma: Chroma;
  lumaRange: 'tv' | 'pc';
  matrix: string;
  primaries: string;
  transfer: string;
  chromaLocation: string;
  sampleAspect: Rational;
  depthOffset: number[];
  prior: number;
  encoder: string;
  engine: string;
  preset: string;
  crf: number | null;
  seed: number;
  psnr: number | null;
  trainedKilomacsPerPixel: number | null;
  tick: Rational | null;
  enlarger: Uint8Array | null;
}

/** Type of a header field. */
export type HeaderFieldType =
  | { kind: 'int'; min: number; max: number }
  | { kind: 'number'; min: number; max: number }
  | { kind: 'ints'; length: number; min: number; max: number }
  | { kind: 'text'; maxLength: number }
  | { kind: 'word'; words: readonly string[] }
  | { kind: 'bytes'; most: number };

/** One row of the table. */
export interface HeaderField {
  readonly name: keyof WeftHeader;
  /** Key in the msgpack map: a byte in the file. */
  readonly key: number;
  readonly type: HeaderFieldType;
  /** Value when the key is missing; undefined: the key is required; null: not known. */
  readonly fallback: WeftHeader[keyof WeftHeader] | undefined;
  readonly doc: string;
}

/** Largest header, and most frames of a film. */
export const MAX_HEADER_BYTES = 65536;
export const MAX_FRAMES = 1 << 24;

/** Texts that the file may hold as their place in this list. It is closed: decoders refuse any other place. */
export const HEADER_WORDS: readonly string[] = [
  ...['bt709', 'smpte170m', 'bt470bg', 'bt470m', 'smpte240m', 'bt2020', 'bt2020nc', 'bt2020c'],
  ...['gbr', 'ycgco', 'iec61966-2-1', 'smpte2084', 'arib-std-b67', 'linear', 'smpte431', 'smpte432'],
  ...['left', 'center', 'topleft', 'top', 'bottomleft', 'bottom'],
  ...['native-portable', 'native-avx2', 'native-avx512', 'tfjs', 'tfjs-gpu', 'tfjs-webgpu'],
  ...['draft', 'fast', 'medium', 'slow', 'overnight'],
];

const side: HeaderFieldType = { kind: 'int', min: MIN_SIDE_PX, max: MAX_SIDE_PX };
const ratio: HeaderFieldType = { kind: 'ints', length: 2, min: 1, max: 0x7fffffff };
const colourName: HeaderFieldType = { kind: 'text', maxLength: 32 };

export const HEADER_FIELDS: readonly HeaderField[] = [
  { name: 'width', key: 0, type: side, fallback: undefined, doc: 'Luma samples in a row.' },
  { name: 'height', key: 1, type: side, fallback: undefined, doc: 'Luma rows.' },
  {
    name: 'frames',
    key: 2,
    type: { kind: 'int', min: 1, max: MAX_FRAMES },
    fallback: undefined,
    doc: 'Frames in the film; equals the sum over the index.',
  },
  {
    name: 'rate',
    key: 3,
    type: ratio,
    fallback: undefined,
    doc: 'Frames per second, numerator and denominator; of most frames where there is a tick.',
  },
  {
    name: 'chroma',
    key: 4,
    type: { kind: 'word', words: ['420', '444'] },
    fallback: '420',
    doc: 'Chroma subsampling.',
  },
  {
    name: 'lumaRange',
    key: 5,
    type: { kind: 'word', words: ['tv', 'pc'] },
    fallback: 'tv',
    doc: 'Code range: tv is 16..235, pc is 0..255. Decoding does not depend on it.',
  },
  {
    name: 'matrix',
    key: 6,
    type: colourName,
    fallback: 'unknown',
    doc: "Colour matrix, ffmpeg's name (color_space).",
  },
  {
    name: 'primaries',
    key: 7,
    type: colourName,
    fallback: 'unknown',
    doc: "Colour primaries, ffmpeg's name.",
  },
  {
    name: 'transfer',
    key: 8,
    type: colourName,
    fallback: 'unknown',
    doc: "Transfer function, ffmpeg's name.",
  },
  {
    name: 'chromaLocation',
    key: 9,
    type: colourName,
    fallback: 'left',
    doc: "Chroma sample location, ffmpeg's name. Decoding and sampling do not depend on it: chroma is treated as centred.",
  },
  {
    name: 'sampleAspect',
    key: 10,
    type: ratio,
    fallback: [1, 1],
    doc: 'Width to height of one sample.',
  },
  {
    name: 'depthOffset',
    key: 11,
    type: { kind: 'ints', length: 5, min: -32, max: 32 },
    fallback: [...DEFAULT_DEPTH_OFFSET],
    doc: 'Step exponents per node depth (0..3, 4 and deeper), in eighths of an octave.',
  },
  {
    name: 'prior',
    key: 12,
    type: { kind: 'int', min: 1, max: 255 },
    fallback: 1,
    doc: 'Number of the net prior that the nets are coded against.',
  },
  {
    name: 'encoder',
    key: 13,
    type: { kind: 'text', maxLength: 64 },
    fallback: '',
    doc: 'Version of weft that wrote the file, or name and version of another program.',
  },
  {
    name: 'engine',
    key: 14,
    type: { kind: 'text', maxLength: 64 },
    fallback: '',
    doc: 'Engine that trained it.',
  },
  {
    name: 'preset',
    key: 15,
    type: { kind: 'text', maxLength: 32 },
    fallback: '',
    doc: 'Preset of the encoder.',
  },
  {
    name: 'crf',
    key: 16,
    type: { kind: 'number', min: -1000, max: 1000 },
    fallback: null,
    doc: 'Quality setting of the encoder.',
  },
  {
    name: 'seed',
    key: 17,
    type: { kind: 'int', min: 0, max: 0xffffffff },
    fallback: 0,
    doc: 'Seed of the encoder.',
  },
  {
    name: 'psnr',
    key: 18,
    type: { kind: 'int', min: 0, max: 20000 },
    fallback: null,
    doc: 'PSNR against the source at encode time, (6 Y + Cb + Cr) / 8, in 1/100 dB.',
  },
  {
    name: 'trainedKilomacsPerPixel',
    key: 19,
    type: { kind: 'int', min: 0, max: 1e12 },
    fallback: null,
    doc: 'Thousands of multiply-accumulates spent on training, per pixel of film.',
  },
  {
    name: 'tick',
    key: 20,
    type: ratio,
    fallback: null,
    doc: 'Seconds in a tick, numerator and denominator, where the index has the duration of every frame.',
  },
  {
    name: 'enlarger',
    key: 21,
    type: { kind: 'bytes', most: 4096 },
    fallback: null,
    doc: 'The net that larger pictures are sampled with: section 12.',
  },
];

/** What a caller must give to write a header; every other field falls back to its default. */
export type HeaderInput = Pick<WeftHeader, 'width' | 'height' | 'frames' | 'rate'> & Partial<WeftHeader>;

/**
 * Completes and checks a header.
 *
 * @throws UsageError `HEADER_FIELD` if a field is out of range or unknown.
 */
export function completeHeader(input: HeaderInput): WeftHeader {
  const known = new Set<string>(HEADER_FIELDS.map((field) => field.name));
  for (const name of Object.keys(input)) {
    if (!known.has(name)) throw fieldError(UsageError, name, undefined, 'a known field');
  }
  return collect(UsageError, (field) => input[field.name] ?? undefined);
}

/** Bytes of the header's msgpack map; fields at their default are left out. */
export function packHeader(input: HeaderInput): Uint8Array {
  const header = completeHeader(input);
  const map = new Map<number, unknown>();
  for (const field of HEADER_FIELDS) {
    const value = header[field.name];
    if (JSON.stringify(value) !== JSON.stringify(field.fallback))
      map.set(field.key, stored(field.type, value));
  }
  return Uint8Array.from(new Packr({ useRecords: false }).pack(map));
}

/**
 * Reads a header. Unknown keys are skipped: a later encoder may say more about a film. Of equal keys the last counts.
 *
 * @throws FormatError `HEADER_INVALID` if it is not a msgpack map or `HEADER_FIELD` if a field is missing or out of range.
 */
export function unpackHeader(bytes: Uint8Array): WeftHeader {
  const map = unpackMap(bytes);
  return collect(FormatError, (field) => restored(field.type, map.get(field.key)));
}

function stored(type: HeaderFieldType, value: unknown): unknown {
  const word = type.kind === 'text' ? HEADER_WORDS.indexOf(value as string) : -1;
  return word < 0 ? value : word;
}

function restored(type: HeaderFieldType, value: unknown): unknown {
  // In Node msgpackr gives a Buffer, which is no plain Uint8Array.
  if (type.kind === 'bytes' && value instanceof Uint8Array) return Uint8Array.from(value);
  return type.kind === 'text' && typeof value === 'number' ? (HEADER_WORDS[value] ?? value) : value;
}

/** The facts about the film that a player or encoder of another format needs, but for the times of its frames. */
export function filmInfo(header: WeftHeader): FilmInfo & { frames: number } {
  const { width, height, chroma, frames, lumaRange, matrix, primaries, transfer, chromaLocation } = header;
  return {
    ...{ width, height, chroma, frames, lumaRange, matrix, primaries, transfer, chromaLocation },
    rate: [...header.rate],
    sampleAspect: [...header.sampleAspect],
  };
}

/** Legal values of a field in words, for messages and for the table in FORMAT.md. */
export function describeRange(type: HeaderFieldType): string {
  switch (type.kind) {
    case 'int':
    case 'number':
      return `${type.min}..${type.max}`;
    case 'ints':
      return `${type.length} integers, ${type.min}..${type.max}`;
    case 'text':
      return `word, or text up to ${type.maxLength} characters`;
    case 'word':
      return type.words.join(' or ');
    case 'bytes':
      return `1 to ${type.most} bytes`;
  }
}

/** Keys keep their types: the text "5" is not the key 5. 64-bit integers become numbers, exact up to 2^53. */
function unpackMap(bytes: Uint8Array): Map<unknown, unknown> {
  checkMessagePack(bytes);
  try {
    const options = { useRecords: false, mapsAsObjects: false, int64AsType: 'number' } as const;
    const value: unknown = new Unpackr(options).unpack(bytes);
    if (value instanceof Map) return value;
  } catch (cause) {
    throw invalidHeader(cause);
  }
  throw invalidHeader(undefined);
}

function invalidHeader(cause: unknown): FormatError {
  return new FormatError('The header is not a msgpack map.', {
    code: 'HEADER_INVALID',
    hint: 'The file is damaged or was written by a broken encoder; fetch it again.',
    path: 'header',
    cause,
  });
}

type ErrorClass = typeof UsageError | typeof FormatError;

function collect(errorClass: ErrorClass, pick: (field: HeaderField) => unknown): WeftHeader {
  const header: Partial<Record<keyof WeftHeader, unknown>> = {};
  for (const field of HEADER_FIELDS) {
    const value = pick(field);
    if (value === undefined) {
      if (field.fallback === undefined)
        throw fieldError(errorClass, field.name, value, describeRange(field.type));
      header[field.name] = Array.isArray(field.fallback) ? [...field.fallback] : field.fallback;
    } else {
      if (!isLegal(value, field.type))
        throw fieldError(errorClass, field.name, value, describeRange(field.type));
      header[field.name] = value;
    }
  }
  return header as WeftHeader;
}

function isLegal(value: unknown, type: HeaderFieldType): boolean {
  switch (type.kind) {
    case 'int':
      return isInteger(value, type.min, type.max);
    case 'number':
      return typeof value === 'number' && value >= type.min && value <= type.max;
    case 'ints':
      return (
        Array.isArray(value) &&
        value.length === type.length &&
        value.every((item) => isInteger(item, type.min, type.max))
      );
    case 'text':
      return typeof value === 'string' && value.length <= type.maxLength;
    case 'word':
      return typeof value === 'string' && type.words.includes(value);
    case 'bytes':
      return value instanceof Uint8Array && value.length > 0 && value.length <= type.most;
  }
}

function isInteger(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function fieldError(
  errorClass: ErrorClass,
  name: string,
  value: unknown,
  range: string,
): UsageError | FormatError {
  const what = value === undefined ? 'is missing or unknown' : 'is out of range';
  return new errorClass(`The header field ${name} ${what}.`, {
    code: 'HEADER_FIELD',
    hint: `Legal: ${range}.`,
    path: `header.${name}`,
    value,
    range,
  });
}
