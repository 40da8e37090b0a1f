import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANCHOR_DISTANCES } from '../../runtime/field/constants.js';
import { stretchCount } from '../../runtime/field/structure.js';
import { ByteReader } from '../../runtime/format/byteReader.js';
import { ByteWriter } from '../../runtime/format/byteWriter.js';
import { type Chunk, packChunk, readChunk, walkChunks } from '../../runtime/format/chunks.js';
import {
  HEADER_FIELDS,
  HEADER_WORDS,
  type HeaderFieldType,
  type HeaderInput,
  packHeader,
  unpackHeader,
} from '../../runtime/format/header.js';
import {
  MAX_BASE_EXPONENT,
  MAX_REFINEMENT,
  MAX_STREAMS,
  MIN_BASE_EXPONENT,
  packSegment,
  unpackSegment,
} from '../../runtime/format/segmentHead.js';
import { MAX_DURATION, packIndex, unpackIndex } from '../../runtime/format/segments.js';
import { readSignedVarint, readVarint, writeSignedVarint, writeVarint } from '../../runtime/format/varint.js';
import { bytesSource } from '../../runtime/source/byteSource.js';

const MAX_WORD = 2 ** 32 - 1;
/** Also those whose length takes two bytes. */
const bytes = fc.uint8Array({ maxLength: 300, size: 'max' });

/** Any legal value of a header field. */
function legalValue(type: HeaderFieldType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'int':
      return fc.maxSafeInteger().map((n) => type.min + (Math.abs(n) % (type.max - type.min + 1)));
    case 'number':
      // Adding 0 makes -0 positive, which is all the same in a header.
      return fc.double({ min: type.min, max: type.max, noNaN: true }).map((n) => n + 0);
    case 'ints':
      return fc.array(fc.integer({ min: type.min, max: type.max }), {
        minLength: type.length,
        maxLength: type.length,
      });
    case 'text':
      return fc.oneof(
        fc.constantFrom(...HEADER_WORDS),
        fc
          .string({ unit: 'binary', maxLength: type.maxLength })
          .filter((text) => text.length <= type.maxLength),
      );
    case 'word':
      return fc.constantFrom(...type.words);
    case 'bytes':
      return fc.uint8Array({ minLength: 1, maxLength: type.most });
  }
}

/** Headers with any of the fields that may be missing. */
const header = fc.record(
  Object.fromEntries(HEADER_FIELDS.map(({ name, type }) => [name, legalValue(type)])),
  { requiredKeys: HEADER_FIELDS.filter(({ fallback }) => fallback === undefined).map(({ name }) => name) },
) as fc.Arbitrary<HeaderInput>;

const entry = fc.record({
  bytes: fc.nat(MAX_WORD),
  frames: fc.integer({ min: 1, max: 256 }),
  checksum: fc.nat(MAX_WORD),
});

/** Segments of any legal head; firstAnchor and refinement are given, as the reader gives them. */
const segment = fc.integer({ min: 1, max: 256 }).chain((frames) =>
  fc.integer({ min: 1, max: Math.min(MAX_STREAMS, frames) }).chain((streams) => {
    const distance = fc.constantFrom(...ANCHOR_DISTANCES);
    const later = stretchCount(frames) - 1;
    return fc
      .record({
        frames: fc.constant(frames),
        anchorDistance: distance,
        firstAnchor: fc.nat(31),
        laterDistances: fc.option(fc.array(distance, { minLength: later, maxLength: later }), {
          nil: undefined,
        }),
        baseExponent: fc.integer({ min: MIN_BASE_EXPONENT, max: MAX_BASE_EXPONENT }),
        refinement: fc.nat(MAX_REFINEMENT),
        streams: fc.array(bytes, { minLength: streams, maxLength: streams }),
        // Where the runs of nodes end; nodes are at least one each.
        cuts: fc.uniqueArray(fc.integer({ min: 1, max: Math.max(1, frames - 1) }), {
          minLength: streams - 1,
          maxLength: streams - 1,
        }),
      })
      .map(({ cuts, firstAnchor, ...rest }) => {
        const ends = [...cuts.toSorted((a, b) => a - b), frames];
        return {
          ...rest,
          firstAnchor: 1 + (firstAnchor % rest.anchorDistance),
          streams: rest.streams.map((stream, i) => ({
            nodes: ends[i]! - (ends[i - 1] ?? 0),
            bytes: stream,
          })),
        };
      });
  }),
);

