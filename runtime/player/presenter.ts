/** Which picture is on the screen: asks for pieces ahead, draws the right one, and drops those that come late. */

import { MOST_INSTANTS } from '../film/shutter.js';
import type { View } from '../gpu/planeSampler.js';
import { FrameQueue } from './frameQueue.js';
import { pieceAt, type Showing, strideOf, type Wanted, wishedPieces } from './frameWishes.js';
import type { Screen, Shot } from './screen.js';
import { sameView } from './view.js';

/** Memory for the pieces of a film that is shown. */
const MAX_BYTES = 192 * 2 ** 20;

/** Pieces under way at once: the worker has one to go on with while an answer travels. */
const AT_ONCE = 3;

/** Pieces ahead, at most: more would only be thrown away by a seek. */
const MOST_AHEAD = 8;

/** A film that stands has the next frames ready, for steps. */
const STANDING_AHEAD = 3;

/** A segment is begun this long before its first picture is needed, in seconds of the viewer. */
const SEGMENT_AHEAD_SECONDS = 3;

/** Instants of a picture that is exposed while the film moves: at first on a GPU, at most, and how they grow with every picture in time. */
const FIRST_INSTANTS = 4;
const MOVING_INSTANTS = 16;
const INSTANTS_GROWTH = 1.02;

/** A picture that has stood so long, or is the only one so long, has all its instants: in milliseconds. */
const STANDING_MS = 300;

/** A refresh that comes so long behind the one before is late, in milliseconds: drawing took too long. */
const LATE_MS = 50;

/** What a refresh of the screen has come to. */
export interface Shown {
  /** A picture was drawn that was not there before. */
  readonly drawn: boolean;
  /** What is on the screen is what was asked for. */
  readonly exact: boolean;
  /** Another refresh will show it better. */
  readonly unfinished: boolean;
}

/** What a presenter tells. */
export interface PresenterNews {
  /** Something has arrived: another refresh may show more. */
  arrived(): void;
  failed(error: unknown): void;
}

/** A picture as it was drawn. */
interface DrawnPicture {
  readonly place: number;
  /** The picture is the mean of them. */
  readonly shots: readonly Shot<unknown>[];
  readonly view: View;
}

export class Presenter {
  readonly #news: PresenterNews;
  #screen: Screen;
  #queue: FrameQueue<unknown>;
  #drawn: DrawnPicture | undefined;
  #speedBefore = 0;
  /** Instants that there is time for; where pictures are asked for one by one each costs as much as a picture. */
  #instants: number;
  /** When the last refresh was while the film moves. */
  #movedMs: number | undefined;
  /** The last place, since when it is that, and whether it soon followed another. */
  #place: number | undefined;
  #placeMs = 0;
  #followed = true;
  /** Pictures that were drawn. */
  shownPictures = 0;
  /** Frames that should have been drawn. */
  droppedFrames = 0;

  constructor(screen: Screen, news: PresenterNews) {
    this.#news = news;
    this.#screen = screen;
    this.#queue = this.#newQueue(screen);
    this.#instants = screen.samplesBetween ? FIRST_INSTANTS : 1;
  }

  get screen(): Screen {
    return this.#screen;
  }

  /** Place of the picture on the screen, in frames; undefined before the first. */
  get place(): number | undefined {
    return this.#drawn?.place;
  }

  /** Memory of all pieces. */
  get bytes(): number {
    return this.#queue.bytes;
  }

  /** Goes on with another screen; the old one is closed. */
  replaceScreen(screen: Screen): void {
    this.#screen.close();
    this.#screen = screen;
    this.forget();
  }

  /** The pieces that there are are not what the film shows any more. */
  forget(): void {
    this.#queue.close();
    this.#queue = this.#newQueue(this.#screen);
    this.#drawn = undefined;
  }

