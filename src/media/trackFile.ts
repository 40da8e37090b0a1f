/** Chunks whose bytes lie in files of their own until they are wanted: an hour of sound is never whole in memory. */

import { stat } from 'node:fs/promises';
import { type Chunk, type StreamedChunk, streamed } from '../../runtime/format/chunks.js';
import { fileChunks } from './probe.js';

/** A chunk with the bytes of a file, which must stay until they were read. */
export async function chunkOfFile(name: string, file: string): Promise<StreamedChunk> {
  const { size } = await stat(file);
  return { name, size, pieces: () => fileChunks(file) };
}

/** A chunk of text. */
export function chunkOfText(name: string, text: string): StreamedChunk {
  return streamed({ name, bytes: new TextEncoder().encode(text) });
}

/** The text of a chunk. */
export async function textOfChunk(chunk: Chunk | StreamedChunk): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of streamed(chunk).pieces()) text += decoder.decode(piece, { stream: true });
  return text + decoder.decode();
}
