/** A server with one file, which answers as a test wants it to. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that came. */
export interface Asked {
  /** Value of its header `Range`. */
  readonly range: string | undefined;
  readonly method: string;
}

/** How a request is answered. */
export interface Answering {
  /** Which request it is, from 0 on. */
  readonly index: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What was asked for; all of the file without a range. */
  readonly start: number;
  readonly end: number;
  /** Writes status 206 and its headers; `more` may take some away by undefined. */
  head(more?: Record<string, string | undefined>): void;
  /** The right answer. */
  serve(): void;
}

export class FileServer {
  bytes: Uint8Array;
  etag = '"one"';
  readonly asked: Asked[] = [];
  /** Bytes of bodies that were sent by `serve`. */
  served = 0;
  /** Requests whose connection was closed before their answer ended. */
  left = 0;
  /** Requests under way, and the most of them that there were at a time. */
  under = 0;
  most = 0;
  /** Takes the place of the right answer. */
  answer: (answering: Answering) => void = ({ serve }) => serve();
  readonly #server = createServer((request, response) => this.#take(request, response));

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/film.weft`;
  }

  get ranges(): (string | undefined)[] {
    return this.asked.map(({ range }) => range);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { range } = request.headers;
    const index = this.asked.push({ range, method: request.method! }) - 1;
    this.most = Math.max(this.most, ++this.under);
    response.on('close', () => {
      this.under--;
      if (!response.writableFinished) this.left++;
    });
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
    const size = this.bytes.length;
    const start = Number(first ?? 0);
    const end = last ? Math.min(Number(last) + 1, size) : size;
    const head = (more: Record<string, string | undefined> = {}) => {
      const headers = {
        'content-length': String(end - start),
        'content-range': `bytes ${start}-${end - 1}/${size}`,
        etag: this.etag,
        ...more,
      };
      response.writeHead(
        206,
        Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
      );
    };
    const serve = () => {
      head();
      this.served += end - start;
      response.end(this.bytes.subarray(start, end));
    };
    this.answer({ ...{ index, request, response, start, end, head, serve } });
  }
}

/** Bytes that differ from place to place. */
export function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) * 13 + (i >> 16) * 101) & 255);
}

/** Waits until something is so; the test's own time limit ends the wait. */
export async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 2));
}
