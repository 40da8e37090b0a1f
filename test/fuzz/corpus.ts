/** The sound files that mutations start from: the golden vectors, and small films that use every feature of the format. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { priorTensors } from '../../runtime/field/nets.js';
import { randomTensors, type SampleFilm, sampleFilm } from '../runtime/sampleSegments.js';
import { assemble, concatenate, partsOf } from './fileParts.js';

/** Folder with package.json, from the sources and from what was compiled of them. */
export function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

const MAGIC_BYTES = 8;

const plain: SampleFilm = {
  width: 16,
  height: 16,
  chroma: '420',
  frames: [2],
  anchorDistance: 4,
  drawing: 'sparse',
  baseExponent: 40,
};

/** Few pixels, so that a decoder does thousands a second. */
const FILMS: readonly Partial<SampleFilm>[] = [
  {},
  { chroma: '444', drawing: 'dense' },
  { width: 17, height: 19, frames: [3, 2], drawing: 'dense', streams: 2 },
  { width: 33, height: 16, frames: [5], anchorDistance: 2, firstAnchor: 1, streams: 5 },
  { width: 16, height: 67, frames: [1], chroma: '444', drawing: 'huge', baseExponent: -60 },
  { width: 40, height: 24, frames: [3], refinement: 7, streams: 3 },
  { width: 97, height: 18, frames: [2], drawing: 'empty' },
  { frames: [34], anchorDistance: 16, laterDistances: [4], drawing: 'empty' },
  { frames: [1, 1, 1, 1], drawing: 'dense', baseExponent: 96 },
  { width: 31, height: 31, frames: [4], drawing: 'huge', baseExponent: -84, streams: 2 },
  { frames: [1, 2, 1], drawing: 'dense', laterNets: [1] },
];

/** Files in an order that never changes: what a seed and an index mean depends on it. */
export function loadCorpus(): Uint8Array[] {
  const folder = join(repositoryRoot(), 'test/runtime/vectors');
  const vectors = readdirSync(folder)
    .filter((name) => name.endsWith('.weft'))
    .sort()
    .map((name) => new Uint8Array(readFileSync(join(folder, name))));
  const films = FILMS.map((film, i) => {
    const tensors = i % 4 === 1 ? randomTensors(i, 0.1) : priorTensors();
    return sampleFilm({ ...plain, ...film }, 100 + i, tensors).bytes;
  });
  return [...vectors, ...films, withChunks(films[0]!)];
}

function withChunks(file: Uint8Array): Uint8Array {
  const parts = partsOf(file);
  const letters = (name: string): Uint8Array => Uint8Array.from(name, (letter) => letter.charCodeAt(0));
  parts.chunks.push({ name: letters('note'), bytes: letters('a chunk') });
  parts.chunks.push({ name: letters('none'), bytes: concatenate([]) });
  return assemble(file.subarray(0, MAGIC_BYTES), parts);
}
