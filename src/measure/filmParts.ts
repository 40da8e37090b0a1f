import { encodeNode, StreamStates } from '../../runtime/entropy/latentCoder.js';
import { BitCounter } from '../../runtime/entropy/rangeCoder.js';
import { latentPlanes } from '../../runtime/field/shape.js';
import type { WeftFilm } from '../../runtime/film/open.js';
import { readWeft } from '../../runtime/format/container.js';

/** Bytes of a file by what they say. They add up to the file. */
export interface FilmParts {
  /** Net weights. */
  weights: number;
  /** Latents of pictures that stand alone. */
  keyLatents: number;
  /** Displacements. */
  motion: number;
  /** Latents that mend a predicted picture. */
  residual: number;
  /** Magic, header, index, checksums, segment heads, chunks. */
  container: number;
}

/** One segment of a file. */
export interface SegmentParts {
  startFrame: number;
  frames: number;
  bytes: number;
  anchorDistance: number;
  baseStepCodes: number;
  streams: number;
}

type LatentBits = Record<'keyLatents' | 'motion' | 'residual', number>;

/**
 * Bits of a segment's latents by kind, as the coder counts them.
 *
 * A second pass without innovation counts motion: no motion latent is coded in the light of an innovation, so only the
 * flags of empty planes, a few bits, are counted with the motion.
 */
async function latentBits(film: WeftFilm, index: number): Promise<LatentBits> {
  const { nodes, segment, nets, shape } = film.segmentTask(index);
  const latents = await film.decodeSegmentLatents(index);
  const bits: LatentBits = { keyLatents: 0, motion: 0, residual: 0 };
  let first = 0;
  for (const stream of segment.streams) {
    const whole = new StreamStates();
    const moving = new StreamStates();
    for (let i = first; i < first + stream.nodes; i++) {
      const node = nodes[i]!;
      const planes = latentPlanes(shape, node.refs.length);
      const count = (values: Int32Array, states: StreamStates) => {
        const counter = new BitCounter();
        encodeNode(values, planes, node.depth, nets, states, counter);
        return counter.total;
      };
      const total = count(latents[i]!, whole);
      if (node.refs.length === 0) {
        bits.keyLatents += total;
        continue;
      }
      const motionOnly = latents[i]!.slice();
      for (const plane of planes) {
        if (plane.kind === 'innovation')
          motionOnly.fill(0, plane.offset, plane.offset + plane.width * plane.height);
      }
      const motion = Math.min(total, count(motionOnly, moving));
      bits.motion += motion;
      bits.residual += total - motion;
    }
    first += stream.nodes;
  }
  return bits;
}

/**
 * What the bytes of a file are spent on. Decodes every symbol.
 *
 * @throws FormatError if a segment is damaged
 */
export async function filmParts(
  bytes: Uint8Array,
  film: WeftFilm,
): Promise<{ parts: FilmParts; segments: SegmentParts[] }> {
  const parts: FilmParts = {
    weights: readWeft(bytes).nets.length,
    keyLatents: 0,
    motion: 0,
    residual: 0,
    container: 0,
  };
  const segments: SegmentParts[] = [];
  for (const [index, entry] of film.segments.entries()) {
    const { segment } = film.segmentTask(index);
    const bits = await latentBits(film, index);
    for (const kind of ['keyLatents', 'motion', 'residual'] as const) parts[kind] += bits[kind] / 8;
    segments.push({
      ...{ startFrame: entry.startFrame, frames: entry.frames, bytes: entry.bytes },
      anchorDistance: segment.anchorDistance,
      baseStepCodes: 2 ** (segment.baseExponent / 8),
      streams: segment.streams.length,
    });
  }
  for (const kind of ['keyLatents', 'motion', 'residual'] as const) parts[kind] = Math.round(parts[kind]);
  parts.container = bytes.length - parts.weights - parts.keyLatents - parts.motion - parts.residual;
  return { parts, segments };
}
