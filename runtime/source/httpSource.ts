/**
 * A file on a server, read by ranges.
 *
 * What is asked of a server: answers to `Range` (status 206 with `Content-Range`), an `ETag` that is not weak or
 * `Last-Modified`, and for pages of other origins
 *
 *     Access-Control-Allow-Origin: *
 *     Access-Control-Expose-Headers: Content-Range, ETag
 *
 * No request needs a preflight. A server without ranges works too: the whole file then comes into memory, and what has come
 * can be read. Where `Content-Range` is hidden, one request more finds the size; where `ETag` is hidden, only
 * `Last-Modified` and the size tell that the file was replaced.
 */

import { InterruptedError, SourceError, throwIfAborted } from '../errors.js';
import { ByteRun } from './byteRun.js';
import { type ByteSource, closedSource } from './byteSource.js';
import { type Beginning, HttpFile, type HttpFileOptions } from './httpFile.js';
import { RunCache } from './runCache.js';

/** How a file on a server is read. */
export interface HttpOptions extends HttpFileOptions {
  /** Stops the opening; `close` stops what comes later. */
  readonly signal?: AbortSignal;
  /** Most bytes that are kept of what was fetched, on a server that answers ranges. Default 64 MiB. */
  readonly cacheBytes?: number;
}

/** Asked for first: the head of most films, whole. */
const FIRST_BYTES = 65536;
const CACHE_BYTES = 2 ** 26;
/** Requests at a time. */
const PLACES = 2;
/** Bytes between two readings that cost less than another request. */
const JOINED_GAP = 2 ** 17;
/** Prefetches that wait; of more, the oldest are forgotten. */
const WAITING_AHEAD = 8;

/**
 * Opens a file on a server. Resolves when its size is known, with the first 64 KiB on their way.
 *
 * @param url absolute; of any scheme that `fetch` knows
 * @throws SourceError `SOURCE_UNREADABLE`, when it is read also `SOURCE_CHANGED`, `SOURCE_CLOSED`; InterruptedError
 */
