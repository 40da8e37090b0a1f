/** How the worker that decodes is started: the one place that knows. */

/**
 * The program of the worker as a classic script, which build.mjs puts in here. Where it is missing, as in compiled but
 * unbundled modules, the worker is a module beside this one.
 */
declare const WEFT_WORKER_PROGRAM: string | undefined;

/** A worker, and what is to be given back with it. */
export interface StartedWorker {
  readonly worker: Worker;
  /** Ends it. */
  end(): void;
}

/** Workers that run now: nobody forgets one. */
let running = 0;

/** How many workers of players run. */
export function runningWorkers(): number {
  return running;
}

/**
 * Starts a worker.
 *
 * @param address of weft-worker.js, for pages whose policy allows no workers from blobs
 */
export function startWorker(address?: string): StartedWorker {
  if (address) return started(new Worker(address));
  if (typeof WEFT_WORKER_PROGRAM === 'undefined')
    return started(new Worker(new URL('./filmWorker.js', import.meta.url), { type: 'module' }));
  const url = URL.createObjectURL(new Blob([WEFT_WORKER_PROGRAM], { type: 'text/javascript' }));
  try {
    return started(new Worker(url), () => URL.revokeObjectURL(url));
  } catch (error) {
    URL.revokeObjectURL(url);
    throw error;
  }
}

function started(worker: Worker, release?: () => void): StartedWorker {
  running++;
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    running--;
    worker.terminate();
    release?.();
  };
  return { worker, end };
}
