/** A file on a server: ranges of its bytes, whatever goes wrong on the way. */

import { SourceError, throwIfAborted } from '../errors.js';
import { HttpReply, PassingFailure } from './httpReply.js';

/** How a server is talked to. */
export interface HttpFileOptions {
  /** Another `fetch`, for example one that adds headers or sends cookies. Default: that of the platform. */
  readonly fetch?: typeof fetch;
  /** Tries after a failure, as long as no byte has come since. Default 4. */
  readonly retries?: number;
  /** Wait before the second try; twice that before the third, and so on, each half as long or half longer. Default 300. */
  readonly retryMs?: number;
  /** How long nothing may come before it is tried again. Default 30 000. */
  readonly stallMs?: number;
}

/** The beginning of a file that was asked for. */
export interface Beginning {
  /** Bytes of the whole file; undefined where the server does not say. */
  readonly size: number | undefined;
  /** Whether the answer holds the whole file, because the server gives no parts of it. */
  readonly whole: boolean;
  readonly answer: Answer;
}

/** Bytes of a file that a server sends. */
interface Answer {
  readonly reply: HttpReply;
  /** Offset of the first byte in the file. */
  readonly start: number;
  /** Behind the last byte; undefined where the server does not say. */
  readonly end: number | undefined;
}

/** What tells one version of a file from another. */
interface Version {
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
  readonly modified?: string | undefined;
}

/** No wait that a server asks for is longer: nobody looks at a player for so long. */
const LONGEST_WAIT_MS = 60_000;
const RETRIES = 4;
const RETRY_MS = 300;
const STALL_MS = 30_000;

export class HttpFile {
  /** Without what may be secret in it. */
  readonly name: string;
  readonly #url: string;
  readonly #options: Required<HttpFileOptions>;
  /** Of the first answer, as soon as there is one. */
  #version: Version | undefined;

  constructor(url: URL, options: HttpFileOptions = {}) {
    this.#url = url.href;
    this.name = `${url.protocol}//${url.host}${url.pathname}`;
    const { fetch = (...args) => globalThis.fetch(...args) } = options;
    const { retries = RETRIES, retryMs = RETRY_MS, stallMs = STALL_MS } = options;
    // Of other schemes a failure does not pass.
    this.#options = { fetch, retries: /^https?:$/.test(url.protocol) ? retries : 0, retryMs, stallMs };
  }

  /**
   * Asks for the first bytes.
   *
   * @throws SourceError `SOURCE_UNREADABLE`; InterruptedError
   */
  async begin(bytes: number, signal: AbortSignal): Promise<Beginning> {
    const first = await this.#persist(() => this.#ask(0, bytes, signal), signal);
    const { status } = first.reply;
    const version = versionOf(first.reply);
    const { size } = version;
    if (status === 200 || (status === 206 && size !== undefined)) {
      this.#version = version;
      return { size, whole: status === 200, answer: first };
    }
    first.reply.drop();
    if (size === 0) return { size, whole: true, answer: first };
    // Another origin may hide `Content-Range`, but not `Content-Length`, which of all bytes is the size.
    const rest = status === 206 ? Number.POSITIVE_INFINITY : undefined;
    const all = await this.#persist(() => this.#ask(0, rest, signal), signal);
    this.#version = { ...versionOf(all.reply), size: all.end };
    return { size: all.end, whole: all.reply.status !== 206 || all.end === undefined, answer: all };
  }

  /**
   * Bytes of `[start, end)`, in pieces as they come. What breaks off goes on where it stopped.
   *
   * @param end Infinity for the end of the file, where its size is not known
   * @param begun an answer that has begun with `start`
   * @throws SourceError `SOURCE_UNREADABLE`, `SOURCE_CHANGED`; InterruptedError
   */
  async *pieces(
    start: number,
    end: number,
    signal: AbortSignal,
    begun?: Answer,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let at = start;
    let answer = begun;
    for (let failures = 0; at < end; ) {
      try {
        answer ??= await this.#ask(at, end, signal);
        for await (const piece of useful(answer, at, end)) {
          failures = 0;
          at += piece.length;
          yield piece;
        }
        if (end === Number.POSITIVE_INFINITY) return;
      } catch (error) {
        await this.#wait(error, failures++, signal);
      }
      answer = undefined;
    }
  }

  /** One request for `[start, end)`; without an end, for the file, and with an infinite one, for the rest of it. */
  async #ask(start: number, end: number | undefined, signal: AbortSignal): Promise<Answer> {
    const last = end === undefined || end === Number.POSITIVE_INFINITY ? '' : end - 1;
    const range = end === undefined ? undefined : `bytes=${start}-${last}`;
    const { fetch, stallMs } = this.#options;
    const reply = await HttpReply.to(this.#url, { fetch, range, stallMs, signal });
    try {
      return this.#checked(reply, start, end);
    } catch (error) {
      reply.drop();
      throw error;
    }
  }

