/** `<weft-video>`: a film in a page that behaves as `<video>` does, without controls. */

import { WeftError } from '../errors.js';
import type { Crop } from '../picture/raster.js';
import { styleSheet } from './baseElement.js';
import { type FrameCallback, FrameCallbacks } from './frameCallbacks.js';
import { OBSERVED_ATTRIBUTES } from './mediaAttributes.js';
import { MediaChoices } from './mediaChoices.js';
import { type FilmError, NETWORK, READY } from './mediaEvents.js';
import { Playback, type PlaybackChoices } from './playback.js';
import { Stage } from './stage.js';
import { type FilmStatistics, filmStatistics } from './statistics.js';
import { TimeSpans } from './timeSpans.js';
import { type Point, panBy, zoomAt } from './view.js';
import type { FilmPlace } from './workerMessages.js';

/** Types that `canPlayType` knows. */
const TYPES = /^(video|application)\/(x-)?weft\b/;

const STYLE = `
:host { display: inline-block; position: relative; overflow: hidden; background: #000; max-width: 100%; width: 300px; aspect-ratio: 2; }
:host([hidden]) { display: none; }
.stage { position: absolute; inset: 0; }
.stage > canvas { position: absolute; }
.poster { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
.poster[hidden] { display: none; }
`;

interface Promised {
  resolve(): void;
  reject(error: unknown): void;
}

export class WeftVideo extends MediaChoices {
  static get observedAttributes(): readonly string[] {
    return OBSERVED_ATTRIBUTES;
  }

  readonly #callbacks = new FrameCallbacks();
  readonly #size: CSSStyleSheet;
  readonly #poster: HTMLImageElement;
  readonly #stage: Stage;
  /** What lies over the picture. */
  protected readonly root: ShadowRoot;
  #playback: Playback | undefined;
  #playing: Promised[] = [];
  #error: FilmError | null = null;
  #object: FilmPlace | null = null;
  /** Where to begin once there is a film, in seconds. */
  #startAt = 0;
  /** Nobody has said whether to play: the attribute `autoplay` counts. */
  #mayAutoplay = true;
  #scheduledLoad = false;