describe('what is written is read', () => {
  it('as a varint', () => {
    const edges = [0, 1, 127, 128, 16383, 16384, 2 ** 21 - 1, 2 ** 28, 2 ** 31, MAX_WORD];
    fc.assert(
      fc.property(fc.array(fc.nat(MAX_WORD)), (values) => {
        const writer = new ByteWriter();
        for (const value of values) writeVarint(writer, value);
        const reader = new ByteReader(writer.finish(), 'test');
        for (const value of values) expect(readVarint(reader)).toBe(value);
        expect(reader.left).toBe(0);
      }),
      { examples: [[edges]] },
    );
    for (const value of [-1, 0.5, 2 ** 32]) {
      expect(() => writeVarint(new ByteWriter(), value)).toThrow(RangeError);
    }
  });

  it('as a signed varint', () => {
    const edges = [0, -1, 1, -64, 64, 2 ** 31 - 1, -(2 ** 31)];
    fc.assert(
      fc.property(fc.array(fc.integer()), (values) => {
        const writer = new ByteWriter();
        for (const value of values) writeSignedVarint(writer, value);
        const reader = new ByteReader(writer.finish(), 'test');
        for (const value of values) expect(readSignedVarint(reader)).toBe(value);
        expect(reader.left).toBe(0);
      }),
      { examples: [[edges]] },
    );
  });

  it('as a header, whose missing fields are at their defaults', () => {
    const defaults = Object.fromEntries(HEADER_FIELDS.map(({ name, fallback }) => [name, fallback]));
    fc.assert(
      fc.property(header, (input) => {
        expect(unpackHeader(packHeader(input))).toEqual({ ...defaults, ...input });
      }),
    );
  });

  it('as the durations in an index, in any order', () => {
    const durations = fc.array(fc.oneof(fc.constant(40), fc.integer({ min: 1, max: MAX_DURATION })), {
      minLength: 1,
      maxLength: 256,
    });
    fc.assert(
      fc.property(fc.array(durations, { minLength: 1, maxLength: 5 }), (segments) => {
        const frames = segments.reduce((sum, { length }) => sum + length, 0);
        const index = packIndex(
          segments.map((list) => ({ bytes: 1, frames: list.length, checksum: 2, durations: list })),
        );
        const header = { frames, tick: [1, 1000] as [number, number] };
        const read = unpackIndex(index, 0, header, Number.POSITIVE_INFINITY);
        expect(read.map(({ durations }) => durations)).toEqual(segments);
      }),
      { examples: [[[[1, MAX_DURATION, 1], [MAX_DURATION]]]] },
    );
  });

  it('as an index, with places that follow from the sizes', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1 }), fc.nat(MAX_WORD), (entries, offset) => {
        const frames = entries.reduce((sum, { frames }) => sum + frames, 0);
        const read = unpackIndex(
          packIndex(entries),
          offset,
          { frames, tick: null },
          Number.POSITIVE_INFINITY,
        );
        let [startFrame, place] = [0, offset];
        for (const [i, written] of entries.entries()) {
          expect(read[i]).toEqual({ ...written, startFrame, offset: place });
          startFrame += written.frames;
          place += written.bytes;
        }
        expect(read).toHaveLength(entries.length);
      }),
    );
  });

  it('as chunks', async () => {
    const chunk = fc.record({ name: fc.stringMatching(/^[A-Za-z]{4}$/), bytes });
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 4 }), async (chunks) => {
        const packed = chunks.flatMap((chunk) => [...packChunk(chunk)]);
        const source = bytesSource(Uint8Array.from(packed));
        const read: Chunk[] = [];
        for await (const outline of walkChunks(source, 0)) read.push(await readChunk(source, outline));
        expect(read).toEqual(chunks);
      }),
    );
  });

  it('as a segment', () => {
    fc.assert(
      fc.property(segment, (written) => {
        const read = unpackSegment(packSegment(written), written.frames);
        const { laterDistances, ...rest } = written;
        const uniform = (laterDistances ?? []).every((distance) => distance === written.anchorDistance);
        expect(read).toEqual(uniform ? rest : written);
      }),
    );
  });
});
