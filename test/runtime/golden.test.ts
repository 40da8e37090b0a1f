import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { open } from '../../runtime/film/film.js';
import { crc32c } from '../../runtime/format/crc32c.js';
import { randomTensors, type SampleFilm, sampleFilm } from './sampleSegments.js';

/**
 * Files of format version 1: they must decode to the same integers for ever, and nearly to the same pictures. They change only
 * with the format itself.
 */
const base = { frames: [6], anchorDistance: 4, streams: 2, baseExponent: 8 };
const vectors: { name: string; made: SampleFilm; seed: number; latents: string; meanCodes: number[] }[] = [
  {
    name: 'dense420',
    made: { ...base, width: 40, height: 33, chroma: '420', drawing: 'dense' },
    seed: 5,
    latents: '42d3386',
    meanCodes: [127.95, 125.94, 125.8, 125.78, 127.25, 125.94],
  },
  {
    name: 'sparse444',
    made: { ...base, firstAnchor: 3, width: 36, height: 50, chroma: '444', drawing: 'sparse' },
    seed: 6,
    latents: 'b321a678',
    meanCodes: [127.98, 127.92, 127.92, 127.95, 127.73, 127.93],
  },
  {
    name: 'huge420',
    made: { ...base, width: 33, height: 20, chroma: '420', drawing: 'huge' },
    seed: 7,
    latents: '27309a86',
    meanCodes: [162.77, 129.52, 121.2, 77.01, 116.33, 138.72],
  },
];

function readVector(name: string): Uint8Array {
  return readFileSync(new URL(`vectors/${name}.weft`, import.meta.url));
}

describe.each(vectors)('the golden file $name', ({ name, made, seed, latents, meanCodes }) => {
  it('decodes to the same latents', async () => {
    const film = await open(readVector(name), { engine: 'reference' });
    const nodes = await film.decodeSegmentLatents(0);
    const checksum = nodes.reduce((crc, node) => crc32c(new Uint8Array(node.buffer), crc), 0);
    expect(checksum.toString(16)).toBe(latents);
  });

  it('decodes to the same pictures', async () => {
    const film = await open(readVector(name), { engine: 'reference' });
    const means: number[] = [];
    for await (const picture of film.frames()) {
      const codes = picture.planes.flatMap((plane) => [...plane]);
      means.push(codes.reduce((sum, code) => sum + code, 0) / codes.length);
    }
    expect(means).toEqual(meanCodes.map((mean) => expect.closeTo(mean, 1)));
  });

  it('is still what the writer writes', () => {
    const { bytes } = sampleFilm(made, seed, randomTensors(seed + 6));
    expect(crc32c(bytes)).toBe(crc32c(readVector(name)));
  });
});
