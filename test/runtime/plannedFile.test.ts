import { describe, expect, it } from 'vitest';
import { outlineOf, planWeft, readWeft, writeWeft } from '../../runtime/format/container.js';
import { bytesSource } from '../../runtime/source/byteSource.js';
import { randomTensors, type SampleFilm, sampleFilm } from './sampleSegments.js';

describe('a file that is written piece by piece', () => {
  const several: SampleFilm = {
    ...{ width: 20, height: 17, chroma: '420', frames: [2, 1, 2, 3], laterNets: [1, 3] },
    ...{ anchorDistance: 2, drawing: 'sparse' },
  };
  const chunks = [{ name: 'AUDI', bytes: Uint8Array.of(1, 2, 3) }];

  async function* each(bodies: readonly Uint8Array[]) {
    yield* bodies;
  }

  /** The parts of a file, for another writer. */
  async function partsOfFile() {
    const { bytes } = sampleFilm(several, 1, randomTensors(4));
    const { header, nets, segments } = await readWeft(bytesSource(bytes));
    const known = new Map(
      segments.flatMap(({ nets }) =>
        nets ? [[nets, bytes.slice(nets.offset, nets.offset + nets.bytes)]] : [],
      ),
    );
    const parts = segments.map(({ frames, offset, bytes: size, nets }) => {
      const body = bytes.slice(offset, offset + size);
      return { frames, bytes: body, nets: nets && known.get(nets) };
    });
    return { header, nets, segments: parts, chunks };
  }

  it('has the bytes of one that is written at once, and the length that was foretold', async () => {
    const parts = await partsOfFile();
    const outline = {
      ...parts,
      segments: parts.segments.map((segment) => ({ ...segment, ...outlineOf(segment.bytes) })),
    };
    const planned = planWeft(outline);
    const pieces: Uint8Array[] = [];
    for await (const piece of planned.pieces(each(parts.segments.map(({ bytes }) => bytes))))
      pieces.push(piece);
    const whole = writeWeft(parts);
    expect(Uint8Array.from(Buffer.concat(pieces))).toEqual(whole);
    expect(planned.size).toBe(whole.length);
    const bodies = parts.segments.map(({ bytes }) => bytes);
    const streamed = (pieces: readonly Uint8Array[], size = 3) => ({
      ...{ name: 'AUDI', size },
      async *pieces() {
        yield* pieces;
      },
    });
    const written = async (chunk: ReturnType<typeof streamed>) => {
      const others: Uint8Array[] = [];
      for await (const piece of planWeft({ ...outline, chunks: [chunk] }).pieces(each(bodies)))
        others.push(piece);
      return Uint8Array.from(Buffer.concat(others));
    };
    // A chunk may come in pieces, as long as it was said to be.
    expect(await written(streamed([Uint8Array.of(1), Uint8Array.of(2, 3)]))).toEqual(whole);
    for (const size of [2, 4])
      await expect(written(streamed([Uint8Array.of(1, 2, 3)], size))).rejects.toThrow('has 3 bytes');
    expect(() => planWeft({ ...outline, chunks: [{ ...streamed([]), name: 'AUD1' }] })).toThrow(
      expect.objectContaining({ code: 'CHUNK_NAME' }),
    );
    const write = async (others: Uint8Array[]) => {
      for await (const _ of planned.pieces(each(others)));
    };
    await expect(write(bodies.slice(1))).rejects.toThrow('segment 0 is another one');
    await expect(write(bodies.slice(0, -1))).rejects.toThrow('only 3');
  });
});
