/** Displacement fields: their prediction, their value at any place, and the warp along them. */

import {
  MOTION_GRID_PX,
  SPLINE_LIMIT_BEFORE,
  SPLINE_LIMIT_BEHIND,
  SPLINE_POLYNOMIALS,
} from '../field/constants.js';
import { displacement } from '../field/shape.js';
import type { MotionPrediction } from '../field/structure.js';
import type { Chroma } from '../picture/picture.js';
import { clampIndex } from '../picture/picture.js';
import { CubicSampler, createPlane, type FloatPlane } from './plane.js';
import { addPlane } from './pyramid.js';
import { lumaOnChromaGrid } from './synthesis.js';

/**
 * Field of a node on the motion grid, planes as MOTION_COMPONENTS says: dx0, dy0 (luma pixels towards the first reference),
 * light (brightness less that of the prediction, relative to it), and with two references dx1, dy1, beta (logit of the
 * weight of the first).
 */
export type MotionField = readonly FloatPlane[];

/**
 * The prediction of a node's displacements plus what was coded.
 *
 * @param coded planes from the motion latents; changed in place and returned
 * @param fields motion fields of the nodes before, by node index
 */
export function addPredictedMotion(
  coded: MotionField,
  predictions: readonly (MotionPrediction | null)[],
  fields: readonly MotionField[],
): MotionField {
  for (const [ref, prediction] of predictions.entries()) {
    if (!prediction) continue;
    const source = fields[prediction.node]!;
    for (let axis = 0; axis < 2; axis++) {
      addPlane(
        coded[displacement(ref, axis)]!,
        scaled(source[displacement(prediction.field, axis)]!, prediction.scale),
      );
    }
  }
  return coded;
}

function scaled(plane: FloatPlane, scale: number): FloatPlane {
  return { ...plane, samples: plane.samples.map((value) => value * scale) };
}

/** A plane of the motion grid at every luma pixel, by a quadratic B-spline (C1, hence no seams in the warp). */
export function fieldAtPixels(grid: FloatPlane, width: number, height: number): FloatPlane {
  const columns = splineAxis(width, grid.width);
  const rows = splineAxis(height, grid.height);
  const out = createPlane(width, height);
  const line = new Float64Array(grid.width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < grid.width; x++) line[x] = splineSum(grid.samples, rows, y, grid.width, x);
    for (let x = 0; x < width; x++) out.samples[y * width + x] = splineSum(line, columns, x, 1, 0);
  }
  return out;
}

/** A plane of the motion grid at one real luma position. */
export function fieldAt(grid: FloatPlane, x: number, y: number): number {
  const column = splinePoint(x, grid.width);
  const row = splinePoint(y, grid.height);
  let sum = 0;
  for (let j = 0; j < 3; j++) {
    const start = clampIndex(row.first + j, grid.height) * grid.width;
    for (let i = 0; i < 3; i++) {
      const weight = row.weights[j]! * column.weights[i]!;
      sum += weight * grid.samples[start + clampIndex(column.first + i, grid.width)]!;
    }
  }
  return sum;
}

/** Displacements of one reference on the grid of a picture plane, in samples of that plane. */
export interface Displacement {
  readonly dx: FloatPlane;
  readonly dy: FloatPlane;
}

/** Displacements on the chroma grid: the mean of those of the luma pixels, in chroma samples. */
export function chromaDisplacement(luma: Displacement, chroma: Chroma): Displacement {
  if (chroma === '444') return luma;
  const halved = (plane: FloatPlane): FloatPlane => scaled(lumaOnChromaGrid(plane, chroma), 0.5);
  return { dx: halved(luma.dx), dy: halved(luma.dy) };
}

/** plane(x + dx, y + dy) for every sample. */
export function warp(plane: FloatPlane, { dx, dy }: Displacement): FloatPlane {
  const { width, height } = plane;
  const sampler = new CubicSampler();
  const out = createPlane(width, height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      out.samples[i] = sampler.at(plane, x + dx.samples[i]!, y + dy.samples[i]!);
    }
  }
  return out;
}

/** Weight of the first reference, 0..1. */
export function sigmoid(beta: number): number {
  return 1 / (1 + Math.exp(-beta));
}

interface SplineAxis {
  /** Three clamped grid indexes and weights for every pixel. */
  readonly indexes: Int32Array;
  readonly weights: Float64Array;
}

function splineAxis(pixels: number, gridLength: number): SplineAxis {
  const axis = { indexes: new Int32Array(3 * pixels), weights: new Float64Array(3 * pixels) };
  for (let pixel = 0; pixel < pixels; pixel++) {
    const point = splinePoint(pixel, gridLength);
    for (let i = 0; i < 3; i++) {
      axis.indexes[3 * pixel + i] = clampIndex(point.first + i, gridLength);
      axis.weights[3 * pixel + i] = point.weights[i]!;
    }
  }
  return axis;
}

/** First of the three grid points and their weights at a pixel position. */
function splinePoint(position: number, gridLength: number): { first: number; weights: readonly number[] } {
  const place = (position + 0.5) / MOTION_GRID_PX - 0.5;
  const g = Math.min(Math.max(place, -SPLINE_LIMIT_BEFORE), gridLength - 1 + SPLINE_LIMIT_BEHIND);
  const nearest = Math.floor(g + 0.5);
  const f = g - nearest;
  return {
    first: nearest - 1,
    weights: splineWeights(f),
  };
}

/**
 * Weights of the grid points before, at and behind the nearest one.
 *
 * @param f distance behind the nearest, -1/2..1/2
 */
export function splineWeights(f: number): number[] {
  return SPLINE_POLYNOMIALS.map(([constant, linear, square]) => constant + f * (linear + f * square));
}

function splineSum(
  samples: Float32Array | Float64Array,
  axis: SplineAxis,
  pixel: number,
  stride: number,
  base: number,
): number {
  const at = 3 * pixel;
  return (
    axis.weights[at]! * samples[base + axis.indexes[at]! * stride]! +
    axis.weights[at + 1]! * samples[base + axis.indexes[at + 1]! * stride]! +
    axis.weights[at + 2]! * samples[base + axis.indexes[at + 2]! * stride]!
  );
}
