import type { Chroma, FilmInfo, Picture } from '../../runtime/picture/picture.js';
import { chromaSize } from '../../runtime/picture/picture.js';
import type { FilmSource } from '../../trainers/encodeJob.js';

/** Code of one sample: x, y in samples of its plane, t in frames, plane 0..2. */
export type Sample = (x: number, y: number, t: number, plane: number) => number;

/** A film in memory whose samples are given by a function. */
export function syntheticFilm(
  {
    width,
    height,
    frames,
    chroma = '420',
  }: { width: number; height: number; frames: number; chroma?: Chroma },
  sample: Sample,
): FilmSource & { readonly all: readonly Picture[]; readonly info: FilmInfo } {
  const c = chromaSize(width, height, chroma);
  const plane = (w: number, h: number, t: number, index: number): Uint8Array =>
    Uint8Array.from({ length: w * h }, (_, i) => sample(i % w, Math.floor(i / w), t, index));
  const all = Array.from(
    { length: frames },
    (_, t): Picture => ({
      ...{ width, height, chroma },
      planes: [plane(width, height, t, 0), plane(c.width, c.height, t, 1), plane(c.width, c.height, t, 2)],
    }),
  );
  return {
    all,
    info: {
      ...{ width, height, chroma, frames, rate: [25, 1], lumaRange: 'tv', matrix: 'bt709' },
      ...{ primaries: 'bt709', transfer: 'bt709', chromaLocation: 'left', sampleAspect: [1, 1] },
    },
    async *pictures() {
      yield* all;
    },
  };
}

/** A textured pattern that moves to the left by two samples a frame, with a little relief in chroma. */
export const movingTexture: Sample = (x, y, t, plane) => {
  const scale = plane === 0 ? 1 : 2;
  const u = (x * scale + 2 * t) / 5;
  const v = (y * scale) / 7;
  return Math.round(128 + (plane === 0 ? 70 : 25) * Math.sin(u) * Math.cos(v + Math.sin(u / 3)));
};

/** Leaves in the wind: smooth shapes under fine grain, like foliage or grass. */
export const grain: Sample = (x, y, t, plane) => {
  const hash = Math.imul((x + 57 * t) * 374761393 + y * 668265263 + plane * 2147483647, 1274126177) >>> 8;
  return Math.round(movingTexture(x, y, t, plane) * 0.5 + 32 + (hash % 65) * (plane === 0 ? 1 : 0.25));
};

/** Numbers in [0, 1) from a seed. */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
