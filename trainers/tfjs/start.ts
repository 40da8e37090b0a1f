/** The start of a node's training: motion by block matching, latents by what they cost; twin of native/segmentStart.h. */

import * as tf from '@tensorflow/tfjs';
import { BLACK, MOTION_GRID_PX as CELL, CODES_PER_UNIT, LIGHT } from '../../runtime/field/constants.js';
import { displacement, type FieldShape, type LatentPlane, motionGrid } from '../../runtime/field/shape.js';
import { clampIndex } from '../../runtime/picture/picture.js';
import type { EngineConstants, StartConstants } from '../trainingConstants.js';
import { type ErrorPrices, fitMotion } from './motionFit.js';
import { inLightOf, type Luma, lumaPyramid, matchOf, searchMotion, VectorField } from './motionSearch.js';
import type { Plane, Resampling } from './resampling.js';
import { approximate } from './sparse.js';
import { type Baked, PICTURE_PLANES, type TrainedNode } from './trainedNode.js';

/** What a node begins from. */
export interface NodeStart {
  readonly node: TrainedNode;
  readonly nodes: readonly TrainedNode[];
  readonly shape: FieldShape;
  readonly resampling: Resampling;
  readonly lambda: number;
  readonly constants: EngineConstants;
  /** Of a squared error in one sample, by plane. */
  readonly lossWeights: readonly number[];
  /** Factor of the innovation's steps at the node's depth. */
  readonly depthScale: number;
  readonly stepOf: (plane: LatentPlane) => number;
  /** Bakes the node with its latents as they are. */
  readonly bake: () => Baked;
}

/** Fills a node's latents; the nodes before it have theirs. */
export async function beginNode(start: NodeStart): Promise<void> {
  const { node, lambda, depthScale } = start;
  const constants = start.constants.start;
  const source = node.source!;
  const values: Float32Array[] = node.planes.map(({ width, height }) => new Float32Array(width * height));
  const place = (): Baked => {
    const all = new Float32Array(node.latents.values.size);
    for (const [p, plane] of node.planes.entries()) all.set(values[p]!, plane.offset);
    node.latents.set(all, ({ kind }) => {
      if (kind === 'motion') return constants.motionThreshold;
      return node.field.depth < 2 ? constants.anchorThreshold : constants.leafThreshold;
    });
    return start.bake();
  };
  const fill = async (kind: LatentPlane['kind'], component: number, problem: Fit): Promise<void> => {
    const planes = levelsOf(node, kind, component);
    const levels = planes.map((p) => node.planes[p]!);
    const fitted = await approximate(
      { sizes: levels, steps: levels.map(start.stepOf), ...problem },
      start.resampling,
      start.constants.sparse,
    );
    for (const [level, p] of planes.entries()) values[p] = fitted[level]!;
    tf.dispose([problem.target, problem.weights]);
  };
  let baked = place();
  if (node.field.refs.length > 0) {
    const searched = await searchedPicture(start);
    for (const [r, ref] of node.field.refs.entries()) {
      const axes = [0, 1].map((axis) => levelsOf(node, 'motion', displacement(r, axis)));
      const fitted = await motionTowards(start, searched, r, ref, axes);
      for (const [axis, planes] of axes.entries()) {
        for (const [level, p] of planes.entries()) values[p] = fitted[axis]![level]!;
      }
    }
    baked = place();
    const light = await lightTarget(start, baked);
    const importance = tf.onesLike(light.target) as Plane;
    await fill('motion', LIGHT, { ...light, importance, lambda: constants.lightPrice * lambda });
    importance.dispose();
    baked = place();
  }
  for (let p = 0; p < PICTURE_PLANES; p++) {
    const target = tf.tidy(() => tf.div(tf.sub(source.planes[p]!, baked[p]!), CODES_PER_UNIT) as Plane);
    const weights = tf.fill(target.shape, start.lossWeights[p]! * CODES_PER_UNIT ** 2) as Plane;
    const importance = source.weights[p]!;
    await fill('innovation', p, { target, weights, importance, lambda: lambda * depthScale ** 2 });
  }
  place();
}

interface Fit {
  readonly target: Plane;
  readonly weights: Plane;
  readonly importance: Plane;
  readonly lambda: number;
}

/** Planes of one component, finest first. */
function levelsOf(node: TrainedNode, kind: LatentPlane['kind'], component: number): number[] {
  const levels: number[] = [];
  for (const [p, plane] of node.planes.entries()) {
    if (plane.kind === kind && plane.component === component) levels[plane.level] = p;
  }
  return levels;
}

/** What all searches for a node's motion have in common. */
interface SearchedPicture {
  /** Finest first. */
  readonly pyramid: readonly Luma[];
  readonly importance: Float32Array;
  readonly slopes: ErrorPrices['slopes'];
}

async function searchedPicture({ node, shape, lambda, constants }: NodeStart): Promise<SearchedPicture> {
  const { levels, levelsLeftOut } = constants.search;
  const count = Math.max(1, Math.min(levels, shape.luma.length - levelsLeftOut));
  const pyramid = lumaPyramid(shape.width, shape.height, codesOf(node), count);
  const importance = await importanceOf(node, shape);
  return { pyramid, importance, slopes: slopesOf(pyramid[0]!, importance, shape, lambda, constants.start) };
}

/**
 * Latents of the displacements towards reference number `r`, which is node `ref`, by axis and level: what those that block
 * matching finds are worth.
 *
 * @param axes planes of each axis, finest first
 */
