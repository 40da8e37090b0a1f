/**
 * Builds the decoder as WebAssembly: `decoderBytes.ts` beside this file, which holds the module as text, so that no request is
 * needed for it where it is used. With the clang++ that WEFT_WASM_CLANG names (and the libc++ headers of its own), else with the
 * one of npm, which is WebAssembly itself. Built again only if a source, a flag or the compiler changed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';

const here = path.dirname(fileURLToPath(import.meta.url));
const output = path.join(here, 'decoderBytes.ts');
const sources = ['decoder.cc', 'memory.cc', 'rowTeam.cc'];

/** What the module asks JavaScript for; everything else it brings. */
const IMPORTS = ['log2'];

/** Atomics and shared memory are in the module always: decoderModule.ts says what becomes of them where there are no threads. */
const COMPILER_FLAGS = [
  ...[
    '--target=wasm32-wasip1',
    '-pthread',
    '-msimd128',
    '-mbulk-memory',
    '-std=c++17',
    '-O2',
    // Kernels are vectors already: what a compiler would add to the rest is 2% of the speed and 2 kB of every page.
    '-fno-vectorize',
    '-fno-slp-vectorize',
    '-fvisibility=hidden',
  ],
  ...['-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics', '-fno-math-errno', '-fno-trapping-math'],
  ...['-Wall', '-Wno-psabi', '-I.', '-c'],
];
const LINKER_FLAGS = [
  ...[
    '--no-entry',
    '--import-memory',
    '--shared-memory',
    '--max-memory=1073741824',
    '-z',
    'stack-size=1048576',
  ],
  ...[
    '--export=__stack_pointer',
    '--allow-undefined-file=imports.txt',
    '--gc-sections',
    '--strip-all',
    '-O2',
  ],
];

/** All sources, in one folder. */
function sourceTree() {
  const tree = { 'imports.txt': IMPORTS.join('\n') };
  const add = (folder, names) => {
    for (const name of names) tree[name] = readFileSync(path.join(folder, name), 'utf8');
  };
  const native = path.join(here, '../native');
  add(
    native,
    readdirSync(native).filter((name) => name.endsWith('.h')),
  );
  add(here, ['memory.h', ...sources]);
  return tree;
}

const objectOf = (source) => source.replace('.cc', '.o');

/** Steps of the build: tool and arguments. */
const steps = [
  ...sources.map((source) => ['clang++', [...COMPILER_FLAGS, source, '-o', objectOf(source)]]),
  ['wasm-ld', [...sources.map(objectOf), '-o', 'decoder.wasm', ...LINKER_FLAGS]],
];

/** With a compiler of this machine. */
function buildHere(clang, tree) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'weft-wasm-'));
  const tools = { 'clang++': clang, 'wasm-ld': clang.replace('clang++', 'wasm-ld') };
  try {
    for (const [name, text] of Object.entries(tree)) writeFileSync(path.join(folder, name), text);
    for (const [tool, args] of steps) {
      const { status, error } = spawnSync(tools[tool], args, { cwd: folder, stdio: ['ignore', 2, 2] });
      if (status !== 0) throw new Error(`${tools[tool]} failed${error ? `: ${error.message}` : ''}`);
    }
    return readFileSync(path.join(folder, 'decoder.wasm'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With the compiler of npm. */
async function buildAnywhere(tree) {
  const { commands, runLLVM } = await import('@yowasp/clang');
  // Loaded by itself, so that it does not print how it is loaded.
  await runLLVM(null, undefined, { fetchProgress: () => {} });
  const tell = (bytes) => bytes && process.stderr.write(bytes);
  let files = tree;
  for (const [tool, args] of steps) files = await commands[tool](args, files, { stdout: tell, stderr: tell });
  return files['decoder.wasm'];
}

async function compilerVersion(clang) {
  if (clang) return spawnSync(clang, ['--version'], { encoding: 'utf8' }).stdout;
  return (await import('@yowasp/clang')).version;
}

async function main() {
  const clang = process.env.WEFT_WASM_CLANG;
  const tree = sourceTree();
  const digest = createHash('sha256')
    .update(
      JSON.stringify([
        tree,
        readFileSync(fileURLToPath(import.meta.url), 'utf8'),
        await compilerVersion(clang),
      ]),
    )
    .digest('hex');
  const mark = `// ${digest}`;
  if (readSaved().startsWith(mark)) return;
  const module = clang ? buildHere(clang, tree) : await buildAnywhere(tree);
  const text = deflateRawSync(module, { level: 9 }).toString('base64');
  const lines = [
    mark,
    '/** The module of decoder.cc, deflated, in base64; written by build.mjs. */',
    `export const DECODER_BYTES = '${text}';`,
  ];
  writeFileSync(output, `${lines.join('\n')}\n`);
}

function readSaved() {
  try {
    return readFileSync(output, 'utf8');
  } catch {
    return '';
  }
}

await main();
