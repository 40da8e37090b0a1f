/**
 * Builds the decoder with AddressSanitizer and UndefinedBehaviorSanitizer and runs its tests on it, once for each build. A report
 * ends the process that it is found in, and with it the run.
 *
 *     npm run test:sanitized [-- test files]
 *     npm run build:sanitized
 */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { repositoryRoot } from '../fuzz/corpus.js';
import { buildSanitized, sanitizedSets } from './build.js';
import { sanitizedEnvironment } from './environment.js';

/** The tests that decode natively. */
const TESTS = [
  'test/runtime/nativeDecoder.test.ts',
  'test/runtime/film.test.ts',
  'test/runtime/loopFilter.test.ts',
];

/** The sanitized build is so slow that the tests' own limits mean nothing. */
const TIMEOUT_MS = 300_000;

function main(): number {
  const sets = sanitizedSets();
  buildSanitized(sets);
  if (process.argv[2] === '--build-only') return 0;
  const files = process.argv.length > 2 ? process.argv.slice(2) : TESTS;
  for (const set of sets) {
    console.error(`WEFT_ISA=${set}`);
    const status = test(set, files);
    if (status !== 0) return status;
  }
  return 0;
}

function test(set: string, files: readonly string[]): number {
  const root = repositoryRoot();
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const config = ['--config', 'test/vitest.config.ts', `--testTimeout=${TIMEOUT_MS}`];
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...config, '--pool=forks', ...files], {
    cwd: root,
    env: { ...process.env, ...sanitizedEnvironment(set) },
    stdio: 'inherit',
  });
  return status ?? 1;
}

process.exitCode = main();
