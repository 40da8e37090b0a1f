/** One server with one file, and a source that reads it. `afterEach(closeAll)` where they are used. */

import { expect } from 'vitest';
import type { ByteSource } from '../../runtime/source/byteSource.js';
import { type HttpOptions, httpSource } from '../../runtime/source/httpSource.js';
import { type Answering, FileServer, patterned } from './fileServer.js';

export const KIB = 1024;
export const SIZE = 2048 * KIB + 77;
export const bytes = patterned(SIZE);

export let server: FileServer;
let source: ByteSource | undefined;

/** A source of a server that answers rightly, but for what the test changes. */
export async function opened(
  options: HttpOptions = {},
  answer?: (answering: Answering) => void,
): Promise<Required<ByteSource>> {
  server ??= await new FileServer(bytes).start();
  if (answer) server.answer = answer;
  source = await httpSource(server.url, { retryMs: 1, ...options });
  return source as Required<ByteSource>;
}

/** Ends what the test began. */
export async function closeAll(): Promise<void> {
  source?.close?.();
  await server?.stop();
  source = undefined;
  server = undefined as unknown as FileServer;
}

export const code = (name: string) => expect.objectContaining({ code: name });
export const rangeText = (start: number, end: number) => `bytes=${start}-${end - 1}`;
export const FIRST = rangeText(0, 64 * KIB);

export async function expectRead(
  from: ByteSource,
  start: number,
  end: number,
  signal?: AbortSignal,
): Promise<void> {
  const read = await from.read(start, end - start, signal);
  expect(Buffer.compare(read, bytes.subarray(start, end))).toBe(0);
}

/** Sends the head, and the body until `place` of the file; the rest when `go` is called. */
export function held({ head, response, start, end }: Answering, place: number): () => void {
  head();
  response.write(bytes.subarray(start, place));
  return () => response.end(bytes.subarray(place, end));
}