export async function httpSource(
  url: string | URL,
  { signal, cacheBytes = CACHE_BYTES, ...options }: HttpOptions = {},
): Promise<ByteSource> {
  throwIfAborted(signal);
  const file = new HttpFile(new URL(url), options);
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const beginning = await file.begin(FIRST_BYTES, controller.signal);
    const { size } = beginning;
    if (size === undefined) return await wholeSource(file, beginning, controller);
    return new HttpSource(file, { ...beginning, size }, cacheBytes, controller);
  } catch (error) {
    controller.abort();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** Of a file whose size is not known all bytes are waited for. */
async function wholeSource(
  file: HttpFile,
  { answer }: Beginning,
  controller: AbortController,
): Promise<ByteSource> {
  const run = new ByteRun(0);
  for await (const piece of file.pieces(0, Number.POSITIVE_INFINITY, controller.signal, answer))
    run.append(piece);
  return {
    size: run.length,
    async read(offset, length, signal) {
      throwIfAborted(signal);
      return run.slice(Math.min(offset, run.length), Math.min(offset + length, run.length));
    },
  };
}

/** Bytes that somebody waits for, `[start, end)`. */
class Want {
  readonly start: number;
  readonly end: number;
  /** Whether they are only fetched for later. */
  readonly ahead: boolean;
  readonly bytes: Promise<Uint8Array>;
  #settle!: { resolve(bytes: Uint8Array): void; reject(error: unknown): void };

  constructor(start: number, end: number, ahead: boolean) {
    this.start = start;
    this.end = end;
    this.ahead = ahead;
    this.bytes = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever waits for it still sees that it failed.
    this.bytes.catch(() => undefined);
  }

  /** @param run that has the bytes */
  give(run: ByteRun): void {
    this.#settle.resolve(this.ahead ? new Uint8Array(0) : run.slice(this.start, this.end));
  }

  fail(error: unknown): void {
    this.#settle.reject(error);
  }
}

/** A request under way. */
interface Fetching {
  /** What has come. */
  readonly run: ByteRun;
  /** Behind the last byte that was asked for. */
  readonly end: number;
  readonly wants: Set<Want>;
  readonly controller: AbortController;
}

/** A piece of what is read: bytes that are there, or that are waited for. */
type Part = { readonly run: ByteRun; readonly start: number; readonly end: number } | Want;

class HttpSource implements ByteSource {
  readonly size: number;
  readonly #file: HttpFile;
  /** Whether every answer has the whole file. */
  readonly #whole: boolean;
  readonly #cache: RunCache;
  readonly #under = new Set<Fetching>();
  readonly #waiting = new Set<Want>();
  #pumping = false;
  /** Why nothing can be read any more. */
  #over: Error | undefined;

  constructor(
    file: HttpFile,
    { size, whole, answer }: Beginning & { size: number },
    cacheBytes: number,
    controller: AbortController,
  ) {
    this.#file = file;
    this.size = size;
    this.#whole = whole;
    this.#cache = new RunCache(whole ? Number.POSITIVE_INFINITY : cacheBytes);
    const end = whole ? size : Math.min(FIRST_BYTES, size);
    if (end > 0) void this.#fetch(0, end, [new Want(0, end, true)], controller, answer);
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    throwIfAborted(signal);
    if (this.#over) throw this.#over;
    const end = Math.min(offset + length, this.size);
    if (offset >= end) return new Uint8Array(0);
    const parts = this.#parts(offset, end, false);
    const wants = parts.filter((part) => part instanceof Want);
    const stop = () => this.#drop(wants, new InterruptedError());
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await joined(parts, end - offset);
    } catch (error) {
      this.#drop(wants, error);
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  prefetch(offset: number, length: number): void {
    const end = Math.min(offset + length, this.size);
    if (this.#over || this.#whole || offset >= end || end - offset > this.#cache.capacity) return;
    this.#parts(offset, end, true);
    const ahead = [...this.#waiting].filter((want) => want.ahead);
    this.#drop(ahead.slice(0, -WAITING_AHEAD), new InterruptedError());
  }

  close(): void {
    this.#end(closedSource());
  }

  /** Where the bytes of `[start, end)` are or will be. */
  #parts(start: number, end: number, ahead: boolean): Part[] {
    const parts: Part[] = [];
    for (let at = start; at < end; at = parts.at(-1)!.end) {
      const run = this.#cache.at(at);
      if (run) parts.push({ run, start: at, end: Math.min(end, run.end) });
      else parts.push(this.#want(at, end, ahead));
    }
    return parts;
  }

  /** Waits for the byte at `start` and those that come with it. */
  #want(start: number, end: number, ahead: boolean): Want {
    const under = [...this.#under].find(({ run, end }) => start >= run.start && start < end);
    if (under) {
      const want = new Want(start, Math.min(end, under.end), ahead);
      under.wants.add(want);
      this.#give(under);
      return want;
    }
    const next = [...this.#under].map(({ run }) => run.start).filter((place) => place > start);
    const want = new Want(start, Math.min(end, this.#cache.nextStart(start), ...next), ahead);
    this.#waiting.add(want);
    this.#pumpSoon();
    return want;
  }

  /** Begins requests when all that is asked for at this moment is known, so that it can be joined. */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#under.size < PLACES) {
      const first = this.#next();
      if (!first) return;
      const { start, end, wants } = this.#joinedWith(first);
      for (const want of wants) this.#waiting.delete(want);
      // Who has no parts of a file sends all of it anyway.
      if (this.#whole) wants.push(new Want(start, this.size, true));
      void this.#fetch(start, this.#whole ? this.size : end, wants, new AbortController());
    }
  }

  /** What waits longest; what is only for later gets no place that somebody may soon need. */
  #next(): Want | undefined {
    const waiting = [...this.#waiting];
    const wanted = waiting.find((want) => !want.ahead);
    return wanted ?? (this.#under.size < PLACES - 1 ? waiting[0] : undefined);
  }

  /** What waits close by comes with the same request, unless it is for later and would come before. */
  #joinedWith(first: Want): { start: number; end: number; wants: Want[] } {
    const wants = [first];
    let { start, end } = first;
    const others = new Set(this.#waiting);
    others.delete(first);
    const isClose = (want: Want) =>
      want.start - end <= JOINED_GAP &&
      start - want.end <= JOINED_GAP &&
      !(want.ahead && !first.ahead && want.start < start);
    for (let want = find(others, isClose); want; want = find(others, isClose)) {
      others.delete(want);
      wants.push(want);
      start = Math.min(start, want.start);
      end = Math.max(end, want.end);
    }
    return { start, end, wants };
  }

  async #fetch(
    start: number,
    end: number,
    wants: Want[],
    controller: AbortController,
    begun?: Beginning['answer'],
  ): Promise<void> {
    const fetching: Fetching = { run: new ByteRun(start), end, wants: new Set(wants), controller };
    this.#under.add(fetching);
    try {
      for await (const piece of this.#file.pieces(start, end, controller.signal, begun)) {
        if (!this.#under.has(fetching)) break;
        fetching.run.append(piece);
        this.#give(fetching);
      }
    } catch (error) {
      this.#failed(fetching, error);
    }
    this.#leave(fetching);
  }

  /** Gives what has come to those who wait for it. */
  #give(fetching: Fetching): void {
    for (const want of fetching.wants) {
      if (want.end > fetching.run.end) continue;
      fetching.wants.delete(want);
      want.give(fetching.run);
    }
    this.#stopIdle(fetching);
  }

  /** Ends a request that nobody waits for any more. */
  #stopIdle(fetching: Fetching): void {
    if (fetching.wants.size > 0 || !this.#under.has(fetching)) return;
    if (fetching.run.end < fetching.end) fetching.controller.abort();
    this.#leave(fetching);
  }

  /** Keeps what has come, and makes place for another request. */
  #leave(fetching: Fetching): void {
    if (!this.#under.delete(fetching)) return;
    if (!this.#over) this.#cache.add(fetching.run);
    this.#pumpSoon();
  }

  #failed({ wants }: Fetching, error: unknown): void {
    for (const want of wants) want.fail(error);
    wants.clear();
    if (error instanceof SourceError && error.code === 'SOURCE_CHANGED') this.#end(error);
  }

  /** Nobody waits for these any more. */
  #drop(wants: readonly Want[], error: unknown): void {
    for (const want of wants) {
      want.fail(error);
      this.#waiting.delete(want);
      for (const fetching of this.#under) if (fetching.wants.delete(want)) this.#stopIdle(fetching);
    }
  }

  /** Nothing can be read any more. */
  #end(error: Error): void {
    if (this.#over) return;
    this.#over = error;
    const under = [...this.#under].flatMap(({ wants }) => [...wants]);
    for (const want of [...this.#waiting, ...under]) want.fail(error);
    this.#waiting.clear();
    for (const { controller } of this.#under) controller.abort();
    this.#under.clear();
    this.#cache.clear();
  }
}

function find(wants: Iterable<Want>, test: (want: Want) => boolean): Want | undefined {
  for (const want of wants) if (test(want)) return want;
  return undefined;
}

/** The bytes of all parts, when all are there. */
async function joined(parts: readonly Part[], length: number): Promise<Uint8Array> {
  const bytesOf = async (part: Part) =>
    part instanceof Want ? part.bytes : part.run.slice(part.start, part.end);
  const [first, ...others] = await Promise.all(parts.map(bytesOf));
  if (others.length === 0) return first!;
  const bytes = new Uint8Array(length);
  let filled = 0;
  for (const part of [first!, ...others]) {
    bytes.set(part, filled);
    filled += part.length;
  }
  return bytes;
}
