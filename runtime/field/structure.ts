/** The order in which the frames of a segment are coded and what each is predicted from. */

import { UsageError } from '../errors.js';
import { ANCHOR_DISTANCES, MAX_SEGMENT_FRAMES, STRETCH_FRAMES } from './constants.js';

/** Prediction of one displacement field: `scale` times field `field` of node `node`. */
export interface MotionPrediction {
  readonly node: number;
  /** 0: the field towards that node's first reference, 1: towards its second. */
  readonly field: 0 | 1;
  readonly scale: number;
}

/** One frame of a segment, at its place in coding order. */
export interface FieldNode {
  /** Frame within the segment, from 0. */
  readonly frame: number;
  /** 0 intra, 1 anchor, 2 and more between anchors. */
  readonly depth: number;
  /** Indexes (in coding order) of the nodes this one is warped from: none, one or two. */
  readonly refs: readonly number[];
  /** One entry per reference; null predicts zero motion. */
  readonly motion: readonly (MotionPrediction | null)[];
}

/** A field that links the two ends of an interval: node `node` has the other end as reference `field`. */
interface Carrier {
  readonly node: number;
  readonly field: 0 | 1;
  /** True when the carrier is the later end, so that its field points from b back to a. */
  readonly backward: boolean;
}

/** Where the anchors of a segment are. */
export interface AnchorGrid {
  readonly frames: number;
  /** In the first stretch. */
  readonly anchorDistance: number;
  /** In the other stretches, one each, by default anchorDistance. */
  readonly laterDistances?: readonly number[];
  /** Frame of the first anchor, 1..anchorDistance, by default anchorDistance. */
  readonly firstAnchor?: number;
}

/** Stretches of a segment: the intra frame and the 32 behind it are the first. */
export function stretchCount(frames: number): number {
  return stretchOf(Math.max(1, frames - 1)) + 1;
}

/** The stretch that frame `frame` is in. */
export function stretchOf(frame: number): number {
  return Math.floor(Math.max(0, frame - 1) / STRETCH_FRAMES);
}

/**
 * Nodes of a segment in coding order: the intra frame, then anchors, each followed by the frames between it and the anchor
 * before, halving the interval (parents first). An anchor is as far from the one before as the stretch of the frame behind that
 * one says; the last is the last frame.
 *
 * @throws UsageError `SEGMENT_FRAMES`, `ANCHOR_DISTANCE` or `FIRST_ANCHOR` if an argument is out of range.
 */
export function segmentStructure(grid: AnchorGrid): FieldNode[] {
  checkGrid(grid);
  const { frames, anchorDistance, firstAnchor = anchorDistance, laterDistances = [] } = grid;
  const distances = [anchorDistance, ...laterDistances];
  const nodes: FieldNode[] = [{ frame: 0, depth: 0, refs: [], motion: [] }];
  let a = 0;
  let previous = 0;
  let nodeA = 0;
  while (a < frames - 1) {
    const distance = distances[stretchOf(a + 1)] ?? anchorDistance;
    const b = Math.min(a + (a === 0 ? firstAnchor : distance), frames - 1);
    const motion: MotionPrediction | null =
      nodeA === 0 ? null : { node: nodeA, field: 0, scale: (b - a) / (a - previous) };
    const nodeB = nodes.length;
    nodes.push({ frame: b, depth: 1, refs: [nodeA], motion: [motion] });
    split(nodes, nodeA, nodeB, { node: nodeB, field: 0, backward: true }, 2);
    previous = a;
    nodeA = nodeB;
    a = b;
  }
  return nodes;
}

/** Two neighbouring frames, one of which (the carrier) was coded with the other as a reference. */
export interface NodeLink {
  /** Node index of the carrier and of the other. */
  readonly carrier: number;
  readonly other: number;
  /** Which of the carrier's fields points to the other. */
  readonly field: number;
  /** True when the carrier is the later frame. */
  readonly carrierIsLater: boolean;
}

