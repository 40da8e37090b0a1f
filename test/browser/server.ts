/** A server on this machine for the pages of tests. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Bytes, or what answers by itself. */
export type ServedFile =
  | { readonly type?: string; readonly bytes: Uint8Array }
  | ((request: IncomingMessage, response: ServerResponse) => void);

export interface Server {
  /** With a `/` at its end. */
  readonly url: string;
  /** Path and range of every request. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Without these a page has no shared memory, hence no threads. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** @param files by their path; anything else is not found */
export async function serve(files: Readonly<Record<string, ServedFile>>): Promise<Server> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    requests.push([pathname, ...(request.headers.range ? [request.headers.range] : [])].join(' '));
    for (const [name, value] of Object.entries(ISOLATION)) response.setHeader(name, value);
    const file = files[pathname];
    if (!file) response.writeHead(404).end();
    else if (typeof file === 'function') file(request, response);
    else send(request, response, file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function send(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  { type = 'application/octet-stream', bytes }: { readonly type?: string; readonly bytes: Uint8Array },
): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  const first = range ? Number(range[1]) : 0;
  const end = Math.min(range?.[2] ? Number(range[2]) + 1 : bytes.length, bytes.length);
  if (first >= end && range) {
    response.writeHead(416, { 'Content-Range': `bytes */${bytes.length}` }).end();
    return;
  }
  response.writeHead(range ? 206 : 200, {
    'Content-Type': type,
    'Content-Length': end - first,
    'Accept-Ranges': 'bytes',
    ...(range && { 'Content-Range': `bytes ${first}-${end - 1}/${bytes.length}` }),
  });
  response.end(method === 'HEAD' ? undefined : bytes.subarray(first, end));
}
