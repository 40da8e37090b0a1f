/** As much of WebAssembly as the decoder needs, typed without a browser's library: this code runs in Node and in browsers. */

/** A compiled module; may be sent to another thread. */
export interface Module {
  readonly [kind: symbol]: 'module';
}

/** Memory of a module. Its buffer is another one after it has grown. */
export interface Memory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
}

interface WebAssemblyHost {
  compile(bytes: Uint8Array): Promise<Module>;
  readonly Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => Memory;
  readonly Instance: new (module: Module, imports: unknown) => { readonly exports: unknown };
}

/** Undefined where there is none, or where a page's policy forbids it. */
export const webAssembly = (globalThis as unknown as { WebAssembly?: WebAssemblyHost }).WebAssembly;
