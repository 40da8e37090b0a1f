/** The module of decoder.cc: compiled once, an instance with a memory of its own for every engine. */

import { EngineError } from '../errors.js';
import { type HelperThread, startHelper } from './helperThread.js';
import { type Memory, type Module, webAssembly } from './webAssembly.js';

/** What decoder.cc exports. Addresses and handles are numbers; 0 is none. */
export interface DecoderExports {
  readonly __stack_pointer: { value: number };
  allocate(bytes: number): number;
  release(address: number): void;
  newDecoder(threads: number, words: number, keptBytes: number): number;
  newRaster(decoder: number, words: number): number;
  endRaster(raster: number): void;
  newSegment(decoder: number, words: number): number;
  endSegment(segment: number): void;
  /** 0 once all is decoded. */
  decodeSome(segment: number): number;
  /** 0 if something was out of range. */
  sound(segment: number): number;
  latentCount(segment: number, node: number): number;
  latents(segment: number, node: number, out: number): void;
  bits(segment: number, node: number, out: number): void;
  picture(
    segment: number,
    raster: number,
    frame: number,
    phase: number,
    y: number,
    cb: number,
    cr: number,
  ): number;
  planes(segment: number, frame: number, y: number, cb: number, cr: number): number;
  link(segment: number, frame: number, mx: number, my: number, ax: number, ay: number): number;
}

const PAGE_BYTES = 65536;
const INITIAL_PAGES = 64;

/** Most memory, in pages: as much as is to be had of these. An address space of 32 bits has no room for the first ones. */
const MAXIMUM_PAGES = [16384, 8192, 4096, 2048];

/** Of every helper, as build.mjs gives the first thread. */
const STACK_BYTES = 2 ** 20;

/** `env.memory`, imported as a shared memory with a maximum. */
const SHARED_IMPORT = Uint8Array.of(3, ...letters('env'), 6, ...letters('memory'), 2, 3);
const UNSHARED_FLAG = 1;

/** By whether the memory is shared. */
const compiled = new Map<boolean, Promise<Module>>();

/**
 * The module for a memory that is shared, or is not: they differ in a byte, and the same code runs in both.
 *
 * @throws EngineError `ENGINE_MISSING` where there is no WebAssembly with SIMD and atomics, or a page's policy forbids it.
 */
export function compileDecoder(shared: boolean): Promise<Module> {
  const known = compiled.get(shared);
  if (known) return known;
  const compiling = compile(shared);
  compiled.set(shared, compiling);
  return compiling;
}

async function compile(shared: boolean): Promise<Module> {
  const { DECODER_BYTES } = await import('./decoderBytes.js');
  try {
    if (!webAssembly) throw new Error('there is no WebAssembly');
    const bytes = await inflated(DECODER_BYTES);
    if (!shared) bytes[flagAt(bytes)] = UNSHARED_FLAG;
    return await webAssembly.compile(bytes);
  } catch (cause) {
    throw new EngineError(`WebAssembly cannot be used here: ${(cause as Error).message}.`, {
      code: 'ENGINE_MISSING',
      hint: "Use a newer browser; on a page with a content security policy, allow 'wasm-unsafe-eval'.",
      path: 'options.engine',
      cause,
    });
  }
}

/** An instance of the module, its memory and its threads. */
export class DecoderMachine {
  readonly exports: DecoderExports;
  readonly threads: number;

  readonly #memory: Memory;
  readonly #module: Module;
  readonly #helpers: HelperThread[] = [];

  /**
   * @param module for a shared memory if there is more than one thread
   * @param threads 1 where helpers do not run
   */
  constructor(module: Module, threads: number) {
    this.threads = threads;
    this.#module = module;
    this.#memory = newMemory(threads > 1);
    const env = { memory: this.#memory, log2: Math.log2 };
    this.exports = new webAssembly!.Instance(this.#module, { env }).exports as DecoderExports;
  }

  /** Starts the helpers; once, when there is a decoder for them to help. */
  startHelpers(): void {
    for (let thread = 1; thread < this.threads; thread++) {
      const stackEnd = this.exports.allocate(STACK_BYTES) + STACK_BYTES;
      this.#helpers.push(startHelper({ module: this.#module, memory: this.#memory, thread, stackEnd }));
    }
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, length);
  }

  integers(address: number, length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, address, length);
  }

  reals(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }

  doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address, length);
  }

  /** Does `work` with room for so many bytes, which is gone afterwards. */
  withRoom<T>(bytes: number, work: (address: number) => T): T {
    const address = this.exports.allocate(bytes);
    const result = work(address);
    this.exports.release(address);
    return result;
  }

  /** Does `work` with words that lie in the memory meanwhile. */
  withWords<T>(words: Int32Array, work: (address: number) => T): T {
    return this.withRoom(words.byteLength, (address) => {
      this.integers(address, words.length).set(words);
      return work(address);
    });
  }

  close(): void {
    for (const helper of this.#helpers.splice(0)) helper.terminate();
  }
}

function newMemory(shared: boolean): Memory {
  for (const maximum of MAXIMUM_PAGES) {
    try {
      return new webAssembly!.Memory({ initial: INITIAL_PAGES, maximum, shared });
    } catch {
      // Less of it may be had.
    }
  }
  throw new EngineError('There is no memory for the decoder.', {
    code: 'ENGINE_FAILED',
    hint: `Close other pages or programs; ${(MAXIMUM_PAGES.at(-1)! * PAGE_BYTES) / 2 ** 20} MiB are needed.`,
  });
}

async function inflated(base64: string): Promise<Uint8Array> {
  const deflated = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream as never).arrayBuffer());
}

/** Where the module says of which kind its memory is. */
function flagAt(bytes: Uint8Array): number {
  for (let at = 0; at + SHARED_IMPORT.length <= bytes.length; at++)
    if (SHARED_IMPORT.every((byte, i) => bytes[at + i] === byte)) return at + SHARED_IMPORT.length - 1;
  throw new Error('the module imports no shared memory');
}

function letters(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}
