/** What the page and the worker that decodes say to each other. */

import type { FramePlanes } from '../engine/decoderEngine.js';
import type { ErrorDetails } from '../errors.js';
import type { Enlarger } from '../field/enlarger.js';
import type { FieldShape } from '../field/shape.js';
import type { FilmInfo } from '../picture/picture.js';
import type { Crop } from '../picture/raster.js';
import type { Span } from './timeSpans.js';
import type { WebmOutline } from './webmOutline.js';

/** Where a film is: an absolute address, or all of it. */
export type FilmPlace = string | Blob | Uint8Array;

/** What to open, and how. */
export interface OpenOrder {
  readonly film: FilmPlace;
  /** Name of an engine, or `auto`. */
  readonly engine: string;
  /** 0 is one per core. */
  readonly threads: number;
}

/** A film as the page knows it. */
export interface OpenedFilm {
  readonly info: FilmInfo & { frames: number };
  readonly shape: FieldShape;
  readonly enlarger: Enlarger | undefined;
  /** First frames of the segments, ascending. */
  readonly segmentStarts: readonly number[];
  /** Name of the engine that decodes. */
  readonly engine: string;
  /** Bytes of the whole file. */
  readonly bytes: number;
}

/** A picture that the worker is to sample. */
export interface PictureOrder {
  /** In frames; what lies between two is between them. Several at equal distances: the picture is exposed meanwhile. */
  readonly places: readonly number[];
  /** Instants of an exposure, a power of 2; 64 are as many as movement asks for. */
  readonly instants: number;
  readonly crop: Crop;
  /** Size in pixels of the screen. */
  readonly width: number;
  readonly height: number;
  /** Whether with the film's enlarger. Default true. */
  readonly enlarge?: boolean;
}

/** What a picture shows; its crop where that is not the one of the view. */
export type PictureContent = Pick<PictureOrder, 'places'> & Partial<Pick<PictureOrder, 'crop'>>;

/** Pixels as a canvas takes them: R, G, B and 255 for each, in sRGB. */
export interface ScreenPicture {
  readonly crop: Crop;
  readonly width: number;
  readonly height: number;
  /** (height, width, 4) */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** Which tracks of sound come in pieces. */
export interface SoundOrder {
  /** Those of so many bytes and more, if they can be played from anywhere. */
  readonly streamedFrom: number;
}

/** A track of sound: a whole WebM or Matroska file, verified, or how it is built; undefined where there is none. */
export type SoundTrack = Uint8Array<ArrayBuffer> | WebmOutline | undefined;

/** Bytes of a track of sound. */
export interface SoundPart {
  /** From the start of its file. */
  readonly offset: number;
  readonly bytes: number;
}

/** What can be asked for: what is given, and what comes back. */
export interface Jobs {
  open: { given: OpenOrder; answer: OpenedFilm };
  planes: { given: { readonly frame: number }; answer: FramePlanes };
  picture: { given: PictureOrder; answer: ScreenPicture };
  sound: { given: SoundOrder; answer: SoundTrack };
  /** Not verified: the checksum is one of the whole track. */
  soundPart: { given: SoundPart; answer: Uint8Array<ArrayBuffer> };
}

export type JobKind = keyof Jobs;

/** From the page. Numbers of jobs are the page's. */
export type PageMessage =
  | {
      readonly [K in JobKind]: { readonly kind: K; readonly job: number; readonly given: Jobs[K]['given'] };
    }[JobKind]
  | { readonly kind: 'cancel'; readonly job: number };

/** An error on its way; classes do not travel. */
export interface SentError extends ErrorDetails {
  readonly name: string;
  readonly message: string;
}

/** From the worker. */
export type WorkerMessage =
  | { readonly kind: 'done'; readonly job: number; readonly answer: unknown; readonly milliseconds: number }
  | { readonly kind: 'failed'; readonly job: number; readonly error: SentError }
  /** Spans of the film, in frames, whose bytes are here. */
  | { readonly kind: 'held'; readonly spans: readonly Span[] };
