/** What the tests of samplers on a GPU ask of a page: one sampler at a time. */

import type { FramePlanes } from '../../../runtime/engine/decoderEngine.js';
import { type SamplingKernels, samplingKernels } from '../../../runtime/field/samplingKernels.js';
import { createPlaneSampler } from '../../../runtime/gpu/createPlaneSampler.js';
import type { GpuPlaneSampler, SampledFilm } from '../../../runtime/gpu/gpuPlaneSampler.js';
import type { LoadedFrame, SampledInstant, View } from '../../../runtime/gpu/planeSampler.js';
import type { Picture } from '../../../runtime/picture/picture.js';

export type Renderer = 'auto' | 'webgpu' | 'webgl2';

/** An instant of the frames that are loaded. */
export interface Instant {
  readonly frame: number;
  readonly phase: number;
}

let canvas: HTMLCanvasElement;
let film: SampledFilm;
let sampler: GpuPlaneSampler;
let frames: LoadedFrame[] = [];
let devices: GPUDevice[] = [];
let lost: string | undefined;

/** Makes a sampler and loads frames. */
export async function start(
  renderer: Renderer,
  sampled: SampledFilm,
  loaded: readonly FramePlanes[],
): Promise<{ api: string; device: string }> {
  rememberDevices();
  canvas = document.createElement('canvas');
  document.body.replaceChildren(canvas);
  film = sampled;
  lost = undefined;
  sampler = (await createPlaneSampler(canvas, film, { renderer })) as GpuPlaneSampler;
  sampler.lost.then((reason) => {
    lost = reason;
  });
  frames = loaded.map((frame) => sampler.load(frame));
  return { api: sampler.api, device: sampler.device };
}

/** Error code and message of a sampler that cannot be made. */
export async function failure(renderer: Renderer, sampled: SampledFilm): Promise<readonly [string, string]> {
  try {
    await createPlaneSampler(document.createElement('canvas'), sampled, { renderer });
  } catch (error) {
    return [(error as { code: string }).code, (error as Error).message];
  }
  return ['', ''];
}

function sampledAt({ frame, phase }: Instant): SampledInstant {
  return { frame: frames[frame]!, phase, ...(phase > 0 && { next: frames[frame + 1]! }) };
}

export function picture(instant: Instant, view: View): Promise<Picture> {
  return sampler.picture(sampledAt(instant), kernelsOf(view));
}

function kernelsOf({ crop, width, height, enlarge = true }: View): SamplingKernels {
  return samplingKernels(film.shape, crop, width, height, enlarge ? film.enlarger : undefined);
}

/**
 * Asks for the picture of a frame, and gives its memory to others before the picture is there: that picture, and the one of the
 * same frame loaded once more beside another.
 */
export async function picturesAcrossFree(
  first: FramePlanes,
  second: FramePlanes,
  view: View,
): Promise<Picture[]> {
  const kernels = kernelsOf(view);
  const ask = (frame: LoadedFrame): Promise<Picture> => sampler.picture({ frame, phase: 0 }, kernels);
  const frame = sampler.load(first);
  const before = ask(frame);
  frame.free();
  frame.free();
  const again = sampler.load(first);
  sampler.load(second);
  return Promise.all([before, ask(again)]);
}

/** R, G, B and alpha of every pixel of the canvas after it is drawn, as the mean of some instants. */
export function drawn(
  instant: Instant,
  view: View,
  others: readonly Instant[] = [],
): Uint8ClampedArray<ArrayBuffer> {
  sampler.draw(sampledAt(instant), view, others.map(sampledAt));
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height).getContext('2d')!;
  copy.drawImage(canvas, 0, 0);
  return copy.getImageData(0, 0, width, height).data as Uint8ClampedArray<ArrayBuffer>;
}

/** Textures after each round of drawing a mean. */
export function texturesOfMeans(rounds: number, view: View): number[] {
  return Array.from({ length: rounds }, () => {
    const others = [0.2, 0.4, 0.6, 0.8].map((phase) => sampledAt({ frame: 0, phase }));
    sampler.draw(sampledAt({ frame: 0, phase: 0 }), view, others);
    return sampler.textures;
  });
}

/** Textures after each round of loading a frame, drawing between it and the next at views that change, and freeing it. */
export function texturesWhilePlaying(rounds: number, frame: FramePlanes, view: View): number[] {
  return Array.from({ length: rounds }, (_, round) => {
    const loaded = sampler.load(frame);
    const crop = { ...view.crop, width: view.crop.width * (1 - round / rounds / 4) };
    sampler.draw({ frame: loaded, next: frames[1]!, phase: 0.5 }, { ...view, crop });
    loaded.free();
    loaded.free();
    return sampler.textures;
  });
}

/** Code of the error of a view. */
export function refused(view: View): string {
  try {
    sampler.draw(sampledAt({ frame: 0, phase: 0 }), view);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return '';
}

/** Takes the GPU away, as a driver that fails does. */
export async function lose(view: View): Promise<{ reason: string; codeOfPicture: string }> {
  if (sampler.api === 'webgpu') devices.at(-1)!.destroy();
  else canvas.getContext('webgl2')!.getExtension('WEBGL_lose_context')!.loseContext();
  const reason = await sampler.lost;
  sampler.draw(sampledAt({ frame: 0, phase: 0.5 }), view);
  sampler.load({ planes: [...blank()] }).free();
  const codeOfPicture = await picture({ frame: 0, phase: 0 }, view).then(
    () => '',
    (error) => (error as { code: string }).code,
  );
  sampler.close();
  return { reason, codeOfPicture };
}

function blank() {
  const plane = { width: 16, height: 16, samples: new Float32Array(256) };
  return [plane, plane, plane] as const;
}

/** Closes the sampler; what is asked of it then does nothing. Gives the reason of its loss back, which there is none of. */
export async function stop(view: View): Promise<string | undefined> {
  sampler.close();
  sampler.draw(sampledAt({ frame: 0, phase: 0.5 }), view);
  for (const frame of frames) frame.free();
  sampler.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return lost;
}

/** Why the GPU is lost, if it is. */
export function lostReason(): string | undefined {
  return lost;
}

function rememberDevices(): void {
  if (devices.length > 0 || typeof GPUAdapter === 'undefined') return;
  const { requestDevice } = GPUAdapter.prototype;
  devices = [];
  GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, ...parameters) {
    const device = await requestDevice.apply(this, parameters);
    devices.push(device);
    return device;
  };
}
