/** Compiles the program once, before the tests that start it. */

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** @throws Error with the compiler's messages on standard error if the program does not compile. */
export function setup(): void {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const root = fileURLToPath(new URL('../..', import.meta.url));
  execFileSync(process.execPath, [compiler, '-p', root], { stdio: 'inherit' });
}
