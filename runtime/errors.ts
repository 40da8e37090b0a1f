/**
 * Errors of weft. A class says who can fix the problem (and gives the exit code of the command line), `code` is stable
 * and may be matched by programs, `hint` says what to do about it.
 */

/** What every error carries besides its message. */
export interface ErrorDetails {
  /** Stable identifier in capitals, for example `FILE_TRUNCATED`. */
  code: string;
  /** One sentence: what to do about it. */
  hint: string;
  /** Path of the offending field, for example `header.width` or `options.crf`. */
  path?: string;
  /** The offending value. */
  value?: unknown;
  /** The legal range in words, for example `16..16384`. */
  range?: string;
  /** The error that caused this one. */
  cause?: unknown;
}

/** Base class of every error that weft throws on purpose. */
export class WeftError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly path: string | undefined;
  readonly value: unknown;
  readonly range: string | undefined;
  /** Exit code of the command line: 1 the work failed, 2 the request was wrong, 130 interrupted. */
  readonly exitCode: 1 | 2 | 130 = 1;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.hint = details.hint;
    this.path = details.path;
    this.value = details.value;
    this.range = details.range;
  }
}

/** The caller asked for something impossible: an unknown option, a value out of range. */
export class UsageError extends WeftError {
  override readonly exitCode = 2;
}

/** The film that comes in or goes out cannot be read or written. */
export class MediaError extends WeftError {}

/** The bytes are not a `.weft` file that this decoder can read. */
export class FormatError extends WeftError {}

/** The bytes of a `.weft` file cannot be read where they lie: on a server, on a disk, in a page. */
export class SourceError extends WeftError {}

/** The engine that was asked for is not there or failed. */
export class EngineError extends WeftError {}

/** The work was stopped from outside through an `AbortSignal`. */
export class InterruptedError extends WeftError {
  override readonly exitCode = 130;

  constructor(message = 'The work was interrupted.') {
    super(message, { code: 'INTERRUPTED', hint: 'Start it again to go on.' });
  }
}

/** @throws InterruptedError if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new InterruptedError();
}
