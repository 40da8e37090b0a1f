/** The seam between a film and the engine that turns its segments into planes. */

import type { FilmNets } from '../field/nets.js';
import type { FieldShape } from '../field/shape.js';
import type { FieldNode } from '../field/structure.js';
import type { SegmentData } from '../format/segmentHead.js';
import type { FloatPlane } from '../reference/plane.js';

/** Everything that decides what a segment looks like. */
export interface SegmentTask {
  readonly shape: FieldShape;
  readonly nets: FilmNets;
  /** Header field, eighths of an octave per node depth. */
  readonly depthOffset: readonly number[];
  readonly segment: SegmentData;
  /** `segmentStructure(segment.frames, segment.anchorDistance)`. */
  readonly nodes: readonly FieldNode[];
}

/** A node ready for sampling. */
export interface BakedNode {
  /** Y, Cb, Cr in 8-bit codes minus 128, neither clamped nor rounded. */
  readonly planes: readonly [FloatPlane, FloatPlane, FloatPlane];
  /** Planes on the motion grid: none, dx0 dy0, or dx0 dy0 dx1 dy1 beta. */
  readonly motion: readonly FloatPlane[];
}

/** An engine. Methods may be called again while a call is under way. */
export interface SegmentDecoder {
  readonly name: 'reference' | 'native';
  /**
   * Latents of every node in coding order, laid out as `latentPlanes` says.
   *
   * @throws FormatError if a stream is damaged.
   */
  latents(task: SegmentTask, signal?: AbortSignal): Promise<Int32Array[]>;
  /**
   * Every node in coding order.
   *
   * @throws FormatError if a stream is damaged, InterruptedError if the signal fires.
   */
  bake(task: SegmentTask, signal?: AbortSignal): Promise<BakedNode[]>;
  /** Frees what the engine holds; it is not used afterwards. */
  close(): void;
}
