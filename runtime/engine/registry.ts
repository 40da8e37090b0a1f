/**
 * The engines that decode, by name. This is the one place that knows them, and they are loaded when they are asked for: these
 * imports are the only ones that lead from here to the engines.
 */

import { EngineError, UsageError, WeftError } from '../errors.js';
import type { CreateDecoderEngine, DecoderEngine, DecoderEngineOptions } from './decoderEngine.js';

interface RegisteredEngine {
  /** Fetches the code of the engine; fails where it cannot be loaded. */
  load(): Promise<CreateDecoderEngine>;
  /** How to come by the engine where loading it fails. */
  readonly remedy: string;
}

/** What runtime/native/nativeDecoderEngine.js exports. It is loaded by name only, so that a browser never asks for it. */
interface NativeModule {
  readonly createNativeDecoderEngine: CreateDecoderEngine;
}

const NATIVE_MODULE = '../native/nativeDecoderEngine.js';

/** All engines, the one that `auto` likes best first. */
const ENGINES = {
  native: {
    load: async () =>
      ((await import(/* @vite-ignore */ NATIVE_MODULE)) as NativeModule).createNativeDecoderEngine,
    remedy: 'Build it with `node runtime/native/build.mjs`',
  },
  wasm: {
    load: async () => (await import('../wasm/wasmDecoderEngine.js')).openWasmDecoderEngine,
    remedy: 'Install weft again',
  },
  reference: {
    load: async () => (await import('../reference/referenceDecoderEngine.js')).createReferenceDecoderEngine,
    remedy: 'Install weft again',
  },
} satisfies Record<string, RegisteredEngine>;

/** Name of an engine that decodes. */
export type DecoderEngineName = keyof typeof ENGINES;

/** Name of an engine, or `auto`: the first in the order of preference that runs here. */
export type DecoderEngineChoice = DecoderEngineName | 'auto';

/** In order of preference. */
export const DECODER_ENGINE_NAMES = Object.keys(ENGINES) as readonly DecoderEngineName[];

/** What can be asked for. */
export const DECODER_ENGINE_CHOICES: readonly DecoderEngineChoice[] = ['auto', ...DECODER_ENGINE_NAMES];

/**
 * Whether there is such an engine, wherever it runs.
 *
 * @throws UsageError `OPTION_RANGE`
 */
export function checkDecoderEngineChoice(name: string): asserts name is DecoderEngineChoice {
  if ((DECODER_ENGINE_CHOICES as readonly string[]).includes(name)) return;
  throw new UsageError(`There is no engine ${name}.`, {
    code: 'OPTION_RANGE',
    hint: `Use ${anyOf(DECODER_ENGINE_CHOICES)}.`,
    path: 'options.engine',
    value: name,
    range: DECODER_ENGINE_CHOICES.join(', '),
  });
}

/**
 * The engine of that name.
 *
 * @throws UsageError `OPTION_RANGE` if there is no such name, EngineError `ENGINE_MISSING` if the engine is not there; never
 *   the latter for `auto`
 */
export async function openDecoderEngine(
  name: DecoderEngineChoice,
  options: DecoderEngineOptions,
): Promise<DecoderEngine> {
  checkDecoderEngineChoice(name);
  if (name !== 'auto') return openNamed(name, options);
  const last = DECODER_ENGINE_NAMES.at(-1)!;
  for (const candidate of DECODER_ENGINE_NAMES.slice(0, -1)) {
    // Whatever keeps it from running: there is another one.
    const engine = await openNamed(candidate, options).catch(() => undefined);
    if (engine) return engine;
  }
  return openNamed(last, options);
}

async function openNamed(name: DecoderEngineName, options: DecoderEngineOptions): Promise<DecoderEngine> {
  try {
    const create = await ENGINES[name].load();
    return await create(options);
  } catch (cause) {
    if (cause instanceof WeftError) throw cause;
    const others = DECODER_ENGINE_CHOICES.filter((other) => other !== name);
    throw new EngineError(`The ${name} engine is not there.`, {
      code: 'ENGINE_MISSING',
      hint: `${ENGINES[name].remedy}, or use the engine ${anyOf(others)}.`,
      path: 'options.engine',
      cause,
    });
  }
}

/** `a, b or c`. */
function anyOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
