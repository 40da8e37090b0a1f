/** Threads of the decoder: workers with an instance of the module in the same memory, which take rows when there are some. */

import type { Memory, Module } from './webAssembly.js';

/** What a helper is started with. */
export interface HelperStart {
  readonly module: Module;
  readonly memory: Memory;
  /** Number of the thread, from 1. */
  readonly thread: number;
  /** Where its stack ends, from which it grows downwards: an address. */
  readonly stackEnd: number;
}

/** A thread that was started. */
export interface HelperThread {
  terminate(): void;
}

/** Of a browser's page or worker, where this is. */
interface BrowserHost {
  readonly Worker?: new (url: string) => HelperThread & { postMessage(message: HelperStart): void };
  readonly crossOriginIsolated?: boolean;
  readonly document?: unknown;
}

/** Of Node, where this is. */
interface NodeThreads {
  readonly Worker: new (
    source: string,
    options: { eval: true; workerData: HelperStart },
  ) => { unref(): void; terminate(): unknown };
}

const host = globalThis as BrowserHost & {
  navigator?: { hardwareConcurrency?: number };
  process?: { getBuiltinModule?(name: string): unknown };
};

/** Threads that this machine runs at once. */
export function coreCount(): number {
  const os = host.process?.getBuiltinModule?.('node:os') as { availableParallelism(): number } | undefined;
  return os?.availableParallelism() ?? host.navigator?.hardwareConcurrency ?? 1;
}

/** The whole program of a helper. It says so if it fails, as the others would wait for it. */
const PROGRAM = `
const work = ({ module, memory, thread, stackEnd }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory, log2: Math.log2 } });
  exports.__stack_pointer.value = stackEnd;
  try {
    exports.help(thread);
  } catch {
    exports.__stack_pointer.value = stackEnd;
    exports.failHelper();
  }
};
`;
const NODE_PROGRAM = `${PROGRAM} work(require('node:worker_threads').workerData);`;
const BROWSER_PROGRAM = `${PROGRAM} onmessage = ({ data }) => work(data);`;

/**
 * Whether helpers can be had here: in Node, and in workers of pages that are cross-origin isolated. The page's own thread may
 * not wait for others.
 */
export function helpersRun(): boolean {
  return nodeThreads() !== undefined || (host.crossOriginIsolated === true && host.document === undefined);
}

/** Starts a helper, which lives until it is terminated. It may take a while until it helps; nobody waits for that. */
export function startHelper(start: HelperStart): HelperThread {
  const node = nodeThreads();
  if (node) {
    const worker = new node.Worker(NODE_PROGRAM, { eval: true, workerData: start });
    worker.unref();
    return { terminate: () => void worker.terminate() };
  }
  const url = URL.createObjectURL(new Blob([BROWSER_PROGRAM], { type: 'text/javascript' }));
  const worker = new host.Worker!(url);
  URL.revokeObjectURL(url);
  worker.postMessage(start);
  return worker;
}

function nodeThreads(): NodeThreads | undefined {
  return host.process?.getBuiltinModule?.('node:worker_threads') as NodeThreads | undefined;
}
