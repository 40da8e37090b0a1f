import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkOutput, writeFailure, writeWhole } from '../../media/outputFile.js';
import { ratePage } from './page.js';
import { ratePlot } from './plot.js';
import type { RateResults } from './results.js';

const PAGE = 'index.html';

/**
 * Makes the folder before the long work begins.
 *
 * @throws MediaError OUTPUT_EXISTS if it holds a page already, WRITE_FAILED
 */
export async function prepareResultFolder(folder: string, overwrite: boolean): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw writeFailure(folder, cause);
  });
  await checkOutput(path.join(folder, PAGE), { overwrite });
}

/**
 * Writes index.html, a drawing of each film and results.json; each file appears when it is complete, the page last.
 *
 * @returns the page
 * @throws MediaError DISK_FULL, WRITE_FAILED
 */
export async function writeResults(folder: string, results: RateResults): Promise<string> {
  const write = (name: string, text: string) =>
    writeWhole(path.join(folder, name), (part) => writeFile(part, text));
  for (const film of results.films) await write(`${film.name}.svg`, ratePlot(film));
  await write('results.json', `${JSON.stringify(results, null, 1)}\n`);
  await write(PAGE, ratePage(results));
  return path.join(folder, PAGE);
}
