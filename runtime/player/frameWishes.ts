/** Which pieces of a film to have ready next. */

/** What is being shown. */
export interface Showing {
  /** Where the film is, in frames. */
  readonly place: number;
  /** Frames of the film per second of the viewer; 0 where it stands. */
  readonly framesPerSecond: number;
  /** Whether what lies between frames is shown. */
  readonly between: boolean;
  /** The first frame follows the last one. */
  readonly loop: boolean;
}

/** What there is to be shown. */
export interface PieceLine {
  /** Pieces that there are, in frames. */
  readonly frames: number;
  /** First frames of segments, ascending: what a segment needs before its first picture is long work. */
  readonly segmentStarts: readonly number[];
}

/** A place in frames of the film once the shutter of a picture has been open for a part of its time, 0..1. */
export type Exposure = (part: number) => number;

/** What is to be on the screen. */
export interface Wanted extends Showing {
  /** When its picture begins, in seconds shown. */
  readonly time: number;
  /** What places are counted in. */
  readonly line: PieceLine;
  /** Whether the picture is exposed: a mean. */
  readonly isExposed: boolean;
  /** What it is the mean of, if that is for the presenter to see to. */
  readonly exposure?: Exposure | undefined;
}

/** What the machine can do. */
export interface Pace {
  /** Refreshes of the screen in a second. */
  readonly refreshHz: number;
  /** Seconds that a piece takes, once many are asked for. */
  readonly pieceSeconds: number;
}

/** Steps between frames on a renderer that must ask for each of them are halves of halves, down to this. */
const FINEST_STEP = 1 / 64;

/** A machine this much too slow for every picture is still asked for every one. */
const SLACK = 1.15;

/** Strides are no longer than this, in seconds of film: a slow machine shows something. */
const LONGEST_STRIDE_SECONDS = 1;

/**
 * Frames from one picture to the next: whole frames where the film runs faster than the screen, or than pieces come; parts of
 * frames only for renderers that cannot make what lies between by themselves.
 *
 * @param samplesBetween whether the renderer makes pictures between two frames from the pieces of both
 */
export function strideOf(showing: Showing, pace: Pace, samplesBetween: boolean): number {
  const { framesPerSecond, between } = showing;
  const longest = Math.max(1, framesPerSecond * LONGEST_STRIDE_SECONDS);
  const wanted = Math.min(longest, framesPerSecond * Math.max(1 / pace.refreshHz, pace.pieceSeconds));
  if (wanted > SLACK) return Math.ceil(wanted / SLACK);
  if (!between || samplesBetween) return 1;
  if (framesPerSecond === 0) return FINEST_STEP;
  return Math.max(FINEST_STEP, 2 ** Math.ceil(Math.log2(wanted / SLACK)));
}

/** The piece that stands for a place: the last one on the grid of strides that is not behind it. */
export function pieceAt(place: number, stride: number): number {
  return Math.floor(place / stride + 1e-9) * stride;
}

/** What is asked for: pieces in the order of need. */
export interface Wishes extends PieceLine {
  readonly showing: Showing;
  readonly stride: number;
  /** How many pieces ahead. */
  readonly count: number;
  /** Seconds of the viewer before a segment begins at which its first frame is asked for. */
  readonly segmentAheadSeconds: number;
}

/** Pieces to have: those that are shown now and next, then the first one of the segment that follows soon. */
export function wishedPieces(wishes: Wishes): number[] {
  const { showing, stride, frames, count } = wishes;
  const last = frames - 1;
  const first = pieceAt(Math.min(showing.place, last), stride);
  const pieces = new Set<number>();
  let begun = 0;
  for (let i = 0; i < count; i++) {
    const piece = first + i * stride;
    if (piece <= last) pieces.add(piece);
    else if (showing.loop) pieces.add(Math.min(last, begun++ * stride));
  }
  const next = nextSegment(wishes);
  if (next !== undefined) pieces.add(Math.min(last, Math.ceil(next / stride) * stride));
  return [...pieces];
}

/** First frame of the segment that will be shown soon. */
function nextSegment({ showing, segmentStarts, segmentAheadSeconds, frames }: Wishes): number | undefined {
  const soon = showing.place + segmentAheadSeconds * showing.framesPerSecond;
  const next = segmentStarts.find((start) => start > showing.place) ?? frames;
  if (next > soon) return undefined;
  if (next < frames) return next;
  return showing.loop ? 0 : undefined;
}