async function motionTowards(
  { node, nodes, shape, lambda, constants, stepOf }: NodeStart,
  { pyramid: current, importance, slopes }: SearchedPicture,
  r: number,
  ref: number,
  axes: readonly (readonly number[])[],
): Promise<Float32Array[][]> {
  const { search, start } = constants;
  const grid = motionGrid(shape);
  const expected = new VectorField(grid.width, grid.height);
  const prediction = node.field.motion[r];
  for (let axis = 0; prediction && axis < 2; axis++) {
    const at = PICTURE_PLANES + displacement(prediction.field, axis);
    const field = await nodes[prediction.node]!.baked![at]!.data();
    for (const [i, value] of field.entries()) expected.vectors[2 * i + axis] = prediction.scale * value;
  }
  const unlit = lumaPyramid(shape.width, shape.height, codesOf(nodes[ref]!), current.length);
  const reference = inLightOf(unlit, current, search);
  const smoothness = search.smoothness + search.smoothnessByRoot * Math.sqrt(lambda);
  const found = searchMotion({ current, reference, constants: search, smoothness }, expected);
  const cells = grid.width * grid.height;
  const limit = Float32Array.from({ length: cells }, (_, i) => {
    const [x, y] = [i % grid.width, Math.floor(i / grid.width)];
    const { error, spread } = matchOf(current[0]!, reference[0]!, search.windowPx, x, y, found.at(x, y));
    return Math.max(start.matchShare * (spread - error) * importance[i]!, start.leastLimit * lambda);
  });
  return fitMotion(
    {
      sizes: shape.motion,
      steps: axes.map((planes) => planes.map((p) => stepOf(node.planes[p]!))),
      target: axes.map((_, axis) =>
        Float32Array.from(
          { length: cells },
          (__, i) => found.vectors[2 * i + axis]! - expected.vectors[2 * i + axis]!,
        ),
      ),
      prices: { slopes, limit },
      price: start.motionPrice * lambda,
    },
    constants.fit,
  );
}

function codesOf({ source }: TrainedNode): Float32Array {
  return Float32Array.from(source!.codes[0]);
}

/** The cell of motion that a sample of luma lies in. */
function cellOf(sample: number, shape: FieldShape): number {
  const [x, y] = [sample % shape.width, Math.floor(sample / shape.width)];
  return Math.floor(y / CELL) * motionGrid(shape).width + Math.floor(x / CELL);
}

/** By cell of motion, what the errors in its luma weigh on average. */
async function importanceOf({ source }: TrainedNode, shape: FieldShape): Promise<Float32Array> {
  const { width, height } = motionGrid(shape);
  const total = new Float32Array(width * height);
  const count = new Float32Array(width * height);
  for (const [i, weight] of (await source!.weights[0]!.data()).entries()) {
    const cell = cellOf(i, shape);
    total[cell]! += weight;
    count[cell]! += 1;
  }
  return total.map((sum, cell) => sum / count[cell]!);
}

/** Of a displacement by cell, from the slopes of the luma; a flat cell has some too, so that it goes with its neighbours. */
function slopesOf(
  { width, height, samples }: Luma,
  importance: Float32Array,
  shape: FieldShape,
  lambda: number,
  { slopeWeight, flatWeight }: StartConstants,
): ErrorPrices['slopes'] {
  const grid = motionGrid(shape);
  const cells = grid.width * grid.height;
  const flat = flatWeight * lambda;
  const across = new Float32Array(cells).fill(flat);
  const down = new Float32Array(cells).fill(flat);
  const product = new Float32Array(cells);
  const at = (x: number, y: number): number => samples[clampIndex(y, height) * width + clampIndex(x, width)]!;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dx = at(x + 1, y) - at(x - 1, y);
      const dy = at(x, y + 1) - at(x, y - 1);
      const cell = Math.floor(y / CELL) * grid.width + Math.floor(x / CELL);
      const weight = slopeWeight * importance[cell]!;
      across[cell]! += weight * dx * dx;
      down[cell]! += weight * dy * dy;
      product[cell]! += weight * dx * dy;
    }
  }
  return [across, down, product];
}

/**
 * The factor less one that brings the shape of the prediction in each cell nearest to the source's, less so where it is so dark
 * that the factor would multiply mostly noise; and what an error of it costs.
 */
async function lightTarget(
  { node, shape, lambda, constants, lossWeights }: NodeStart,
  baked: Baked,
): Promise<{ target: Plane; weights: Plane }> {
  const { planes, weights } = node.source!;
  const [codes, weight, predicted] = await Promise.all([
    planes[0]!.data(),
    weights[0]!.data(),
    baked[0]!.data(),
  ]);
  const grid = motionGrid(shape);
  const { lightNoise, lightMeanShare, lightLimit } = constants.start;
  const noise = lightNoise * lambda; // of each sample, squared codes
  const sums = Array.from({ length: grid.width * grid.height }, () => new Float64Array(6));
  for (const [i, prediction] of predicted.entries()) {
    const cell = cellOf(i, shape);
    const value = prediction - BLACK[0]!;
    const missing = codes[i]! - prediction;
    const terms = [1, value, missing, value * value + noise, value * missing, missing * missing];
    for (const [k, term] of terms.entries()) sums[cell]![k]! += weight[i]! * term;
  }
  const cells = sums.map(([total, values, missed, square, product, error]) => {
    const alike = (1 - lightMeanShare) / total!;
    const squares = square! - alike * values! ** 2;
    const products = product! - alike * values! * missed!;
    const rest = (error! - alike * missed! ** 2 - products ** 2 / squares) / total!;
    const limit = lightLimit * lambda;
    return { light: products / squares, weight: (lossWeights[0]! * squares * limit) / (limit + rest) };
  });
  const size: [number, number] = [grid.height, grid.width];
  return {
    target: tf.tensor2d(
      cells.map(({ light }) => light),
      size,
    ),
    weights: tf.tensor2d(
      cells.map((cell) => cell.weight),
      size,
    ),
  };
}
