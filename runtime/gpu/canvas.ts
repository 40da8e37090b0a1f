/** The canvas that is drawn on, in a page or in a worker. */

import { EngineError } from '../errors.js';

export type Canvas = HTMLCanvasElement | OffscreenCanvas;

/** It takes another size only where it has to: that clears it. */
export function resizeCanvas(
  canvas: Canvas,
  { width, height }: { readonly width: number; readonly height: number },
): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** What is thrown where a GPU cannot be used. */
export function gpuMissing(message: string, cause?: unknown): EngineError {
  return new EngineError(message, {
    code: 'ENGINE_MISSING',
    hint: "Turn on the browser's hardware acceleration, or update the browser or the driver of the GPU.",
    cause,
  });
}

/** What a picture that is read back fails with. */
export function gpuLost(cause?: unknown): EngineError {
  return new EngineError('The GPU was lost while a picture was read.', {
    code: 'ENGINE_FAILED',
    hint: 'Make another sampler, on another canvas.',
    cause,
  });
}
