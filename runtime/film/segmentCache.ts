/** The few baked segments that are worth keeping: pictures are asked for in order, sometimes across a boundary. */

import type { BakedNode, SegmentTask } from './segmentDecoder.js';

/** A segment and its planes. */
export interface BakedSegment {
  readonly task: SegmentTask;
  readonly baked: BakedNode[];
}

export class SegmentCache {
  readonly #capacity: number;
  /** In the order of last use; a Map keeps insertion order. */
  readonly #entries = new Map<number, Promise<BakedSegment>>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The segment, baked by `bake` if it is not here. A failure is not kept. */
  async get(index: number, bake: () => Promise<BakedSegment>): Promise<BakedSegment> {
    const entry = this.#entries.get(index) ?? bake();
    this.#entries.delete(index);
    this.#entries.set(index, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) break;
      this.#entries.delete(oldest);
    }
    try {
      return await entry;
    } catch (error) {
      if (this.#entries.get(index) === entry) this.#entries.delete(index);
      throw error;
    }
  }

  clear(): void {
    this.#entries.clear();
  }
}