/**
 * The link between frames `frame` and `frame` + 1 of a segment. The structure guarantees that there is one.
 *
 * @throws RangeError if `frame` is the last of the segment, which is a mistake in the caller.
 */
export function linkAfter(nodes: readonly FieldNode[], frame: number): NodeLink {
  const earlier = nodes.findIndex((node) => node.frame === frame);
  const later = nodes.findIndex((node) => node.frame === frame + 1);
  const backward = nodes[later]?.refs.indexOf(earlier) ?? -1;
  if (backward >= 0) return { carrier: later, other: earlier, field: backward, carrierIsLater: true };
  const forward = nodes[earlier]?.refs.indexOf(later) ?? -1;
  if (forward < 0) throw new RangeError(`no link after frame ${frame}`);
  return { carrier: earlier, other: later, field: forward, carrierIsLater: false };
}

function split(nodes: FieldNode[], nodeA: number, nodeB: number, carrier: Carrier, depth: number): void {
  const a = frameOf(nodes, nodeA);
  const b = frameOf(nodes, nodeB);
  if (b - a < 2) return;
  const m = (a + b) >> 1;
  const toA = (m - a) / (b - a);
  const toB = (b - m) / (b - a);
  const sign = carrier.backward ? 1 : -1;
  const node = nodes.length;
  nodes.push({
    frame: m,
    depth,
    refs: [nodeA, nodeB],
    motion: [
      { node: carrier.node, field: carrier.field, scale: sign * toA },
      { node: carrier.node, field: carrier.field, scale: -sign * toB },
    ],
  });
  split(nodes, nodeA, node, { node, field: 0, backward: true }, depth + 1);
  split(nodes, node, nodeB, { node, field: 1, backward: false }, depth + 1);
}

function frameOf(nodes: readonly FieldNode[], index: number): number {
  const node = nodes[index];
  if (!node) throw new RangeError(`no node ${index}`);
  return node.frame;
}

function checkGrid(grid: AnchorGrid): void {
  const { frames, anchorDistance, firstAnchor = anchorDistance, laterDistances } = grid;
  if (!Number.isInteger(frames) || frames < 1 || frames > MAX_SEGMENT_FRAMES) {
    throw new UsageError(`A segment cannot have ${frames} frames.`, {
      code: 'SEGMENT_FRAMES',
      hint: `Cut the film into segments of at most ${MAX_SEGMENT_FRAMES} frames.`,
      path: 'frames',
      value: frames,
      range: `1..${MAX_SEGMENT_FRAMES}`,
    });
  }
  for (const distance of [anchorDistance, ...(laterDistances ?? [])]) {
    if (ANCHOR_DISTANCES.includes(distance)) continue;
    throw new UsageError(`The anchor distance ${distance} does not exist.`, {
      code: 'ANCHOR_DISTANCE',
      hint: 'Use a power of two up to 32.',
      path: 'anchorDistance',
      value: distance,
      range: ANCHOR_DISTANCES.join(', '),
    });
  }
  const later = stretchCount(frames) - 1;
  if (laterDistances && laterDistances.length !== later) {
    throw new UsageError(
      `${laterDistances.length} anchor distances are too many or too few for ${frames} frames.`,
      {
        code: 'ANCHOR_DISTANCE',
        hint: `Give one for every ${STRETCH_FRAMES} frames behind the first ${STRETCH_FRAMES + 1}, or none.`,
        path: 'laterDistances',
        value: laterDistances.length,
        range: String(later),
      },
    );
  }
  if (!Number.isInteger(firstAnchor) || firstAnchor < 1 || firstAnchor > anchorDistance) {
    throw new UsageError(`The first anchor cannot be at frame ${firstAnchor}.`, {
      code: 'FIRST_ANCHOR',
      hint: 'Place it behind the intra frame, not farther from it than the other anchors from each other.',
      path: 'firstAnchor',
      value: firstAnchor,
      range: `1..${anchorDistance}`,
    });
  }
}
