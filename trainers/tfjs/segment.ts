/**
 * A segment in training with TensorFlow.js: the field as its operations, gradients by automatic differentiation, one node
 * at a time. Going back, a node is computed again instead of remembered, so that memory grows with one node and not with
 * the segment.
 */

import * as tf from '@tensorflow/tfjs';
import { CODE_OFFSET, CODES_PER_UNIT, LARGEST_VALUE, MAX_CODE } from '../../runtime/field/constants.js';
import { netsFromQuantized, priorTensors } from '../../runtime/field/nets.js';
import {
  displacement,
  type FieldShape,
  fieldShape,
  type LatentPlane,
  latentPlanes,
} from '../../runtime/field/shape.js';
import { depthScale, innovationStep, motionStep, type StepSettings } from '../../runtime/field/steps.js';
import type { FieldNode } from '../../runtime/field/structure.js';
import { NET_VALUE_COUNT, tensorNamed } from '../../runtime/field/tensors.js';
import { createNativeSegment } from '../native/nativeEngine.js';
import type { NativeTrainer, NativeTrainingSegment } from '../native/trainerAddon.js';
import { type NetState, updateNets } from '../nets/netState.js';
import {
  type CostPart,
  type NodeCost,
  type NodeRange,
  nodesIn,
  type SegmentDescription,
  type SegmentOptions,
  type TrainingSegment,
} from '../trainingEngine.js';
import {
  activityOfStep,
  type LatentOptions,
  type StepActivity,
  type StepCost,
  type StepOptions,
} from '../trainingStep.js';
import { BackwardPass } from './backwardPass.js';
import { gather } from './gather.js';
import { latentGrids, planesOf } from './latentGrid.js';
import { hashBits, LatentStore } from './latentStore.js';
import { filtered, filterWeights } from './loopFilter.js';
import { predict } from './prediction.js';
import { latentBits } from './rate.js';
import { each, type Plane, type Planes, Resampling, sumOf } from './resampling.js';
import { hardRound, softRound } from './rounding.js';
import { releaseSource, sourceOf } from './source.js';
import type { Eigenvalues } from './sparse.js';
import { beginNode } from './start.js';
import { collapse, type NetTensors, synthesizeChroma, synthesizeLuma } from './synthesis.js';
import { type Baked, PICTURE_PLANES, predictorOf, readsOf, type TrainedNode } from './trainedNode.js';
import { type Visit, visitsOf } from './visits.js';

/** What a segment is trained on and with. */
export interface TfjsHost extends SegmentOptions {
  /** Finds the start where it is there: that is work for the processor, and little of the whole. */
  readonly native: NativeTrainer | undefined;
  /** @throws EngineError if the device has failed */
  check(): void;
}

export class TfjsSegment implements TrainingSegment {
  readonly #description: SegmentDescription;
  readonly #host: TfjsHost;
  readonly #shape: FieldShape;
  readonly #resampling = new Resampling();
  readonly #eigenvalues: Eigenvalues = new Map();
  readonly #nodes: readonly TrainedNode[];
  /** Steps before gains, which are zero at the prior. */
  readonly #settings: StepSettings;
  #steps = 0;
  #keptGradients: Float64Array[] = [];
  /** Has the native engine's start of the nodes. */
  #starter: NativeTrainingSegment | undefined;

