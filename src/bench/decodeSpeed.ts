import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { DecoderEngineName } from '../../runtime/engine/registry.js';
import { open, type WeftFilm } from '../../runtime/film/film.js';
import { loadNativeRuntime } from '../../runtime/native/decoderAddon.js';
import { NativeDecoderEngine } from '../../runtime/native/nativeDecoderEngine.js';
import { rasterKernels } from '../../runtime/picture/raster.js';
import type { Reporter } from '../reporter.js';
import { reportMachine } from './machine.js';

/** What the decoding bench runs. */
export interface DecodeSpeedArguments {
  files: string[];
  threads: number[];
  /** Each figure is the best of this many runs. */
  runs: number;
}

/** Seconds of the native decoder on one file, best of several runs. */
interface DecodeSeconds {
  /** From bytes to raw frames at native size, through `open` and `frames`, as a caller sees it. */
  whole: number;
  /** From bytes to the first frame. */
  first: number;
  /** Entropy decoding; then baking with output; output alone of what is baked. One after the other. */
  entropy: number;
  bake: number;
  output: number;
  /** From bytes to raw frames at twice the size, and at twice the frame rate. */
  doubleSize: number;
  doubleRate: number;
  /** As `whole`, by the same decoder as WebAssembly. */
  wasm: number;
}

const NO_SECONDS: DecodeSeconds = {
  whole: Number.POSITIVE_INFINITY,
  first: Number.POSITIVE_INFINITY,
  entropy: Number.POSITIVE_INFINITY,
  bake: Number.POSITIVE_INFINITY,
  output: Number.POSITIVE_INFINITY,
  doubleSize: Number.POSITIVE_INFINITY,
  doubleRate: Number.POSITIVE_INFINITY,
  wasm: Number.POSITIVE_INFINITY,
};

/** Places that are sought in a file, spread by the golden ratio. */
const SEEKS = 8;

/** Times the native decoder on `.weft` files, and beside it the one in WebAssembly: frames a second, seconds by part, and seconds from a seek to its frame. */
export async function benchDecodeSpeed(
  { files, threads, runs }: DecodeSpeedArguments,
  reporter: Reporter,
): Promise<void> {
  reportMachine(reporter);
  reporter.table(`instruction set ${loadNativeRuntime().instructionSet}`);
  for (const file of files) {
    const bytes = await readFile(file);
    for (const count of threads) {
      const film = await open(bytes, { engine: 'native', threads: count });
      const { header } = film;
      film.close();
      const seconds = await measure(bytes, count, runs);
      const seek = await seekSeconds(bytes, count);
      const megapixels = (header.width * header.height * header.frames) / 1e6;
      const framesPerSecond = header.frames / seconds.whole;
      const bitsPerPixel = (8 * bytes.length) / megapixels / 1e6;
      reporter.event('decodeSpeed', {
        ...{ file: path.basename(file), width: header.width, height: header.height, frames: header.frames },
        ...{ bytes: bytes.length, bitsPerPixel, threads: count, framesPerSecond },
        ...{ megapixelsPerSecond: megapixels / seconds.whole, seconds, seek },
      });
      const parts = Object.entries(seconds).map(([part, s]) => `${part} ${(1000 * s).toFixed(1)} ms`);
      reporter.table(
        `${path.basename(file)}: ${header.width}x${header.height}, ${header.frames} frames, ${bitsPerPixel.toFixed(3)} bits per pixel, ` +
          `${count} threads: ${framesPerSecond.toFixed(1)} frames, ${(megapixels / seconds.whole).toFixed(1)} million luma pixels a second ` +
          `(${parts.join(', ')}); seeking ${(1000 * seek.median).toFixed(0)} ms, at most ${(1000 * seek.largest).toFixed(0)} ms`,
      );
    }
  }
  reporter.result({ files: files.length }, '');
}

/** From an open film that has shown nothing yet to the frame at some time. */
async function seekSeconds(bytes: Uint8Array, threads: number): Promise<{ median: number; largest: number }> {
  const times: number[] = [];
  for (let i = 1; i <= SEEKS; i++) {
    const film = await open(bytes, { engine: 'native', threads });
    const [n, d] = film.header.rate;
    const frame = Math.floor(((i * 0.618034) % 1) * film.header.frames);
    const started = performance.now();
    await film.frames({ start: (frame * d) / n }).next();
    times.push((performance.now() - started) / 1000);
    film.close();
  }
  times.sort((a, b) => a - b);
  return { median: times[SEEKS >> 1]!, largest: times[SEEKS - 1]! };
}

async function measure(bytes: Uint8Array, threads: number, runs: number): Promise<DecodeSeconds> {
  const best = { ...NO_SECONDS };
  for (let run = 0; run < runs; run++) {
    const seconds: DecodeSeconds = {
      ...(await parts(bytes, threads)),
      whole: await show(bytes, threads, () => ({})),
      wasm: await show(bytes, threads, () => ({}), 'wasm'),
      first: await show(bytes, threads, ({ header: { rate } }) => ({ end: rate[1] / rate[0] / 2 })),
      doubleSize: await show(bytes, threads, ({ header }) => ({
        width: 2 * header.width,
        height: 2 * header.height,
      })),
      doubleRate: await show(bytes, threads, ({ header }) => ({ fps: [2 * header.rate[0], header.rate[1]] })),
    };
    for (const part of Object.keys(best) as (keyof DecodeSeconds)[]) {
      best[part] = Math.min(best[part], seconds[part]);
    }
  }
  return best;
}

type View = Parameters<WeftFilm['frames']>[0];

async function show(
  bytes: Uint8Array,
  threads: number,
  view: (film: WeftFilm) => View,
  engine: DecoderEngineName = 'native',
): Promise<number> {
  const start = performance.now();
  const film = await open(bytes, { engine, threads });
  for await (const _ of film.frames(view(film)));
  const seconds = (performance.now() - start) / 1000;
  film.close();
  return seconds;
}

/** Segment by segment: latents, then every picture, then every picture again. */
async function parts(
  bytes: Uint8Array,
  threads: number,
): Promise<Pick<DecodeSeconds, 'entropy' | 'bake' | 'output'>> {
  // Everything that is baked stays, so that the second round of pictures is output alone.
  const decoder = new NativeDecoderEngine(loadNativeRuntime(), threads, 2 ** 40);
  const film = await open(bytes, { decoder });
  const { width, height } = film.header;
  const kernels = rasterKernels(film.shape, { x: 0, y: 0, width, height }, width, height);
  const seconds = { entropy: 0, bake: 0, output: 0 };
  for (const [index, { frames }] of film.segments.entries()) {
    const lap = stopwatch();
    const segment = await decoder.bake(await film.segmentTask(index));
    seconds.entropy += lap();
    for (let frame = 0; frame < frames; frame++) await segment.picture(frame, 0, kernels);
    const bakeAndOutput = lap();
    for (let frame = 0; frame < frames; frame++) await segment.picture(frame, 0, kernels);
    const output = lap();
    seconds.bake += Math.max(0, bakeAndOutput - output);
    seconds.output += output;
    segment.close();
  }
  film.close();
  return seconds;
}

/** A function that returns the seconds since its last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const before = last;
    last = performance.now();
    return (last - before) / 1000;
  };
}
