/** What is fetched of sound in pieces and kept of it: against a browser that is played, so that an hour takes no time. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SoundFeed } from '../../runtime/player/soundSource.js';
import { streamedSound, takesPieces } from '../../runtime/player/streamedSound.js';
import type { SoundPart } from '../../runtime/player/workerMessages.js';

/** A file of clusters of 5 seconds, with 8000 bytes a second. */
const HEAD_BYTES = 500;
const BYTES_PER_SECOND = 8000;
const SECONDS = 3600;
const END = HEAD_BYTES + BYTES_PER_SECOND * SECONDS;
const clusters = Array.from({ length: SECONDS / 5 }, (_, i) => {
  return { seconds: 5 * i, offset: HEAD_BYTES + 5 * BYTES_PER_SECOND * i };
});

/** Bytes that know where they are from. */
class Piece extends Uint8Array {
  offset = 0;
}

function secondsAt(offset: number): number {
  return (offset - HEAD_BYTES) / BYTES_PER_SECOND;
}

/** Takes the pieces of the file as a browser would, and minds that they follow each other. */
class PlayedBuffer extends EventTarget {
  readonly #source: PlayedSource;
  spans: [start: number, end: number][] = [];
  /** Seconds that it has room for. */
  room = Number.POSITIVE_INFINITY;
  hole: readonly [start: number, end: number] = [-1, -1];
  #next: number | undefined;

  constructor(source: PlayedSource) {
    super();
    this.#source = source;
  }

  get buffered(): object {
    const spans = [...this.spans];
    return { length: spans.length, start: (i: number) => spans[i]![0], end: (i: number) => spans[i]![1] };
  }

  get seconds(): number {
    return this.spans.reduce((sum, [start, end]) => sum + end - start, 0);
  }

  appendBuffer(bytes: Uint8Array): void {
    if (this.seconds > this.room) throw new DOMException('no room', 'QuotaExceededError');
    if (bytes instanceof Piece) {
      const { offset, length } = bytes;
      const begins = this.#next === undefined && clusters.some((cluster) => cluster.offset === offset);
      expect(begins || offset === this.#next).toBe(true);
      this.#next = offset + length;
    }
    this.#end(() => {
      if (bytes instanceof Piece) this.#add(secondsAt(bytes.offset), secondsAt(bytes.offset + bytes.length));
    });
  }

  abort(): void {
    expect(this.#source.readyState).toBe('open');
    this.parsed();
  }

  /** Whatever follows begins with a cluster. */
  parsed(): void {
    this.#next = undefined;
  }

  remove(from: number, to: number): void {
    const kept = (start: number, end: number): [number, number][] => (end > start ? [[start, end]] : []);
    this.#end(() => {
      this.spans = this.spans.flatMap(([start, end]) => [
        ...kept(start, Math.min(end, from)),
        ...kept(Math.max(start, to), end),
      ]);
    });
  }

  #add(start: number, end: number): void {
    const [from, to] = this.hole;
    for (const part of [
      [start, Math.min(end, from < 0 ? end : from)],
      [Math.max(start, to), end],
    ] as const) {
      if (part[1] <= part[0] || (from < 0 && part[0] > start)) continue;
      const last = this.spans.at(-1);
      if (last && Math.abs(last[1] - part[0]) < 1e-6) last[1] = part[1];
      else if (!last || last[1] < part[0]) this.spans.push([...part]);
    }
  }

  #end(work: () => void): void {
    this.#source.readyState = 'open';
    setTimeout(() => {
      work();
      this.dispatchEvent(new Event('updateend'));
    }, 0);
  }
}

class PlayedSource extends EventTarget {
  static made: PlayedSource;
  static readonly isTypeSupported = (type: string): boolean => type === 'audio/webm; codecs="opus"';
  readonly buffer = new PlayedBuffer(this);
  readyState = 'open';

  constructor() {
    super();
    PlayedSource.made = this;
    setTimeout(() => this.dispatchEvent(new Event('sourceopen')), 0);
  }

  addSourceBuffer(): PlayedBuffer {
    return this.buffer;
  }

  endOfStream(): void {
    this.readyState = 'ended';
    this.buffer.parsed();
  }
}

class PlayedElement extends EventTarget {
  currentTime = 0;

  /** Is at an instant, by playing or by being set to it. */
  async at(seconds: number, event: 'timeupdate' | 'seeking'): Promise<void> {
    this.currentTime = seconds;
    this.dispatchEvent(new Event(event));
    await vi.runAllTimersAsync();
  }
}

