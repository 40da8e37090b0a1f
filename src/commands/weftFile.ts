import { readFile } from 'node:fs/promises';
import { MediaError } from '../../runtime/errors.js';

/**
 * The bytes of a `.weft` file.
 *
 * @throws MediaError FILE_MISSING, FILE_UNREADABLE
 */
export async function readWeftFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new MediaError(missing ? `${file} does not exist.` : `${file} cannot be read.`, {
      code: missing ? 'FILE_MISSING' : 'FILE_UNREADABLE',
      hint: missing ? 'Check the path.' : 'Give a .weft file that you may read.',
      path: 'input',
      value: file,
      cause,
    });
  }
}
