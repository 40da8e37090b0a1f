/** What an encode is given, how it talks to its caller and what it gives back. */

import type { Chunk, StreamedChunk } from '../runtime/format/chunks.js';
import type { FilmInfo, Picture } from '../runtime/picture/picture.js';
import type { GroupWorkshop } from './groupTask.js';
import type { PsnrDb } from './psnr.js';
import type { LatentBits } from './segmentTrainer.js';
import type { WorkStore } from './workStore.js';

/** Where pictures come from. `pictures` may be called more than once, and starts anew each time. */
export interface FilmSource {
  readonly info: FilmInfo;
  pictures(signal?: AbortSignal): AsyncIterable<Picture>;
  /** What else belongs to the film: sound, subtitles, its title. Goes into the file as it is, when that is written. */
  chunks?(signal?: AbortSignal): Promise<readonly (Chunk | StreamedChunk)[]>;
}

/** How an encode talks to its caller. */
export interface EncodeHooks {
  /** Aborts: `encode` throws an InterruptedError. */
  signal?: AbortSignal;
  /** Ends the training early: `encode` resolves with the best result so far. */
  finish?: AbortSignal;
  onProgress?(progress: EncodeProgress): void;
  /** Gets the beginning of the film as it would be written now, each time that more of it is finished. */
  onGrown?(film: FilmSoFar): void;
  log?(line: string): void;
  /** Keeps finished groups: an encode that finds some there goes on behind them. */
  store?: WorkStore;
  /** Where groups are trained; default: here, one after the other. */
  workshop?: GroupWorkshop;
}

/** State of an encode; `done` runs from 0 to 1 over the whole work. */
export interface EncodeProgress {
  stage: string;
  done: number;
  seconds: number;
  /** What the rest will take at the pace of what was done; missing at first. */
  secondsLeft?: number;
  /** Of the groups that are finished, without what the file needs besides; missing before the first is. */
  bytes?: number;
  /** What `bytes` will come to, if the rest is like them. */
  expectedBytes?: number;
  /** Of the groups that are finished. */
  psnrDb?: PsnrDb;
  /** How many there are, where others than this process train. */
  workers?: number;
}

/** A file that could be written, piece by piece. */
export interface FilmSoFar {
  /** Of the file. */
  size: number;
  /**
   * The bytes of the file, in order. No more than a group of segments, or a piece of a track, is in memory. A source that is
   * closed must be open until then.
   */
  pieces(): AsyncGenerator<Uint8Array, void, undefined>;
  frames: number;
  /** Of the film as a decoder shows it; yuv is (6 Y + U + V) / 8. */
  psnrDb: PsnrDb;
}

/** A finished encode. */
export interface EncodedFilm extends FilmSoFar {
  width: number;
  height: number;
  /** File size that the last training step expected. */
  estimatedBytes: number;
  /** Segments, and the bits of the latents of their intra frames and of their other frames as the training expected them. */
  segments: number;
  latentBits: LatentBits;
  seconds: number;
  /** Multiply-adds per pixel and frame: of decoding, and spent in training. */
  macsPerPixel: number;
  trainedMacsPerPixel: number;
  engine: string;
}

/** A finished encode, and its file. */
export interface EncodeResult extends Omit<EncodedFilm, 'size' | 'pieces'> {
  bytes: Uint8Array;
}
