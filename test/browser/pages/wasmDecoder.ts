/** A film decoded by WebAssembly in a worker, as the player has it. */

import type { Decoded } from './wasmWorker.js';

/** Decodes all frames of a film, and between them, and its latents. */
export async function decode(bytes: Uint8Array, threads: number): Promise<Decoded> {
  const worker = new Worker('/worker.js', { type: 'module' });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ bytes, threads });
    });
  } finally {
    worker.terminate();
  }
}