describe('sound in pieces', () => {
  let element: PlayedElement;
  let feed: SoundFeed;
  let buffer: PlayedBuffer;
  let parts: SoundPart[];
  let failures: unknown[];
  let failure: Error | undefined;

  beforeEach(async () => {
    vi.useFakeTimers();
    vi.stubGlobal('MediaSource', PlayedSource);
    vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:sound');
    vi.spyOn(URL, 'revokeObjectURL').mockReturnValue();
    [element, parts, failures, failure] = [new PlayedElement(), [], [], undefined];
    const read = async (part: SoundPart) => {
      parts.push(part);
      if (failure) throw failure;
      return Object.assign(new Piece(part.bytes), {
        offset: part.offset,
      }) as Uint8Array as Uint8Array<ArrayBuffer>;
    };
    const outline = { head: new Uint8Array(HEAD_BYTES), clusters, end: END };
    const news = { arrived() {}, failed: (error: unknown) => failures.push(error) };
    feed = streamedSound(outline, read).feed(element as unknown as HTMLAudioElement, news);
    buffer = PlayedSource.made.buffer;
  });

  afterEach(() => {
    expect(failures).toEqual(failure ? [failure] : []);
    feed.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  const settle = () => vi.runAllTimersAsync();
  const bytesRead = () => parts.reduce((sum, { bytes }) => sum + bytes, 0);

  it('is fetched a minute ahead, each byte once, and kept for some seconds behind', async () => {
    expect(takesPieces()).toBe(true);
    for (let seconds = 0; seconds <= 600; seconds += 2) {
      await element.at(seconds, 'timeupdate');
      expect(feed.at(seconds)).toBe('here');
      expect(buffer.seconds).toBeLessThan(60 + 40 + 10);
      expect(feed.at(Math.max(0, seconds - 29))).toBe('here');
    }
    expect(parts[0]!.bytes).toBeLessThan(20_000);
    expect(bytesRead()).toBeLessThan(BYTES_PER_SECOND * 670);
    for (const [i, { offset }] of parts.entries())
      expect(offset).toBe(i === 0 ? HEAD_BYTES : parts[i - 1]!.offset + parts[i - 1]!.bytes);
  });

  it('begins anew where the element is set to what is not there, and only there', async () => {
    await settle();
    const fetched = parts.length;
    await element.at(50, 'seeking');
    // A minute from there on, but no byte twice.
    expect(parts[fetched]!.offset).toBe(parts[fetched - 1]!.offset + parts[fetched - 1]!.bytes);
    expect(feed.at(3000)).toBe('missing');
    parts = [];
    await element.at(3000, 'seeking');
    // The cluster before, as a decoder needs a while.
    expect(parts[0]!.offset).toBe(HEAD_BYTES + 2995 * BYTES_PER_SECOND);
    expect([feed.at(3000), feed.at(50), buffer.spans.length]).toEqual(['here', 'missing', 1]);
    parts = [];
    const setBack = element.at(7, 'seeking');
    for (let i = 0; i < 5; i++) await Promise.resolve();
    expect([feed.at(7), buffer.spans.length]).toEqual(['missing', 1]);
    await setBack;
    expect(parts[0]!.offset).toBe(HEAD_BYTES + 5 * BYTES_PER_SECOND);
    expect([feed.at(7), feed.at(3000)]).toEqual(['here', 'missing']);
  });

  it('ends with the file, and goes on after that', async () => {
    await element.at(SECONDS - 8, 'seeking');
    expect(bytesRead()).toBeLessThan(BYTES_PER_SECOND * 15);
    expect(PlayedSource.made.readyState).toBe('ended');
    expect([feed.at(SECONDS - 0.1), feed.at(SECONDS + 1)]).toEqual(['here', 'here']);
    await element.at(0, 'seeking');
    expect([feed.at(0), feed.at(SECONDS - 8)]).toEqual(['here', 'missing']);
  });

  it('goes on where a browser has room for little', async () => {
    buffer.room = 15;
    for (let seconds = 0; seconds <= 100; seconds += 0.5) {
      await element.at(seconds, 'timeupdate');
      expect(feed.at(seconds)).toBe('here');
      expect(buffer.seconds).toBeLessThan(15 + 9);
    }
    expect(bytesRead()).toBeLessThan(BYTES_PER_SECOND * 130);
  });

  it('is fetched again where a browser has thrown it away', async () => {
    await element.at(20, 'timeupdate');
    buffer.spans = [];
    expect(feed.at(20)).toBe('missing');
    await element.at(20.2, 'timeupdate');
    expect(feed.at(20.2)).toBe('here');
  });

  it('tells silence from what is missing', async () => {
    buffer.hole = [30, 40];
    await settle();
    expect([29.8, 29.95, 35, 40].map((seconds) => feed.at(seconds))).toEqual([
      ...['here', 'silent', 'silent', 'here'],
    ]);
    expect(feed.at(80)).toBe('missing');
  });

  it('fails once', async () => {
    await settle();
    failure = new Error('gone');
    await element.at(1000, 'seeking');
    await element.at(2000, 'seeking');
    expect(failures).toEqual([failure]);
  });
});