  constructor() {
    super();
    this.root = this.attachShadow({ mode: 'open' });
    this.#size = styleSheet('');
    this.root.adoptedStyleSheets = [styleSheet(STYLE), this.#size];
    const stage = document.createElement('div');
    stage.className = 'stage';
    stage.setAttribute('part', 'stage');
    this.#poster = document.createElement('img');
    this.#poster.className = 'poster';
    this.#poster.alt = '';
    this.#poster.hidden = true;
    this.#poster.setAttribute('part', 'poster');
    this.root.append(stage, this.#poster);
    this.#stage = new Stage(stage, () => this.#playback?.wake());
  }

  connectedCallback(): void {
    this.#stage.observe();
    this.takeDefaults();
    if (!this.#playback && (this.src || this.#object)) this.#scheduleLoad();
  }

  disconnectedCallback(): void {
    // Moved within the page it goes on; a film that nobody sees any more is let go of.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#startAt = this.currentTime;
      this.#stage.unobserve();
      this.#release();
    });
  }

  attributeChangedCallback(name: string, _before: string | null, value: string | null): void {
    if (name === 'src' && value !== null) {
      this.#object = null;
      this.#startAt = 0;
      this.#scheduleLoad();
    } else if (name === 'poster') this.#showPoster();
    else if (name === 'autoplay') this.#autoplay();
    else this.#playback?.choose();
  }

  // What is played.

  /** A film in memory instead of at an address: a Blob or File, or its bytes. */
  get srcObject(): FilmPlace | null {
    return this.#object;
  }

  set srcObject(film: Exclude<FilmPlace, string> | ArrayBuffer | null) {
    this.#object = film instanceof ArrayBuffer ? new Uint8Array(film) : film;
    this.load();
  }

  /** The address in full. */
  get currentSrc(): string {
    return this.#object || !this.src ? '' : new URL(this.src, this.ownerDocument.baseURI).href;
  }

  /** Loads the film anew. */
  load(): void {
    this.#startAt = 0;
    this.#mayAutoplay = true;
    this.#load(false);
  }

  canPlayType(type: string): '' | 'probably' {
    return TYPES.test(type) ? 'probably' : '';
  }

  get readyState(): number {
    return this.#playback?.readyState ?? READY.NOTHING;
  }

  get networkState(): number {
    if (this.#error?.code === 4) return NETWORK.NO_SOURCE;
    const waits = this.src !== '' && this.preload === 'none' ? NETWORK.IDLE : NETWORK.EMPTY;
    return this.#playback?.networkState ?? waits;
  }

  get error(): FilmError | null {
    return this.#error;
  }

  /** Width to be seen, in pixels of the film: with the shape of its samples taken in. */
  get videoWidth(): number {
    const film = this.#stage.film;
    return film ? Math.round(film.width * film.pixelAspect) : 0;
  }

  get videoHeight(): number {
    return this.#stage.film?.height ?? 0;
  }

  // Time.

  get currentTime(): number {
    return this.readyState === READY.NOTHING ? this.#startAt : this.#playback!.time;
  }

  set currentTime(seconds: number) {
    if (!Number.isFinite(seconds)) throw new TypeError('currentTime must be a finite number.');
    if (this.readyState === READY.NOTHING) this.#startAt = seconds;
    else this.#playback!.seek(seconds);
  }

  /** The same as setting `currentTime`: that is fast and exact. */
  fastSeek(seconds: number): void {
    this.currentTime = seconds;
  }

  /** Seconds; NaN before the film is known. */
  get duration(): number {
    return this.#playback?.duration ?? Number.NaN;
  }

  /** Number of frames; 0 before the film is known. */
  get frames(): number {
    return this.#playback?.instants?.frames ?? 0;
  }

  /** The frame on display, from 0. Setting it pauses and shows exactly that one. */
  get currentFrame(): number {
    return this.#playback?.instants?.frameOn(this.currentTime) ?? 0;
  }

  set currentFrame(frame: number) {
    const instants = this.#playback?.instants;
    if (!instants) return;
    this.pause();
    this.currentTime = instants.secondsAt(Math.min(Math.max(0, Math.round(frame)), instants.frames - 1));
  }

  /** Pauses, and goes so many frames on, or back where it is negative: exactly. */
  step(frames = 1): void {
    this.currentFrame += Math.round(frames);
  }

  get seeking(): boolean {
    return this.#playback?.seeking ?? false;
  }

  get paused(): boolean {
    return this.#playback?.paused ?? true;
  }

  get ended(): boolean {
    return this.#playback?.ended ?? false;
  }

  get buffered(): TimeSpans {
    return this.#playback?.film ? this.#playback.buffered : new TimeSpans();
  }

  get seekable(): TimeSpans {
    return this.#playback?.film ? new TimeSpans([[0, this.duration]]) : new TimeSpans();
  }

  get played(): TimeSpans {
    return this.#playback?.played ?? new TimeSpans();
  }

  /**
   * Plays. Fulfilled once it does.
   *
   * @throws DOMException `NotSupportedError` if there is no film, `NotAllowedError` if sound may not be heard yet,
   *   `AbortError` if it is paused before
   */
  play(): Promise<void> {
    this.#mayAutoplay = false;
    if (this.#error) return Promise.reject(new DOMException(this.#error.message, 'NotSupportedError'));
    if (!this.#playback) this.#load(true);
    const { paused, readyState } = this;
    if (!paused && readyState >= READY.FUTURE) return Promise.resolve();
    const promise = new Promise<void>((resolve, reject) => this.#playing.push({ resolve, reject }));
    // Nobody need listen, as with video.
    promise.catch(() => {});
    this.#playback?.play();
    return promise;
  }

  pause(): void {
    this.#mayAutoplay = false;
    this.#playback?.pause();
  }

  // What is seen.

  /** The part of the film that is seen, in its pixels; null before there is a film. Setting null shows all of it. */
  get view(): Crop | null {
    return this.#stage.crop ?? null;
  }

  set view(crop: Crop | null) {
    if (this.#stage.setCrop(crop ?? undefined)) this.#tell('viewchange');
  }

  /** How much larger the film is than where all of it is seen, 1..64. */
  get zoom(): number {
    return this.#stage.zoom;
  }

  set zoom(zoom: number) {
    const { width, height } = this.#stage.box;
    this.zoomAt(zoom / this.zoom, { x: width / 2, y: height / 2 });
  }

  /** Zooms by a factor; what is at a place of the element, in CSS pixels, stays there. */
  zoomAt(factor: number, point: Point): void {
    const { film, crop, box } = this.#stage;
    if (film && crop && box.width > 0) this.view = zoomAt(film, crop, box, factor, point);
  }

  /** Pushes the picture by so many CSS pixels. */
  panBy(right: number, down: number): void {
    const { film, crop, box } = this.#stage;
    if (film && crop && box.width > 0) this.view = panBy(film, crop, box, right, down);
  }

  /** Calls once, when the next picture is shown. */
  requestVideoFrameCallback(callback: FrameCallback): number {
    return this.#callbacks.request(callback);
  }

  cancelVideoFrameCallback(handle: number): void {
    this.#callbacks.cancel(handle);
  }

  /** How it goes: pictures, engine, renderer, and what is missing here. */
  get statistics(): FilmStatistics {
    return filmStatistics(this.#playback);
  }

  /** The picture that is shown; another one if a renderer was lost. */
  protected get stage(): Stage {
    return this.#stage;
  }

  /** Attributes come one by one: one load for all of them. */
  #scheduleLoad(): void {
    if (this.#scheduledLoad) return;
    this.#scheduledLoad = true;
    queueMicrotask(() => {
      this.#scheduledLoad = false;
      if (this.isConnected || this.#playback) this.#load(false);
    });
  }

  /** @param wanted somebody wants to see it: `preload` does not count */
  #load(wanted: boolean): void {
    this.#release();
    this.#error = null;
    const film = this.#object ?? this.currentSrc;
    if (!film) return;
    this.#showPoster();
    if (!wanted && this.preload === 'none' && !this.autoplay) {
      this.#tell('suspend');
      return;
    }
    this.resetRate();
    const { engine, threads, renderer } = this;
    const worker = this.worker ? new URL(this.worker, this.ownerDocument.baseURI).href : undefined;
    try {
      this.#playback = this.#newPlayback({ film, engine, threads, renderer, worker });
      this.#playback.seek(this.#startAt);
      this.#tell('loadstart');
    } catch (error) {
      this.#fail(error);
    }
  }

  #newPlayback(order: ConstructorParameters<typeof Playback>[1]): Playback {
    const element = this;
    const playback: Playback = new Playback(
      {
        get choices() {
          return element.#choices();
        },
        view: (panned) => this.#stage.view(this.enlarge === 'film', panned),
        showCanvas: (canvas) => this.#stage.showCanvas(canvas),
        tell: (event) => playback === this.#playback && this.#hear(event),
        drawn: (nowMs, mediaTime) => this.#callBack(nowMs, mediaTime),
        failed: (error) => this.#fail(error),
      },
      order,
    );
    return playback;
  }

  #choices(): PlaybackChoices {
    const { loop, smooth, soundSettings: sound, presentationTexts: texts } = this;
    return { loop, smooth, sound, texts };
  }

  /** A choice was made: first it counts, then it is told. */
  protected override chosen(event?: string): void {
    this.#playback?.choose();
    if (event) this.#tell(event);
  }

  /** What the playback tells: the state of the element first, then the event. */
  #hear(event: string): void {
    if (event === 'durationchange') this.#takeFilm();
    if (event === 'playing') this.#answer((promised) => promised.resolve());
    if (event === 'pause') {
      const aborted = new DOMException('Playing was interrupted by pause().', 'AbortError');
      this.#answer((promised) => promised.reject(aborted));
    }
    if (event === 'notallowed') return;
    if (event === 'playing' || event === 'seeking') this.#showPoster();
    this.#tell(event);
    if (event === 'canplaythrough') this.#autoplay();
  }

  #takeFilm(): void {
    const { film } = this.#playback!;
    this.#stage.setFilm(film);
    this.#size.replaceSync(
      `:host { width: ${this.videoWidth}px; aspect-ratio: ${this.videoWidth} / ${this.videoHeight}; }`,
    );
  }

  #autoplay(): void {
    const playback = this.#playback;
    if (!playback || !this.autoplay || !this.#mayAutoplay || this.readyState < READY.ENOUGH) return;
    this.#mayAutoplay = false;
    playback.tryPlaying().then(
      () => playback === this.#playback && playback.play(),
      () => {
        // Not before somebody touches the page: it stays as it is.
      },
    );
  }

  #callBack(nowMs: number, mediaTime: number): void {
    this.#showPoster();
    const { width, height, presented, decodeMs } = {
      width: this.videoWidth,
      height: this.videoHeight,
      presented: this.#playback?.presenter?.shownPictures ?? 0,
      decodeMs: this.#playback?.decodeMs ?? 0,
    };
    this.#callbacks.call(nowMs, {
      ...{ presentationTime: nowMs, expectedDisplayTime: nowMs, width, height, mediaTime },
      ...{ presentedFrames: presented, processingDuration: decodeMs / 1000 },
    });
  }

  /** The poster is there until the film moves. */
  #showPoster(): void {
    const begun = this.#playback && (!this.paused || this.currentTime > 0);
    const show = this.poster !== '' && !begun;
    if (show && this.#poster.getAttribute('src') !== this.poster) this.#poster.src = this.poster;
    this.#poster.hidden = !show;
  }

  #release(): void {
    const playback = this.#playback;
    if (!playback) return;
    this.#playback = undefined;
    playback.close();
    this.#stage.setFilm(undefined);
    const gone = new DOMException('Another film was loaded, or this one taken away.', 'AbortError');
    this.#answer((promised) => promised.reject(gone));
    this.#tell('emptied');
  }

  #fail(error: unknown): void {
    const known = error instanceof WeftError ? error : undefined;
    const loaded = this.readyState > READY.NOTHING;
    const code = !loaded ? 4 : known?.name === 'SourceError' ? 2 : 3;
    this.#error = {
      code,
      message:
        known?.message ?? `The film cannot be shown: ${error instanceof Error ? error.message : error}`,
      hint: known?.hint ?? 'Load the page again.',
      weftCode: known?.code ?? 'UNKNOWN',
    };
    const reason = new DOMException(this.#error.message, 'NotSupportedError');
    this.#answer((promised) => promised.reject(reason));
    this.#tell('error');
  }

  #answer(answer: (promised: Promised) => void): void {
    const playing = this.#playing;
    this.#playing = [];
    for (const promised of playing) answer(promised);
  }

  #tell(event: string): void {
    this.dispatchEvent(new Event(event));
  }
}
