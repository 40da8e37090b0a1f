/** How a WebM file is built, as the player reads it: files of ffmpeg, and others made by hand. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type WebmOutline, webmOutline } from '../../runtime/player/webmOutline.js';
import { findFfmpeg } from '../../src/media/ffmpeg.js';
import { opusOptions } from '../../src/media/soundCoding.js';

const CLUSTER = 0x1f43b675;

/** A file of ffmpeg with some noise. */
function soundFile(seconds: number, options: readonly string[]): Uint8Array {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'weft-webm-'));
  const file = path.join(folder, 'track');
  try {
    const noise = ['-f', 'lavfi', '-i', `anoisesrc=d=${seconds}:r=8000:a=0.1`];
    execFileSync(findFfmpeg().ffmpeg, ['-v', 'error', ...noise, ...options, file]);
    return new Uint8Array(readFileSync(file));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Reading {
  readonly outline: WebmOutline | undefined;
  /** Bytes that were read for it. */
  readonly bytes: number;
}

async function readingOf(file: Uint8Array): Promise<Reading> {
  let bytes = 0;
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const part = file.subarray(offset, offset + length);
    bytes += part.length;
    return part;
  };
  const outline = await webmOutline(read, file.length);
  return { outline, bytes };
}

/** Checks that it is a whole file of clusters, one behind the other, each of which begins when it should. */
function checkClusters(file: Uint8Array, { clusters, head, end }: WebmOutline): void {
  expect(head).toEqual(file.slice(0, clusters[0]!.offset));
  const ends = [...clusters.slice(1).map(({ offset }) => offset), end];
  for (const [i, { seconds, offset }] of clusters.entries()) {
    const view = new DataView(file.buffer, file.byteOffset + offset);
    const sizeBytes = Math.clz32(view.getUint8(4)) - 23;
    const time = 4 + sizeBytes;
    const size = numberAt(view, 4, sizeBytes) - 2 ** (7 * sizeBytes);
    // The first element of each is its time in milliseconds.
    expect([view.getUint32(0), view.getUint8(time)]).toEqual([CLUSTER, 0xe7]);
    expect(numberAt(view, time + 2, view.getUint8(time + 1) & 127)).toBe(Math.round(1000 * seconds));
    expect(offset + time + size).toBe(ends[i]);
  }
}

function numberAt(view: DataView, place: number, bytes: number): number {
  return Array.from({ length: bytes }, (_, i) => view.getUint8(place + i)).reduce(
    (sum, byte) => 256 * sum + byte,
    0,
  );
}

describe('the build of a WebM file', () => {
  const opus = opusOptions({ start: 0, end: 100 }, 24_000);

  it('is read from its beginning and its Cues, a small part of it', async () => {
    const file = soundFile(100, opus);
    const { outline, bytes } = await readingOf(file);
    expect(outline!.clusters.length).toBeGreaterThan(15);
    checkClusters(file, outline!);
    expect(new DataView(file.buffer).getUint32(outline!.end)).toBe(0x1c53bb6b);
    expect(bytes).toBeLessThan(file.length / 10);
  });

  it('is the same where Cues come first', async () => {
    const file = soundFile(20, [...opus, '-reserve_index_space', '10000']);
    const { outline } = await readingOf(file);
    expect(outline!.clusters.length).toBeGreaterThan(2);
    checkClusters(file, outline!);
    expect(outline!.end).toBe(file.length);
  });

  it.each([
    ['another coding', ['-c:a', 'flac', '-f', 'matroska']],
    ['Opus in Matroska', ['-c:a', 'libopus', '-f', 'matroska']],
    ['no Cues', ['-c:a', 'libopus', '-f', 'webm', '-live', '1']],
    ['another format', ['-c:a', 'libopus', '-f', 'ogg']],
  ])('tells of nothing that cannot be played from anywhere: %s', async (_, options) => {
    expect((await readingOf(soundFile(2, options))).outline).toBeUndefined();
  });

  it('may have a long head, and a segment whose length nobody knew', async () => {
    const { outline } = await readingOf(handMade());
    expect(outline!.clusters).toEqual([
      { seconds: 0, offset: outline!.head.length },
      { seconds: 7, offset: outline!.head.length + 20 },
    ]);
    expect(outline!.end).toBe(outline!.head.length + 40);
  });

  it('is that of a whole file, or none: whatever bytes come, reading ends', async () => {
    const file = handMade();
    const place = fc.nat(file.length - 1);
    const changes = fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(changes, place, async (changes, cut) => {
        const damaged = file.slice(0, file.length - (cut % 200));
        for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
        const { outline } = await readingOf(damaged);
        for (const { offset } of outline?.clusters ?? []) expect(offset).toBeLessThan(damaged.length);
      }),
    );
  });
});

/** Two clusters of 20 bytes, the second from 7 seconds on, with Cues behind them. */
function handMade(): Uint8Array {
  const head = (cuesAt: number): number[] => [
    ...element(
      0x114d9b74,
      element(0x4dbb, [...element(0x53ab, [0x1c, 0x53, 0xbb, 0x6b]), ...at(0x53ac, cuesAt)]),
    ),
    ...element(0xec, new Array(5000).fill(0)),
    ...element(0x1549a966, [...element(0x2ad7b1, [0x98, 0x96, 0x80]), ...element(0x4489, [0, 0, 0, 0])]),
    ...element(
      0x1654ae6b,
      element(
        0xae,
        element(
          0x86,
          [...'A_OPUS'].map((letter) => letter.charCodeAt(0)),
        ),
      ),
    ),
  ];
  const first = head(0).length;
  const cluster = element(CLUSTER, new Array(15).fill(0));
  const point = (time: number, position: number) =>
    element(0xbb, [...at(0xb3, time), ...element(0xb7, at(0xf1, position))]);
  return Uint8Array.from([
    ...element(0x1a45dfa3, element(0x4282, [0x77, 0x65, 0x62, 0x6d])),
    ...[0x18, 0x53, 0x80, 0x67, 0x01, 255, 255, 255, 255, 255, 255, 255],
    ...head(first + 40),
    ...cluster,
    ...cluster,
    // 10 ms a tick.
    ...element(0x1c53bb6b, [...point(0, first), ...point(700, first + 20)]),
  ]);
}

function at(id: number, place: number): number[] {
  return element(id, [place >> 16, (place >> 8) & 255, place & 255]);
}

function element(id: number, body: readonly number[]): number[] {
  const identity = [24, 16, 8, 0].map((shift) => (id >>> shift) & 255);
  const start = identity.findIndex((byte) => byte !== 0);
  const size = body.length < 127 ? [128 | body.length] : [0x40 | (body.length >> 8), body.length & 255];
  return [...identity.slice(start), ...size, ...body];
}
