/** The reference engine: plain TypeScript, the definition of what a film looks like. */

import type {
  BakedSegment,
  CreateDecoderEngine,
  DecoderEngine,
  FramePlanes,
  SegmentTask,
} from '../engine/decoderEngine.js';
import { nextTurn } from '../engine/nextTurn.js';
import { countNodeBits, type NodeBits, StreamStates } from '../entropy/latentCoder.js';
import { readSegmentNodes } from '../entropy/segmentCoder.js';
import { throwIfAborted } from '../errors.js';
import type { SamplingKernels } from '../field/samplingKernels.js';
import { displacement, latentPlanes } from '../field/shape.js';
import { linkAfter } from '../field/structure.js';
import type { FloatPlane } from '../picture/floatPlane.js';
import type { Picture } from '../picture/picture.js';
import { accelerationAfter } from './acceleration.js';
import { type BakedNode, bakeNode } from './nodeBake.js';
import { samplePicture } from './spatialSampler.js';
import { planesBetween } from './temporalSampler.js';

/** Runs anywhere, on the thread of its caller. */
export const createReferenceDecoderEngine: CreateDecoderEngine = () => new ReferenceDecoderEngine();

export class ReferenceDecoderEngine implements DecoderEngine {
  readonly name = 'reference';
  readonly version = 'TypeScript';
  readonly device = 'processor, slow';
  readonly lookahead = 0;

  async latents(task: SegmentTask, signal?: AbortSignal): Promise<Int32Array[]> {
    const nodes: Int32Array[] = [];
    for (const latents of readSegmentNodes(task.segment, task.shape, task.nets, task.nodes)) {
      nodes.push(latents);
      await nextTurn(signal);
    }
    return nodes;
  }

  /** Counts what the coder would write. */
  async bits(task: SegmentTask, signal?: AbortSignal): Promise<NodeBits[]> {
    const { shape, nets, nodes, segment } = task;
    const read = readSegmentNodes(segment, shape, nets, nodes);
    const out: NodeBits[] = [];
    for (const stream of segment.streams) {
      const states = new StreamStates();
      for (let left = stream.nodes; left > 0; left--) {
        const node = nodes[out.length]!;
        const planes = latentPlanes(shape, node.refs.length);
        const latents = read.next().value as Int32Array;
        out.push(countNodeBits(latents, planes, node.depth, nets, states));
        await nextTurn(signal);
      }
    }
    return out;
  }

  async bake(task: SegmentTask, signal?: AbortSignal): Promise<BakedSegment> {
    const { shape, nets, depthOffset, segment } = task;
    const settings = { shape, nets, depthOffset, baseExponent: segment.baseExponent };
    const planesOf = [0, 1, 2].map((refs) => latentPlanes(shape, refs));
    const baked: BakedNode[] = [];
    for (const latents of readSegmentNodes(segment, shape, nets, task.nodes)) {
      const node = task.nodes[baked.length]!;
      baked.push(bakeNode(settings, node, planesOf[node.refs.length]!, latents, baked));
      await nextTurn(signal);
    }
    return new ReferenceBakedSegment(task, baked);
  }

  close(): void {}
}

/** A segment with every node baked. */
class ReferenceBakedSegment implements BakedSegment {
  readonly #task: SegmentTask;
  readonly #baked: readonly BakedNode[];

  constructor(task: SegmentTask, baked: readonly BakedNode[]) {
    this.#task = task;
    this.#baked = baked;
  }

  async picture(
    frame: number,
    phase: number,
    kernels: SamplingKernels,
    signal?: AbortSignal,
  ): Promise<Picture> {
    throwIfAborted(signal);
    const { shape, nodes } = this.#task;
    const planes =
      phase === 0
        ? this.#baked[nodes.findIndex((node) => node.frame === frame)]!.planes
        : planesBetween(shape, nodes, this.#baked, frame, phase);
    return samplePicture(planes, kernels);
  }

  async framePlanes(frame: number, signal?: AbortSignal): Promise<FramePlanes> {
    throwIfAborted(signal);
    const { nodes } = this.#task;
    const { planes: baked } = this.#baked[nodes.findIndex((node) => node.frame === frame)]!;
    const planes = [copyOf(baked[0]), copyOf(baked[1]), copyOf(baked[2])] as const;
    if (frame === nodes.length - 1) return { planes };
    const { carrier, field, carrierIsLater } = linkAfter(nodes, frame);
    const [x, y] = [0, 1].map((axis) => this.#baked[carrier]!.motion[displacement(field, axis)]!);
    const acceleration = accelerationAfter(nodes, this.#baked, frame);
    return { planes, link: { carrierIsLater, motion: [copyOf(x!), copyOf(y!)], acceleration } };
  }

  close(): void {}
}

function copyOf({ width, height, samples }: FloatPlane): FloatPlane {
  return { width, height, samples: samples.slice() };
}
