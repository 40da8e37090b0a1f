/** A small film for tests of the player, encoded on the spot, and the player as a page gets it. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { writeEnlarger } from '../../runtime/entropy/netCoder.js';
import { ENLARGER_TENSORS } from '../../runtime/field/enlarger.js';
import { open } from '../../runtime/film/film.js';
import type { FrameOptions } from '../../runtime/film/frameOptions.js';
import { readWeft, segmentBytes, segmentNetBytes, writeWeft } from '../../runtime/format/container.js';
import { screenPixels } from '../../runtime/player/screenColours.js';
import { bytesSource } from '../../runtime/source/byteSource.js';
import { findFfmpeg } from '../../src/media/ffmpeg.js';
import { openFilm } from '../../src/media/filmReader.js';
import { encode } from '../../trainers/encode.js';
import { ROOT } from '../house/sources.js';
import { loudValues } from '../runtime/loudEnlarger.js';

/** Facts of the film. */
export const FILM = { width: 112, height: 64, rate: 25, frames: 60, seconds: 2.4, cut: 30 } as const;

/** Two scenes with moving things and a tone: `FILM` says how many and how large. */
export async function testFilm(): Promise<Uint8Array> {
  return inFolder(async (folder) => {
    const source = path.join(folder, 'film.mkv');
    const { width, height, rate, seconds, cut } = FILM;
    const scene = (name: string, from: number, to: number): string =>
      `${name}=s=${width}x${height}:r=${rate}:d=${(to - from) / rate}`;
    const graph = `${scene('testsrc2', 0, cut)}[a];${scene('mandelbrot', cut, FILM.frames).replace(/:d=.*/, `,trim=duration=${(FILM.frames - cut) / rate}`)}[b];[a][b]concat=n=2,format=yuv420p[v]`;
    execFileSync(findFfmpeg().ffmpeg, [
      ...['-v', 'error', '-filter_complex', graph, '-f', 'lavfi', '-i', `sine=f=440:d=${seconds}`],
      ...['-map', '[v]', '-map', '0:a', '-c:v', 'ffv1', '-c:a', 'flac', source],
    ]);
    const film = await openFilm(source);
    const { bytes } = await encode(film, { preset: 'draft', crf: 28 });
    await film.close();
    return bytes;
  });
}

/** The pictures of a film, with an enlarger that changes them by tens of codes. */
export async function withLoudEnlarger(bytes: Uint8Array): Promise<Uint8Array> {
  const file = await readWeft(bytesSource(bytes));
  const segments = file.segments.map(async ({ frames }, i) => ({
    ...{ frames, bytes: await segmentBytes(file, i), nets: await segmentNetBytes(file, i) },
  }));
  const values = loudValues(5).map((value) => Math.round(value * 2 ** 8));
  const tensors = ENLARGER_TENSORS.map(({ offset, size }) => ({
    ...{ k: 8, q: Int32Array.from(values.subarray(offset, offset + size)) },
  }));
  const header = { ...file.header, enlarger: writeEnlarger(tensors) };
  return writeWeft({ header, nets: file.nets, segments: await Promise.all(segments) });
}

/** R, G, B, 255 of frames as they should be seen. */
export async function seenFrames(
  bytes: Uint8Array,
  options: FrameOptions = {},
): Promise<Uint8ClampedArray[]> {
  const film = await open(bytes);
  const seen: Uint8ClampedArray[] = [];
  for await (const picture of film.frames(options)) seen.push(screenPixels(picture, film.info));
  film.close();
  return seen;
}

/** The bundles of runtime/player/build.mjs, by their path on a server. */
export async function playerBundles(): Promise<Record<string, { type: string; bytes: Uint8Array }>> {
  return inFolder(async (folder) => {
    execFileSync(process.execPath, [path.join(ROOT, 'runtime/player/build.mjs'), folder]);
    const names = ['weft-player.js', 'weft-worker.js'];
    const files = names.map((name) => [
      `/${name}`,
      { type: 'text/javascript', bytes: new Uint8Array(readFileSync(path.join(folder, name))) },
    ]);
    return Object.fromEntries(files);
  });
}

/** Mean difference of two pictures in codes. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
}

/** Which of some pictures is the most like another. */
export function mostLike(picture: ArrayLike<number>, frames: readonly ArrayLike<number>[]): number {
  const differences = frames.map((frame) => difference(frame, picture));
  return differences.indexOf(Math.min(...differences));
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'weft-player-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
