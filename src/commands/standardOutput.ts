/** Results that go to standard output instead of a file. */

import { createReadStream } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../../runtime/errors.js';
import { withTemporaryFolder } from '../media/temporaryFolder.js';
import type { Reporter } from '../reporter.js';

/**
 * Checks that standard output is free for the result.
 *
 * @throws UsageError OUTPUT_TAKEN
 */
export function refuseEvents({ json }: Reporter): void {
  if (!json) return;
  throw new UsageError('Standard output cannot hold both the result and the events of --json.', {
    code: 'OUTPUT_TAKEN',
    hint: 'Leave out --json, or write to a file with -o.',
    path: '--json',
  });
}

/** Lets `write` fill a temporary file, which then goes to standard output. */
export async function throughFile<T>(write: (file: string) => Promise<T>): Promise<T & { output: string }> {
  return withTemporaryFolder(async (folder) => {
    const file = path.join(folder, 'result');
    const report = await write(file);
    await pipeline(createReadStream(file), process.stdout, { end: false });
    return { ...report, output: '-' };
  });
}
