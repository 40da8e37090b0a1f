/** Which picture is on the screen: asks for pieces ahead, draws the right one, and drops those that come late. */

import type { View } from '../gpu/planeSampler.js';
import { FrameQueue } from './frameQueue.js';
import { pieceAt, type Showing, strideOf, wishedPieces } from './frameWishes.js';
import type { Screen, Shot } from './screen.js';
import { sameView } from './view.js';
import type { OpenedFilm } from './workerMessages.js';

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

/** What a refresh of the screen has come to. */
export interface Shown {
  /** A picture was drawn that was not there before. */
  readonly drawn: boolean;
  /** What is on the screen is what was asked for. */
  readonly exact: boolean;
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
  readonly shot: Shot<unknown>;
  readonly view: View;
}

export class Presenter {
  readonly #film: OpenedFilm;
  readonly #news: PresenterNews;
  #screen: Screen;
  #queue: FrameQueue<unknown>;
  #drawn: DrawnPicture | undefined;
  #speedBefore = 0;
  /** Pictures that were drawn. */
  shownPictures = 0;
  /** Frames that should have been drawn. */
  droppedFrames = 0;

  constructor(film: OpenedFilm, screen: Screen, news: PresenterNews) {
    this.#film = film;
    this.#news = news;
    this.#screen = screen;
    this.#queue = this.#newQueue(screen);
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
    this.#queue.close();
    this.#screen.close();
    this.#screen = screen;
    this.#queue = this.#newQueue(screen);
    this.#drawn = undefined;
  }

  /** One refresh of the screen. */
  refresh(showing: Showing, view: View, refreshHz: number): Shown {
    const moves = showing.framesPerSecond > 0;
    if (this.#screen.aim(view, moves)) this.#queue.renew();
    const place = placeOnDisplay(showing, this.#film);
    const stride = strideOf(
      showing,
      { refreshHz, pieceSeconds: this.#queue.pieceSeconds },
      this.#screen.samplesBetween,
    );
    this.#want(showing, place, stride);
    const shot = this.#exactShot(place, stride);
    if (shot) {
      const drawn = this.#draw(shot.shot, shot.place, view, showing);
      return { drawn, exact: this.#queue.isCurrent(pieceAt(place, stride)) };
    }
    return { drawn: this.#drawLate(place, view, showing), exact: false };
  }

  close(): void {
    this.#queue.close();
    this.#screen.close();
  }

  #newQueue(screen: Screen): FrameQueue<unknown> {
    return new FrameQueue(screen, { maxBytes: MAX_BYTES, atOnce: AT_ONCE }, this.#news);
  }

  #want(showing: Showing, place: number, stride: number): void {
    const ahead = showing.framesPerSecond > 0 ? MOST_AHEAD : STANDING_AHEAD;
    const { segmentStarts, info } = this.#film;
    const lead = this.#lead(showing, place, stride);
    const pieces = wishedPieces({
      showing: { ...showing, place: place + lead },
      count: Math.min(ahead, this.#queue.capacity),
      ...{ stride, frames: info.frames, segmentStarts, segmentAheadSeconds: SEGMENT_AHEAD_SECONDS },
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

  /** The latest piece behind the one that is shown: better late than never, while the film moves. */
  #drawLate(place: number, view: View, showing: Showing): boolean {
    const before = this.#drawn?.place;
    if (before === undefined || showing.framesPerSecond === 0) return false;
    // A film that was repeated has nothing of its beginning to show yet.
    const late = this.#queue.lastIn(before <= place ? before : 0, place);
    if (late === undefined) return false;
    return this.#draw({ piece: this.#queue.get(late), phase: 0 }, late, view, showing);
  }

  #draw(shot: Shot<unknown>, place: number, view: View, showing: Showing): boolean {
    const drawn = { place, shot, view };
    if (this.#drawn && sameDrawing(this.#drawn, drawn)) return false;
    this.#screen.draw(shot);
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
export function placeOnDisplay(
  { place, between }: Pick<Showing, 'place' | 'between'>,
  { info, segmentStarts }: Pick<OpenedFilm, 'info' | 'segmentStarts'>,
): number {
  const last = info.frames - 1;
  const frame = Math.min(Math.floor(place), last);
  if (!between || frame === last || place === frame) return frame;
  const cut = segmentStarts.includes(frame + 1);
  if (!cut) return place;
  return place - frame < 0.5 ? frame : frame + 1;
}

function sameDrawing(a: DrawnPicture, b: DrawnPicture): boolean {
  const samePieces = a.shot.piece === b.shot.piece && a.shot.next === b.shot.next;
  return a.place === b.place && samePieces && sameView(a.view, b.view);
}
