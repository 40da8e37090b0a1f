/**
 * Files of format version 1, in vectors/: what they hold and, beside each, what it decodes to. They must decode to the same
 * integers for ever, and nearly to the same pictures. They change only with the format itself; then
 *
 *     WEFT_GOLDEN=write npx vitest run --config test/vitest.config.ts test/runtime/golden.test.ts
 *
 * writes them anew from the samples below.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { open } from '../../runtime/film/film.js';
import { crc32c } from '../../runtime/format/crc32c.js';
import type { Picture } from '../../runtime/picture/picture.js';
import { meansText } from './blockMeans.js';
import { randomTensors, type SampleFilm, sampleFilm } from './sampleSegments.js';

/** How a file was made. */
interface GoldenFile {
  readonly name: string;
  readonly made: SampleFilm;
  readonly seed: number;
}

/** What it decodes to. */
export interface GoldenRecord {
  /** CRC-32C of the latents of all nodes, in hexadecimal digits. */
  readonly latents: string;
  /** Of every frame, for Y, Cb and Cr: see blockMeans. */
  readonly blockMeans: readonly (readonly string[])[];
}

const base = { frames: [6], anchorDistance: 4, streams: 2, baseExponent: 8 };

export const GOLDEN_FILES: readonly GoldenFile[] = [
  { name: 'dense420', made: { ...base, width: 40, height: 33, chroma: '420', drawing: 'dense' }, seed: 5 },
  {
    name: 'sparse444',
    made: { ...base, firstAnchor: 3, width: 36, height: 50, chroma: '444', drawing: 'sparse' },
    seed: 6,
  },
  { name: 'huge420', made: { ...base, width: 33, height: 20, chroma: '420', drawing: 'huge' }, seed: 9 },
];

/** What the writer makes of the sample. */
export function writtenAgain({ made, seed }: GoldenFile): Uint8Array {
  return sampleFilm(made, seed, randomTensors(seed + 6)).bytes;
}

export function goldenBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(place(`${name}.weft`)));
}

export function goldenRecord(name: string): GoldenRecord {
  return JSON.parse(readFileSync(place(`${name}.json`), 'utf8'));
}

/** Latents and pictures as the reference decoder has them. */
export async function decoded(bytes: Uint8Array): Promise<{ latents: string; pictures: Picture[] }> {
  const film = await open(bytes, { engine: 'reference' });
  const nodes = await film.decodeSegmentLatents(0);
  const pictures: Picture[] = [];
  for await (const picture of film.frames()) pictures.push(picture);
  film.close();
  const checksum = nodes.reduce((crc, node) => crc32c(new Uint8Array(node.buffer), crc), 0);
  return { latents: checksum.toString(16), pictures };
}

export async function writeGoldenFiles(): Promise<void> {
  for (const file of GOLDEN_FILES) {
    const bytes = writtenAgain(file);
    const { latents, pictures } = await decoded(bytes);
    const record: GoldenRecord = { latents, blockMeans: pictures.map(meansText) };
    writeFileSync(place(`${file.name}.weft`), bytes);
    writeFileSync(place(`${file.name}.json`), `${JSON.stringify(record, null, 2)}\n`);
  }
}

function place(name: string): URL {
  return new URL(`vectors/${name}`, import.meta.url);
}
