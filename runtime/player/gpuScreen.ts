/** The screen of machines with a GPU: planes go there as they arrive, and every picture is sampled anew. */

import type { FramePlanes } from '../engine/decoderEngine.js';
import { createPlaneSampler } from '../gpu/createPlaneSampler.js';
import type { LoadedFrame, PlaneSampler, SampledInstant, View } from '../gpu/planeSampler.js';
import type { FloatPlane } from '../picture/floatPlane.js';
import { createCanvas } from './canvas.js';
import type { FilmClient } from './filmClient.js';
import type { Screen, Shot } from './screen.js';
import type { OpenedFilm } from './workerMessages.js';

/** A frame on the GPU. */
export interface GpuPiece {
  readonly frame: LoadedFrame;
  /** Whether there is a way to the next frame. */
  readonly linked: boolean;
  readonly bytes: number;
}

/**
 * A screen on a GPU.
 *
 * @throws EngineError if there is none
 */
export async function openGpuScreen(
  renderer: 'auto' | 'webgpu' | 'webgl2',
  film: OpenedFilm,
  client: FilmClient,
): Promise<GpuScreen> {
  const canvas = createCanvas();
  const sampler = await createPlaneSampler(canvas, film, { renderer });
  return new GpuScreen(canvas, sampler, client);
}

export class GpuScreen implements Screen<GpuPiece> {
  readonly samplesBetween = true;
  readonly canvas: HTMLCanvasElement;
  readonly #sampler: PlaneSampler;
  readonly #client: FilmClient;
  #view: View | undefined;

  constructor(canvas: HTMLCanvasElement, sampler: PlaneSampler, client: FilmClient) {
    this.canvas = canvas;
    this.#sampler = sampler;
    this.#client = client;
  }

  get renderer(): 'webgpu' | 'webgl2' {
    return this.#sampler.api;
  }

  get device(): string {
    return this.#sampler.device;
  }

  get lost(): Promise<string> {
    return this.#sampler.lost;
  }

  async fetch(frame: number, signal: AbortSignal): Promise<GpuPiece> {
    const planes = await this.#client.ask('planes', { frame }, signal);
    return { frame: this.#sampler.load(planes), linked: planes.link !== undefined, bytes: bytesOf(planes) };
  }

  bytes({ bytes }: GpuPiece): number {
    return bytes;
  }

  free({ frame }: GpuPiece): void {
    frame.free();
  }

  /** Planes serve every view. */
  aim(view: View): boolean {
    this.#view = view;
    return false;
  }

  draw(shot: Shot<GpuPiece>, others: readonly Shot<GpuPiece>[] = []): void {
    if (this.#view) this.#sampler.draw(sampled(shot), this.#view, others.map(sampled));
  }

  close(): void {
    this.#sampler.close();
  }
}

function sampled({ piece, next, phase }: Shot<GpuPiece>): SampledInstant {
  const between = phase > 0 && next !== undefined && piece.linked;
  return between ? { frame: piece.frame, next: next.frame, phase } : { frame: piece.frame, phase: 0 };
}

/** With the trajectories, which take twice what the motion takes from which they come. */
function bytesOf({ planes, link }: FramePlanes): number {
  const bytes = (of: readonly FloatPlane[] = []): number =>
    of.reduce((sum, { samples }) => sum + samples.byteLength, 0);
  return bytes(planes) + 3 * bytes(link?.motion) + bytes(link?.acceleration);
}
