/** One film that is played: its time, its sound, its pictures and what state they are in. The element tells of it. */

import { InterruptedError } from '../errors.js';
import type { TimeMap } from '../film/retiming.js';
import type { View } from '../gpu/planeSampler.js';
import type { Crop } from '../picture/raster.js';
import { FilmClient } from './filmClient.js';
import type { FilmInstants } from './filmInstants.js';
import { FilmSound } from './filmSound.js';
import { MediaClock } from './mediaClock.js';
import { NETWORK, READY } from './mediaEvents.js';
import { openScreen } from './openScreen.js';
import { Presentation, type PresentationTexts, sameTexts } from './presentation.js';
import { Presenter } from './presenter.js';
import { RefreshLoop } from './refreshLoop.js';
import type { Renderer, RendererChoice } from './rendererChoice.js';
import type { SoundSettings } from './sound.js';
import { type Span, TimeSpans } from './timeSpans.js';
import { wholeFilm } from './view.js';
import type { OpenedFilm, OpenOrder, PictureContent } from './workerMessages.js';

/** What the viewer has chosen; it may change at any time. */
export interface PlaybackChoices {
  readonly loop: boolean;
  /** Every refresh of the screen shows its own instant. */
  readonly smooth: boolean;
  readonly sound: SoundSettings;
  /** What is made of the film. */
  readonly texts: PresentationTexts;
}

/** What a playback needs of the element around it. */
export interface PlaybackHost {
  readonly choices: PlaybackChoices;
  /** What is seen; undefined where nothing can be. @param panned unless the viewer has chosen another part */
  view(panned: Crop | undefined): View | undefined;
  /** A canvas to show from now on. */
  showCanvas(canvas: HTMLCanvasElement): void;
  /** Tells of something that has happened. */
  tell(event: string): void;
  /** A picture was drawn. */
  drawn(nowMs: number, mediaTime: number): void;
  /** The film is not to be had any more. */
  failed(error: unknown): void;
}

/** How to open a film. */
export interface PlaybackOrder extends OpenOrder {
  readonly renderer: RendererChoice;
  /** Of the worker's program, where it cannot come from a blob. */
  readonly worker?: string | undefined;
}

/** Pictures that are this far behind, for want of bytes, stop the sound, in seconds. */
const STARVED_SECONDS = 0.25;

/** From one `timeupdate` to the next, in milliseconds: as browsers do. */
const TIME_UPDATE_MS = 250;

export class Playback {
  readonly #host: PlaybackHost;
  readonly #client: FilmClient;
  readonly #loop: RefreshLoop;
  readonly #clock = new MediaClock();
  readonly #sound: FilmSound;
  readonly #failedRenderers = new Set<Renderer>();
  #film: OpenedFilm | undefined;
  #presentation: Presentation | undefined;
  #presenter: Presenter | undefined;
  /** The picture of this instant was shown. */
  #pictureThere = false;
  #held: readonly Span[] = [];
  #closed = false;
  /** The film has come to its end, or was set to it. */
  #atEnd = false;
  #exactAt = 0;
  #toldMs = 0;
  /** What is seen moves by itself. */
  #pans = false;
  /** When the picture on the screen is shown, in seconds. */
  #shownAt: number | undefined;
  readyState: number = READY.NOTHING;
  networkState: number = NETWORK.LOADING;
  paused = true;
  seeking = false;
  played = new TimeSpans();
  #playedFrom: number | undefined;
  /** What is missing here: words for people. */
  readonly notes: string[] = [];

