/** The reference engine: plain TypeScript, the definition of what a film looks like. */

import { encodeNode, StreamStates } from '../entropy/latentCoder.js';
import { BitCounter } from '../entropy/rangeCoder.js';
import { readSegmentNodes } from '../entropy/segmentCoder.js';
import { throwIfAborted } from '../errors.js';
import { latentPlanes } from '../field/shape.js';
import type { Picture } from '../film/frame.js';
import type { BakedSegment, NodeBits, SegmentDecoder, SegmentTask } from '../film/segmentDecoder.js';
import { type BakedNode, bakeNode } from './nodeBake.js';
import { type RasterKernels, samplePicture } from './spatialSampler.js';
import { planesBetween } from './temporalSampler.js';

export class ReferenceSegmentDecoder implements SegmentDecoder {
  readonly name = 'reference';
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
    const out: NodeBits[] = [];
    let states = new StreamStates();
    for (const latents of readSegmentNodes(segment, shape, nets, nodes)) {
      if (startsStream(task, out.length)) states = new StreamStates();
      const node = nodes[out.length]!;
      const planes = latentPlanes(shape, node.refs.length);
      const counter = new BitCounter();
      let motion = 0;
      encodeNode(latents, planes, node.depth, nets, states, counter, (plane) => {
        if (plane.kind === 'motion') motion = counter.total;
      });
      out.push({ motion, innovation: counter.total - motion });
      await nextTurn(signal);
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

/** Whether a stream begins with this node. */
function startsStream({ segment }: SegmentTask, node: number): boolean {
  let first = 0;
  for (const stream of segment.streams) {
    if (first === node) return true;
    first += stream.nodes;
  }
  return false;
}

/** A segment with every node baked. */
class ReferenceBakedSegment implements BakedSegment {
  readonly #task: SegmentTask;
  readonly #baked: readonly BakedNode[];

  constructor(task: SegmentTask, baked: readonly BakedNode[]) {
    this.#task = task;
    this.#baked = baked;
  }

  async picture(frame: number, phase: number, kernels: RasterKernels): Promise<Picture> {
    const { shape, nodes } = this.#task;
    const planes =
      phase === 0
        ? this.#baked[nodes.findIndex((node) => node.frame === frame)]!.planes
        : planesBetween(shape, nodes, this.#baked, frame, phase);
    return samplePicture(planes, kernels);
  }

  close(): void {}
}

/** Lets other work, and above all the abort signal, have its turn between two nodes. */
async function nextTurn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  throwIfAborted(signal);
}
