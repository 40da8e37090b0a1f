import { readFile } from 'node:fs/promises';
import { unreadable } from '../media/unreadable.js';

/**
 * The bytes of a `.weft` file.
 *
 * @throws MediaError FILE_MISSING, FILE_UNREADABLE
 */
export async function readWeftFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw unreadable(file, 'a .weft file', cause);
  }
}
