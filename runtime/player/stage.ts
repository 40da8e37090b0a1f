/** Where the picture lies on the element, and what part of the film it shows. */

import type { View } from '../gpu/planeSampler.js';
import type { Size } from '../picture/picture.js';
import type { Crop } from '../picture/raster.js';
import * as view from './view.js';
import type { OpenedFilm } from './workerMessages.js';

/** Larger canvases are beyond what GPUs promise. */
const MAX_CANVAS_PX = 8192;

/** The canvas in its element, with zoom and pan. */
export class Stage {
  readonly #onChange: () => void;
  readonly #observer: ResizeObserver;
  readonly #element: HTMLElement;
  #canvas: HTMLCanvasElement | undefined;
  #film: view.ViewedFilm | undefined;
  /** What somebody has chosen to see, and what is seen where nobody has. */
  #crop: Crop | undefined;
  #panned: Crop | undefined;
  #box: Size = { width: 0, height: 0 };

  /**
   * @param element filled by the picture as far as its shape allows
   * @param onChange the picture is to be drawn anew
   */
  constructor(element: HTMLElement, onChange: () => void) {
    this.#element = element;
    this.#onChange = onChange;
    this.#observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      this.#box = { width, height };
      onChange();
    });
  }

  get film(): view.ViewedFilm | undefined {
    return this.#film;
  }

  /** Size of the element in CSS pixels. */
  get box(): Size {
    return this.#box;
  }

  get zoom(): number {
    const { film } = this;
    return film && this.#box.width > 0 ? view.zoomOf(film, this.crop!, this.#box) : 1;
  }

  /** What is seen; undefined before there is a film. */
  get crop(): Crop | undefined {
    return this.#film && (this.#crop ?? this.#panned ?? view.wholeFilm(this.#film));
  }

  /** Whether nobody has chosen a part: all of the film is seen, or what its pan shows. */
  get whole(): boolean {
    return this.#crop === undefined;
  }

  observe(): void {
    this.#observer.observe(this.#element);
    const { width, height } = this.#element.getBoundingClientRect();
    this.#box = { width, height };
  }

  unobserve(): void {
    this.#observer.disconnect();
  }

  /** Another film, or none: all of it is seen. */
  setFilm(film: OpenedFilm | undefined): void {
    this.#crop = undefined;
    this.#panned = undefined;
    if (!film) {
      this.#film = undefined;
      this.showCanvas(undefined);
      return;
    }
    const { width, height, sampleAspect } = film.info;
    this.#film = { width, height, pixelAspect: sampleAspect[0] / sampleAspect[1] };
  }

  showCanvas(canvas: HTMLCanvasElement | undefined): void {
    if (canvas) this.#element.replaceChildren(canvas);
    else this.#element.replaceChildren();
    this.#canvas = canvas;
  }

  /** @returns whether something else is seen */
  setCrop(crop: Crop | undefined): boolean {
    if (!this.#film) return false;
    const before = this.crop!;
    const inside = crop && view.insideFilm(this.#film, crop);
    this.#crop = inside && view.isWhole(this.#film, inside) ? undefined : inside;
    if (view.sameCrop(before, this.crop!)) return false;
    this.#onChange();
    return true;
  }

  /**
   * What is to be drawn, and puts the canvas where it goes; undefined where nothing is seen.
   *
   * @param enlarge whether with the film's enlarger
   * @param panned what is seen unless somebody has chosen otherwise: all by default
   */
  view(enlarge: boolean, panned: Crop | undefined): View | undefined {
    this.#panned = panned;
    const { film, crop } = this;
    if (!film || !crop || this.#box.width < 1 || this.#box.height < 1) return undefined;
    const ratio = globalThis.devicePixelRatio || 1;
    const place = view.placeOnBox(film, crop, this.#box);
    // On whole pixels of the screen, so that none is blurred; those of a pan do not shake by what is rounded.
    const edge = (length: number): number => Math.round(Number((length * ratio).toFixed(6)));
    const left = edge(place.x);
    const top = edge(place.y);
    const width = Math.max(1, edge(place.x + place.width) - left);
    const height = Math.max(1, edge(place.y + place.height) - top);
    this.#place(left / ratio, top / ratio, width / ratio, height / ratio);
    const shrink = Math.min(1, MAX_CANVAS_PX / Math.max(width, height));
    const side = (length: number): number => Math.max(1, Math.floor(length * shrink));
    return { crop, width: side(width), height: side(height), enlarge };
  }

  #place(left: number, top: number, width: number, height: number): void {
    const style = this.#canvas?.style;
    if (!style) return;
    Object.assign(style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
  }
}
