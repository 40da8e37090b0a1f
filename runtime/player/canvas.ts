/** Canvases of screens. */

import type { Size } from '../picture/picture.js';

/** A canvas for a screen. */
export function createCanvas(): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.setAttribute('part', 'canvas');
  return canvas;
}

/** Gives a canvas its size just before it is drawn on: setting it clears the canvas. */
export function fitCanvas(canvas: HTMLCanvasElement, { width, height }: Size): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
