/** The screen of machines without a GPU: the worker samples every picture, and a plain canvas shows it. */

import { EngineError } from '../errors.js';
import { resizeCanvas } from '../gpu/canvas.js';
import type { View } from '../gpu/planeSampler.js';
import type { Crop } from '../picture/raster.js';
import { createCanvas } from './canvas.js';
import type { FilmClient } from './filmClient.js';
import type { Screen, Shot } from './screen.js';
import { sameCrop, sameView } from './view.js';
import type { PictureContent, PictureOrder, ScreenPicture } from './workerMessages.js';

/** Most pixels of a picture that is one of many, and of one that stands; the canvas enlarges them where it is larger. */
const HURRIED_PIXELS = 2 ** 19;
const STANDING_PIXELS = 2 ** 22;

/** Shows pictures of another view than the one at hand too, enlarged or shifted, until those of this one are there. */
export class CpuScreen implements Screen<ScreenPicture> {
  readonly renderer = 'cpu';
  readonly device = 'processor';
  readonly samplesBetween = false;
  readonly lost = new Promise<string>(() => {});
  readonly canvas = createCanvas();
  readonly #client: FilmClient;
  readonly #contentOf: (place: number) => PictureContent;
  readonly #context: CanvasRenderingContext2D;
  /** Pictures of another view are drawn from here. */
  readonly #scratch = document.createElement('canvas');
  #view: View | undefined;
  /** What the worker is asked for. */
  #asked: (View & Pick<PictureOrder, 'instants'>) | undefined;

  /**
   * @param contentOf what is seen at a place
   * @throws EngineError `CANVAS_MISSING` if the browser gives no canvas
   */
  constructor(client: FilmClient, contentOf: (place: number) => PictureContent) {
    this.#client = client;
    this.#contentOf = contentOf;
    const context = this.canvas.getContext('2d', { alpha: false });
    if (!context) {
      throw new EngineError('This browser gives no canvas to draw on.', {
        code: 'CANVAS_MISSING',
        hint: 'Close other pages if memory is short.',
      });
    }
    this.#context = context;
  }

  async fetch(place: number, signal: AbortSignal): Promise<ScreenPicture> {
    const asked = this.#asked;
    if (!asked) throw new Error('aim first');
    const picture = await this.#client.ask('picture', { ...asked, ...this.#contentOf(place) }, signal);
    // It was made for this view, whatever part of the film it shows.
    return { ...picture, crop: asked.crop };
  }

  bytes({ pixels }: ScreenPicture): number {
    return pixels.byteLength;
  }

  free(): void {}

  aim(view: View, hurry: boolean, instants: number): boolean {
    this.#view = view;
    const asked = { ...bounded(view, hurry ? HURRIED_PIXELS : STANDING_PIXELS), instants };
    const before = this.#asked;
    this.#asked = asked;
    // Means of fewer instants will do as long as it moves.
    return before !== undefined && !(sameView(before, asked) && (hurry || before.instants === instants));
  }

  draw({ piece }: Shot<ScreenPicture>): void {
    const view = this.#view;
    if (!view) return;
    resizeCanvas(this.canvas, view);
    const image = new ImageData(piece.pixels, piece.width, piece.height);
    if (piece.width === view.width && piece.height === view.height && sameCrop(piece.crop, view.crop)) {
      this.#context.putImageData(image, 0, 0);
      return;
    }
    resizeCanvas(this.#scratch, piece);
    this.#scratch.getContext('2d')!.putImageData(image, 0, 0);
    const place = placeIn(view, piece.crop);
    this.#context.drawImage(this.#scratch, place.x, place.y, place.width, place.height);
  }

  close(): void {
    resizeCanvas(this.canvas, { width: 0, height: 0 });
    resizeCanvas(this.#scratch, { width: 0, height: 0 });
  }
}

/** A view of the same part with at most so many pixels. */
function bounded(view: View, pixels: number): View {
  const scale = Math.min(1, Math.sqrt(pixels / (view.width * view.height)));
  const side = (length: number): number => Math.max(1, Math.round(length * scale));
  return { ...view, width: side(view.width), height: side(view.height) };
}

/** Where a part of the film lies on the canvas, in its pixels. */
function placeIn({ crop, width, height }: View, part: Crop): Crop {
  const across = width / crop.width;
  const down = height / crop.height;
  return {
    x: (part.x - crop.x) * across,
    y: (part.y - crop.y) * down,
    width: part.width * across,
    height: part.height * down,
  };
}
