/** The seam between a film and the engine that turns its segments into pictures. */

import type { NodeBits } from '../entropy/latentCoder.js';
import type { FilmNets } from '../field/nets.js';
import type { FieldShape } from '../field/shape.js';
import type { FieldNode } from '../field/structure.js';
import type { SegmentData } from '../format/segmentHead.js';
import type { Picture } from '../picture/picture.js';
import type { RasterKernels } from '../picture/raster.js';

/** Everything that decides what a segment looks like. */
export interface SegmentTask {
  readonly shape: FieldShape;
  readonly nets: FilmNets;
  /** Eighths of an octave per node depth: the header's, refined as the segment says. */
  readonly depthOffset: readonly number[];
  readonly segment: SegmentData;
  /** `segmentStructure(segment)`. */
  readonly nodes: readonly FieldNode[];
}

/** A segment of which pictures can be taken, in any order; fastest with instants rising. */
export interface BakedSegment {
  /**
   * The picture at `frame` + `phase`.
   *
   * @param frame frame within the segment, from 0
   * @param phase 0 at the frame, up to 1 (excluded) towards the next one, which must be in the segment too
   * @throws InterruptedError if the signal fires.
   */
  picture(frame: number, phase: number, kernels: RasterKernels, signal?: AbortSignal): Promise<Picture>;
  /** Frees the segment; it is not used afterwards. */
  close(): void;
}

/** An engine. Methods may be called again while a call is under way. */
export interface SegmentDecoder {
  readonly name: 'reference' | 'native';
  /** Pictures worth asking for before they are needed; above 0 also the next segment. */
  readonly lookahead: number;
  /**
   * Latents of every node in coding order, laid out as `latentPlanes` says.
   *
   * @throws FormatError if a stream is damaged.
   */
  latents(task: SegmentTask, signal?: AbortSignal): Promise<Int32Array[]>;
  /**
   * Bits of every node in coding order; the last symbols of a stream, which may lie behind its end, within 4 bytes.
   *
   * @throws FormatError if a stream is damaged.
   */
  bits(task: SegmentTask, signal?: AbortSignal): Promise<NodeBits[]>;
  /**
   * Reads the whole segment, so that its pictures cannot fail for what is in the file.
   *
   * @throws FormatError if a stream is damaged, InterruptedError if the signal fires.
   */
  bake(task: SegmentTask, signal?: AbortSignal): Promise<BakedSegment>;
  /** Frees what the engine holds; it is not used afterwards. */
  close(): void;
}
