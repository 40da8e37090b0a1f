/** Sizes of the pyramids of a picture and the list of latent planes of a node. */

import { type Chroma, chromaSize, type Size } from '../picture/picture.js';
import {
  BETA,
  COMPONENTS_PER_REFERENCE,
  LIGHT,
  MAX_INNOVATION_LEVELS,
  MAX_MOTION_LEVELS,
  MOTION_LUMA_LEVEL,
} from './constants.js';

/** Net that codes a plane: 0 intra innovation, 1 inter innovation, 2 motion. */
export type NetIndex = 0 | 1 | 2;

/** Place of a displacement in MOTION_COMPONENTS, by reference and axis (0 across, 1 down). */
export function displacement(reference: number, axis: number): number {
  return COMPONENTS_PER_REFERENCE * reference + axis;
}

/** Pyramid sizes of one film. Level 0 is the finest. */
export interface FieldShape {
  readonly width: number;
  readonly height: number;
  readonly chroma: Chroma;
  /** Latent levels of luma, of each chroma plane and of each motion component. */
  readonly luma: readonly Size[];
  readonly chromaLevels: readonly Size[];
  readonly motion: readonly Size[];
}

/** One integer plane of a node, shape (height, width). */
export interface LatentPlane {
  readonly kind: 'motion' | 'innovation';
  /** motion: index into MOTION_COMPONENTS; innovation: 0 Y, 1 Cb, 2 Cr. */
  readonly component: number;
  /** Level in its own pyramid, 0 the finest. */
  readonly level: number;
  readonly width: number;
  readonly height: number;
  readonly net: NetIndex;
  /** Row of the net's bias tensor. */
  readonly biasRow: number;
  /** Plane indexes that serve as context, or -1. */
  readonly parent: number;
  readonly grandparent: number;
  readonly companion1: number;
  readonly companion2: number;
  /** Where the plane starts in the node's concatenated latents. */
  readonly offset: number;
}

/** Sizes of all pyramids for a picture of `width` x `height` luma samples (16 or more each). */
export function fieldShape(width: number, height: number, chroma: Chroma): FieldShape {
  const depth = Math.floor(Math.log2(Math.min(width, height))) - 1;
  const lumaLevels = Math.min(depth, MAX_INNOVATION_LEVELS);
  const chromaLevels = chroma === '420' ? lumaLevels - 1 : lumaLevels;
  const c = chromaSize(width, height, chroma);
  return {
    width,
    height,
    chroma,
    luma: pyramidSizes({ width, height }, lumaLevels),
    chromaLevels: pyramidSizes(c, chromaLevels),
    motion: motionSizes({ width, height }),
  };
}

/** The motion grid and its halvings, down to one cell where the limit allows: a pan says it all there. */
function motionSizes(picture: Size): Size[] {
  const sizes = pyramidSizes(picture, MOTION_LUMA_LEVEL + MAX_MOTION_LEVELS).slice(MOTION_LUMA_LEVEL);
  const last = sizes.findIndex(({ width, height }) => width === 1 && height === 1);
  return last < 0 ? sizes : sizes.slice(0, last + 1);
}

/** Sizes from the finest down, each axis halved and rounded up. */
export function pyramidSizes(finest: Size, levels: number): Size[] {
  const sizes: Size[] = [];
  let { width, height } = finest;
  for (let level = 0; level < levels; level++) {
    sizes.push({ width, height });
    width = (width + 1) >> 1;
    height = (height + 1) >> 1;
  }
  return sizes;
}

/** Grid of the motion fields of a film. */
export function motionGrid(shape: FieldShape): Size {
  return sizeAt(shape.motion, 0);
}

/** Motion components of a node with that many references. */
export function motionComponentCount(refs: number): number {
  return COMPONENTS_PER_REFERENCE * refs;
}

/** Latent planes of a node with `refs` references, in coding order. */
export function latentPlanes(shape: FieldShape, refs: number): LatentPlane[] {
  const planes: LatentPlane[] = [];
  addMotionPlanes(planes, shape, motionComponentCount(refs));
  addInnovationPlanes(planes, shape, refs === 0 ? 0 : 1);
  return planes;
}

/** Number of latents in a list of planes: the length of a node's Int32Array. */
export function latentCount(planes: readonly LatentPlane[]): number {
  const last = planes[planes.length - 1];
  return last ? last.offset + last.width * last.height : 0;
}

function addMotionPlanes(planes: LatentPlane[], shape: FieldShape, components: number): void {
  for (let level = shape.motion.length - 1; level >= 0; level--) {
    for (let component = 0; component < components; component++) {
      const [companion1, companion2] = motionCompanions(component);
      addPlane(planes, sizeAt(shape.motion, level), {
        kind: 'motion',
        component,
        level,
        net: 2,
        biasRow: component * MAX_MOTION_LEVELS + level,
        companion1: companion1 < 0 ? -1 : planes.length - component + companion1,
        companion2: companion2 < 0 ? -1 : planes.length - component + companion2,
      });
    }
  }
}

/** Components of the same grid that a motion component looks at: the same axis of the other field, the other axis of its own. */
function motionCompanions(component: number): [number, number] {
  if (component === LIGHT) return [-1, -1];
  if (component === BETA) return [-1, displacement(0, 0)];
  const table: Readonly<Record<number, [number, number]>> = {
    [displacement(0, 1)]: [displacement(0, 0), -1],
    [displacement(1, 0)]: [displacement(0, 0), -1],
    [displacement(1, 1)]: [displacement(0, 1), displacement(1, 0)],
  };
  return table[component] ?? [-1, -1];
}

function addInnovationPlanes(planes: LatentPlane[], shape: FieldShape, net: NetIndex): void {
  const chromaShift = shape.chroma === '420' ? 1 : 0;
  for (let grid = shape.luma.length - 1; grid >= 0; grid--) {
    const y = planes.length;
    for (let component = 0; component < 3; component++) {
      const level = component === 0 ? grid : grid - chromaShift;
      if (level < 0) continue;
      addPlane(planes, sizeAt(component === 0 ? shape.luma : shape.chromaLevels, level), {
        kind: 'innovation',
        component,
        level,
        net,
        biasRow: component * MAX_INNOVATION_LEVELS + level,
        companion1: component === 0 ? -1 : y + component - 1,
        companion2: component === 2 ? y : -1,
      });
    }
  }
}

type PlaneIdentity = Omit<LatentPlane, 'width' | 'height' | 'parent' | 'grandparent' | 'offset'>;

function addPlane(planes: LatentPlane[], size: Size, plane: PlaneIdentity): void {
  const above = (levels: number): number =>
    planes.findIndex(
      (p) => p.kind === plane.kind && p.component === plane.component && p.level === plane.level + levels,
    );
  planes.push({
    ...plane,
    width: size.width,
    height: size.height,
    parent: above(1),
    grandparent: above(2),
    offset: latentCount(planes),
  });
}

/** @throws RangeError if the level does not exist, which is a mistake in the caller. */
export function sizeAt(sizes: readonly Size[], level: number): Size {
  const size = sizes[level];
  if (!size) throw new RangeError(`no level ${level}`);
  return size;
}
