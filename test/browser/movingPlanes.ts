/** Frames with motion between them, drawn at random: all that a sampler has to cope with, in little. */

import type { FramePlanes } from '../../runtime/engine/decoderEngine.js';
import type { SamplingKernels } from '../../runtime/field/samplingKernels.js';
import { displacement, type FieldShape, fieldShape, motionGrid } from '../../runtime/field/shape.js';
import { type FieldNode, linkAfter, segmentStructure } from '../../runtime/field/structure.js';
import { createPlane, type FloatPlane, type Planes } from '../../runtime/picture/floatPlane.js';
import { type Chroma, chromaSize, type FilmInfo, type Picture } from '../../runtime/picture/picture.js';
import { accelerationAfter } from '../../runtime/reference/acceleration.js';
import type { BakedNode } from '../../runtime/reference/nodeBake.js';
import { samplePicture } from '../../runtime/reference/spatialSampler.js';
import { planesBetween } from '../../runtime/reference/temporalSampler.js';
import { uniforms } from '../runtime/randomNumbers.js';

/** Five frames: the links behind the first and the third are carried by the later frame, the others by the earlier one. */
export interface MovingFilm {
  readonly shape: FieldShape;
  readonly info: FilmInfo;
  readonly frames: readonly FramePlanes[];
  readonly nodes: readonly FieldNode[];
  readonly baked: readonly BakedNode[];
}

export function filmInfo(width: number, height: number, chroma: Chroma): FilmInfo {
  return {
    ...{ width, height, chroma, rate: [25, 1], lumaRange: 'tv', sampleAspect: [1, 1] },
    ...{ matrix: 'unknown', primaries: 'unknown', transfer: 'unknown', chromaLocation: 'left' },
  };
}

export function movingFilm(width: number, height: number, chroma: Chroma, seed: number): MovingFilm {
  const random = uniforms(seed);
  const shape = fieldShape(width, height, chroma);
  const small = chromaSize(width, height, chroma);
  const nodes = segmentStructure({ frames: 5, anchorDistance: 4 });
  const motion = motionGrid(shape);
  const baked = nodes.map(({ frame }): BakedNode => {
    const planes: Planes = [
      waves(width, height, 90, random),
      waves(small.width, small.height, 60, random),
      waves(small.width, small.height, 60, random),
    ];
    const fields = Array.from({ length: 6 }, () => createPlane(motion.width, motion.height));
    // What rests up to the third frame moves behind it.
    const resting = frame === 1 ? Math.ceil(motion.width / 2) : 0;
    for (const ref of [0, 1])
      drawMotion(fields[displacement(ref, 0)]!, fields[displacement(ref, 1)]!, resting, random);
    return { planes, motion: fields };
  });
  return { shape, info: filmInfo(width, height, chroma), nodes, baked, frames: framesOf(nodes, baked) };
}

function framesOf(nodes: readonly FieldNode[], baked: readonly BakedNode[]): FramePlanes[] {
  return nodes.map((_, frame) => {
    const { planes } = baked[nodes.findIndex((node) => node.frame === frame)]!;
    if (frame === nodes.length - 1) return { planes };
    const { carrier, field, carrierIsLater } = linkAfter(nodes, frame);
    const grids = baked[carrier]!.motion;
    const motion = [grids[displacement(field, 0)]!, grids[displacement(field, 1)]!] as const;
    return { planes, link: { carrierIsLater, motion, acceleration: accelerationAfter(nodes, baked, frame) } };
  });
}

/** Waves, and some noise; a few codes lie outside of 0..255. */
function waves(width: number, height: number, amplitude: number, random: () => number): FloatPlane {
  const [fx, fy, phase] = [0.5 * random(), 0.5 * random(), 7 * random()];
  const plane = createPlane(width, height);
  for (let i = 0; i < plane.samples.length; i++) {
    const wave = Math.sin(fx * (i % width) + fy * Math.floor(i / width) + phase);
    plane.samples[i] = amplitude * (wave + random() - 0.5);
  }
  return plane;
}

/**
 * Cells that stand still, that move alike, each by itself, and as far as a damaged file can say.
 *
 * @param resting columns on the left in which all stand still
 */
function drawMotion(x: FloatPlane, y: FloatPlane, resting: number, random: () => number): void {
  const pan = [6 * random() - 3, 6 * random() - 3] as const;
  for (let cell = 0; cell < x.samples.length; cell++) {
    const kind = random();
    if (kind < 0.2) continue;
    const alike = kind < 0.5;
    x.samples[cell] = alike ? pan[0] : 20 * random() - 10;
    y.samples[cell] = alike ? pan[1] : 20 * random() - 10;
    if (kind > 0.97) x.samples[cell] = (random() - 0.5) * 2 ** 31;
    else if (kind > 0.92) y.samples[cell] = 300 * random() - 150;
    if (cell % x.width < resting) x.samples[cell] = y.samples[cell] = 0;
  }
}

const between = new WeakMap<MovingFilm, Map<number, Planes>>();

/** Planes at an instant, as the reference has them: worked out once for all views. */
export function planesAt(film: MovingFilm, frame: number, phase: number): Planes {
  const { shape, nodes, baked, frames } = film;
  if (phase === 0) return frames[frame]!.planes;
  const known = between.get(film) ?? new Map<number, Planes>();
  const planes =
    known.get(frame + phase) ?? (planesBetween(shape, nodes, baked, frame, phase) as unknown as Planes);
  between.set(film, known.set(frame + phase, planes));
  return planes;
}

/** The picture at an instant, as the reference has it. */
export function pictureAt(film: MovingFilm, frame: number, phase: number, kernels: SamplingKernels): Picture {
  return samplePicture(planesAt(film, frame, phase), kernels);
}