  constructor(description: SegmentDescription, fields: readonly FieldNode[], host: TfjsHost) {
    this.#description = description;
    this.#host = host;
    const { width, height, chroma, baseExponent, depthOffset } = description;
    this.#shape = fieldShape(width, height, chroma);
    this.#settings = { nets: netsFromQuantized(priorTensors()), baseExponent, depthOffset };
    const kinds = [0, 1, 2].map((refs) => {
      const planes = latentPlanes(this.#shape, refs);
      return { planes, grids: latentGrids(planes) };
    });
    const referred = new Set(fields.flatMap((field) => field.refs));
    this.#nodes = fields.map((field, index) => ({
      field,
      ...kinds[field.refs.length]!,
      latents: new LatentStore(kinds[field.refs.length]!.planes, host.constants),
      reads: readsOf(field),
      referred: referred.has(index),
      source: undefined,
      baked: undefined,
    }));
  }

  setSource(node: number, y: Uint8Array, cb: Uint8Array, cr: Uint8Array, weights?: Float32Array): void {
    const target = this.#nodes[node]!;
    releaseSource(target.source);
    target.source = sourceOf([y, cb, cr], weights, this.#shape, this.#host.constants.weightCellPx);
  }

  async analyse(nets: Float64Array, lambda: number, range: NodeRange): Promise<void> {
    if (this.#host.native) return this.#takeStart(this.#host.native, nets, lambda, range);
    const netValues = netTensor(nets);
    for (const index of nodesIn(range)) {
      const node = this.#nodes[index]!;
      await beginNode({
        ...{ node, nodes: this.#nodes, shape: this.#shape, resampling: this.#resampling, lambda },
        constants: this.#host.constants,
        eigenvalues: this.#eigenvalues,
        lossWeights: this.#description.lossWeights,
        depthScale: depthScale(this.#description.depthOffset, node.field.depth),
        stepOf: (plane) => this.#baseStep(node, plane),
        bake: () => this.#bakeHard(index, netValues),
      });
    }
    netValues.dispose();
  }

  async bake(nets: Float64Array, nodes: readonly number[]): Promise<void> {
    const netValues = netTensor(nets);
    for (const index of nodes) {
      this.#bakeHard(index, netValues);
      if (!this.#starter) continue;
      const values = await this.#nodes[index]!.latents.values.data();
      this.#starter.setContinuousLatents(index, Float64Array.from(values));
    }
    await this.#starter?.bake(nets, nodes);
    netValues.dispose();
  }

  /** The native engine's start. Its segment stays until all nodes have theirs: the next ones are predicted from these. */
  async #takeStart(
    native: NativeTrainer,
    nets: Float64Array,
    lambda: number,
    range: NodeRange,
  ): Promise<void> {
    if (!this.#starter) {
      this.#starter = createNativeSegment(native, this.#description, this.#host).native;
      for (const [index, { source }] of this.#nodes.entries()) {
        this.#starter.setSource(index, ...source!.codes, source!.cellWeights);
      }
    }
    await this.#starter.analyse(nets, lambda, range);
    const netValues = netTensor(nets);
    for (const index of nodesIn(range)) {
      this.setContinuousLatents(index, this.#starter.continuousLatents(index));
      this.#bakeHard(index, netValues);
    }
    netValues.dispose();
    if (range.first + range.count === this.#nodes.length) this.#endStart();
  }

  #endStart(): void {
    this.#starter?.release();
    this.#starter = undefined;
  }

  async train(steps: readonly StepOptions[], activity: StepActivity, nets: NetState): Promise<StepCost> {
    let cost: StepCost = { distortion: 0, bits: 0 };
    const gradient = new Float64Array(NET_VALUE_COUNT);
    for (const [index, step] of steps.entries()) {
      const active = visitsOf(activityOfStep(activity, index));
      cost = await this.#step(
        nets.values,
        step.lambda,
        active,
        gradient,
        ({ latents }, byLatents, options) => {
          latents.update(byLatents, options.motionRate, options.latentRate);
        },
      );
      if (step.netRate > 0) updateNets(nets, gradient, step, this.#host.constants.netAdam);
    }
    return cost;
  }

  async gradient(
    nets: Float64Array,
    step: StepOptions & LatentOptions,
    netGradient: Float64Array,
  ): Promise<StepCost> {
    const all = this.#nodes.map(() => ({ weight: 1, options: step }));
    const kept = new Map<TrainedNode, tf.Tensor>();
    const cost = await this.#step(nets, step.lambda, all, netGradient, (node, byLatents) => {
      kept.set(
        node,
        tf.tidy(() => tf.keep(tf.mul(byLatents, node.latents.mask))),
      );
    });
    this.#keptGradients = [];
    for (const node of this.#nodes) {
      const tensor = kept.get(node)!;
      this.#keptGradients.push(Float64Array.from(await tensor.data()));
      tensor.dispose();
    }
    return cost;
  }

  latentGradient(node: number): Float64Array {
    return this.#keptGradients[node]!;
  }

  async evaluate(nets: Float64Array, count: number, part: CostPart): Promise<NodeCost[]> {
    const netValues = netTensor(nets);
    const results = this.#nodes.slice(0, count).map((node, index) => {
      const baked = part === 'bits' ? undefined : this.#bakeHard(index, netValues);
      return tf.tidy(() => {
        const errors = baked ? this.#shownErrors(node, baked) : tf.zeros([PICTURE_PLANES + 1]);
        if (part === 'distortion') return tf.concat1d([errors as tf.Tensor1D, tf.zeros([2])]);
        const rounded = this.#roundHard(node);
        const tensors = netTensors(netValues);
        const bits = (['innovation', 'motion'] as const).map((kind) =>
          this.#bits(node, kind, rounded, tensors, true),
        );
        return tf.concat1d([errors as tf.Tensor1D, tf.stack(bits) as tf.Tensor1D]);
      });
    });
    const all = tf.stack(results) as tf.Tensor2D; // (nodes, 6): squared errors, distortion, bits of innovation and of motion
    const costs = (await all.array()) as [number, number, number, number, number, number][];
    tf.dispose([...results, all, netValues]);
    return costs.map(([y, cb, cr, distortion, innovationBits, motionBits]) => {
      return { squaredErrors: [y, cb, cr], distortion, innovationBits, motionBits };
    });
  }

  async latents(node: number): Promise<Int32Array> {
    const values = await this.#nodes[node]!.latents.values.data();
    return Int32Array.from(values, (value) =>
      Math.min(Math.max(Math.floor(value + 0.5), -LARGEST_VALUE), LARGEST_VALUE),
    );
  }

  setContinuousLatents(node: number, values: Float64Array): void {
    this.#nodes[node]!.latents.set(Float32Array.from(values), () => 0);
  }

  async prune(threshold: number, range: NodeRange): Promise<void> {
    for (const index of nodesIn(range)) await this.#nodes[index]!.latents.prune(threshold);
  }

  release(): void {
    this.#endStart();
    for (const { source, baked, latents } of this.#nodes) {
      releaseSource(source);
      tf.dispose([...(baked ?? [])]);
      latents.dispose();
    }
    this.#resampling.dispose();
  }

  /** One step over the active nodes; `use` is lent the gradient by the latents of each. */
  async #step(
    nets: Float64Array,
    lambda: number,
    visits: readonly Visit[],
    netGradient: Float64Array,
    use: (node: TrainedNode, byLatents: tf.Tensor1D, options: LatentOptions) => void,
  ): Promise<StepCost> {
    this.#steps++;
    const pass = new BackwardPass(nets);
    const noises = this.#nodes.map(({ latents }, n) => {
      const seed = this.#host.seed + this.#steps;
      const { weight, options } = visits[n]!;
      return weight > 0 ? latents.noise(options.noise, (plane) => hashBits(seed, n, plane)) : undefined;
    });
    for (const [n, node] of this.#nodes.entries()) {
      const noise = noises[n];
      if (!node.referred || !noise) continue;
      this.#keepBaked(n, () => {
        const rounded = this.#round(node, node.latents.values, visits[n]!.options, noise);
        return this.#bake(node, rounded, netTensors(pass.nets), this.#readPlanes(node));
      });
    }
    for (let n = this.#nodes.length - 1; n >= 0; n--) {
      if (visits[n]!.weight === 0) continue;
      const byLatents = this.#back(n, visits, lambda, noises[n]!, pass);
      use(this.#nodes[n]!, byLatents, visits[n]!.options);
      byLatents.dispose();
    }
    tf.dispose(noises.filter((noise) => noise !== undefined));
    const cost = await pass.finish(netGradient);
    this.#host.check();
    return cost;
  }

  /** Gradient by a node's latents, of its own cost and of what later nodes left; leaves its share to what it was computed from. */
  #back(
    n: number,
    visits: readonly Visit[],
    lambda: number,
    noise: tf.Tensor1D,
    pass: BackwardPass,
  ): tf.Tensor1D {
    const node = this.#nodes[n]!;
    const { weight, options } = visits[n]!;
    const received = pass.take(n);
    const objective = (values: tf.Tensor, nets: tf.Tensor, ...reads: tf.Tensor[]): tf.Scalar => {
      const tensors = netTensors(nets as tf.Tensor1D);
      const rounded = this.#round(node, values, options, noise);
      const baked = this.#bake(node, rounded, tensors, reads as Plane[]);
      const distortion = this.#distortion(node, baked);
      const bits = tf.add(
        this.#bits(node, 'innovation', rounded, tensors, false),
        this.#bits(node, 'motion', rounded, tensors, false),
      ) as tf.Scalar;
      pass.addCost(distortion, bits, weight);
      const own = tf.mul(tf.add(distortion, tf.mul(bits, lambda)), weight);
      const later = received.map(({ place, gradient }) => tf.sum(tf.mul(gradient, baked[place]!)));
      // A node without latents depends on neither; the gradient by what nothing depends on would be an error.
      const untouched = [values, nets].map((tensor) => tf.mul(tf.sum(tf.slice(tensor, 0, 1)), 0));
      return sumOf([own, ...later, ...untouched]) as tf.Scalar;
    };
    const { grads, value } = tf.valueAndGrads(objective as (...tensors: tf.Tensor[]) => tf.Scalar)([
      node.latents.values,
      pass.nets,
      ...this.#readPlanes(node),
    ]);
    const [byLatents, byNets, ...byReads] = grads as [tf.Tensor1D, tf.Tensor1D, ...Plane[]];
    pass.addNets(byNets);
    for (const [i, { node: from, place }] of node.reads.entries()) {
      if (visits[from]!.weight > 0) pass.leave(from, place, byReads[i]!);
      else byReads[i]!.dispose();
    }
    tf.dispose([value, ...received.map(({ gradient }) => gradient)]);
    return byLatents;
  }

  #round(node: TrainedNode, values: tf.Tensor, options: LatentOptions, noise: tf.Tensor1D): tf.Tensor1D {
    return tf.mul(softRound(values, options.temperature, noise), node.latents.mask);
  }

  #roundHard({ latents }: TrainedNode): tf.Tensor1D {
    return tf.mul(hardRound(latents.values), latents.mask);
  }

  #readPlanes({ reads }: TrainedNode): Plane[] {
    return reads.map(({ node, place }) => this.#nodes[node]!.baked![place]!);
  }

  #bakeHard(n: number, nets: tf.Tensor1D): Baked {
    const node = this.#nodes[n]!;
    return this.#keepBaked(n, () =>
      this.#bake(node, this.#roundHard(node), netTensors(nets), this.#readPlanes(node)),
    );
  }

  #keepBaked(n: number, bake: () => Baked): Baked {
    const node = this.#nodes[n]!;
    const baked = tf.tidy(() => bake().map((plane) => tf.keep(plane)));
    tf.dispose([...(node.baked ?? [])]);
    node.baked = baked;
    return baked;
  }

  /** Picture and motion of a node. `reads`: as node.reads says. */
  #bake(node: TrainedNode, rounded: tf.Tensor1D, tensors: NetTensors, reads: readonly Plane[]): Baked {
    const { depth, refs } = node.field;
    const [luma, chroma] = this.#innovation(node, rounded, tensors);
    const weights = filterWeights(tensors, depth);
    const picture = (y: Planes, c: Planes): Plane[] =>
      [filtered(y, weights.luma), filtered(c, weights.chroma)].flatMap(each);
    if (refs.length === 0) return picture(luma, chroma);
    const motion = this.#motion(node, rounded, tensors, reads);
    const references = refs.map((_, r) => reads.slice(r * PICTURE_PLANES, (r + 1) * PICTURE_PLANES));
    const [y, cb, cr] = predict(this.#shape, references, motion, this.#resampling) as [Plane, Plane, Plane];
    return [...picture(tf.add(luma, y), tf.add(chroma, tf.stack([cb, cr]))), ...each(motion)];
  }

  /** Innovation in codes: of luma (1, height, width), of Cb and Cr. */
  #innovation(node: TrainedNode, rounded: tf.Tensor1D, tensors: NetTensors): [luma: Planes, chroma: Planes] {
    const shape = this.#shape;
    const resampling = this.#resampling;
    const net = node.field.depth === 0 ? 'intra' : 'inter';
    const levels = this.#dequantized(node, 'innovation', rounded, tensors(`syn.${net}.gain`));
    const ofLuma = levels.map((planes) => tf.slice(planes, 0, 1));
    const ofChroma = levels.filter(({ shape: [count] }) => count > 1).map((planes) => tf.slice(planes, 1));
    const luma = synthesizeLuma(ofLuma, net, tensors, resampling);
    const { width, height } = shape.chromaLevels[0]!;
    const under = shape.chroma === '420' ? resampling.halve(luma, height, width) : luma;
    const chroma = synthesizeChroma(ofChroma, under, net, tensors, resampling);
    return [tf.mul(tf.expandDims(luma), CODES_PER_UNIT), tf.mul(chroma, CODES_PER_UNIT)];
  }

  /** A node's motion by component. `reads`: as node.reads says. */
  #motion(node: TrainedNode, rounded: tf.Tensor1D, tensors: NetTensors, reads: readonly Plane[]): Planes {
    const levels = this.#dequantized(node, 'motion', rounded, tensors('motion.gain'));
    const own = collapse(levels, 0, this.#resampling);
    if (node.field.motion.every((prediction) => !prediction)) return own;
    const [, height, width] = own.shape;
    const predicted: tf.Tensor[] = Array.from({ length: own.shape[0] }, () => tf.zeros([height, width]));
    for (const [r, prediction] of node.field.motion.entries()) {
      for (let axis = 0; prediction && axis < 2; axis++) {
        const wanted = predictorOf(prediction, axis);
        const at = node.reads.findIndex((read) => read.node === wanted.node && read.place === wanted.place);
        predicted[displacement(r, axis)] = tf.mul(reads[at]!, prediction.scale);
      }
    }
    return tf.add(own, tf.stack(predicted));
  }

  /** Dequantized levels of one kind, finest first. `gains`: exponents of the steps, shape (components, levels). */
  #dequantized(
    node: TrainedNode,
    kind: LatentPlane['kind'],
    rounded: tf.Tensor1D,
    gains: tf.Tensor,
  ): Planes[] {
    const grids = node.grids.filter((grid) => grid.kind === kind);
    const planes = grids.flatMap((grid) => grid.planes);
    const places = planes.map(({ component, level }) => component * gains.shape[1]! + level);
    const gain = gather(tf.reshape(gains, [-1]), tf.tensor1d(places)); // (planes)
    const steps = tf.mul(
      tf.exp(tf.mul(gain, Math.LN2)),
      planes.map((plane) => this.#baseStep(node, plane)),
    );
    const first = grids[0]!.firstPlane;
    const levels = grids.map((grid) => {
      const count = grid.planes.length;
      const own = tf.reshape(tf.slice(steps, grid.firstPlane - first, count), [count, 1, 1]);
      return tf.mul(planesOf(rounded, grid), own) as Planes;
    });
    return levels.toReversed();
  }

  #baseStep(node: TrainedNode, { kind, component, level }: LatentPlane): number {
    return kind === 'motion'
      ? motionStep(this.#settings.nets, component, level)
      : innovationStep(this.#settings, node.field.depth, component, level);
  }

  /** Weighted squared error. */
  #distortion({ source }: TrainedNode, baked: Baked): tf.Scalar {
    const { planes, weights } = source!;
    const parts = planes.map((codes, p) => {
      const errors = tf.mul(weights[p]!, tf.square(tf.sub(baked[p]!, codes)));
      return tf.mul(tf.sum(errors), this.#description.lossWeights[p]!);
    });
    return sumOf(parts) as tf.Scalar;
  }

  /** Squared errors by plane of the 8-bit picture that a decoder shows, and what they weigh: shape (4). */
  #shownErrors(node: TrainedNode, baked: Baked): tf.Tensor1D {
    const shown = baked
      .slice(0, PICTURE_PLANES)
      .map((plane) => tf.clipByValue(hardRound(plane), -CODE_OFFSET, MAX_CODE - CODE_OFFSET) as Plane);
    const errors = node.source!.planes.map((codes, p) => tf.sum(tf.square(tf.sub(shown[p]!, codes))));
    return tf.stack([...errors, this.#distortion(node, shown)]) as tf.Tensor1D;
  }

  /** Bits of the latents in active blocks, flags left out. */
  #bits(
    { grids, latents, field }: TrainedNode,
    kind: LatentPlane['kind'],
    rounded: tf.Tensor1D,
    tensors: NetTensors,
    asFile: boolean,
  ): tf.Scalar {
    const all = grids.filter((grid) => grid.kind === kind);
    const active = all.filter((grid) => latents.isActive(grid));
    if (active.length === 0) return tf.scalar(0);
    const bits = latentBits(rounded, active, all, field.depth, tensors, asFile);
    const mask = tf.concat(active.map((grid) => tf.reshape(planesOf(latents.mask, grid), [-1])));
    return tf.sum(tf.mul(bits, mask));
  }
}

/** Values of all nets, float32. */
function netTensor(nets: Float64Array): tf.Tensor1D {
  return tf.tensor1d(Float32Array.from(nets));
}

/** The tensors of the nets out of all their values. */
function netTensors(values: tf.Tensor1D): NetTensors {
  const known = new Map<string, tf.Tensor>();
  return (name) => {
    let tensor = known.get(name);
    if (!tensor) {
      const { offset, size, shape } = tensorNamed(name);
      tensor = tf.reshape(tf.slice(values, offset, size), [...shape]);
      known.set(name, tensor);
    }
    return tensor;
  };
}
