/** Small films with random latents and nets, for tests. */

import { writeNets } from '../../runtime/entropy/netCoder.js';
import { writeSegment } from '../../runtime/entropy/segmentCoder.js';
import {
  type FilmNets,
  maxK,
  netsFromQuantized,
  priorTensors,
  type QuantizedTensor,
} from '../../runtime/field/nets.js';
import { fieldShape, latentCount, latentPlanes } from '../../runtime/field/shape.js';
import { segmentStructure } from '../../runtime/field/structure.js';
import { NET_TENSORS } from '../../runtime/field/tensors.js';
import { writeWeft } from '../../runtime/format/container.js';
import type { Chroma } from '../../runtime/picture/picture.js';
import { uniforms } from './randomNumbers.js';

/** How latents are drawn. */
export type Drawing = 'empty' | 'sparse' | 'dense' | 'huge';

export function drawLatents(count: number, drawing: Drawing, seed: number): Int32Array {
  const random = uniforms(seed);
  const laplace = (b: number): number => {
    const u = random() - 0.5;
    return Math.round(-b * Math.sign(u) * Math.log(1 - 2 * Math.abs(u)));
  };
  return Int32Array.from({ length: count }, () => {
    if (drawing === 'empty') return 0;
    if (drawing === 'sparse') return random() < 0.02 ? laplace(2) : 0;
    if (drawing === 'dense') return laplace(1.5);
    return random() < 0.3 ? Math.round((random() - 0.5) * 65534) : laplace(20);
  });
}

/** Every tensor at its own k with values that spread over about +-0.3. */
export function randomTensors(seed: number, spread = 0.3): QuantizedTensor[] {
  const random = uniforms(seed);
  return NET_TENSORS.map((tensor, i) => {
    if ((i + seed) % 7 === 3) return { k: 15, q: new Int32Array(0) };
    const k = Math.min(maxK(tensor), 3 + Math.floor(random() * 6));
    const q = Int32Array.from({ length: tensor.size }, () =>
      Math.round((random() - 0.5) * 2 * spread * 2 ** k),
    );
    return { k, q };
  });
}

export interface SampleFilm {
  readonly width: number;
  readonly height: number;
  readonly chroma: Chroma;
  readonly frames: readonly number[];
  readonly anchorDistance: number;
  readonly firstAnchor?: number;
  readonly laterDistances?: readonly number[];
  readonly refinement?: number;
  readonly drawing: Drawing;
  readonly streams?: number;
  readonly baseExponent?: number;
  /** Segments that bring nets of their own. */
  readonly laterNets?: readonly number[];
}

/** A film of random latents, with the latents. */
export function sampleFilm(film: SampleFilm, seed = 1, tensors = priorTensors()) {
  const shape = fieldShape(film.width, film.height, film.chroma);
  const nets: FilmNets = netsFromQuantized(tensors);
  const latents = film.frames.map((frames, s) =>
    segmentStructure({ ...film, frames }).map((node, n) =>
      drawLatents(latentCount(latentPlanes(shape, node.refs.length)), film.drawing, seed + 1000 * s + n + 1),
    ),
  );
  let current: { nets: FilmNets; bytes?: Uint8Array } = { nets };
  const segments = film.frames.map((frames, s) => {
    if (film.laterNets?.includes(s)) {
      const own = randomTensors(seed + 20 + s, 0.1);
      current = { nets: netsFromQuantized(own), bytes: writeNets(own) };
    }
    const bytes = writeSegment({
      shape,
      nets: current.nets,
      frames,
      anchorDistance: film.anchorDistance,
      firstAnchor: film.firstAnchor,
      laterDistances: film.laterDistances,
      refinement: film.refinement,
      baseExponent: film.baseExponent ?? 16,
      latents: latents[s]!,
      streams: film.streams ?? 1,
    });
    return { frames, bytes, nets: current.bytes };
  });
  const { width, height, chroma } = film;
  const header = { width, height, chroma, rate: [25, 1] as [number, number] };
  return { bytes: writeWeft({ header, nets: writeNets(tensors), segments }), latents, shape, nets, header };
}
