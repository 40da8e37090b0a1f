/** One request to a server, and its answer. */

import { InterruptedError } from '../errors.js';

/** A failure that may be gone another time. */
export class PassingFailure extends Error {
  /** How long the server asks to wait. */
  readonly waitMs: number | undefined;

  constructor(message: string, details: { waitMs?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.waitMs = details.waitMs;
  }
}

/** How a request is made. */
export interface Asking {
  readonly fetch: typeof fetch;
  /** Value of the header `Range`. */
  readonly range?: string | undefined;
  /** How long nothing may come. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that has begun. `body` or `drop` must be called, or the connection stays. */
export class HttpReply {
  readonly status: number;
  readonly #response: Response;
  readonly #watch: StallWatch;

  private constructor(response: Response, watch: StallWatch) {
    this.status = response.status;
    this.#response = response;
    this.#watch = watch;
  }

  /**
   * Asks and waits for the headers.
   *
   * @throws PassingFailure if there is no answer; InterruptedError
   */
  static async to(url: string, { fetch, range, stallMs, signal }: Asking): Promise<HttpReply> {
    const watch = new StallWatch(stallMs, signal);
    try {
      const headers: Record<string, string> = range === undefined ? {} : { range };
      return new HttpReply(await fetch(url, { headers, signal: watch.signal }), watch);
    } catch (cause) {
      throw watch.end(cause);
    }
  }

  get ok(): boolean {
    return this.#response.ok;
  }

  get statusText(): string {
    return this.#response.statusText;
  }

  /** Undefined where it is not there, or another origin does not show it. */
  header(name: string): string | undefined {
    return this.#response.headers.get(name) ?? undefined;
  }

  /** Bytes of the body as they come. @throws PassingFailure if it breaks off; InterruptedError */
  async *body(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      const reader = this.#response.body?.getReader();
      for (; reader; ) {
        this.#watch.arm();
        const { done, value } = await reader.read();
        if (done) break;
        yield value as Uint8Array;
      }
    } catch (cause) {
      throw this.#watch.end(cause);
    } finally {
      this.drop();
    }
  }

  /** Wants nothing more of it. */
  drop(): void {
    this.#watch.end(undefined);
  }
}

/** Ends a request that the caller does not want any more, or in which nothing comes. */
class StallWatch {
  readonly #controller = new AbortController();
  readonly #ms: number;
  readonly #outer: AbortSignal | undefined;
  readonly #abort = () => this.#controller.abort();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stalled = false;

  constructor(ms: number, outer: AbortSignal | undefined) {
    this.#ms = ms;
    this.#outer = outer;
    outer?.addEventListener('abort', this.#abort, { once: true });
    if (outer?.aborted) this.#abort();
    this.arm();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins to wait anew. */
  arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#stalled = true;
      this.#abort();
    }, this.#ms);
  }

  /** Ends the request; what a failure of it was. */
  end(cause: unknown): Error {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#abort);
    this.#abort();
    if (this.#outer?.aborted) return new InterruptedError();
    if (this.#stalled) return new PassingFailure(`nothing came for ${this.#ms / 1000} s`, { cause });
    return new PassingFailure(reasonOf(cause), { cause });
  }
}

/** Node says "fetch failed" and means its cause. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { message, code } = (cause.cause ?? {}) as { message?: string; code?: string };
  const reason = message || code;
  return reason ? `${cause.message}: ${reason}` : cause.message;
}
