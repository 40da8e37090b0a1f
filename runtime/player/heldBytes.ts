/** Which bytes of a file have been read: what `buffered` tells of. */

import type { ByteSource } from '../source/byteSource.js';
import { type Span, TimeSpans } from './timeSpans.js';

/** A source that remembers what was read of it. */
export class WatchedSource implements ByteSource {
  readonly #source: ByteSource;
  readonly #onRead: () => void;
  #held = new TimeSpans();

  /** @param onRead called after every reading */
  constructor(source: ByteSource, onRead: () => void) {
    this.#source = source;
    this.#onRead = onRead;
  }

  get size(): number {
    return this.#source.size;
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    const bytes = await this.#source.read(offset, length, signal);
    if (bytes.length > 0) this.#held = this.#held.with([offset, offset + bytes.length]);
    this.#onRead();
    return bytes;
  }

  prefetch(offset: number, length: number): void {
    this.#source.prefetch?.(offset, length);
  }

  close(): void {
    this.#source.close?.();
  }

  /** Whether these bytes have been read. */
  holds(offset: number, length: number): boolean {
    const spans = Array.from({ length: this.#held.length }, (_, i) => i);
    return spans.some((i) => this.#held.start(i) <= offset && offset + length <= this.#held.end(i));
  }
}

/** Where a stretch of frames lies in the file. */
export interface FrameBytes {
  readonly startFrame: number;
  readonly frames: number;
  readonly offset: number;
  readonly bytes: number;
}

/** Spans of frames whose bytes are held. */
export function heldFrames(
  segments: readonly FrameBytes[],
  holds: (offset: number, bytes: number) => boolean,
): Span[] {
  return segments
    .filter(({ offset, bytes }) => holds(offset, bytes))
    .map(({ startFrame, frames }) => [startFrame, startFrame + frames]);
}
