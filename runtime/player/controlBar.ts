/** The bar below the picture: buttons and sliders, and what they say. */

import { make, makeButton, makeSlider, nameButton } from './elements.js';
import { setIcon } from './icons.js';
import { SPEEDS, speedText, timeText } from './keyboard.js';
import type { WeftVideo } from './weftVideo.js';

/** What the bar asks for besides what a film can do by itself. */
export interface BarMeaning {
  toggle(): void;
  fullscreen(): void;
  zoomBy(factor: number): void;
}

export class ControlBar {
  readonly element: HTMLElement;
  readonly #video: WeftVideo;
  readonly #play = makeButton('play', 'Play (k)', 'play');
  readonly #mute = makeButton('mute', 'Mute (m)', 'loud');
  readonly #volume = makeSlider('volume', 'Volume', 1);
  readonly #seek = makeSlider('seek', 'Time', 1);
  readonly #bubble = make('div', 'bubble');
  readonly #now = make('b', '');
  readonly #length = make('span', '');
  readonly #zoom = make('button', 'reset', '100%');
  readonly #speed = make('select', 'pick');
  readonly #smooth = makeButton('smooth', 'Smooth motion (s)', 'smooth');
  readonly #full = makeButton('full', 'Full screen (f)', 'enter');
  /** A hand is on the slider. */
  #sliding = false;

