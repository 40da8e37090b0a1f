import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** A folder that is there until it is removed. */
export interface TemporaryFolder {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Makes a folder of its own. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'weft-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Lets `use` work in a folder of its own that is removed afterwards, whatever happens. */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const { folder, remove } = await temporaryFolder();
  try {
    return await use(folder);
  } finally {
    await remove();
  }
}
