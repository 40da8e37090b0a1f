/** Runs mutations in child processes; one that crashes or hangs is noted with its mutation, and another takes its place. */

import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCorpus } from './corpus.js';
import { Mutator } from './mutation.js';
import { addReport, emptyReport, type Report } from './report.js';
import { type Limits, placeOf, type Range, type WorkerMessage, type WorkerTask } from './workerTask.js';

export interface FuzzOptions {
  readonly seed: number;
  /** Mutations from..to - 1 of the seed. */
  readonly range: Range;
  readonly engines: WorkerTask['engines'];
  readonly processes: number;
  readonly limits: Limits;
  /** Seconds after which nothing more is begun; none by default. */
  readonly seconds?: number;
  /** Variables of the children beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Compiled worker.ts. */
  readonly worker: URL;
  onProgress?(report: Report): void;
}

/** Mutations that a child is given at a time. */
const RANGE = 250;

/** More findings than this say nothing new. */
const MOST_FINDINGS = 100;

/** A child that has been at one mutation for so many times the limit hangs. It counts processor time; here others count too. */
const PATIENCE = 5;
const WATCH_MS = 200;

/** So much of a child's error output is kept: a sanitizer says the most important first. */
const KEPT_OUTPUT = 4000;

export async function fuzz(options: FuzzOptions): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-fuzz-'));
  try {
    const queue = new Queue(options);
    const children = Array.from(
      { length: options.processes },
      (_, i) => new Child(options, queue, join(folder, `${i}`)),
    );
    await Promise.all(children.map((child) => child.run()));
    return queue.report;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is left to do, and what was found. */
class Queue {
  readonly report = emptyReport();
  readonly #options: FuzzOptions;
  readonly #again: Range[] = [];
  readonly #deadline: number;
  #next: number;

  constructor(options: FuzzOptions) {
    this.#options = options;
    this.#next = options.range.from;
    this.#deadline = Date.now() + 1000 * (options.seconds ?? Number.POSITIVE_INFINITY);
  }

  take(): Range | undefined {
    if (this.report.findings.length >= MOST_FINDINGS) return undefined;
    const again = this.#again.pop();
    if (again) return again;
    const { to } = this.#options.range;
    if (this.#next >= to || Date.now() >= this.#deadline) return undefined;
    const from = this.#next;
    this.#next = Math.min(to, from + RANGE);
    return { from, to: this.#next };
  }

  add(report: Report): void {
    addReport(this.report, report);
    this.#options.onProgress?.(this.report);
  }

  /** Mutation `index` ended the child that was at `range`; all others of the range are done anew. */
  addEnd(range: Range, index: number, fault: 'crash' | 'hang', detail: string): void {
    const { story } = new Mutator(loadCorpus(), this.#options.seed).mutate(index);
    for (const rest of [
      { from: index + 1, to: range.to },
      { from: range.from, to: index },
    ]) {
      if (rest.from < rest.to) this.#again.push(rest);
    }
    this.add({ mutations: 1, decoded: 0, refused: {}, findings: [{ fault, index, story, detail }] });
  }
}

/** One place for a child process. */
class Child {
  readonly #options: FuzzOptions;
  readonly #queue: Queue;
  readonly #placeFile: string;

  constructor(options: FuzzOptions, queue: Queue, placeFile: string) {
    this.#options = options;
    this.#queue = queue;
    this.#placeFile = placeFile;
  }

  async run(): Promise<void> {
    for (let range = this.#queue.take(); range; range = this.#queue.take()) await this.#runProcess(range);
  }

  /** Starts a process on a range and gives it more of them, until there are none or it ends on its own. */
  #runProcess(first: Range): Promise<void> {
    writeFileSync(this.#placeFile, new Uint8Array(0));
    const process = this.#start();
    const output = keepOutput(process);
    let range: Range | undefined = first;
    const watch = new Watch(this.#placeFile, PATIENCE * this.#options.limits.seconds, process);
    process.on('message', (message: WorkerMessage) => {
      if (message.type === 'done') {
        this.#queue.add(message.report);
        range = this.#queue.take();
      }
      if (range) process.send(range);
      else process.kill();
    });
    return new Promise((resolve, reject) => {
      process.on('error', reject);
      process.on('close', (code, signal) => {
        watch.stop();
        if (range) {
          const index = placeOf(readFileSync(this.#placeFile));
          const end = watch.hung ? 'no end' : (signal ?? `exit code ${code}`);
          const detail = `${end}\n${output()}`.trimEnd();
          if (index === undefined) return reject(new Error(`A worker did not start: ${detail}`));
          this.#queue.addEnd(range, index, watch.hung ? 'hang' : 'crash', detail);
        }
        resolve();
      });
    });
  }

  #start(): ChildProcess & { send(range: Range): boolean } {
    const { seed, engines, limits, worker, environment } = this.#options;
    const task: WorkerTask = { seed, engines, limits, placeFile: this.#placeFile };
    return fork(worker, [JSON.stringify(task)], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    }) as ChildProcess & { send(range: Range): boolean };
  }
}

/** Ends a process that stays at one mutation for too long. */
class Watch {
  hung = false;
  readonly #timer: NodeJS.Timeout;
  #place: number | undefined;
  #since = Date.now();

  constructor(file: string, seconds: number, child: ChildProcess) {
    this.#timer = setInterval(() => {
      const place = placeOf(readFileSync(file));
      if (place !== this.#place) this.#since = Date.now();
      this.#place = place;
      if (place === undefined || Date.now() - this.#since < 1000 * seconds) return;
      this.hung = true;
      child.kill('SIGKILL');
    }, WATCH_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function keepOutput(child: ChildProcess): () => string {
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(0, KEPT_OUTPUT);
  });
  return () => output;
}