  constructor(video: WeftVideo, meaning: BarMeaning) {
    this.#video = video;
    this.element = make('div', 'bar', this.#timeLine(), this.#row(meaning));
    this.element.setAttribute('part', 'bar');
    this.#speed.title = 'Speed (< and >)';
    this.#speed.setAttribute('aria-label', 'Speed');
    for (const speed of SPEEDS) this.#addSpeed(speed);
    this.#listen(meaning);
  }

  /** Says what is. */
  update(full: boolean): void {
    const video = this.#video;
    const [icon, label] = video.ended ? (['replay', 'Play again (k)'] as const) : playFace(video.paused);
    setFace(this.#play, icon, label);
    const quiet = video.muted || video.volume === 0;
    setFace(this.#mute, quiet ? 'mute' : 'loud', quiet ? 'Sound on (m)' : 'Mute (m)');
    this.#volume.value = String(quiet ? 0 : video.volume);
    this.#volume.style.setProperty('--at', `${100 * (quiet ? 0 : video.volume)}%`);
    setFace(this.#full, full ? 'leave' : 'enter', full ? 'Leave full screen (f)' : 'Full screen (f)');
    this.#smooth.setAttribute('aria-pressed', String(video.smooth));
    this.#updateZoom();
    this.#updateSpeed();
    this.updateTime();
  }

  /** Says what time it is: more often than the rest changes. */
  updateTime(): void {
    const { duration, currentTime } = this.#video;
    const known = Number.isFinite(duration) && duration > 0;
    this.#seek.disabled = !known;
    this.#seek.max = String(known ? duration : 1);
    if (!this.#sliding) this.#seek.value = String(currentTime);
    const at = this.#sliding ? Number(this.#seek.value) : currentTime;
    const share = known ? at / duration : 0;
    this.#seek.style.setProperty('--at', alongSlider(share));
    this.#seek.style.setProperty('--held', alongSlider(known ? heldBehind(this.#video, at) / duration : 0));
    this.#seek.setAttribute('aria-valuetext', `${timeText(at)} of ${timeText(duration)}`);
    this.#now.textContent = timeText(at);
    this.#length.textContent = ` / ${timeText(duration)}`;
  }

  #timeLine(): HTMLElement {
    this.#bubble.hidden = true;
    return make('div', 'seekbox', this.#seek, this.#bubble);
  }

  #row(meaning: BarMeaning): HTMLElement {
    const back = makeButton('frame', 'One frame back (,)', 'back');
    const forward = makeButton('frame', 'One frame on (.)', 'forward');
    back.addEventListener('click', () => this.#video.step(-1));
    forward.addEventListener('click', () => this.#video.step(1));
    const less = makeButton('less', 'Smaller (-)', 'minus');
    const more = makeButton('more', 'Larger (+)', 'plus');
    less.addEventListener('click', () => meaning.zoomBy(1 / 1.5));
    more.addEventListener('click', () => meaning.zoomBy(1.5));
    this.#zoom.type = 'button';
    nameButton(this.#zoom, 'Show all of it (Esc)');
    const zoom = make('div', 'zoom', less, this.#zoom, more);
    const time = make('div', 'time', this.#now, this.#length);
    const sound = [this.#mute, this.#volume];
    const right = [zoom, this.#speed, this.#smooth, this.#full];
    return make('div', 'row', this.#play, back, forward, ...sound, time, make('div', 'grow'), ...right);
  }

  #listen(meaning: BarMeaning): void {
    const video = this.#video;
    this.#play.addEventListener('click', () => meaning.toggle());
    this.#full.addEventListener('click', () => meaning.fullscreen());
    this.#smooth.addEventListener('click', () => {
      video.smooth = !video.smooth;
    });
    this.#mute.addEventListener('click', () => {
      if (video.volume === 0) video.volume = 1;
      else video.muted = !video.muted;
    });
    this.#volume.addEventListener('input', () => {
      video.volume = Number(this.#volume.value);
      video.muted = false;
    });
    this.#zoom.addEventListener('click', () => {
      video.view = null;
    });
    this.#speed.addEventListener('change', () => {
      video.playbackRate = Number(this.#speed.value);
    });
    this.#listenToSeek();
  }

  #listenToSeek(): void {
    const seek = this.#seek;
    seek.addEventListener('input', () => {
      this.#sliding = true;
      this.#video.currentTime = Number(seek.value);
      this.updateTime();
    });
    seek.addEventListener('change', () => {
      this.#sliding = false;
    });
    seek.addEventListener('pointermove', ({ clientX }) => this.#pointAt(clientX));
    seek.addEventListener('pointerleave', () => {
      this.#bubble.hidden = true;
    });
  }

  /** Says what time is under the pointer. */
  #pointAt(clientX: number): void {
    const { left, width } = this.#seek.getBoundingClientRect();
    const { duration } = this.#video;
    if (!Number.isFinite(duration)) return;
    const share = Math.min(1, Math.max(0, (clientX - left - THUMB_PX / 2) / (width - THUMB_PX)));
    this.#bubble.hidden = false;
    this.#bubble.textContent = timeText(share * duration);
    const place = Math.min(width - 24, Math.max(24, clientX - left));
    this.#bubble.style.left = `${place}px`;
  }

  #updateZoom(): void {
    const { zoom } = this.#video;
    this.#zoom.textContent = `${Math.round(100 * zoom)}%`;
    this.#zoom.toggleAttribute('data-whole', zoom < 1.005);
    this.#zoom.disabled = !this.#video.view;
  }

  #updateSpeed(): void {
    const rate = this.#video.playbackRate;
    if (!SPEEDS.includes(rate) && !this.#speed.querySelector(`[value="${rate}"]`)) this.#addSpeed(rate);
    this.#speed.value = String(rate);
  }

  #addSpeed(speed: number): void {
    const option = make('option', '', `${speedText(speed)}×`);
    option.value = String(speed);
    this.#speed.append(option);
  }
}

/** Width of the knob of a slider, which stays inside of it at both ends. */
const THUMB_PX = 14;

function alongSlider(share: number): string {
  return `calc(${THUMB_PX / 2}px + (100% - ${THUMB_PX}px) * ${share.toFixed(5)})`;
}

function playFace(paused: boolean): readonly ['play' | 'pause', string] {
  return paused ? ['play', 'Play (k)'] : ['pause', 'Pause (k)'];
}

function setFace(button: HTMLButtonElement, icon: Parameters<typeof setIcon>[1], label: string): void {
  if (button.title === label) return;
  setIcon(button.firstElementChild as SVGSVGElement, icon);
  nameButton(button, label);
}

/** End of what is here in one piece from an instant on, in seconds. */
function heldBehind({ buffered }: WeftVideo, seconds: number): number {
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= seconds && seconds <= buffered.end(i)) return buffered.end(i);
  }
  return 0;
}
