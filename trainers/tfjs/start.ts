/** The start of a node's training: motion by block matching, latents by what they cost; twin of native/segmentStart.h. */

import * as tf from '@tensorflow/tfjs';
import {
  BETA,
  BLACK,
  MOTION_GRID_PX as CELL,
  CODE_OFFSET,
  CODES_PER_UNIT,
  LIGHT,
} from '../../runtime/field/constants.js';
import { displacement, type FieldShape, type LatentPlane, motionGrid } from '../../runtime/field/shape.js';
import type { FloatPlane } from '../../runtime/picture/floatPlane.js';
import { clampIndex } from '../../runtime/picture/picture.js';
import { CubicSampler } from '../../runtime/reference/plane.js';
import type { EngineConstants, StartConstants } from '../trainingConstants.js';
import { type ErrorPrices, fitMotion } from './motionFit.js';
import { type Luma, lightTowards, lumaPyramid, searchMotion, VectorField } from './motionSearch.js';
import { predict } from './prediction.js';
import type { Plane, Planes, Resampling } from './resampling.js';
import { CellCosts, type CellSpectrum, cellChoice, cellSpectrum, meanAlone } from './residualCosts.js';
import { approximate, type Eigenvalues } from './sparse.js';
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
  readonly eigenvalues: Eigenvalues;
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
      start.eigenvalues,
    );
    for (const [level, p] of planes.entries()) values[p] = fitted[level]!;
    tf.dispose([problem.target, problem.weights]);
  };
  let baked = place();
  if (node.field.refs.length > 0) {
    const searched = await searchedPicture(start);
    const found: FoundMotion[] = [];
    for (const r of node.field.refs.keys()) found.push(await motionTowards(start, searched, r));
    const worths = vectorWorths(start, searched, found);
    for (const [r, motion] of found.entries()) {
      const axes = [0, 1].map((axis) => levelsOf(node, 'motion', displacement(r, axis)));
      const fitted = fitVectors(start, searched.slopes, motion, worths[r]!, axes);
      for (const [axis, planes] of axes.entries()) {
        for (const [level, p] of planes.entries()) values[p] = fitted[axis]![level]!;
      }
    }
    baked = place();
    if (node.field.refs.length > 1) {
      const beta = await betaTarget(start, searched, baked);
      const importance = tf.onesLike(beta.target) as Plane;
      await fill('motion', BETA, { ...beta, importance, lambda: constants.betaPrice * lambda });
      importance.dispose();
      baked = place();
    }
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

/** What block matching found towards one reference. */
interface FoundMotion {
  /** Its luma, codes in the light of the node. */
  readonly reference: Luma;
  /** What the node's motion is predicted to be, and what was found. */
  readonly expected: VectorField;
  readonly found: VectorField;
}

/** Block matching towards reference number `r`. */
async function motionTowards(
  { node, nodes, shape, lambda, constants }: NodeStart,
  { pyramid: current }: SearchedPicture,
  r: number,
): Promise<FoundMotion> {
  const { search } = constants;
  const grid = motionGrid(shape);
  const expected = new VectorField(grid.width, grid.height);
  const prediction = node.field.motion[r];
  for (let axis = 0; prediction && axis < 2; axis++) {
    const at = PICTURE_PLANES + displacement(prediction.field, axis);
    const field = await nodes[prediction.node]!.baked![at]!.data();
    for (const [i, value] of field.entries()) expected.vectors[2 * i + axis] = prediction.scale * value;
  }
  const ref = nodes[node.field.refs[r]!]!;
  const unlit = lumaPyramid(shape.width, shape.height, codesOf(ref), current.length);
  const lit = lightTowards(unlit, current, search);
  const reference = unlit.map((level) => ({ ...level, samples: level.samples.map(lit) }));
  const smoothness = search.smoothness + search.smoothnessByRoot * Math.sqrt(lambda);
  const found = searchMotion({ current, reference, constants: search, smoothness }, expected);
  const baked = await ref.baked![0]!.data();
  const samples = Float32Array.from(baked, (value) => lit(value + CODE_OFFSET));
  return { reference: { width: shape.width, height: shape.height, samples }, expected, found };
}

/**
 * What each vector of a cell saves, with the other as it was found: compared to the one that is expected, and to one that reads
 * something else, at best of the same mean. By reference and cell.
 */
function vectorWorths(
  { node, shape, lambda, constants, lossWeights }: NodeStart,
  { pyramid, importance }: SearchedPicture,
  motions: readonly FoundMotion[],
): Float32Array[] {
  const { width, height } = motionGrid(shape);
  const { anchorMatchShare, leafMatchShare, leastLimit, water } = constants.start;
  const share = node.field.depth < 2 ? anchorMatchShare : leafMatchShare;
  const worths = motions.map(() => new Float32Array(width * height));
  for (let cell = 0; cell < width * height; cell++) {
    const [x, y] = [cell % width, Math.floor(cell / width)];
    const found = motions.map((motion) => displacedSpectrum(motion.reference, motion.found, x, y));
    const expected = motions.map((motion) => displacedSpectrum(motion.reference, motion.expected, x, y));
    const spectra = [...found, ...expected, ...found.map(meanAlone)];
    const source = spectrumOf(pyramid[0]!, x, y);
    const costs = new CellCosts(source, spectra, importance[cell]! * lossWeights[0]!, water * lambda);
    for (const [r, worth] of worths.entries()) {
      // With vector `kind` of this reference: 0 found, 1 expected, 2 something else.
      const cost = (kind: number): number => {
        const weights = spectra.map((_, i) => (i === kind * motions.length + r ? 1 / motions.length : 0));
        if (motions.length > 1) weights[1 - r]! += 1 / motions.length;
        return costs.cost(weights);
      };
      const saved = Math.max(cost(2), cost(1)) - cost(0);
      worth[cell] = Math.max(share * saved, leastLimit * lambda);
    }
  }
  return worths;
}

/** A cell of a reference, displaced by its vector. */
function displacedSpectrum(reference: Luma, vectors: VectorField, x: number, y: number): CellSpectrum {
  const [dx, dy] = vectors.at(x, y);
  const sampler = new CubicSampler();
  return cellSpectrum((i, j) => sampler.at(reference, x * CELL + i + dx, y * CELL + j + dy));
}

/** A cell of luma, which repeats beyond the picture. */
function spectrumOf({ width, height, samples }: FloatPlane, x: number, y: number): CellSpectrum {
  return cellSpectrum(
    (i, j) => samples[clampIndex(y * CELL + j, height) * width + clampIndex(x * CELL + i, width)]!,
  );
}

/**
 * Latents of the displacements towards one reference, by axis and level: what those that block matching found are worth.
 *
 * @param axes planes of each axis, finest first
 */
function fitVectors(
  { node, shape, lambda, constants, stepOf }: NodeStart,
  slopes: ErrorPrices['slopes'],
  { expected, found }: FoundMotion,
  limit: Float32Array,
  axes: readonly (readonly number[])[],
): Float32Array[][] {
  const missing = found.vectors.map((value, i) => value - expected.vectors[i]!);
  return fitMotion(
    {
      sizes: shape.motion,
      steps: axes.map((planes) => planes.map((p) => stepOf(node.planes[p]!))),
      target: axes.map((_, axis) => missing.filter((__, i) => i % 2 === axis)),
      prices: { slopes, limit },
      price: constants.start.motionPrice * lambda,
    },
    constants.fit,
  );
}

/** Logit of a weight of 1. */
const ONE_ALONE = 64;

/** From the motion that was found: which reference each cell had better believe, and how far; and what a difference from it costs. */
async function betaTarget(
  { node, nodes, shape, resampling, lambda, constants, lossWeights }: NodeStart,
  { pyramid, importance }: SearchedPicture,
  baked: Baked,
): Promise<{ target: Plane; weights: Plane }> {
  const references = node.field.refs.map((ref) => nodes[ref]!.baked!.slice(0, PICTURE_PLANES));
  const alone = tf.tidy(() =>
    [ONE_ALONE, -ONE_ALONE].map((beta) => {
      const motion = baked
        .slice(PICTURE_PLANES)
        .map((plane, component) => (component === BETA ? (tf.fill(plane.shape, beta) as Plane) : plane));
      return tf.keep(predict(shape, references, tf.stack(motion) as Planes, resampling)[0]!);
    }),
  );
  const predicted = await Promise.all(alone.map((plane) => plane.data<'float32'>()));
  const codes = predicted.map((samples) => samples.map((value) => value + CODE_OFFSET));
  tf.dispose(alone);
  const { width, height } = motionGrid(shape);
  const choices = Array.from({ length: width * height }, (_, cell) => {
    const of = (samples: Float32Array): CellSpectrum =>
      spectrumOf({ ...shape, samples }, cell % width, Math.floor(cell / width));
    const source = spectrumOf(pyramid[0]!, cell % width, Math.floor(cell / width));
    const spectra = codes.map(of);
    const weight = importance[cell]! * lossWeights[0]!;
    const costs = new CellCosts(source, spectra, weight, constants.start.water * lambda);
    return cellChoice((logit) => {
      const first = 1 / (1 + Math.exp(-logit));
      return costs.cost([first, 1 - first]);
    }, constants.start.largestBeta);
  });
  return onGrid(shape, choices);
}

/** By cell, on the motion grid. */
function onGrid(
  shape: FieldShape,
  cells: readonly { readonly value: number; readonly weight: number }[],
): { target: Plane; weights: Plane } {
  const { width, height } = motionGrid(shape);
  const plane = (values: number[]): Plane => tf.tensor2d(values, [height, width]);
  return {
    target: plane(cells.map(({ value }) => value)),
    weights: plane(cells.map(({ weight }) => weight)),
  };
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
    return { value: products / squares, weight: (lossWeights[0]! * squares * limit) / (limit + rest) };
  });
  return onGrid(shape, cells);
}