  /** @throws EngineError `WORKER_MISSING` */
  constructor(host: PlaybackHost, order: PlaybackOrder) {
    this.#host = host;
    this.#client = new FilmClient({ held: (spans) => this.#hold(spans) }, order.worker);
    this.#loop = new RefreshLoop((nowMs) => this.#refresh(nowMs));
    const times = (): TimeMap => this.instants!.times;
    this.#sound = new FilmSound(this.#clock, {
      get choices() {
        return host.choices;
      },
      get times() {
        return times();
      },
      known: () => this.#settle(),
      refused: () => this.#refuse(),
      note: (text) => this.notes.push(text),
    });
    void this.#open(order);
  }

  get film(): OpenedFilm | undefined {
    return this.#film;
  }

  get presentation(): Presentation | undefined {
    return this.#presentation;
  }

  get instants(): FilmInstants | undefined {
    return this.#presentation?.instants;
  }

  get presenter(): Presenter | undefined {
    return this.#presenter;
  }

  /** Seconds in the film of the picture on the screen; undefined before the first. */
  get pictureTime(): number | undefined {
    return this.#shownAt === undefined ? undefined : this.instants?.times.filmAt(this.#shownAt);
  }

  /** Seconds in the film of its sound; undefined without one. */
  get soundTime(): number | undefined {
    return this.#sound.seconds;
  }

  get decodeMs(): number {
    return this.#client.decodeMs;
  }

  get duration(): number {
    return this.instants?.seconds ?? Number.NaN;
  }

  get time(): number {
    return Math.min(this.#clock.time, this.instants?.seconds ?? 0);
  }

  get ended(): boolean {
    return this.#atEnd && !this.#host.choices.loop;
  }

  /** Spans in seconds whose bytes are here. */
  get buffered(): TimeSpans {
    const { frames, seconds, secondsAt } = this.instants!;
    const at = (frame: number): number => (frame === frames ? seconds : secondsAt(frame));
    return new TimeSpans(this.#held.map(([from, to]) => [at(from), at(to)]));
  }

  play(): void {
    if (!this.paused) return;
    if (this.ended) this.seek(0);
    this.paused = false;
    this.#host.tell('play');
    this.#host.tell(this.readyState >= READY.FUTURE ? 'playing' : 'waiting');
    this.#move();
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.#move();
    this.#host.tell('timeupdate');
    this.#host.tell('pause');
  }

  seek(seconds: number): void {
    const { instants } = this;
    if (!instants) {
      this.#clock.seek(seconds);
      return;
    }
    this.seeking = true;
    this.#pictureThere = false;
    this.#move();
    this.#clock.seek(Math.min(Math.max(0, seconds), instants.seconds));
    this.#atEnd = this.#clock.time >= instants.seconds;
    this.#sound.seek();
    this.#host.tell('seeking');
    this.#setReady(Math.min(this.readyState, READY.METADATA));
    this.wake();
  }

  /** Something that is shown has changed: the view, the size, how smooth it is. */
  wake(): void {
    this.#loop.wake();
  }

  /** The viewer has chosen otherwise. */
  choose(): void {
    const { sound, texts } = this.#host.choices;
    const before = this.#presentation?.texts;
    if (before && !sameTexts(before, texts)) this.#present(texts);
    this.#clock.rate = sound.rate;
    this.#sound.choose();
    this.#move();
    this.wake();
  }

  /** Tries whether the page may make itself heard. @throws DOMException `NotAllowedError` */
  tryPlaying(): Promise<void> {
    return this.#sound.tryPlaying();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#loop.close();
    this.#presenter?.close();
    this.#sound.close();
    this.#client.close();
  }

  async #open(order: PlaybackOrder): Promise<void> {
    const { film: place, engine, threads, renderer } = order;
    try {
      const film = await this.#client.open({ film: place, engine, threads });
      if (this.#closed) return;
      this.#film = film;
      this.#presentation = new Presentation(film, this.#host.choices.texts);
      if (engine === 'auto' && film.engine === 'reference')
        this.notes.push('No WebAssembly: pictures come slowly.');
      this.#clock.rate = this.#host.choices.sound.rate;
      this.#setReady(READY.METADATA);
      await this.#openScreen(renderer);
      void this.#sound.open(this.#client);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** What is made of the film has changed; what is seen of it goes on from where it is. */
  #present(texts: PresentationTexts): void {
    const before = this.instants!;
    const place = before.times.filmAt(this.time);
    this.#notePlayed();
    this.#presentation = new Presentation(this.#film!, texts);
    const { seconds, times } = this.instants!;
    this.#clock.seek(times.shownAt(place));
    this.#atEnd &&= this.#clock.time >= seconds;
    this.played = new TimeSpans();
    if (this.#clock.running) this.#playedFrom = this.#clock.time;
    if (!this.#presenter?.screen.samplesBetween) this.#presenter?.forget();
    if (seconds !== before.seconds) this.#host.tell('durationchange');
  }

  async #openScreen(choice: RendererChoice): Promise<void> {
    const film = this.#film!;
    const contentOf = (place: number): PictureContent => this.#presentation!.contentOf(place, this.#pans);
    const note = (text: string): number => this.notes.push(text);
    const screen = await openScreen(choice, film, this.#client, contentOf, this.#failedRenderers, note);
    if (this.#closed) {
      screen.close();
      return;
    }
    if (this.#presenter) this.#presenter.replaceScreen(screen);
    else {
      const news = { arrived: () => this.wake(), failed: (error: unknown) => this.#fail(error) };
      this.#presenter = new Presenter(screen, news);
    }
    this.#host.showCanvas(screen.canvas);
    void screen.lost.then((reason) => this.#loseScreen(screen.renderer, reason, choice));
    this.#host.tell('rendererchange');
    this.wake();
  }

  /** Goes on with what is left; time and sound do not notice. */
  #loseScreen(renderer: Renderer, reason: string, choice: RendererChoice): void {
    if (this.#closed || this.#presenter?.screen.renderer !== renderer) return;
    this.notes.push(`${renderer} was lost: ${reason}`);
    this.#failedRenderers.add(renderer);
    this.#openScreen(choice).catch((error) => this.#fail(error));
  }

  #refresh(nowMs: number): boolean {
    const { choices } = this.#host;
    if (this.#clock.running) {
      this.#advance(choices);
      this.#tellTime(nowMs);
    }
    if (!this.#presenter) return this.#clock.running;
    const { time } = this;
    const presentation = this.#presentation!;
    const { screen } = this.#presenter;
    const showing = presentation.wanted(
      { time, ...choices, rate: choices.sound.rate, moves: this.#clock.running },
      screen.samplesBetween,
    );
    const panned = presentation.cropAt?.(showing.time);
    const view = this.#host.view(panned);
    this.#pans = view !== undefined && view.crop === panned;
    if (!view) {
      this.#arrive();
      return this.#clock.running;
    }
    // Pictures that are asked for one by one show other parts each; what they have in common is the film.
    const asked = this.#pans && !screen.samplesBetween;
    const aimed = asked ? { ...view, crop: wholeFilm(this.#film!.info) } : view;
    const shown = this.#presenter.refresh(showing, aimed, this.#loop.refreshHz);
    if (shown.drawn) {
      this.#shownAt = presentation.timeOf(this.#presenter.place!, screen.samplesBetween, time);
      this.#host.drawn(nowMs, this.#shownAt);
    }
    if (shown.exact) this.#arrive();
    else this.#checkStarved(nowMs, time);
    if (shown.exact) this.#exactAt = nowMs;
    return this.#clock.running || shown.unfinished;
  }

  #tellTime(nowMs: number): void {
    if (nowMs - this.#toldMs < TIME_UPDATE_MS) return;
    this.#toldMs = nowMs;
    this.#host.tell('timeupdate');
  }

  /** The picture of this instant is on the screen. */
  #arrive(): void {
    if (this.#pictureThere) return;
    this.#pictureThere = true;
    this.#settle();
  }

  /** Tells what has become possible. */
  #settle(): void {
    if (this.#closed || !this.#pictureThere) return;
    if (this.readyState < READY.CURRENT) this.#setReady(READY.CURRENT);
    if (this.seeking) {
      this.seeking = false;
      this.#host.tell('timeupdate');
      this.#host.tell('seeked');
    }
    if (!this.#sound.awaited) this.#setReady(READY.ENOUGH);
    if (!this.paused && this.ended) this.#end();
    else this.#move();
  }

  #setReady(state: number): void {
    const before = this.readyState;
    if (before === state) return;
    this.readyState = state;
    const rose = (to: number): boolean => before < to && state >= to;
    // Whoever hears of this may begin to play, and then hears of that by itself.
    const waited = !this.paused;
    if (rose(READY.METADATA))
      for (const event of ['durationchange', 'resize', 'loadedmetadata']) this.#host.tell(event);
    if (rose(READY.CURRENT)) this.#host.tell('loadeddata');
    if (rose(READY.FUTURE)) this.#host.tell('canplay');
    if (rose(READY.FUTURE) && waited && !this.paused) this.#host.tell('playing');
    if (rose(READY.ENOUGH)) this.#host.tell('canplaythrough');
    if (before >= READY.FUTURE && state < READY.FUTURE && waited) this.#host.tell('waiting');
  }

  /** Starts or stops time and sound, as the state says. */
  #move(): void {
    const { rate } = this.#host.choices.sound;
    const moves = !this.paused && !this.seeking && this.readyState >= READY.FUTURE && rate > 0 && !this.ended;
    if (moves && !this.#clock.running) {
      this.#clock.start();
      this.#playedFrom = this.#clock.time;
    }
    if (!moves && this.#clock.running) {
      this.#clock.stop();
      this.#notePlayed();
    }
    if (moves) this.#sound.start();
    else this.#sound.pause();
    if (moves) this.wake();
  }

  /** Nobody has touched the page yet, so it may not make itself heard. */
  #refuse(): void {
    if (this.#closed || this.paused) return;
    this.pause();
    this.#host.tell('notallowed');
  }

  /** Follows the sound, and sees to the end. */
  #advance({ loop }: PlaybackChoices): void {
    this.#sound.follow();
    if (this.#sound.awaited) {
      this.#setReady(READY.CURRENT);
      this.#move();
      return;
    }
    const over = this.#clock.time - this.instants!.seconds;
    if (over < 0) return;
    this.#notePlayed();
    if (loop) this.#repeat(over);
    else this.#end();
  }

  /** Pictures go on at once, with what time has passed since the end; sound begins again. */
  #repeat(over: number): void {
    this.#clock.seek(over % this.instants!.seconds);
    this.#playedFrom = 0;
    this.seeking = true;
    this.#host.tell('seeking');
    this.seeking = false;
    this.#host.tell('timeupdate');
    this.#host.tell('seeked');
    this.#sound.repeat();
  }

  #end(): void {
    this.#clock.stop();
    this.#clock.seek(this.instants!.seconds);
    this.#sound.pause();
    this.#atEnd = true;
    this.paused = true;
    for (const event of ['timeupdate', 'pause', 'ended']) this.#host.tell(event);
  }

  /** Where bytes are missing, sound waits for the pictures; a machine that is only slow drops them. */
  #checkStarved(nowMs: number, time: number): void {
    if (!this.#clock.running || this.#isHeld(time)) return;
    if (nowMs - this.#exactAt < 1000 * STARVED_SECONDS) return;
    this.#pictureThere = false;
    this.#setReady(READY.CURRENT);
    this.#move();
  }

  #isHeld(seconds: number): boolean {
    const frame = this.instants!.frameOn(seconds);
    return this.#held.some(([from, to]) => from <= frame && frame < to);
  }

  #notePlayed(): void {
    if (this.#playedFrom !== undefined) this.played = this.played.with([this.#playedFrom, this.time]);
    this.#playedFrom = undefined;
  }

  #hold(spans: readonly Span[]): void {
    this.#held = spans;
    if (this.#closed || !this.#film) return;
    const frames = spans.reduce((sum, [from, to]) => sum + to - from, 0);
    this.networkState = frames < this.#film.info.frames ? NETWORK.LOADING : NETWORK.IDLE;
    this.#host.tell('progress');
    if (this.networkState === NETWORK.IDLE) this.#host.tell('suspend');
  }

  #fail(error: unknown): void {
    if (this.#closed || error instanceof InterruptedError) return;
    this.paused = true;
    this.networkState = this.readyState === READY.NOTHING ? NETWORK.NO_SOURCE : NETWORK.IDLE;
    this.close();
    this.#host.failed(error);
  }
}
