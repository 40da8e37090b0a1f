/** Builds the decoder with the sanitizers: node-gyp in a build folder of its own, the addons beside the loader's others. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { loadAddon } from '../../runtime/native/addonLoader.js';
import { repositoryRoot } from '../fuzz/corpus.js';

/** The portable build and that of the widest instruction set of this processor, as `WEFT_ISA` names them. */
export function sanitizedSets(): string[] {
  const { instructionSet, hasAvx2, hasAvx512 } = loadAddon(
    'runtime',
    process.arch === 'arm64' ? 'neon' : 'portable',
  );
  if (instructionSet === 'neon') return ['sanitized'];
  const widest = hasAvx512 ? ['sanitized_avx512'] : hasAvx2 ? ['sanitized_avx2'] : [];
  return ['sanitized', ...widest];
}

/**
 * Builds what changed.
 *
 * @throws Error if that fails.
 */
export function buildSanitized(sets: readonly string[]): void {
  const folder = join(repositoryRoot(), 'test/sanitized');
  if (!existsSync(join(folder, 'build/Makefile'))) gyp(folder, 'configure');
  const targets = sets.map((set) => `weft_runtime_${set}`);
  run('make', ['-C', join(folder, 'build'), '-j', '2', 'BUILDTYPE=Release', ...targets], folder);
}

function gyp(folder: string, command: string): void {
  const script = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  // Headers that came with this Node spare node-gyp a download.
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
  run(process.execPath, [script, command, '--release', '--loglevel=error', ...headers], folder);
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? `exit code ${status}`}`);
}
