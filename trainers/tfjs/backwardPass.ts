/** What one step sums on its way back through the nodes. */

import * as tf from '@tensorflow/tfjs';
import type { StepCost } from '../trainingStep.js';
import type { Plane } from './resampling.js';

/** Gradient by one plane of a node's picture or motion. */
export interface Received {
  readonly place: number;
  readonly gradient: Plane;
}

export class BackwardPass {
  /** Values of all net tensors. */
  readonly nets: tf.Tensor1D;
  #byNets: tf.Tensor1D;
  /** Distortion and bits. */
  #cost: tf.Tensor1D;
  /** By node and place. */
  readonly #left = new Map<number, Map<number, Plane>>();

  constructor(nets: Float64Array) {
    this.nets = tf.keep(tf.tensor1d(Float32Array.from(nets)));
    this.#byNets = tf.keep(tf.zerosLike(this.nets));
    this.#cost = tf.keep(tf.zeros([2]));
  }

  addCost(distortion: tf.Scalar, bits: tf.Scalar, weight: number): void {
    this.#cost = replaced(this.#cost, tf.add(this.#cost, tf.mul(tf.stack([distortion, bits]), weight)));
  }

  /** Takes the gradient over. */
  addNets(gradient: tf.Tensor1D): void {
    this.#byNets = replaced(this.#byNets, tf.add(this.#byNets, gradient));
    gradient.dispose();
  }

  /** Leaves a gradient for an earlier node, which owns it from then on. */
  leave(node: number, place: number, gradient: Plane): void {
    const places = this.#left.get(node) ?? new Map<number, Plane>();
    this.#left.set(node, places);
    const before = places.get(place);
    places.set(place, tf.keep(before ? tf.add(before, gradient) : gradient));
    if (before) tf.dispose([before, gradient]);
  }

  /** What was left for a node. */
  take(node: number): Received[] {
    return [...(this.#left.get(node) ?? [])].map(([place, gradient]) => ({ place, gradient }));
  }

  /** Reads the results and frees everything. */
  async finish(netGradient: Float64Array): Promise<StepCost> {
    netGradient.set(await this.#byNets.data());
    const [distortion = 0, bits = 0] = await this.#cost.data();
    tf.dispose([this.nets, this.#byNets, this.#cost]);
    return { distortion, bits };
  }
}

function replaced<T extends tf.Tensor>(old: T, tensor: tf.Tensor): T {
  tf.keep(tensor);
  old.dispose();
  return tensor as T;
}
