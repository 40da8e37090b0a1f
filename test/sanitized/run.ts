/**
 * Builds the decoder with AddressSanitizer and UndefinedBehaviorSanitizer and runs its tests on it, once for each build. A report
 * ends the process that it is found in, and with it the run.
 *
 *     npm run test:sanitized [-- test files]
 *     npm run build:sanitized
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { repositoryRoot } from '../fuzz/corpus.js';
import { buildSanitized, sanitizedSets } from './build.js';
import { sanitizedEnvironment } from './environment.js';

/** Tests of the decoder that run on native builds: those that ask which ones there are. */
function nativeTests(root: string): string[] {
  const files = readdirSync(join(root, 'test/runtime'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test/runtime', name))
    .filter((file) => readFileSync(join(root, file), 'utf8').includes('nativeEngine.js'));
  if (files.length === 0) throw new Error('no test asks for native builds');
  return files;
}

/** The sanitized build is so slow that the tests' own limits mean nothing. */
const TIMEOUT_MS = 300_000;

function main(): number {
  const sets = sanitizedSets();
  buildSanitized(sets);
  if (process.argv[2] === '--build-only') return 0;
  const root = repositoryRoot();
  const files = process.argv.length > 2 ? process.argv.slice(2) : nativeTests(root);
  for (const set of sets) {
    console.error(`WEFT_ISA=${set}`);
    const status = test(root, set, files);
    if (status !== 0) return status;
  }
  return 0;
}

function test(root: string, set: string, files: readonly string[]): number {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const config = ['--config', 'test/vitest.config.ts', `--testTimeout=${TIMEOUT_MS}`];
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...config, '--pool=forks', ...files], {
    cwd: root,
    // As in CI, where a build that is missing is an error.
    env: { ...process.env, ...sanitizedEnvironment(set), CI: 'true' },
    stdio: 'inherit',
  });
  return status ?? 1;
}

process.exitCode = main();
