/**
 * Decodes mutated files and reports what no file may bring about: crashes, hangs, memory beyond the limit, errors that FORMAT.md
 * does not list, engines that disagree.
 *
 *     npm run fuzz -- --runs 20000 [--engine native|wasm|reference|both|URL] [--seed S] [--seconds T] [--processes N]
 *     npm run fuzz -- --seed S --only I [--save FILE]
 *
 * `WEFT_ISA` chooses the build of the native engine; the sanitized ones (test/sanitized) are built by `npm run build:sanitized`.
 */

import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { sanitizedEnvironment } from '../sanitized/environment.js';
import { loadCorpus } from './corpus.js';
import { Mutator } from './mutation.js';
import { type FuzzOptions, fuzz } from './pool.js';
import { type Report, refusalLines, summaryLine } from './report.js';

const OPTIONS = {
  runs: { type: 'string', default: '20000' },
  engine: { type: 'string', default: 'native' },
  seed: { type: 'string', default: '1' },
  seconds: { type: 'string' },
  processes: { type: 'string', default: '2' },
  only: { type: 'string' },
  save: { type: 'string' },
} as const;

/** The reference takes a second for a million pixels. */
const SEGMENT_PIXELS = { native: 2 ** 20, slow: 2 ** 16 };
/** A sanitized build is so many times slower. */
const SANITIZED_SLOWNESS = 5;
const SECONDS = 2;
const BYTES = 2 ** 28;

const PROGRESS_MS = 10_000;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  const seed = wholeNumber('seed', values.seed);
  const runs = wholeNumber('runs', values.runs);
  const only = values.only === undefined ? undefined : wholeNumber('only', values.only);
  const environment = sanitizedEnvironment(process.env.WEFT_ISA);
  const engines = values.engine === 'both' ? ['native', 'reference'] : [values.engine];
  if (only !== undefined) tell(seed, only, values.save);
  const report = await fuzz({
    seed,
    engines,
    range: only === undefined ? { from: 0, to: runs } : { from: only, to: only + 1 },
    processes: only === undefined ? wholeNumber('processes', values.processes) : 1,
    limits: limits(engines, environment !== undefined),
    ...(values.seconds === undefined ? {} : { seconds: wholeNumber('seconds', values.seconds) }),
    ...(environment ? { environment } : {}),
    worker: new URL('./worker.js', import.meta.url),
    onProgress: progress(),
  });
  for (const { fault, index, story, detail } of report.findings) {
    console.error(`\n${fault}: --seed ${seed} --only ${index}  (${story})\n${detail.replace(/^/gm, '    ')}`);
  }
  console.error(['', summaryLine(report), ...refusalLines(report)].join('\n'));
  process.exitCode = report.findings.length > 0 ? 1 : 0;
}

function limits(engines: readonly string[], sanitized: boolean): FuzzOptions['limits'] {
  const onlyNative = engines.every((engine) => engine === 'native');
  return {
    segmentPixels: onlyNative && !sanitized ? SEGMENT_PIXELS.native : SEGMENT_PIXELS.slow,
    seconds: SECONDS * (sanitized ? SANITIZED_SLOWNESS : 1),
    bytes: BYTES * (sanitized ? SANITIZED_SLOWNESS : 1),
  };
}

/** What one mutation is, and its bytes for whoever wants to look at them. */
function tell(seed: number, index: number, file: string | undefined): void {
  const { bytes, story } = new Mutator(loadCorpus(), seed).mutate(index);
  console.error(`${bytes.length} bytes: ${story}`);
  if (file !== undefined) writeFileSync(file, bytes);
}

function progress(): (report: Report) => void {
  const start = Date.now();
  let last = start;
  return (report) => {
    if (Date.now() - last < PROGRESS_MS) return;
    last = Date.now();
    const rate = Math.round((1000 * report.mutations) / (last - start));
    console.error(`${summaryLine(report)}, ${rate} a second`);
  };
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new RangeError(`--${name} ${text} is not a whole number`);
}

await main();
