import { describe, expect, it } from 'vitest';
import { decodeNode, encodeNode, StreamStates } from '../../runtime/entropy/latentCoder.js';
import { BitCounter, RangeDecoder, RangeEncoder } from '../../runtime/entropy/rangeCoder.js';
import { countSegmentBits, readSegmentLatents, writeSegment } from '../../runtime/entropy/segmentCoder.js';
import { netsFromQuantized, priorTensors } from '../../runtime/field/nets.js';
import { fieldShape, latentCount, latentPlanes } from '../../runtime/field/shape.js';
import { segmentStructure } from '../../runtime/field/structure.js';
import { crc32c } from '../../runtime/format/crc32c.js';
import { unpackSegment } from '../../runtime/format/segmentHead.js';
import { type Drawing, drawLatents, randomTensors } from './sampleSegments.js';

const nets = [netsFromQuantized(priorTensors()), netsFromQuantized(randomTensors(3))];
const drawings: Drawing[] = ['empty', 'sparse', 'dense', 'huge'];
const sizes: [number, number][] = [
  [16, 16],
  [17, 31],
  [72, 64],
  [65, 79],
  [150, 18],
];

describe('latent planes', () => {
  it('tile the latents of a node and point only backwards', () => {
    for (const [width, height] of sizes) {
      for (const chroma of ['420', '444'] as const) {
        for (const refs of [0, 1, 2]) {
          const planes = latentPlanes(fieldShape(width, height, chroma), refs);
          let offset = 0;
          for (const [i, plane] of planes.entries()) {
            expect(plane.offset).toBe(offset);
            offset += plane.width * plane.height;
            for (const other of [plane.parent, plane.grandparent, plane.companion1, plane.companion2]) {
              expect(other).toBeLessThan(i);
            }
            for (const c of [plane.companion1, plane.companion2].filter((index) => index >= 0)) {
              expect([planes[c]!.width, planes[c]!.height]).toEqual([plane.width, plane.height]);
            }
            const parent = planes[plane.parent];
            if (parent) {
              expect([parent.width, parent.height]).toEqual([
                (plane.width + 1) >> 1,
                (plane.height + 1) >> 1,
              ]);
            }
          }
          expect(latentCount(planes)).toBe(offset);
        }
      }
    }
  });

  it('have the order and companions of the specification', () => {
    const planes = latentPlanes(fieldShape(64, 48, '420'), 2);
    const name = (p: (typeof planes)[number]): string => `${p.kind[0]}${p.component}.${p.level}`;
    expect(planes.map(name).join(' ')).toBe(
      [
        ...[3, 2, 1, 0].flatMap((level) => [0, 1, 2, 3, 4, 5].map((component) => `m${component}.${level}`)),
        ...['i0.3', 'i1.2', 'i2.2', 'i0.2', 'i1.1', 'i2.1', 'i0.1', 'i1.0', 'i2.0', 'i0.0'],
      ].join(' '),
    );
    const companions = planes.map((p) => [p.companion1, p.companion2]);
    expect(companions.slice(0, 6)).toEqual([
      [-1, -1],
      [0, -1],
      [-1, -1],
      [0, -1],
      [1, 3],
      [-1, 0],
    ]);
    expect(companions.slice(24, 27)).toEqual([
      [-1, -1],
      [24, -1],
      [25, 24],
    ]);
    expect(planes[27]!.biasRow).toBe(2);
    expect(planes[28]!.biasRow).toBe(8);
    expect(planes[5]!.biasRow).toBe(38);
  });
});

describe('latent coder', () => {
  for (const [width, height] of sizes) {
    for (const chroma of ['420', '444'] as const) {
      it(`returns ${width}x${height} ${chroma} and counts what it writes`, () => {
        const shape = fieldShape(width, height, chroma);
        for (const [refs, depth] of [
          [0, 0],
          [1, 1],
          [2, 5],
        ] as const) {
          const planes = latentPlanes(shape, refs);
          for (const drawing of drawings) {
            const latents = drawLatents(latentCount(planes), drawing, width + depth);
            for (const net of nets) {
              const encoder = new RangeEncoder();
              const counter = new BitCounter();
              encodeNode(latents, planes, depth, net, new StreamStates(), encoder);
              encodeNode(latents, planes, depth, net, new StreamStates(), counter);
              const bytes = encoder.finish();
              expect(Math.abs(8 * bytes.length - counter.total)).toBeLessThan(counter.total * 0.01 + 32);
              const decoder = new RangeDecoder(bytes);
              const read = decodeNode(planes, depth, net, new StreamStates(), decoder);
              expect(Buffer.compare(Buffer.from(read.buffer), Buffer.from(latents.buffer))).toBe(0);
            }
          }
        }
      });
    }
  }

  it('spends next to nothing on an empty node', () => {
    const planes = latentPlanes(fieldShape(1920, 1080, '420'), 2);
    const counter = new BitCounter();
    encodeNode(new Int32Array(latentCount(planes)), planes, 2, nets[0]!, new StreamStates(), counter);
    expect(counter.total).toBeLessThan(64);
  });

  it('refuses latents that do not fit', () => {
    const planes = latentPlanes(fieldShape(16, 16, '420'), 0);
    const sink = new BitCounter();
    const encode = (latents: Int32Array) => () =>
      encodeNode(latents, planes, 0, nets[0]!, new StreamStates(), sink);
    expect(encode(new Int32Array(3))).toThrow(expect.objectContaining({ code: 'LATENTS_LENGTH' }));
    const large = new Int32Array(latentCount(planes)).fill(32768);
    expect(encode(large)).toThrow(expect.objectContaining({ code: 'LATENT_RANGE' }));
  });

  it('has not changed: golden checksum of a stream', () => {
    const planes = latentPlanes(fieldShape(33, 47, '420'), 2);
    const encoder = new RangeEncoder();
    const latents = drawLatents(latentCount(planes), 'dense', 77);
    encodeNode(latents, planes, 3, nets[1]!, new StreamStates(), encoder);
    expect(crc32c(encoder.finish()).toString(16)).toBe('e2b6150b');
  });
});

describe('segment coder', () => {
  it.each([1, 2, 3, 16])('returns a segment in %i streams and counts what it writes', (streams) => {
    const shape = fieldShape(40, 24, '420');
    const frames = 11;
    const latents = segmentStructure({ frames, anchorDistance: 4 }).map((node, i) =>
      drawLatents(latentCount(latentPlanes(shape, node.refs.length)), i % 3 ? 'sparse' : 'dense', 40 + i),
    );
    const input = {
      shape,
      nets: nets[1]!,
      frames,
      anchorDistance: 4,
      baseExponent: -5,
      latents,
      streams: Math.min(streams, frames),
    };
    const bytes = writeSegment(input);
    const segment = unpackSegment(bytes, frames);
    expect(segment.streams).toHaveLength(Math.min(streams, frames));
    expect(segment.baseExponent).toBe(-5);
    expect(readSegmentLatents(segment, shape, nets[1]!)).toEqual(latents);
    const counted = countSegmentBits(input).reduce((sum, n) => sum + n, 0) / 8;
    expect(Math.abs(bytes.length - counted)).toBeLessThan(counted * 0.01 + 4 * streams + 8);
  });
});
