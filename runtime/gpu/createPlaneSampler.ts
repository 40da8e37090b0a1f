/** The one place that chooses what draws. */

import { EngineError } from '../errors.js';
import { type Canvas, gpuMissing } from './canvas.js';
import { enlargerNet } from './enlargerNet.js';
import { GpuPlaneSampler, type SampledFilm } from './gpuPlaneSampler.js';
import type { PlaneSampler } from './planeSampler.js';
import type { SamplingDevice } from './samplingDevice.js';
import { createWebgl2Device } from './webgl2Device.js';
import { createWebgpuDevice, isSoftware, webgpuAdapter } from './webgpuDevice.js';

export interface PlaneSamplerOptions {
  /**
   * What draws. `auto`, the default: WebGPU on a GPU, else WebGL2, else WebGPU that the processor plays. WebGL2 comes before
   * the latter as it may have a GPU where WebGPU has none (Chromium on Linux), and is no slower where neither has.
   */
  readonly renderer?: 'auto' | 'webgpu' | 'webgl2';
}

type Attempt = () => Promise<SamplingDevice>;

/**
 * A sampler that draws the film on the canvas, which must not have been drawn on. Once the sampler is closed or lost, another
 * needs another canvas.
 *
 * @throws EngineError `ENGINE_MISSING` if the browser has neither API, or its GPU cannot hold pictures as large as the film's
 */
export async function createPlaneSampler(
  canvas: Canvas,
  film: SampledFilm,
  { renderer = 'auto' }: PlaneSamplerOptions = {},
): Promise<PlaneSampler> {
  const reasons: string[] = [];
  for (const attempt of attempts(canvas, film, renderer)) {
    try {
      return new GpuPlaneSampler(await attempt(), film);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      reasons.push(error.message);
    }
  }
  throw gpuMissing(`No GPU draws here. ${[...new Set(reasons)].join(' ')}`);
}

function attempts(canvas: Canvas, film: SampledFilm, renderer: 'auto' | 'webgpu' | 'webgl2'): Attempt[] {
  const net = film.enlarger && enlargerNet(film.enlarger);
  const webgl2: Attempt = async () => {
    const device = createWebgl2Device(canvas, net);
    checkFits(film, device.maxSide);
    return device;
  };
  const webgpu = (software: boolean) => async () => {
    const adapter = await webgpuAdapter();
    if (isSoftware(adapter) && !software) throw gpuMissing('WebGPU is played by the processor.');
    // Before the canvas is given to WebGPU for good.
    checkFits(film, adapter.limits.maxTextureDimension2D);
    return createWebgpuDevice(canvas, adapter, net);
  };
  if (renderer !== 'auto') return [renderer === 'webgpu' ? webgpu(true) : webgl2];
  return [webgpu(false), webgl2, webgpu(true)];
}

/** @throws EngineError `ENGINE_MISSING` */
function checkFits({ shape: { width, height } }: SampledFilm, maxSide: number): void {
  if (Math.max(width, height) <= maxSide) return;
  throw gpuMissing(
    `Pictures of ${width}x${height} are too large for this GPU, which takes ${maxSide} a side.`,
  );
}
