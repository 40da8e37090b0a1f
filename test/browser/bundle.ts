/** Modules of tests and all that they import, as one module that a browser runs. */

import { build } from 'esbuild';
import { ROOT } from '../house/sources.js';

const made = new Map<string, Promise<Uint8Array>>();

/** @param entry path from the root of the project; made once and kept */
export function bundle(entry: string): Promise<Uint8Array> {
  const known = made.get(entry) ?? make(entry);
  made.set(entry, known);
  return known;
}

async function make(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    ...{ bundle: true, write: false, format: 'esm', platform: 'browser', target: 'es2023' },
    ...{ sourcemap: 'inline', logLevel: 'silent' },
  });
  return outputFiles[0]!.contents;
}
