/** Turns between pieces of work on one thread. */

import { throwIfAborted } from '../errors.js';

/** Lets other work, and above all the abort signal, have its turn between two pieces of work. */
export async function nextTurn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  throwIfAborted(signal);
}
