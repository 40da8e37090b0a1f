/** Pictures and the facts about a film that do not depend on how it is coded. */

/** Chroma subsampling: `420` halves both chroma axes (rounding up), `444` keeps them. */
export type Chroma = '420' | '444';

/** Width and height of a plane in samples. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** One 8-bit picture. `planes` are Y, Cb, Cr with shape (height, width), rows tightly packed, codes 0..255. */
export interface Picture {
  width: number;
  height: number;
  chroma: Chroma;
  planes: [Uint8Array, Uint8Array, Uint8Array];
}

/** A fraction as `[numerator, denominator]`. */
export type Rational = [number, number];

/** Times of frames, on the clock of the film. */
export interface FrameTimes {
  /** Seconds in a tick, exact. */
  readonly tick: Rational;
  /** Ticks from the first frame at which each begins, and behind them the end of the last: whole, ascending, the first 0. */
  readonly ticks: readonly number[];
}

/** Facts about a film. Colour fields use ffmpeg's names. */
export interface FilmInfo {
  width: number;
  height: number;
  chroma: Chroma;
  /** Frames per second, exact; of most frames where `times` says when each is shown. */
  rate: Rational;
  /** Set where frames do not follow `rate`. */
  times?: FrameTimes;
  /** Number of frames, if known beforehand. */
  frames?: number;
  lumaRange: 'tv' | 'pc';
  matrix: string;
  primaries: string;
  transfer: string;
  chromaLocation: string;
  /** Shape of a sample, width to height. */
  sampleAspect: Rational;
}

/** Size of the chroma planes of a picture with luma size `width` x `height`. */
export function chromaSize(width: number, height: number, chroma: Chroma): Size {
  if (chroma === '444') return { width, height };
  return { width: (width + 1) >> 1, height: (height + 1) >> 1 };
}

/** A picture of the given size with every code 0. */
export function createPicture(width: number, height: number, chroma: Chroma): Picture {
  const c = chromaSize(width, height, chroma);
  const chromaBytes = c.width * c.height;
  return {
    width,
    height,
    chroma,
    planes: [new Uint8Array(width * height), new Uint8Array(chromaBytes), new Uint8Array(chromaBytes)],
  };
}

/** Keeps an index inside 0..length-1. */
export function clampIndex(index: number, length: number): number {
  if (index < 0) return 0;
  return index < length ? index : length - 1;
}
