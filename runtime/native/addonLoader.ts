/** Finds the build of a native addon that suits this processor. */

import { createRequire } from 'node:module';
import process from 'node:process';
import { EngineError } from '../errors.js';

/** What every build says of itself; the portable one also says which others the processor runs. */
export interface AddonBuild {
  readonly instructionSet: 'portable' | 'neon' | 'avx2' | 'avx512' | 'exact';
  readonly hasAvx2?: boolean;
  readonly hasAvx512?: boolean;
}

/** Instruction sets in order of preference; the last one is what every processor of the architecture runs. */
const INSTRUCTION_SETS = process.arch === 'arm64' ? ['neon'] : ['avx512', 'avx2', 'portable'];
const BASE_SET = INSTRUCTION_SETS.at(-1)!;

/** `runtime` decodes, `trainers` trains: the folder whose `native` holds the addon. */
export type AddonName = 'runtime' | 'trainers';
const FILES: Readonly<Record<AddonName, string>> = { runtime: 'weft_runtime', trainers: 'weft_trainer' };

/** Instruction sets that this processor runs, the fastest first. */
export function nativeInstructionSets(addon: AddonName = 'runtime'): string[] {
  const base = loadBuild<AddonBuild>(addon, BASE_SET);
  const runs = new Map([
    ['avx512', base.hasAvx512],
    ['avx2', base.hasAvx2],
    [BASE_SET, true],
  ]);
  return INSTRUCTION_SETS.filter((set) => runs.get(set));
}

/**
 * The fastest build that this processor runs, or the one that is forced.
 *
 * @param forced avx512, avx2 or portable on x86, neon on ARM; the environment variable `WEFT_ISA` by default. Developers' builds
 *   count too: sanitized, sanitized_avx2, sanitized_avx512 (test/sanitized).
 * @throws EngineError `ENGINE_MISSING` if the addon was not built.
 */
export function loadAddon<Build extends AddonBuild>(addon: AddonName, forced = process.env.WEFT_ISA): Build {
  if (forced !== undefined && forced !== '') return loadBuild(addon, forced);
  return loadBuild(addon, nativeInstructionSets(addon)[0] ?? BASE_SET);
}

function loadBuild<Build>(addon: AddonName, instructionSet: string): Build {
  const require = createRequire(import.meta.url);
  const file = `${FILES[addon]}_${instructionSet}.node`;
  // From the sources (tests) and from dist.
  for (const root of ['../..', '../../..']) {
    try {
      return require(`${root}/${addon}/native/build/Release/${file}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new EngineError(`The native engine (${addon}) is not built.`, {
    code: 'ENGINE_MISSING',
    hint: 'Install a C++17 compiler, make and python3, then run: node runtime/native/build.mjs. Decoding also works with the engine reference.',
    path: 'options.engine',
    value: instructionSet,
    range: INSTRUCTION_SETS.join(', '),
  });
}