  /** One refresh of the screen. */
  refresh(showing: Wanted, view: View, refreshHz: number): Shown {
    const moves = showing.framesPerSecond > 0;
    const place = placeOnDisplay(showing);
    const stands = !showing.isExposed || (!moves && this.#stands(place));
    const instants = stands ? MOST_INSTANTS : 2 ** Math.floor(Math.log2(this.#instants));
    if (this.#screen.aim(view, moves, instants)) this.#queue.renew();
    const { samplesBetween } = this.#screen;
    const pace = { refreshHz, pieceSeconds: this.#queue.pieceSeconds };
    const frames = showing.exposure ? Math.ceil(showing.exposure(1)) - Math.floor(place) : 0;
    // Of a long exposure there are as many frames as there is room for.
    const stride = Math.max(
      strideOf(showing, pace, samplesBetween),
      Math.ceil(frames / (this.#queue.capacity - 1)),
    );
    this.#want(showing, place, stride, Math.ceil(frames / stride));
    const exact = this.#exactShots(showing, place, stride, instants);
    let drawn = false;
    if (!exact) drawn = this.#drawLate(place, view, showing);
    else if (!moves || !this.#isPast(exact.place, place, view))
      drawn = this.#draw(exact.shots, exact.place, view, showing);
    this.#adapt(moves, drawn, exact !== undefined);
    const current = exact !== undefined && this.#queue.isCurrent(pieceAt(place, stride));
    return { drawn, exact: current, unfinished: !stands };
  }

  close(): void {
    this.#queue.close();
    this.#screen.close();
  }

  /** Whether a picture from here to there is on the screen: pieces lie farther apart once there is less time, and would lead back. */
  #isPast(from: number, to: number, view: View): boolean {
    const before = this.#drawn;
    return before !== undefined && from < before.place && before.place <= to && sameView(before.view, view);
  }

  /** Whether there is time for all instants of a picture: not while somebody goes through the film by hand. */
  #stands(place: number): boolean {
    const nowMs = performance.now();
    const stoodMs = nowMs - this.#placeMs;
    if (place !== this.#place) {
      this.#followed = this.#place === undefined || stoodMs < STANDING_MS;
      this.#place = place;
      this.#placeMs = nowMs;
      return !this.#followed;
    }
    return !this.#followed || stoodMs >= STANDING_MS;
  }

  /** Takes fewer instants where pictures come late, more where they do not. */
  #adapt(moves: boolean, drawn: boolean, exact: boolean): void {
    const nowMs = performance.now();
    const late = !exact || nowMs - (this.#movedMs ?? nowMs) > LATE_MS;
    this.#movedMs = moves ? nowMs : undefined;
    if (!moves) return;
    if (late) this.#instants = Math.max(1, this.#instants / 2);
    else if (drawn) this.#instants = Math.min(MOVING_INSTANTS, this.#instants * INSTANTS_GROWTH);
  }

  #newQueue(screen: Screen): FrameQueue<unknown> {
    return new FrameQueue(screen, { maxBytes: MAX_BYTES, atOnce: AT_ONCE }, this.#news);
  }

  /** @param more pieces that the picture of the place takes besides the first */
  #want(showing: Wanted, place: number, stride: number, more: number): void {
    const ahead = (showing.framesPerSecond > 0 ? MOST_AHEAD : STANDING_AHEAD) + more;
    const lead = this.#lead(showing, place, stride);
    const pieces = wishedPieces({
      showing: { ...showing, place: place + lead },
      count: Math.min(ahead, this.#queue.capacity),
      ...{ ...showing.line, stride, segmentAheadSeconds: SEGMENT_AHEAD_SECONDS },
    });
    this.#queue.want(pieces);
  }

  /** Frames by which to ask ahead where pieces come too late: what is asked for now will be shown when it comes. */
  #lead({ framesPerSecond }: Showing, place: number, stride: number): number {
    if (framesPerSecond === 0 || stride < 1 || this.#queue.get(pieceAt(place, stride)) !== undefined)
      return 0;
    const late = this.#drawn !== undefined && Math.abs(place - this.#drawn.place) > 2 * stride;
    return late ? Math.min(framesPerSecond, this.#queue.pieceSeconds * framesPerSecond * AT_ONCE) : 0;
  }

  /** What a place is drawn from, if all of it is there. */
  #exactShot(place: number, stride: number): { shot: Shot<unknown>; place: number } | undefined {
    const at = pieceAt(place, stride);
    const piece = this.#queue.get(at);
    if (piece === undefined) return undefined;
    const phase = this.#screen.samplesBetween && stride === 1 ? place - at : 0;
    if (phase === 0) return { shot: { piece, phase }, place: at };
    const next = this.#queue.get(at + 1);
    return next === undefined ? undefined : { shot: { piece, next, phase }, place };
  }

  /** The same of a picture that is exposed, unless the film stands meanwhile: at the middles of equal parts of its time. */
  #exactShots(
    { exposure }: Wanted,
    place: number,
    stride: number,
    instants: number,
  ): { shots: Shot<unknown>[]; place: number } | undefined {
    if (!exposure || exposure(0) === exposure(1)) {
      const exact = this.#exactShot(place, stride);
      return exact && { shots: [exact.shot], place: exact.place };
    }
    const shots: Shot<unknown>[] = [];
    for (let i = 0; i < instants; i++) {
      const exact = this.#exactShot(exposure((i + 0.5) / instants), stride);
      if (!exact) return undefined;
      shots.push(exact.shot);
    }
    return { shots, place };
  }

  /** The latest piece behind the one that is shown: better late than never, while the film moves. */
  #drawLate(place: number, view: View, showing: Showing): boolean {
    const before = this.#drawn?.place;
    if (before === undefined || showing.framesPerSecond === 0) return false;
    // A film that was repeated has nothing of its beginning to show yet.
    const late = this.#queue.lastIn(before <= place ? before : 0, place);
    if (late === undefined) return false;
    return this.#draw([{ piece: this.#queue.get(late), phase: 0 }], late, view, showing);
  }

  #draw(shots: readonly Shot<unknown>[], place: number, view: View, showing: Showing): boolean {
    const drawn = { place, shots, view };
    if (this.#drawn && sameDrawing(this.#drawn, drawn)) return false;
    this.#screen.draw(shots[0]!, shots.slice(1));
    this.shownPictures++;
    this.#countDropped(place, showing);
    this.#drawn = drawn;
    return true;
  }

  /** Whole frames that were passed over, but for those that no screen could have shown at this speed. */
  #countDropped(place: number, { framesPerSecond }: Showing): void {
    const before = this.#drawn?.place;
    const moved = before === undefined ? 0 : Math.floor(place) - Math.floor(before);
    const steady = this.#speedBefore === framesPerSecond && framesPerSecond > 0;
    this.#speedBefore = framesPerSecond;
    if (!steady || moved <= 0) return;
    const stride = Math.max(1, Math.ceil(framesPerSecond / 60));
    this.droppedFrames += Math.max(0, Math.round(moved / stride) - 1);
  }
}

/** Where a film is, as it is shown: whole frames, or what lies between; between segments the nearer frame. */
export function placeOnDisplay({
  place,
  between,
  line: { frames, segmentStarts },
}: Pick<Wanted, 'place' | 'between' | 'line'>): number {
  const last = frames - 1;
  const frame = Math.min(Math.floor(place), last);
  if (!between || frame === last || place === frame) return frame;
  const cut = segmentStarts.includes(frame + 1);
  if (!cut) return place;
  return place - frame < 0.5 ? frame : frame + 1;
}

function sameDrawing(a: DrawnPicture, b: DrawnPicture): boolean {
  const samePieces =
    a.shots.length === b.shots.length && a.shots.every((shot, i) => sameShot(shot, b.shots[i]!));
  return a.place === b.place && samePieces && sameView(a.view, b.view);
}

function sameShot(a: Shot<unknown>, b: Shot<unknown>): boolean {
  return a.piece === b.piece && a.next === b.next && a.phase === b.phase;
}
