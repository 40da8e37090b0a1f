/** Mouse, fingers and wheel on the picture: what they mean. */

import type { Point } from './view.js';

/** What gestures ask for; places are in CSS pixels of the element. */
export interface GestureMeaning {
  /** A click of a mouse or pen. */
  click(): void;
  doubleClick(): void;
  /** One finger, once. */
  tap(): void;
  doubleTap(point: Point): void;
  zoomAt(factor: number, point: Point): void;
  panBy(right: number, down: number): void;
  /** A region is being drawn; `done` once it is. Undefined: it was given up. */
  region(corners: readonly [Point, Point] | undefined, done: boolean): void;
  /** Whether a drag moves the picture. */
  canPan(): boolean;
  /** Whether the wheel is meant for the picture and not for the page. */
  ownsWheel(): boolean;
  panning(on: boolean): void;
}

/** A pointer that moves less than this has not moved, in CSS pixels. */
const STILL_PX = 6;
/** Two taps within so many milliseconds are one double tap. */
const DOUBLE_TAP_MS = 300;
/** A wheel that turns so far zooms by a factor of e. */
const WHEEL_UNITS = 400;
const PINCH_WHEEL_UNITS = 100;
/** Regions with a shorter side are slips of the hand, in CSS pixels. */
const SMALLEST_REGION_PX = 8;

export class Gestures {
  readonly #surface: HTMLElement;
  readonly #meaning: GestureMeaning;
  readonly #stop = new AbortController();
  /** Where each pointer is. */
  readonly #pointers = new Map<number, Point>();
  #start: Point = { x: 0, y: 0 };
  #moved = false;
  #region = false;
  /** Several fingers were down: what follows is no tap. */
  #pinched = false;
  #byTouch = false;
  #tap: { readonly atMs: number; readonly timer: ReturnType<typeof setTimeout> } | undefined;

  constructor(surface: HTMLElement, meaning: GestureMeaning) {
    this.#surface = surface;
    this.#meaning = meaning;
    const { signal } = this.#stop;
    surface.addEventListener('pointerdown', (event) => this.#down(event), { signal });
    surface.addEventListener('pointermove', (event) => this.#move(event), { signal });
    surface.addEventListener('pointerup', (event) => this.#up(event), { signal });
    surface.addEventListener('pointercancel', (event) => this.#cancel(event), { signal });
    surface.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false });
    surface.addEventListener('dblclick', (event) => this.#doubleClick(event), { signal });
  }

  close(): void {
    this.#stop.abort();
    clearTimeout(this.#tap?.timer);
  }

  /** Browsers make one of two taps, too. */
  #doubleClick(event: MouseEvent): void {
    if (!this.#byTouch && isPicture(event, this.#surface)) this.#meaning.doubleClick();
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0 || !isPicture(event, this.#surface)) return;
    const point = this.#pointOf(event);
    this.#byTouch = event.pointerType === 'touch';
    if (this.#pointers.size === 0) {
      this.#start = point;
      this.#moved = false;
      this.#pinched = false;
      this.#region = event.shiftKey && event.pointerType !== 'touch';
    } else this.#pinched = true;
    this.#pointers.set(event.pointerId, point);
    // Events that tests make have no pointer to capture.
    if (event.isTrusted) this.#surface.setPointerCapture(event.pointerId);
  }

  #move(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const point = this.#pointOf(event);
    this.#moved ||= distance(point, this.#start) > STILL_PX;
    if (this.#pointers.size === 2) this.#pinch(event.pointerId, before, point);
    this.#pointers.set(event.pointerId, point);
    if (!this.#moved || this.#pointers.size !== 1) return;
    if (this.#region) this.#meaning.region([this.#start, point], false);
    else if (this.#meaning.canPan()) {
      this.#meaning.panning(true);
      this.#meaning.panBy(point.x - before.x, point.y - before.y);
    }
  }

  /** The two fingers stay on what they are on. */
  #pinch(moving: number, before: Point, point: Point): void {
    const [other] = [...this.#pointers].filter(([id]) => id !== moving).map(([, place]) => place);
    const factor = distance(point, other!) / Math.max(1, distance(before, other!));
    const middle = { x: (point.x + other!.x) / 2, y: (point.y + other!.y) / 2 };
    this.#meaning.zoomAt(factor, middle);
    this.#meaning.panBy((point.x - before.x) / 2, (point.y - before.y) / 2);
  }

  #up(event: PointerEvent): void {
    if (!this.#pointers.delete(event.pointerId)) return;
    const point = this.#pointOf(event);
    this.#meaning.panning(false);
    if (this.#region) this.#endRegion(point);
    else if (!this.#moved && !this.#pinched && this.#pointers.size === 0) {
      if (event.pointerType === 'touch') this.#touched(point);
      else this.#meaning.click();
    }
  }

  #endRegion(point: Point): void {
    this.#region = false;
    const shorter = Math.min(Math.abs(point.x - this.#start.x), Math.abs(point.y - this.#start.y));
    this.#meaning.region(shorter < SMALLEST_REGION_PX ? undefined : [this.#start, point], true);
  }

  #touched(point: Point): void {
    if (this.#tap && performance.now() - this.#tap.atMs < DOUBLE_TAP_MS) {
      clearTimeout(this.#tap.timer);
      this.#tap = undefined;
      this.#meaning.doubleTap(point);
      return;
    }
    const timer = setTimeout(() => {
      this.#tap = undefined;
      this.#meaning.tap();
    }, DOUBLE_TAP_MS);
    this.#tap = { atMs: performance.now(), timer };
  }

  #cancel(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    this.#meaning.panning(false);
    if (this.#region) this.#meaning.region(undefined, true);
    this.#region = false;
    this.#pinched = true;
  }

  #wheel(event: WheelEvent): void {
    if (!isPicture(event, this.#surface) || !(event.ctrlKey || this.#meaning.ownsWheel())) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 24 : 1;
    const units = event.ctrlKey ? PINCH_WHEEL_UNITS : WHEEL_UNITS;
    this.#meaning.zoomAt(Math.exp((-event.deltaY * lines) / units), this.#pointOf(event));
  }

  #pointOf({ clientX, clientY }: MouseEvent): Point {
    const { left, top } = this.#surface.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }
}

/** Whether an event is meant for the picture: buttons see to themselves. */
function isPicture(event: Event, surface: HTMLElement): boolean {
  return event.target === surface;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
