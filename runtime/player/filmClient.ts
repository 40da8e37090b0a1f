/** The film as the page sees it: promises for what the worker does. */

import { EngineError, InterruptedError } from '../errors.js';
import { receivedError } from './sentErrors.js';
import type { Span } from './timeSpans.js';
import type { JobKind, Jobs, OpenedFilm, OpenOrder, WorkerMessage } from './workerMessages.js';
import { type StartedWorker, startWorker } from './workerStart.js';

/** Jobs that the decoder works on. */
const DECODING: readonly JobKind[] = ['planes', 'picture'];

interface Waiting {
  readonly kind: JobKind;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/** What a client tells besides its answers. */
export interface ClientNews {
  /** Spans of the film whose bytes are here, in frames. */
  held(spans: readonly Span[]): void;
}

/** One film in one worker. `close` it when done. */
export class FilmClient {
  readonly #started: StartedWorker;
  readonly #news: ClientNews;
  readonly #waiting = new Map<number, Waiting>();
  #jobs = 0;
  /** Set once the worker is of no use any more. */
  #failure: Error | undefined;
  #heard = false;
  /** Milliseconds that the worker took for the last piece. */
  decodeMs = 0;

  /**
   * @param address of the worker's program, where it cannot come from a blob
   * @throws EngineError `WORKER_MISSING` if the page may not start one
   */
  constructor(news: ClientNews, address?: string) {
    this.#news = news;
    try {
      this.#started = startWorker(address);
    } catch (cause) {
      throw workerMissing(cause);
    }
    const { worker } = this.#started;
    worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => this.#receive(data);
    worker.onerror = (event) => this.#fail(this.#heard ? workerFailed(event.message) : workerMissing());
    worker.onmessageerror = () => this.#fail(workerFailed('a message could not be read'));
  }

  /** Opens the film. @throws what `open` of runtime/film throws; EngineError `WORKER_MISSING` */
  open(order: OpenOrder): Promise<OpenedFilm> {
    return this.ask('open', order);
  }

  /**
   * Has the worker do something.
   *
   * @param signal says that it is not wanted any more: the promise is rejected at once
   * @throws InterruptedError, or the error of the worker
   */
  ask<K extends JobKind>(kind: K, given: Jobs[K]['given'], signal?: AbortSignal): Promise<Jobs[K]['answer']> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (signal?.aborted) return Promise.reject(new InterruptedError());
    const job = this.#jobs++;
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#waiting.delete(job);
        this.#started.worker.postMessage({ kind: 'cancel', job });
        reject(new InterruptedError());
      };
      signal?.addEventListener('abort', cancel, { once: true });
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          signal?.removeEventListener('abort', cancel);
          settle(value);
        };
      };
      this.#waiting.set(job, {
        kind,
        resolve: settled(resolve as (answer: unknown) => void),
        reject: settled(reject),
      });
      this.#started.worker.postMessage({ kind, job, given });
    });
  }

  /** Ends the worker; what is under way is interrupted. */
  close(): void {
    this.#fail(new InterruptedError());
  }

  #receive(message: WorkerMessage): void {
    this.#heard = true;
    if (message.kind === 'held') {
      this.#news.held(message.spans);
      return;
    }
    const waiting = this.#waiting.get(message.job);
    this.#waiting.delete(message.job);
    if (message.kind === 'failed') waiting?.reject(receivedError(message.error));
    else {
      if (waiting && DECODING.includes(waiting.kind)) this.decodeMs = message.milliseconds;
      waiting?.resolve(message.answer);
    }
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#started.end();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

function workerMissing(cause?: unknown): EngineError {
  return new EngineError('This page may not start the worker that decodes.', {
    code: 'WORKER_MISSING',
    hint: 'Its Content-Security-Policy needs `worker-src blob:`, or give the attribute `worker` the address of weft-worker.js.',
    path: 'worker',
    cause,
  });
}

function workerFailed(message: string): EngineError {
  return new EngineError(`The worker that decodes has failed: ${message}.`, {
    code: 'WORKER_FAILED',
    hint: 'Load the film again; close other pages if memory is short.',
    path: 'worker',
  });
}
