/** What a worker and its parent say to each other. */

import type { Report } from './report.js';

/** What a worker is told when it starts. */
export interface WorkerTask {
  readonly seed: number;
  /** Names (`native`, `reference`) or URLs of modules that export `createDecoderEngine(threads)`. */
  readonly engines: readonly string[];
  /** The number of the mutation under way is kept in this file. */
  readonly placeFile: string;
  readonly limits: Limits;
}

export interface Limits {
  /** Luma pixels of a segment that a decoder is allowed. */
  readonly segmentPixels: number;
  /** Processor time that a file may take. */
  readonly seconds: number;
  /** By which the memory of the process may grow at once. */
  readonly bytes: number;
}

/** Mutations from..to - 1. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export const PLACE_BYTES = 8;

/** What a worker keeps in its file. */
export function placeBytes(index: number): Uint8Array {
  return new Uint8Array(Float64Array.of(index).buffer);
}

/** Number of the mutation that a worker was at; undefined before the first. */
export function placeOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < PLACE_BYTES) return undefined;
  return new Float64Array(Uint8Array.from(bytes).buffer)[0];
}

export type WorkerMessage = { readonly type: 'ready' } | { readonly type: 'done'; readonly report: Report };
