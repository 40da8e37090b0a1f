/** The pieces of a film that are there or on their way: a few ahead, and those just shown for stepping back. */

import { InterruptedError } from '../errors.js';

/** Where pieces come from and what becomes of them. */
export interface PieceStore<Piece> {
  /**
   * Fetches a piece, by its place in frames.
   *
   * @param signal says that it is not wanted any more
   */
  fetch(place: number, signal: AbortSignal): Promise<Piece>;
  /** Memory that a piece takes. */
  bytes(piece: Piece): number;
  /** Gives the memory back. */
  free(piece: Piece): void;
}

/** Limits of a queue. */
export interface QueueLimits {
  /** Most memory of all pieces. */
  readonly maxBytes: number;
  /** Most pieces under way at once. */
  readonly atOnce: number;
}

/** What a queue tells. */
export interface QueueNews {
  /** A piece is there. */
  arrived(): void;
  /** A piece could not be had, for another reason than that nobody wanted it. */
  failed(error: unknown): void;
}

interface Arrived<Piece> {
  readonly piece: Piece;
  readonly bytes: number;
  /** Made for an older view: shown until there is a new one. */
  readonly age: number;
}

/** Memory of a piece before the first one is there. */
const UNKNOWN_BYTES = 2 ** 22;

/** Share of a new time in the mean. */
const MEAN_SHARE = 0.2;

export class FrameQueue<Piece> {
  readonly #store: PieceStore<Piece>;
  readonly #limits: QueueLimits;
  readonly #news: QueueNews;
  readonly #arrived = new Map<number, Arrived<Piece>>();
  readonly #coming = new Map<number, { readonly stop: AbortController; readonly age: number }>();
  #wanted: readonly number[] = [];
  #bytes = 0;
  #pieceBytes = UNKNOWN_BYTES;
  #age = 0;
  #pieceSeconds = 0;
  #busySinceMs = 0;
  #closed = false;

  constructor(store: PieceStore<Piece>, limits: QueueLimits, news: QueueNews) {
    this.#store = store;
    this.#limits = limits;
    this.#news = news;
  }

  /** Pieces that fit ahead of the one that is shown: half of the memory is for those behind it. */
  get capacity(): number {
    return Math.max(2, Math.floor(this.#limits.maxBytes / this.#pieceBytes / 2));
  }

  /** Seconds from piece to piece while several are asked for, in the mean; 0 before the first. */
  get pieceSeconds(): number {
    return this.#pieceSeconds;
  }

  /** Memory of all that is there. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The piece of a place, if it is there. */
  get(place: number): Piece | undefined {
    return this.#arrived.get(place)?.piece;
  }

  /** Whether the piece of a place is there as it is wanted now. */
  isCurrent(place: number): boolean {
    return this.#arrived.get(place)?.age === this.#age;
  }

  /** Place of the last piece in `[from, to]`. */
  lastIn(from: number, to: number): number | undefined {
    let best: number | undefined;
    for (const place of this.#arrived.keys()) {
      if (place >= from && place <= to && (best === undefined || place > best)) best = place;
    }
    return best;
  }

  /** From now on these are wanted, the most urgent first, and no others. */
  want(places: readonly number[]): void {
    this.#wanted = places;
    for (const [place, { stop }] of this.#coming) {
      if (!places.includes(place)) stop.abort();
    }
    this.#ask();
  }

  /** What is there is out of date: it stays until it is replaced. */
  renew(): void {
    this.#age++;
    this.#ask();
  }

  /** Frees everything; nothing arrives afterwards. */
  close(): void {
    this.#closed = true;
    this.#wanted = [];
    for (const { stop } of this.#coming.values()) stop.abort();
    for (const { piece } of this.#arrived.values()) this.#store.free(piece);
    this.#arrived.clear();
    this.#bytes = 0;
  }

  #ask(): void {
    for (const place of this.#wanted) {
      if (this.#coming.size >= this.#limits.atOnce) return;
      if (!this.#coming.has(place) && !this.isCurrent(place)) void this.#fetch(place);
    }
  }

  async #fetch(place: number): Promise<void> {
    const coming = { stop: new AbortController(), age: this.#age };
    if (this.#coming.size === 0) this.#busySinceMs = performance.now();
    this.#coming.set(place, coming);
    let failure: unknown;
    try {
      this.#take(place, await this.#store.fetch(place, coming.stop.signal), coming.age);
    } catch (error) {
      failure = error;
    }
    this.#coming.delete(place);
    if (this.#closed) return;
    if (failure === undefined) this.#news.arrived();
    else if (!(failure instanceof InterruptedError)) this.#news.failed(failure);
    if (failure === undefined || failure instanceof InterruptedError) this.#ask();
  }

  #take(place: number, piece: Piece, age: number): void {
    if (this.#closed) {
      this.#store.free(piece);
      return;
    }
    this.#time();
    this.#drop(place);
    const bytes = this.#store.bytes(piece);
    this.#pieceBytes = bytes;
    this.#bytes += bytes;
    this.#arrived.set(place, { piece, bytes, age });
    this.#shrink();
  }

  #time(): void {
    const now = performance.now();
    const seconds = (now - this.#busySinceMs) / 1000;
    this.#busySinceMs = now;
    const known = this.#pieceSeconds || seconds;
    this.#pieceSeconds = known + MEAN_SHARE * (seconds - known);
  }

  /** Frees what is farthest from where the film is, until the rest fits. */
  #shrink(): void {
    const here = this.#wanted[0] ?? 0;
    const spare = [...this.#arrived.keys()].filter((place) => !this.#wanted.includes(place));
    spare.sort((a, b) => Math.abs(b - here) - Math.abs(a - here));
    for (const place of spare) {
      if (this.#bytes <= this.#limits.maxBytes) return;
      this.#drop(place);
    }
  }

  #drop(place: number): void {
    const arrived = this.#arrived.get(place);
    if (!arrived) return;
    this.#arrived.delete(place);
    this.#bytes -= arrived.bytes;
    this.#store.free(arrived.piece);
  }
}