  /** Refuses an answer that is not bytes of the same file, from `start` on at the latest. */
  #checked(reply: HttpReply, start: number, end: number | undefined): Answer {
    const { status } = reply;
    // The file is empty, or shorter than it was.
    const beyond = status === 416 && end !== undefined;
    if (!(reply.ok || beyond)) throw this.#refusal(reply);
    this.#checkVersion(versionOf(reply));
    if (beyond && this.#version) throw this.#changed('it is shorter');
    if (status !== 206) return { reply, start: 0, end: beyond ? undefined : lengthOf(reply) };
    const range = rangeOf(reply);
    if ((range?.start ?? start) > start)
      throw this.#unreadable('answers with other bytes than were asked for');
    const asked = end === Number.POSITIVE_INFINITY ? undefined : end;
    return { reply, start: range?.start ?? start, end: range?.end ?? endOf(reply, start) ?? asked };
  }

  #checkVersion(now: Version): void {
    const { size, etag, modified } = this.#version ?? {};
    const differs = (a: unknown, b: unknown) => a !== undefined && b !== undefined && a !== b;
    if (differs(size, now.size)) throw this.#changed(`it has ${now.size} bytes, not ${size}`);
    const tagged = etag !== undefined && now.etag !== undefined;
    if (tagged ? differs(etag, now.etag) : differs(modified, now.modified))
      throw this.#changed(tagged ? `its ETag is ${now.etag}, not ${etag}` : `it is of ${now.modified}`);
  }

  async #persist<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await work();
      } catch (error) {
        await this.#wait(error, failures, signal);
      }
    }
  }

  /** Waits before another try; throws what does not pass. */
  async #wait(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    if (!(error instanceof PassingFailure)) throw error;
    const { retries, retryMs } = this.#options;
    const { waitMs = 0 } = error;
    if (failures >= retries || waitMs > LONGEST_WAIT_MS)
      throw this.#unreadable(`could not be read: ${error.message}`, error);
    const ownMs = retryMs * 2 ** failures * (0.5 + Math.random());
    await pause(Math.max(waitMs, ownMs), signal);
  }

  #refusal(reply: HttpReply): Error {
    const { status, statusText } = reply;
    const said = `answers ${status}${statusText ? ` (${statusText})` : ''}`;
    if (status >= 500 || status === 429) return new PassingFailure(said, { waitMs: waitOf(reply) });
    const hint =
      status === 401 || status === 403
        ? 'The server wants to know who reads: sign in, or ask for a new address.'
        : 'Check the address.';
    return this.#unreadable(said, undefined, { hint, value: status });
  }

  #unreadable(what: string, cause?: Error, { hint = HINT, value = this.name as unknown } = {}): SourceError {
    const details = { code: 'SOURCE_UNREADABLE', hint, path: 'source', value, cause };
    return new SourceError(`${this.name} ${what}.`, details);
  }

  #changed(how: string): SourceError {
    return new SourceError(`${this.name} has changed since it was opened: ${how}.`, {
      code: 'SOURCE_CHANGED',
      hint: 'Open it again: what was read does not go with what is there now.',
      path: 'source',
      value: this.name,
    });
  }
}

const HINT =
  'Check the connection, and that the server lets this page read the file (Access-Control-Allow-Origin).';

/** Those bytes of an answer that lie in `[at, end)`. @throws PassingFailure if it ends before */
async function* useful(answer: Answer, at: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
  let place = answer.start;
  for await (const bytes of answer.reply.body()) {
    const offset = place;
    place += bytes.length;
    if (place > at) yield bytes.subarray(Math.max(0, at - offset), end - offset);
    if (place >= end) return;
  }
  const known = Math.min(end, answer.end ?? end);
  if (known === Number.POSITIVE_INFINITY || (place >= known && place > at)) return;
  throw new PassingFailure(`an answer ended at byte ${place}, not ${known}`);
}

function versionOf(reply: HttpReply): Version {
  const etag = reply.header('etag');
  const size = reply.status === 200 ? lengthOf(reply) : rangeOf(reply)?.size;
  return {
    size,
    // A weak one is that of other bytes, too.
    etag: etag?.startsWith('W/') ? undefined : etag,
    modified: reply.header('last-modified'),
  };
}

/** What `Content-Range` says: `bytes 0-65535/1000000`, either side of the slash may be `*`. */
function rangeOf(reply: HttpReply): { start?: number; end?: number; size?: number } | undefined {
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(?:(\d+)|\*)$/.exec(reply.header('content-range') ?? '');
  if (!match) return undefined;
  const [, first, last, size] = match;
  return {
    ...(first !== undefined && { start: Number(first), end: Number(last) + 1 }),
    ...(size !== undefined && { size: Number(size) }),
  };
}

/** Bytes of the body; undefined where that is not known, as of one that was compressed on the way. */
function lengthOf(reply: HttpReply): number | undefined {
  const coding = reply.header('content-encoding') ?? 'identity';
  const length = reply.header('content-length');
  return length === undefined || coding !== 'identity' ? undefined : Number(length);
}

function endOf(reply: HttpReply, start: number): number | undefined {
  const length = lengthOf(reply);
  return length === undefined ? undefined : start + length;
}

/** Milliseconds of `Retry-After`, which has seconds or a date. */
function waitOf(reply: HttpReply): number | undefined {
  const text = reply.header('retry-after');
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** @throws InterruptedError as soon as the signal fires */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
  throwIfAborted(signal);
}
