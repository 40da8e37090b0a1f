/** Compiles the program and bundles the player once, before the tests that start them. */

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** @throws Error with the compiler's messages on standard error if the program does not compile. */
export function setup(): void {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const root = fileURLToPath(new URL('../..', import.meta.url));
  for (const words of [[compiler, '-p', root], [`${root}/runtime/player/build.mjs`]])
    execFileSync(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'] });
}
