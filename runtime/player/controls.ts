/** The controls of a film: bar, keys, gestures and what lies over the picture. */

import { adjust } from './adjust.js';
import { ControlBar } from './controlBar.js';
import { make, makeButton, nameButton } from './elements.js';
import { enterFull, isFull, leaveFull } from './fullscreen.js';
import { Gestures } from './gestures.js';
import { setIcon } from './icons.js';
import { type Command, commandOf } from './keyboard.js';
import { MEDIA_EVENTS, READY } from './mediaEvents.js';
import { Overlays } from './overlays.js';
import type { Stage } from './stage.js';
import { cropBetween, type Point } from './view.js';
import type { WeftVideo } from './weftVideo.js';

/** Without movement the controls go after this long while the film plays. */
const IDLE_MS = 2500;

/** A double tap enlarges by this. */
const TAP_ZOOM = 2.5;

export class Controls {
  readonly element = make('div', 'ui');
  readonly #video: WeftVideo;
  readonly #stage: Stage;
  readonly #big = makeButton('big', 'Play', 'play');
  readonly #bar: ControlBar;
  readonly #overlays: Overlays;
  readonly #gestures: Gestures;
  readonly #stop = new AbortController();
  #idle: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;

  constructor(video: WeftVideo, stage: Stage) {
    this.#video = video;
    this.#stage = stage;
    this.#overlays = new Overlays(() => video.load());
    this.#bar = new ControlBar(video, {
      toggle: () => this.#toggle(),
      fullscreen: () => this.#fullscreen(),
      zoomBy: (factor) => this.#zoomBy(factor),
    });
    this.element.setAttribute('part', 'controls');
    this.element.append(this.#big, ...this.#overlays.elements, this.#bar.element);
    // The message lies over the bar: there is nothing to control.
    this.element.append(this.#overlays.elements.at(-1)!);
    this.#big.addEventListener('click', () => this.#toggle());
    this.#gestures = new Gestures(this.element, this.#meaning());
    this.#listen();
    this.#update();
  }

  close(): void {
    this.#stop.abort();
    this.#gestures.close();
    this.#overlays.close();
    clearTimeout(this.#idle);
    cancelAnimationFrame(this.#frame);
    this.element.remove();
  }

  #listen(): void {
    const { signal } = this.#stop;
    const video = this.#video;
    const update = (): void => this.#update();
    for (const event of MEDIA_EVENTS) video.addEventListener(event, update, { signal });
    for (const event of ['fullscreenchange', 'webkitfullscreenchange'])
      video.ownerDocument.addEventListener(event, update, { signal });
    video.addEventListener('fullscreenchange', update, { signal });
    video.addEventListener('keydown', (event) => this.#key(event), { signal });
    video.addEventListener('pointermove', ({ pointerType }) => pointerType !== 'touch' && this.#stir(), {
      signal,
    });
    video.addEventListener('pointerleave', ({ pointerType }) => pointerType !== 'touch' && this.#rest(), {
      signal,
    });
    video.addEventListener('focusin', () => this.#stir(), { signal });
  }

  #meaning(): ConstructorParameters<typeof Gestures>[1] {
    const video = this.#video;
    return {
      click: () => this.#toggle(),
      doubleClick: () => this.#fullscreen(),
      tap: () => this.#tap(),
      doubleTap: (point) => {
        if (this.#stage.whole) video.zoomAt(TAP_ZOOM, point);
        else video.view = null;
      },
      zoomAt: (factor, point) => this.#zoomAt(factor, point),
      panBy: (right, down) => video.panBy(right, down),
      region: (corners, done) => this.#region(corners, done),
      canPan: () => !this.#stage.whole,
      ownsWheel: () => isFull(video) || video.matches(':focus-within'),
      panning: (on) => this.element.toggleAttribute('data-panning', on),
    };
  }

  #toggle(): void {
    const video = this.#video;
    if (video.paused) video.play().catch((error: Error) => this.#refuse(error));
    else video.pause();
  }

  #refuse({ name, message }: Error): void {
    if (name === 'NotAllowedError') this.#overlays.say('The browser wants a click before there is sound.');
    else if (name !== 'AbortError') this.#overlays.say(message);
  }

  /** A finger calls the controls and sends them away. */
  #tap(): void {
    if (this.element.hasAttribute('data-idle')) this.#stir();
    else if (!this.#video.paused) this.#rest();
    else this.#toggle();
  }

  #fullscreen(): void {
    void (isFull(this.#video) ? leaveFull(this.#video) : enterFull(this.#video));
  }

  #zoomBy(factor: number): void {
    const { width, height } = this.#stage.box;
    this.#zoomAt(factor, { x: width / 2, y: height / 2 });
  }

  #zoomAt(factor: number, point: Point): void {
    this.#video.zoomAt(factor, point);
    this.#overlays.say(`${Math.round(100 * this.#video.zoom)}%`);
  }

  #region(corners: readonly [Point, Point] | undefined, done: boolean): void {
    const { film, crop, box } = this.#stage;
    this.element.toggleAttribute('data-choosing', !done && corners !== undefined);
    this.#overlays.showRegion(done ? undefined : corners);
    if (done && corners && film && crop) this.#video.view = cropBetween(film, crop, box, ...corners);
  }

  #key(event: KeyboardEvent): void {
    const target = event.composedPath()[0] as HTMLElement;
    if (event.defaultPrevented || target.matches('select, input.volume')) return;
    const presses = target.matches('button') && (event.key === ' ' || event.key === 'Enter');
    const command = presses ? undefined : commandOf(event);
    if (!command) return;
    event.preventDefault();
    this.#stir();
    const said = this.#obey(command);
    if (said) this.#overlays.say(said);
  }

  /** Does what was asked for. @returns what to say of it */
  #obey(command: Command): string | undefined {
    const video = this.#video;
    switch (command.do) {
      case 'toggle':
        this.#toggle();
        return undefined;
      case 'fullscreen':
        this.#fullscreen();
        return undefined;
      case 'reset':
        if (this.#stage.whole && video.hasAttribute('filled')) this.#fullscreen();
        video.view = null;
        return undefined;
      case 'zoom':
        this.#zoomBy(command.by);
        return undefined;
      default:
        return adjust(video, command);
    }
  }

  /** Somebody is there: the controls are shown, for a while. */
  #stir(): void {
    this.element.toggleAttribute('data-idle', false);
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#rest(), IDLE_MS);
  }

  #rest(): void {
    const held =
      this.#bar.element.matches(':hover') || this.#bar.element.matches(':focus-within:has(:focus-visible)');
    this.element.toggleAttribute('data-idle', !this.#video.paused && !held);
  }

  #update(): void {
    const video = this.#video;
    const { error, readyState, networkState, paused, ended, currentTime } = video;
    const fresh = paused && !error && (ended || (currentTime === 0 && readyState !== READY.METADATA));
    this.#big.hidden = !fresh || (readyState === READY.NOTHING && networkState !== 1);
    setIcon(this.#big.firstElementChild as SVGSVGElement, ended ? 'replay' : 'play');
    nameButton(this.#big, ended ? 'Play again' : 'Play');
    const loads = networkState === 2 && readyState < READY.CURRENT;
    const waits = !paused && readyState < READY.FUTURE;
    this.#overlays.showWaiting(!error && (loads || waits));
    this.#overlays.showError(error);
    this.#overlays.sayNotes(video.statistics.notes);
    this.#overlays.showMap(video, this.#stage.film?.width ?? 1);
    this.element.toggleAttribute('data-zoomed', !this.#stage.whole);
    this.element.toggleAttribute('data-failed', error !== null);
    this.#bar.update(isFull(video));
    if (paused) this.element.toggleAttribute('data-idle', false);
    else if (!this.#idle) this.#stir();
    if (!paused && this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#followTime());
  }

  /** The time moves evenly while the film does. */
  #followTime(): void {
    this.#frame = 0;
    if (!this.element.hasAttribute('data-idle')) this.#bar.updateTime();
    if (!this.#video.paused) this.#frame = requestAnimationFrame(() => this.#followTime());
  }
}
