/**
 * The child process that decodes mutations: a range at a time, as its parent asks. Before each mutation it writes the number into
 * a file, so that the parent knows which one ended it.
 */

import { openSync, writeSync } from 'node:fs';
import process from 'node:process';
import type { DecoderEngine } from '../../runtime/engine/decoderEngine.js';
import { createNativeDecoderEngine } from '../../runtime/native/nativeDecoderEngine.js';
import { createReferenceDecoderEngine } from '../../runtime/reference/referenceDecoderEngine.js';
import { openWasmDecoderEngine } from '../../runtime/wasm/wasmDecoderEngine.js';
import { loadCorpus } from './corpus.js';
import { Mutator } from './mutation.js';
import { emptyReport, type Fault, type Report } from './report.js';
import { disagreement, documentedCodes, examine, type Outcome } from './trial.js';
import { PLACE_BYTES, placeBytes, type Range, type WorkerMessage, type WorkerTask } from './workerTask.js';

/** An engine of the caller's own. */
interface DecoderModule {
  createDecoderEngine(threads: number): DecoderEngine;
}

/** One mutation in this many is decoded on two threads, and of one its latents are taken where nothing is compared with them. */
const THREADED = 8;
const WITH_LATENTS = 8;

async function createDecoder(engine: string, threads: number): Promise<DecoderEngine> {
  if (engine === 'native') return createNativeDecoderEngine({ threads });
  if (engine === 'reference') return createReferenceDecoderEngine({ threads });
  if (engine === 'wasm') return openWasmDecoderEngine({ threads });
  return ((await import(engine)) as DecoderModule).createDecoderEngine(threads);
}

class Worker {
  readonly #task: WorkerTask;
  readonly #mutator: Mutator;
  /** By number of threads less 1, by engine. */
  readonly #decoders: readonly (readonly DecoderEngine[])[];
  readonly #codes = documentedCodes();
  readonly #place: number;

  constructor(task: WorkerTask, decoders: readonly (readonly DecoderEngine[])[]) {
    this.#task = task;
    this.#mutator = new Mutator(loadCorpus(), task.seed);
    this.#decoders = decoders;
    this.#place = openSync(task.placeFile, 'r+');
  }

  async run({ from, to }: Range): Promise<Report> {
    const report = emptyReport();
    for (let index = from; index < to; index++) {
      writeSync(this.#place, placeBytes(index), 0, PLACE_BYTES, 0);
      await this.#try(index, report);
    }
    return report;
  }

  async #try(index: number, report: Report): Promise<void> {
    const { bytes, story } = this.#mutator.mutate(index);
    const before = measure();
    const outcomes = await this.#outcomes(bytes, index);
    const after = measure();
    const find = (fault: Fault, detail: string): void => {
      report.findings.push({ fault, index, story, detail });
    };
    report.mutations++;
    const { seconds, bytes: most } = this.#task.limits;
    const spent = after.seconds - before.seconds;
    const grown = after.peakBytes - before.peakBytes;
    if (spent > seconds) find('hang', `took ${spent.toFixed(1)} s`);
    if (grown > most) find('overallocation', `took ${Math.round(grown / 2 ** 20)} MiB more`);
    count(outcomes[0]!, report);
    for (const outcome of outcomes) if (outcome.kind === 'uncoded') find('uncoded', outcome.error);
    const difference = outcomes[1] && disagreement(outcomes[0]!, outcomes[1]);
    if (difference) find('differing', `${this.#task.engines.join(' and ')}: ${difference}`);
  }

  async #outcomes(bytes: Uint8Array, index: number): Promise<Outcome[]> {
    const decoders = this.#decoders[index % THREADED === 0 ? 1 : 0]!;
    const examination = {
      maxSegmentPixels: this.#task.limits.segmentPixels,
      codes: this.#codes,
      latents: decoders.length > 1 || index % WITH_LATENTS === 1,
    };
    const outcomes: Outcome[] = [];
    for (const decoder of decoders) {
      outcomes.push(await examine(bytes, decoder, examination));
    }
    return outcomes;
  }
}

function count(outcome: Outcome, report: Report): void {
  if (outcome.kind === 'decoded') report.decoded++;
  if (outcome.kind === 'refused') report.refused[outcome.code] = (report.refused[outcome.code] ?? 0) + 1;
}

/** Processor time of this process, and the most memory that it ever had. */
function measure(): { seconds: number; peakBytes: number } {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { seconds: (userCPUTime + systemCPUTime) / 1e6, peakBytes: maxRSS * 1024 };
}

async function main(task: WorkerTask): Promise<void> {
  const create = (threads: number) =>
    Promise.all(task.engines.map((engine) => createDecoder(engine, threads)));
  const worker = new Worker(task, [await create(1), await create(2)]);
  const send = (message: WorkerMessage): void => {
    process.send?.(message);
  };
  process.on('message', (range: Range) => {
    worker.run(range).then((report) => send({ type: 'done', report }));
  });
  send({ type: 'ready' });
}

if (process.send) await main(JSON.parse(process.argv[2]!) as WorkerTask);
