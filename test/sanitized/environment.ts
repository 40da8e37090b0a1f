/** What a process needs that loads a sanitized addon. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

/** Whether `WEFT_ISA` asks for a build of test/sanitized: `sanitized` (portable), `sanitized_avx2`, `sanitized_avx512`. */
export function isSanitized(instructionSet: string | undefined): boolean {
  return instructionSet?.startsWith('sanitized') ?? false;
}

/**
 * Variables for a process with that `WEFT_ISA`; undefined if it is not a sanitized one. Node itself is not sanitized: the runtime of
 * the sanitizers must be there before it, and what Node still holds at its end is not our leak.
 *
 * @throws Error if the compiler has no AddressSanitizer.
 */
export function sanitizedEnvironment(instructionSet: string | undefined): Record<string, string> | undefined {
  if (!isSanitized(instructionSet)) return undefined;
  return {
    WEFT_ISA: instructionSet!,
    LD_PRELOAD: sanitizerRuntime(),
    // Freed memory is kept for a while, so that its use is noticed; not so much of it that the memory of a process says nothing.
    ASAN_OPTIONS: 'detect_leaks=0:quarantine_size_mb=32:allocator_may_return_null=1',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  };
}

function sanitizerRuntime(): string {
  const compiler = process.env.CXX ?? 'g++';
  const library = execFileSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  if (!existsSync(library)) throw new Error(`${compiler} has no AddressSanitizer (libasan.so)`);
  return library;
}
