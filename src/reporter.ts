import type { Writable } from 'node:stream';
import { FormatError, WeftError } from '../runtime/errors.js';

/** How progress can be shown: `auto` is a bar in a terminal and plain lines elsewhere. */
export const PROGRESS_STYLES = ['auto', 'bar', 'plain', 'none'] as const;
export type ProgressStyle = (typeof PROGRESS_STYLES)[number];

/** What a command tells while it works. */
export interface ReporterOptions {
  progress: ProgressStyle;
  /** Newline-delimited JSON on `stdout`. */
  json: boolean;
  /** Stacks of errors too. */
  debug: boolean;
  stdout: Writable;
  stderr: Writable & { isTTY?: boolean; columns?: number };
}

/** Version of the events of `--json`. */
export const eventVersion = 1;

/**
 * Talks to people on standard error and, with `--json`, to programs on standard output: one event a line, each with
 * `type` and `v`, the last exactly one `result` or `error`.
 */
export class Reporter {
  readonly #started = performance.now();
  readonly #style: Exclude<ProgressStyle, 'auto'>;
  #barShown = false;
  #lastShown = Number.NEGATIVE_INFINITY;
  #lastStage = '';

  readonly #options: ReporterOptions;

  constructor(options: ReporterOptions) {
    this.#options = options;

    const { progress, stderr, json } = options;
    this.#style = progress !== 'auto' ? progress : json ? 'none' : stderr.isTTY ? 'bar' : 'plain';
  }

  /** Whether events go to standard output. */
  get json(): boolean {
    return this.#options.json;
  }

  /** Seconds since the command began. */
  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** One event for programs. */
  event(type: string, fields: Record<string, unknown> = {}): void {
    if (!this.#options.json) return;
    const text = JSON.stringify({ type, v: eventVersion, ...fields }, withoutBigInt);
    this.#options.stdout.write(`${text}\n`);
  }

  /** A line for people. */
  line(text: string): void {
    this.clearBar();
    this.#options.stderr.write(`${text}\n`);
  }

  /** A row of figures for people; programs get the same as an event. */
  table(row: string): void {
    if (!this.#options.json) this.line(row);
  }

  /** Something worth knowing that is no error. */
  note(message: string): void {
    this.event('note', { message });
    if (!this.#options.json) this.line(`weft: ${message}`);
  }

  /**
   * How far a stage is.
   *
   * @param done 0..1 within the stage
   * @param fields for programs
   * @param more what else people may want to know
   */
  progress(stage: string, done: number, fields: Record<string, unknown> = {}, more = ''): void {
    const now = performance.now();
    const newStage = stage !== this.#lastStage;
    const interval = this.#style === 'plain' && !this.#options.json ? 5000 : 100;
    if (!newStage && now - this.#lastShown < interval) return;
    this.#lastShown = now;
    this.#lastStage = stage;
    const seconds = Math.round(this.seconds * 100) / 100;
    this.event('progress', { ...fields, stage, done, seconds });
    const percent = `${Math.round(100 * done)}%`;
    const tail = [`${seconds.toFixed(0)} s`, ...(more ? [more] : [])].join(', ');
    if (this.#style === 'bar') this.#showBar(stage, done, `${percent.padStart(5)} ${tail}`);
    if (this.#style === 'plain') this.#options.stderr.write(`weft: ${stage} ${percent} (${tail})\n`);
  }

  /** The last word of a command that succeeded: `fields` for programs, `text` for people. */
  result(fields: Record<string, unknown>, text: string): void {
    this.event('result', fields);
    this.clearBar();
    if (!this.#options.json && text) this.line(text);
  }

  /** A reporter for a step of a larger command: it shows progress, but has not the last word. */
  withoutResult(): Reporter {
    const step = new Reporter(this.#options);
    step.result = () => step.clearBar();
    return step;
  }

  /**
   * The last word of a command that failed.
   *
   * @param file the `.weft` file that was read: the decoder knows bytes, not names
   * @returns the exit code
   */
  error(error: unknown, file?: string): number {
    const known = asWeftError(error);
    const { code, hint, path, value, range } = known;
    const message = known instanceof FormatError && file ? `${file}: ${known.message}` : known.message;
    this.event('error', { code, message, hint, path, value, range, exitCode: known.exitCode });
    this.line(`weft: ${message}`);
    if (hint) this.line(`weft: ${hint}`);
    if (this.#options.debug && error instanceof Error) this.line(error.stack ?? String(error));
    return known.exitCode;
  }

  /** Takes the bar off the screen. */
  clearBar(): void {
    if (!this.#barShown) return;
    this.#options.stderr.write('\r\u001b[K');
    this.#barShown = false;
  }

  #showBar(stage: string, done: number, tail: string): void {
    const columns = this.#options.stderr.columns ?? 80;
    const width = Math.max(5, Math.min(40, columns - stage.length - tail.length - 4));
    const filled = Math.round(width * Math.max(0, Math.min(1, done)));
    const bar = '='.repeat(filled) + ' '.repeat(width - filled);
    this.#options.stderr.write(`\r\u001b[K${`${stage} [${bar}]${tail}`.slice(0, columns - 1)}`);
    this.#barShown = true;
  }
}

/** JSON has no integers of any size: they become texts. */
function withoutBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function asWeftError(error: unknown): WeftError {
  if (error instanceof WeftError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new WeftError(`Unexpected failure: ${message}`, {
    code: 'INTERNAL',
    hint: 'This is a fault of weft. Run it again with --debug and report what it prints.',
    cause: error,
  });
}
