/** What lies over the picture for a while: words, a region that is drawn, a map of what is seen. */

import { make } from './elements.js';
import type { FilmError } from './mediaEvents.js';
import type { Point } from './view.js';
import type { WeftVideo } from './weftVideo.js';

const TOAST_MS = 1200;
/** What is missing here is to be read, in milliseconds. */
const NOTE_MS = 7000;

/** Longer side of the map in CSS pixels. */
const MAP_PX = 96;

export class Overlays {
  readonly elements: readonly HTMLElement[];
  readonly #spinner = make('div', 'spinner');
  readonly #toast = make('div', 'toast');
  readonly #cardTitle = make('strong', '');
  readonly #cardHint = make('p', '');
  readonly #card: HTMLElement;
  readonly #region = make('div', 'region');
  readonly #part = make('div', '');
  readonly #map = make('div', 'map', this.#part);
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #told = new Set<string>();

  /** @param again the viewer wants to try once more */
  constructor(again: () => void) {
    const button = make('button', '', 'Try again');
    button.type = 'button';
    button.addEventListener('click', again);
    this.#card = make('div', 'card', this.#cardTitle, this.#cardHint, button);
    this.#card.setAttribute('role', 'alert');
    this.#toast.setAttribute('role', 'status');
    for (const hidden of [this.#spinner, this.#card, this.#region, this.#map]) hidden.hidden = true;
    this.elements = [this.#map, this.#region, this.#spinner, this.#toast, this.#card];
  }

  /** Says something for a moment. */
  say(text: string, forMs = TOAST_MS): void {
    this.#toast.textContent = text;
    this.#toast.toggleAttribute('data-shown', true);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#toast.toggleAttribute('data-shown', false), forMs);
  }

  /** Says once what is missing in this browser or page. */
  sayNotes(notes: readonly string[]): void {
    const note = notes.find((text) => text.startsWith('No sound') || text.startsWith('No WebAssembly'));
    if (!note || this.#told.has(note)) return;
    this.#told.add(note);
    this.say(note, NOTE_MS);
  }

  showError(error: FilmError | null): void {
    this.#card.hidden = error === null;
    this.#cardTitle.textContent = error?.message ?? '';
    this.#cardHint.textContent = error?.hint ?? '';
  }

  showWaiting(waits: boolean): void {
    this.#spinner.hidden = !waits;
  }

  /** Corners of the region that is drawn, in CSS pixels; undefined once it is not. */
  showRegion(corners: readonly [Point, Point] | undefined): void {
    this.#region.hidden = corners === undefined;
    if (!corners) return;
    const [a, b] = corners;
    place(this.#region, Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(a.x - b.x), Math.abs(a.y - b.y));
  }

  /** Where in the film what is seen lies. */
  showMap({ view, videoWidth, videoHeight, zoom }: WeftVideo, filmWidth: number): void {
    this.#map.hidden = !view || zoom < 1.01;
    if (!view || this.#map.hidden) return;
    const scale = MAP_PX / Math.max(videoWidth, videoHeight);
    const across = (scale * videoWidth) / filmWidth;
    this.#map.style.width = `${scale * videoWidth}px`;
    this.#map.style.height = `${scale * videoHeight}px`;
    place(this.#part, view.x * across, view.y * scale, view.width * across, view.height * scale);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}

function place(element: HTMLElement, left: number, top: number, width: number, height: number): void {
  Object.assign(element.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `${width}px`,
    height: `${height}px`,
  });
}
