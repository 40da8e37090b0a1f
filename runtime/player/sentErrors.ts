/** Errors of weft from one thread to another: their class, code and hint come along. */

import {
  EngineError,
  FormatError,
  InterruptedError,
  MediaError,
  SourceError,
  UsageError,
  WeftError,
} from '../errors.js';
import type { SentError } from './workerMessages.js';

const CLASSES = { EngineError, FormatError, MediaError, SourceError, UsageError };

/** An error as plain data. What is not weft's own is a failure of the engine, of memory above all. */
export function sentError(error: unknown): SentError {
  if (error instanceof WeftError) {
    const { name, message, code, hint, path, range } = error;
    return { name, message, code, hint, ...(path && { path }), ...(range && { range }) };
  }
  return {
    name: 'EngineError',
    message: `The decoder failed: ${error instanceof Error ? error.message : String(error)}.`,
    code: 'ENGINE_FAILED',
    hint: 'Load the film again; close other pages if memory is short.',
  };
}

/** Words for people: what has happened, and what to do about it where that is not said yet. */
export function errorText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof WeftError ? error.hint : '';
  return message.includes(hint) ? message : `${message} ${hint}`;
}

/** The error that was sent. */
export function receivedError({ name, message, ...details }: SentError): WeftError {
  if (name === 'InterruptedError') return new InterruptedError(message);
  const known = CLASSES[name as keyof typeof CLASSES] ?? EngineError;
  return new known(message, details);
}
