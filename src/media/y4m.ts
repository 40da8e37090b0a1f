/** YUV4MPEG2, the plain container that pipes between video tools speak: 8-bit 4:2:0 and 4:4:4 here. */
import { MediaError } from '../../runtime/errors.js';
import {
  chromaSize,
  createPicture,
  type FilmInfo,
  type Picture,
  type Rational,
} from '../../runtime/picture/picture.js';
import { parseProbedFraction } from './rational.js';

/** What the stream header says. `colourSpace` is the raw tag, for example `420jpeg` or `422p10`. */
export interface Y4mHeader {
  info: FilmInfo;
  colourSpace: string;
  interlaced: boolean;
  /** Bytes of the header line with its line feed. */
  headerBytes: number;
}

/** Whether this reader takes the pictures itself: 8-bit 4:2:0 or 4:4:4. */
export function isPlainY4m(header: Y4mHeader): boolean {
  return /^(420(jpeg|mpeg2|paldv)?|444)$/.test(header.colourSpace);
}

const chromaLocations: Record<string, string> = { '420jpeg': 'center', '420paldv': 'topleft' };

function malformed(what: string): MediaError {
  return new MediaError(`The y4m stream is malformed: ${what}.`, {
    code: 'BAD_Y4M',
    hint: 'Write it with: ffmpeg -i film.mp4 -pix_fmt yuv420p -f yuv4mpegpipe -',
    path: 'input',
  });
}

/**
 * Reads the header line (without its line feed).
 *
 * @throws MediaError BAD_Y4M
 */
export function parseY4mHeader(line: string): Y4mHeader {
  const [magic, ...tags] = line.split(' ');
  if (magic !== 'YUV4MPEG2') throw malformed('it does not begin with YUV4MPEG2');
  const tag = (letter: string) => tags.find((entry) => entry.startsWith(letter))?.slice(1);
  const width = Number(tag('W'));
  const height = Number(tag('H'));
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1)
    throw malformed('no size');
  const colourSpace = tag('C') ?? '420jpeg';
  const range = tags.find((entry) => entry.startsWith('XCOLORRANGE='))?.slice(12);
  return {
    colourSpace,
    interlaced: /^[tbm]$/.test(tag('I') ?? 'p'),
    headerBytes: line.length + 1,
    info: {
      width,
      height,
      chroma: colourSpace.startsWith('444') ? '444' : '420',
      rate: parseProbedFraction(tag('F')) ?? [25, 1],
      lumaRange: range === 'FULL' ? 'pc' : 'tv',
      matrix: 'unknown',
      primaries: 'unknown',
      transfer: 'unknown',
      chromaLocation: chromaLocations[colourSpace] ?? 'left',
      sampleAspect: parseProbedFraction(tag('A')) ?? [1, 1],
    },
  };
}

/** Cuts a stream of chunks into lines and runs of bytes. */
class StreamReader {
  #chunk: Uint8Array = new Uint8Array(0);
  #offset = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Fills `target`; returns how many bytes there were before the stream ended. */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length && (await this.#more())) {
      const part = this.#chunk.subarray(this.#offset, this.#offset + target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#offset += part.length;
    }
    return filled;
  }

  /** The next line without its line feed; undefined at the end of the stream. */
  async line(limit = 4096): Promise<string | undefined> {
    const bytes: number[] = [];
    while (await this.#more()) {
      const byte = this.#chunk[this.#offset++]!;
      if (byte === 0x0a) return String.fromCharCode(...bytes);
      if (bytes.push(byte) > limit) throw malformed('a line does not end');
    }
    return bytes.length > 0 ? String.fromCharCode(...bytes) : undefined;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #more(): Promise<boolean> {
    while (this.#offset >= this.#chunk.length) {
      const next = await this.#chunks.next();
      if (next.done) return false;
      this.#chunk = next.value;
      this.#offset = 0;
    }
    return true;
  }
}

/**
 * Pictures of a y4m stream.
 *
 * @throws MediaError BAD_Y4M if it is malformed, Y4M_TRUNCATED if it ends within a picture.
 */
export async function* readY4m(source: AsyncIterable<Uint8Array>): AsyncGenerator<Picture, void, undefined> {
  const reader = new StreamReader(source);
  try {
    const header = parseY4mHeader((await reader.line()) ?? '');
    if (!isPlainY4m(header))
      throw malformed(`colour space ${header.colourSpace} is not 8-bit 4:2:0 or 4:4:4`);
    const { width, height, chroma } = header.info;
    for (let index = 0; ; index++) {
      const marker = await reader.line();
      if (marker === undefined) return;
      if (!marker.startsWith('FRAME')) throw malformed(`picture ${index} does not begin with FRAME`);
      const picture = createPicture(width, height, chroma);
      for (const plane of picture.planes) {
        if ((await reader.fill(plane)) < plane.length) throw truncated(index);
      }
      yield picture;
    }
  } finally {
    await reader.close();
  }
}

function truncated(index: number): MediaError {
  return new MediaError(`The y4m stream ends within picture ${index}.`, {
    code: 'Y4M_TRUNCATED',
    hint: 'Check that the program that writes it ran to its end.',
    path: 'input',
  });
}

/** The header line, line feed included. */
export function y4mHeader(info: FilmInfo): string {
  const sizes = `W${info.width} H${info.height} F${ratio(info.rate)} Ip A${ratio(info.sampleAspect)}`;
  const siting = { center: '420jpeg', topleft: '420paldv' }[info.chromaLocation] ?? '420mpeg2';
  const range = info.lumaRange === 'pc' ? 'FULL' : 'LIMITED';
  return `YUV4MPEG2 ${sizes} C${info.chroma === '444' ? '444' : siting} XCOLORRANGE=${range}\n`;
}

function ratio([numerator, denominator]: Rational): string {
  return `${numerator}:${denominator}`;
}

/** Bytes of a picture's planes together. */
export function pictureBytes(width: number, height: number, chroma: FilmInfo['chroma']): number {
  const { width: cw, height: ch } = chromaSize(width, height, chroma);
  return width * height + 2 * cw * ch;
}

const frameMarker = new TextEncoder().encode('FRAME\n');

/** The chunks of a y4m stream. */
export async function* writeY4m(
  pictures: AsyncIterable<Picture>,
  info: FilmInfo,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield new TextEncoder().encode(y4mHeader(info));
  for await (const picture of pictures) {
    yield frameMarker;
    yield* picture.planes;
  }
}
