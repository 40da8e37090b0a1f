/** The few segments that are worth keeping: pictures are asked for in order, sometimes across a boundary. */

import type { BakedSegment } from '../engine/decoderEngine.js';

interface CacheEntry {
  readonly segment: Promise<BakedSegment>;
  /** Calls of `use` under way; an entry that leaves the cache is closed after the last one. */
  users: number;
  kept: boolean;
}

export class SegmentCache {
  readonly #capacity: number;
  /** In the order of last use; a Map keeps insertion order. */
  readonly #entries = new Map<number, CacheEntry>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  has(index: number): boolean {
    return this.#entries.has(index);
  }

  /** Does `work` with the segment, which `bake` makes if it is not here. A failure to bake is not kept. */
  async use<T>(
    index: number,
    bake: () => Promise<BakedSegment>,
    work: (segment: BakedSegment) => Promise<T> | T,
  ): Promise<T> {
    const entry = this.#entries.get(index) ?? { segment: bake(), users: 0, kept: true };
    this.#entries.delete(index);
    this.#entries.set(index, entry);
    entry.users++;
    this.#shrink(this.#capacity);
    try {
      return await work(await this.#settled(index, entry));
    } finally {
      entry.users--;
      closeIfUnused(entry);
    }
  }

  clear(): void {
    this.#shrink(0);
  }

  async #settled(index: number, entry: CacheEntry): Promise<BakedSegment> {
    try {
      return await entry.segment;
    } catch (error) {
      if (this.#entries.get(index) === entry) this.#entries.delete(index);
      throw error;
    }
  }

  #shrink(size: number): void {
    for (const [index, entry] of this.#entries) {
      if (this.#entries.size <= size) break;
      this.#entries.delete(index);
      entry.kept = false;
      closeIfUnused(entry);
    }
  }
}

function closeIfUnused(entry: CacheEntry): void {
  if (entry.kept || entry.users > 0) return;
  entry.segment.then(
    (segment) => segment.close(),
    () => {},
  );
}
