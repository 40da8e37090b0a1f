/**
 * Bundles the player: `dist/player/weft-player.js`, one module with all that it needs, the program of its worker and the decoder
 * among it; and `weft-worker.js`, that program by itself, for pages whose policy allows no workers from blobs.
 *
 *     node runtime/player/build.mjs [FOLDER]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));

/** The player reads headers and writes none: what packs them, 5 kB of brotli, stays out. */
const UNPACKING_ONLY = {
  name: 'unpacking only',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^msgpackr$/ }, () => ({ path: 'msgpackr', namespace: 'unpacking' }));
    onLoad({ filter: /.*/, namespace: 'unpacking' }, () => ({
      contents: "export { Unpackr } from 'msgpackr/unpack'; export class Packr {}",
      resolveDir: here,
    }));
  },
};

/** Shaders are text, which nothing minifies. */
const BARE_SHADERS = {
  name: 'shaders without comments and indents',
  setup({ onLoad }) {
    onLoad({ filter: /gpu[\\/](glsl|wgsl)\w+\.ts$/ }, ({ path: file }) => {
      const source = readFileSync(file, 'utf8');
      return { contents: source.replace(/^ *\/\/.*\n/gm, '').replace(/^ +/gm, ''), loader: 'ts' };
    });
  },
};

const BROWSERS = {
  ...{ target: 'es2023', platform: 'browser', logLevel: 'error' },
  plugins: [UNPACKING_ONLY, BARE_SHADERS],
};

async function bundle(entry, options) {
  const { outputFiles } = await build({
    ...{ entryPoints: [path.join(here, entry)], bundle: true, minify: true, write: false },
    ...BROWSERS,
    ...options,
  });
  return outputFiles[0].text;
}

/** Both files as text: `{ player, worker }`. */
export async function bundlePlayer() {
  const worker = await bundle('filmWorker.ts', { format: 'iife' });
  const define = { WEFT_WORKER_PROGRAM: JSON.stringify(worker) };
  return { player: await bundle('index.ts', { format: 'esm', define }), worker };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? path.join(here, '../../dist/player');
  mkdirSync(folder, { recursive: true });
  const { player, worker } = await bundlePlayer();
  for (const [name, text] of [
    ['weft-player.js', player],
    ['weft-worker.js', worker],
  ]) {
    writeFileSync(path.join(folder, name), text);
    const packed = brotliCompressSync(text).length;
    console.log(`${name}: ${(text.length / 1000).toFixed(1)} kB, brotli ${(packed / 1000).toFixed(1)} kB`);
  }
}
