/**
 * Builds the two native addons (decoder, trainer) at install time.
 *
 * Neither is needed to decode a film: without them decoding runs on WebAssembly, and encoding on
 * TensorFlow.js. So this script never fails an install: it prints one notice and
 * ends with code 0. `WEFT_SKIP_NATIVE=1` skips the build.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const addons = ['runtime/native', 'trainers/native'];

function notice(text) {
  console.error(
    `weft: native engine not built: ${text}\n` +
      'weft: decoding uses WebAssembly, encoding the (slow) engines of TensorFlow.js.\n' +
      'weft: to build it later: node runtime/native/build.mjs',
  );
}

function runs(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function missingTools() {
  if (process.platform === 'win32') return []; // node-gyp looks for Visual Studio itself
  const wanted = [
    [process.env.PYTHON ?? 'python3', 'python3'],
    ['make', 'make'],
    [process.env.CXX ?? (runs('g++') ? 'g++' : 'c++'), 'a C++17 compiler (g++ or clang++)'],
  ];
  return wanted.filter(([command]) => !runs(command)).map(([, name]) => name);
}

function nodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return undefined;
  }
}

/** Headers that came with this Node spare node-gyp a download. */
function headerOptions() {
  const prefix = path.dirname(path.dirname(process.execPath));
  return existsSync(path.join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

/** Builds an addon. Resolves with what went wrong, if anything did. */
async function build(gyp, directory) {
  const args = [gyp, 'rebuild', '--release', '--loglevel=error', '-j', 'max', ...headerOptions()];
  try {
    await run(process.execPath, args, { cwd: path.join(root, directory), maxBuffer: 1 << 26 });
    return undefined;
  } catch ({ stdout, stderr, message }) {
    return { directory, log: `${stdout ?? ''}${stderr ?? ''}`.trimEnd() || message };
  }
}

async function main() {
  if (process.env.WEFT_SKIP_NATIVE === '1') return notice('WEFT_SKIP_NATIVE=1 is set');
  const present = addons.filter((directory) => existsSync(path.join(root, directory, 'binding.gyp')));
  if (present.length === 0) return;
  const missing = missingTools();
  if (missing.length > 0) return notice(`${missing.join(', ')} not found`);
  const gyp = nodeGyp();
  if (!gyp) return notice('node-gyp is not installed');
  // Side by side: while one is configured or linked, the other is compiled.
  const failed = (await Promise.all(present.map((directory) => build(gyp, directory)))).find(Boolean);
  if (!failed) return;
  console.error(failed.log.split('\n').slice(-40).join('\n'));
  notice(`building ${failed.directory} failed`);
}

await main();
