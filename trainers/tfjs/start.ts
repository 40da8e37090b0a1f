/** The start of a node's training: motion by block matching, latents by what they cost; twin of native/segmentStart.h. */

import * as tf from '@tensorflow/tfjs';
import { BLACK, MOTION_GRID_PX as CELL, CODES_PER_UNIT, LIGHT } from '../../runtime/field/constants.js';
import { displacement, type FieldShape, type LatentPlane, motionGrid } from '../../runtime/field/shape.js';
import { clampIndex } from '../../runtime/picture/picture.js';
import { lossWeights } from '../rateControl.js';
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
    const searched = searchedPicture(start);
    for (const [r, ref] of node.field.refs.entries()) {
      const axes = [0, 1].map((axis) => levelsOf(node, 'motion', displacement(r, axis)));
      const fitted = await motionTowards(start, searched, r, ref, axes);
      for (const [axis, planes] of axes.entries()) {
        for (const [level, p] of planes.entries()) values[p] = fitted[axis]![level]!;
      }
    }
    baked = place();
    await fill('motion', LIGHT, {
      ...(await lightTarget(start, baked)),
      lambda: constants.lightPrice * lambda,
    });
    baked = place();
  }
  for (let p = 0; p < PICTURE_PLANES; p++) {
    const target = tf.tidy(() => tf.div(tf.sub(node.source[p]!, baked[p]!), CODES_PER_UNIT) as Plane);
    const weights = tf.fill(target.shape, lossWeights(start.shape)[p]! * CODES_PER_UNIT ** 2) as Plane;
    await fill('innovation', p, { target, weights, lambda: lambda * depthScale ** 2 });
  }
  place();
}

interface Fit {
  readonly target: Plane;
  readonly weights: Plane;
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
  readonly slopes: ErrorPrices['slopes'];
}

function searchedPicture({ node, shape, lambda, constants }: NodeStart): SearchedPicture {
  const { levels, levelsLeftOut } = constants.search;
  const count = Math.max(1, Math.min(levels, shape.luma.length - levelsLeftOut));
  const pyramid = lumaPyramid(shape.width, shape.height, codesOf(node), count);
  return { pyramid, slopes: slopesOf(pyramid[0]!, shape, lambda, constants.start) };
}

/**
 * Latents of the displacements towards reference number `r`, which is node `ref`, by axis and level: what those that block
 * matching finds are worth.
 *
 * @param axes planes of each axis, finest first
 */
async function motionTowards(
  { node, nodes, shape, lambda, constants, stepOf }: NodeStart,
  { pyramid: current, slopes }: SearchedPicture,
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
    return Math.max(start.matchShare * (spread - error), start.leastLimit * lambda);
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

function codesOf({ codes }: TrainedNode): Float32Array {
  return Float32Array.from(codes![0]);
}

/** Of a displacement by cell, from the slopes of the luma; a flat cell has some too, so that it goes with its neighbours. */
function slopesOf(
  { width, height, samples }: Luma,
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
      across[cell]! += slopeWeight * dx * dx;
      down[cell]! += slopeWeight * dy * dy;
      product[cell]! += slopeWeight * dx * dy;
    }
  }
  return [across, down, product];
}

/**
 * The factor less one that brings the prediction in each cell nearest to the source, less so where the prediction is so dark that
 * the factor would multiply mostly noise; and what an error of it costs.
 */
async function lightTarget(
  { node, shape, lambda, constants }: NodeStart,
  baked: Baked,
): Promise<{ target: Plane; weights: Plane }> {
  const [codes, predicted] = [await node.source[0]!.data(), await baked[0]!.data()];
  const grid = motionGrid(shape);
  const noise = constants.start.lightNoise * lambda; // of each sample, squared codes
  const products = new Float32Array(grid.width * grid.height);
  const squares = new Float32Array(grid.width * grid.height);
  for (const [i, prediction] of predicted.entries()) {
    const cell =
      Math.floor(Math.floor(i / shape.width) / CELL) * grid.width + Math.floor((i % shape.width) / CELL);
    const value = prediction - BLACK[0]!;
    products[cell]! += value * (codes[i]! - prediction);
    squares[cell]! += value * value + noise;
  }
  const size: [number, number] = [grid.height, grid.width];
  return {
    target: tf.tensor2d(
      products.map((product, cell) => product / Math.max(squares[cell]!, 1)),
      size,
    ),
    weights: tf.tensor2d(
      squares.map((square) => lossWeights(shape)[0] * square),
      size,
    ),
  };
}
