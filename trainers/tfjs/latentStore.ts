/** Latents of one node in training: values, state of their optimizer, and which blocks are active. */

import * as tf from '@tensorflow/tfjs';
import { BLOCK_HEIGHT, BLOCK_WIDTH } from '../../runtime/field/constants.js';
import { type LatentPlane, latentCount } from '../../runtime/field/shape.js';
import type { AdamConstants, EngineConstants } from '../trainingConstants.js';
import type { LatentGrid } from './latentGrid.js';

/** All of shape (latents). */
interface StoredTensors {
  values: tf.Tensor1D;
  mask: tf.Tensor1D;
  firstMoment: tf.Tensor1D;
  secondMoment: tf.Tensor1D;
}

export class LatentStore {
  readonly planes: readonly LatentPlane[];
  readonly #adam: AdamConstants;
  #tensors: StoredTensors;
  /** By plane: numbers of the active blocks, ascending. */
  #blocks: number[][];
  #visits = 0;
  /** Factor of the learning rate and the noise of motion by level. */
  readonly #motionByLevel: number;
  /** Factors of the two learning rates, shape (latents). */
  readonly #rateFactors: Readonly<Record<LatentPlane['kind'], tf.Tensor1D>>;

  constructor(planes: readonly LatentPlane[], { latentAdam, motionByLevel }: EngineConstants) {
    this.planes = planes;
    this.#adam = latentAdam;
    this.#motionByLevel = motionByLevel;
    this.#rateFactors = {
      motion: this.#rateFactorsOf('motion'),
      innovation: this.#rateFactorsOf('innovation'),
    };
    const zeros = (): tf.Tensor1D => tf.keep(tf.zeros([latentCount(planes)])) as tf.Tensor1D;
    this.#tensors = { values: zeros(), mask: zeros(), firstMoment: zeros(), secondMoment: zeros() };
    this.#blocks = planes.map(() => []);
  }

  /** Shape (latents), planes in coding order. */
  get values(): tf.Tensor1D {
    return this.#tensors.values;
  }

  /** 1 in active blocks, shape (latents). */
  get mask(): tf.Tensor1D {
    return this.#tensors.mask;
  }

  isActive({ firstPlane, planes }: LatentGrid): boolean {
    return this.#blocks.slice(firstPlane, firstPlane + planes.length).some((active) => active.length > 0);
  }

  /** Takes values; blocks in which none exceeds its plane's threshold become inactive, and zero. Moments start anew. */
  set(values: Float32Array, thresholdOf: (plane: LatentPlane) => number): void {
    const mask = new Float32Array(values.length);
    this.#blocks = this.planes.map((plane) => {
      const active: number[] = [];
      const threshold = thresholdOf(plane);
      for (let block = 0; block < blockCount(plane); block++) {
        const places = placesOf(plane, block);
        if (!places.some((at) => at >= 0 && Math.abs(values[at]!) > threshold)) continue;
        active.push(block);
        for (const at of places) if (at >= 0) mask[at] = 1;
      }
      return active;
    });
    const kept = values.map((value, i) => value * mask[i]!);
    this.#replace({ values: tf.tensor1d(kept), mask: tf.tensor1d(mask) });
    this.#replace({ firstMoment: tf.zeros([values.length]), secondMoment: tf.zeros([values.length]) });
  }

  /** Gives up blocks in which no |value| reaches the threshold. */
  async prune(threshold: number): Promise<void> {
    const values = await this.values.data();
    const mask = new Float32Array(values.length);
    this.#blocks = this.#blocks.map((active, p) =>
      active.filter((block) => {
        const places = placesOf(this.planes[p]!, block);
        if (!places.some((at) => at >= 0 && Math.abs(values[at]!) >= threshold)) return false;
        for (const at of places) if (at >= 0) mask[at] = 1;
        return true;
      }),
    );
    tf.tidy(() => {
      const kept = tf.tensor1d(mask);
      this.#replace({
        values: tf.mul(this.values, kept),
        firstMoment: tf.mul(this.#tensors.firstMoment, kept),
        secondMoment: tf.mul(this.#tensors.secondMoment, kept),
        mask: kept,
      });
    });
  }

  /** One step of Adam (Kingma and Ba, 2015) with the learning rates of motion and of innovation. */
  update(gradient: tf.Tensor1D, motionRate: number, innovationRate: number): void {
    this.#visits++;
    const { gradientShare, squareShare, epsilon } = this.#adam;
    const [decay1, decay2] = [1 - gradientShare, 1 - squareShare];
    const correct1 = 1 / (1 - decay1 ** this.#visits);
    const correct2 = 1 / (1 - decay2 ** this.#visits);
    tf.tidy(() => {
      const before = this.#tensors;
      const g = tf.mul(gradient, this.mask);
      const firstMoment = tf.add(tf.mul(before.firstMoment, decay1), tf.mul(g, gradientShare));
      const secondMoment = tf.add(tf.mul(before.secondMoment, decay2), tf.mul(tf.square(g), squareShare));
      const size = tf.add(tf.sqrt(tf.mul(secondMoment, correct2)), epsilon);
      const { motion, innovation } = this.#rateFactors;
      const rates = tf.add(tf.mul(motion, motionRate), tf.mul(innovation, innovationRate));
      const step = tf.div(tf.mul(tf.mul(rates, correct1), firstMoment), size);
      this.#replace({ values: tf.sub(this.values, step), firstMoment, secondMoment });
    });
  }

  /** Noise of roughly that standard deviation, shape (latents): the same numbers as in the native engine. */
  noise(deviation: number, key: (plane: number) => number): tf.Tensor1D {
    const noise = new Float32Array(this.values.size);
    if (deviation === 0) return tf.tensor1d(noise);
    for (const [p, active] of this.#blocks.entries()) {
      const planeKey = active.length > 0 ? key(p) : 0;
      const scale = deviation * this.#levelFactor(this.planes[p]!);
      for (const [stored, block] of active.entries()) {
        for (const [i, at] of placesOf(this.planes[p]!, block).entries()) {
          if (at >= 0) noise[at] = scale * hashNoise(planeKey, stored * BLOCK_WIDTH * BLOCK_HEIGHT + i);
        }
      }
    }
    return tf.tensor1d(noise);
  }

  #rateFactorsOf(kind: LatentPlane['kind']): tf.Tensor1D {
    const factors = new Float32Array(latentCount(this.planes));
    for (const plane of this.planes) {
      if (plane.kind !== kind) continue;
      factors.fill(this.#levelFactor(plane), plane.offset, plane.offset + plane.width * plane.height);
    }
    return tf.keep(tf.tensor1d(factors));
  }

  #levelFactor({ kind, level }: LatentPlane): number {
    return kind === 'motion' ? this.#motionByLevel ** level : 1;
  }

  dispose(): void {
    tf.dispose([...Object.values(this.#tensors), ...Object.values(this.#rateFactors)]);
  }

  #replace(tensors: Partial<Record<keyof StoredTensors, tf.Tensor>>): void {
    for (const [name, tensor] of Object.entries(tensors) as [keyof StoredTensors, tf.Tensor1D][]) {
      this.#tensors[name].dispose();
      this.#tensors[name] = tf.keep(tensor);
    }
  }
}

/** Uniform bits from a counter (finalizer of MurmurHash3), as in the native engine. */
export function hashBits(a: number, b: number, c: number): number {
  let h =
    Math.imul(a, 0x9e3779b1) ^
    (Math.imul(b, 0x85ebca77) + 0x165667b1) ^
    (Math.imul(c, 0xc2b2ae3d) + 0x27d4eb2f);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The sum of the four bytes of a hash, scaled. */
function hashNoise(key: number, index: number): number {
  let h = Math.imul(index, 0x9e3779b1) ^ key;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return ((h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + (h >>> 24) - 510) / 147.8;
}

function blockCount({ width, height }: LatentPlane): number {
  return Math.ceil(width / BLOCK_WIDTH) * Math.ceil(height / BLOCK_HEIGHT);
}

/** Where the places of a block are among the node's latents, in rows; -1 outside of the plane. */
function placesOf({ width, height, offset }: LatentPlane, block: number): number[] {
  const across = Math.ceil(width / BLOCK_WIDTH);
  const x0 = (block % across) * BLOCK_WIDTH;
  const y0 = Math.floor(block / across) * BLOCK_HEIGHT;
  return Array.from({ length: BLOCK_WIDTH * BLOCK_HEIGHT }, (_, i) => {
    const x = x0 + (i % BLOCK_WIDTH);
    const y = y0 + Math.floor(i / BLOCK_WIDTH);
    return x < width && y < height ? offset + y * width + x : -1;
  });
}
