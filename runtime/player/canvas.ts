/** Canvases of screens. */

/** A canvas for a screen. */
export function createCanvas(): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.setAttribute('part', 'canvas');
  return canvas;
}
