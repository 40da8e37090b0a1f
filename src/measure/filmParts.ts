import type { WeftFilm } from '../../runtime/film/film.js';

/** Bytes of a file by what they say, in the words of FORMAT.md. They add up to the file. */
export interface FilmParts {
  nets: number;
  intra: number;
  innovation: number;
  motion: number;
  tracks: number;
  container: number;
}

/** What each part is, in the order that people read them. */
export const FILM_PARTS: Readonly<Record<keyof FilmParts, string>> = {
  nets: 'The nets, which the whole film shares',
  intra: 'Innovation of the intra nodes, which are predicted from nothing',
  innovation: 'Innovation of all other nodes: what their predictions lack',
  motion: 'Displacements, light and blending of the predictions',
  tracks: 'Sound, subtitles, chapters and names',
  container: 'Magic, header, index, heads of segments, checksums',
};

/** One segment of a file; its first node is the intra node. */
export interface SegmentParts {
  /** First frame of the film that it holds. */
  startFrame: number;
  /** Frames, each of them a node. */
  frames: number;
  bytes: number;
  /** Frames from one anchor to the next, of every stretch of 32 frames. */
  anchorDistances: number[];
  /** Frame of the first anchor after the intra node, from the start of the segment. */
  firstAnchor: number;
  /** Base step in 8-bit codes. */
  baseStepCodes: number;
  /** How much finer the steps of the first depths are, 0..7. */
  refinement: number;
  /** Range-coded streams that its latents are divided into. */
  streams: number;
}

/**
 * What the bytes of a file are spent on. Decodes every symbol.
 *
 * @throws FormatError if a segment is damaged
 */
export async function filmParts(film: WeftFilm): Promise<{ parts: FilmParts; segments: SegmentParts[] }> {
  const bits = { intra: 0, innovation: 0, motion: 0 };
  const segments: SegmentParts[] = [];
  for (const [index, entry] of film.segments.entries()) {
    const { segment, nodes } = await film.segmentTask(index);
    for (const [i, node] of (await film.segmentBits(index)).entries()) {
      bits[nodes[i]!.refs.length === 0 ? 'intra' : 'innovation'] += node.innovation;
      bits.motion += node.motion;
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
  const inBytes = (sum: number): number => Math.round(sum / 8);
  const [intra, innovation, motion] = [inBytes(bits.intra), inBytes(bits.innovation), inBytes(bits.motion)];
  const nets = film.netBytes;
  const tracks = film.chunkBytes;
  const container = film.bytes - nets - intra - innovation - motion - tracks;
  return { parts: { nets, intra, innovation, motion, tracks, container }, segments };
}
