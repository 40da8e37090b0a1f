import type { WeftFilm } from '../../runtime/film/film.js';
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
  /** Of every stretch of 32 frames. */
  anchorDistances: number[];
  firstAnchor: number;
  baseStepCodes: number;
  refinement: number;
  streams: number;
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
    const { segment, nodes } = film.segmentTask(index);
    for (const [i, { motion, innovation }] of (await film.segmentBits(index)).entries()) {
      parts[nodes[i]!.refs.length === 0 ? 'keyLatents' : 'residual'] += innovation / 8;
      parts.motion += motion / 8;
    }
    segments.push({
      ...{ startFrame: entry.startFrame, frames: entry.frames, bytes: entry.bytes },
      anchorDistances: [segment.anchorDistance, ...(segment.laterDistances ?? [])],
      firstAnchor: segment.firstAnchor ?? segment.anchorDistance,
      baseStepCodes: 2 ** (segment.baseExponent / 8),
      refinement: segment.refinement ?? 0,
      streams: segment.streams.length,
    });
  }
  for (const kind of ['keyLatents', 'motion', 'residual'] as const) parts[kind] = Math.round(parts[kind]);
  parts.container = bytes.length - parts.weights - parts.keyLatents - parts.motion - parts.residual;
  return { parts, segments };
}
