/** What is sampled, in which order and from what: once, for every API that can do it. */

import type { FrameLink, FramePlanes } from '../engine/decoderEngine.js';
import { MOTION_GRID_PX } from '../field/constants.js';
import type { Enlarger } from '../field/enlarger.js';
import type { SamplingKernels } from '../field/samplingKernels.js';
import type { FieldShape } from '../field/shape.js';
import type { FloatPlane } from '../picture/floatPlane.js';
import { createPicture, type FilmInfo, type Picture } from '../picture/picture.js';
import { gpuLost } from './canvas.js';
import { colourRows, transferOf } from './colour.js';
import { addDetail, lumaRegion } from './detailPasses.js';
import type { LoadedFrame, PlaneSampler, SampledInstant, View } from './planeSampler.js';
import type { Region, SamplingDevice, Texture, TextureFormat } from './samplingDevice.js';
import { TexturePool } from './texturePool.js';
import { addTrajectories, pairsOf } from './trajectoryPasses.js';
import { checkSize, checkView } from './viewKernels.js';
import { type PictureWeights, type PlaneWeights, WeightTables } from './weightTables.js';
import { Work } from './work.js';

type Three<T> = readonly [T, T, T];

/** A film as samplers need it. */
export interface SampledFilm {
  readonly shape: FieldShape;
  readonly info: FilmInfo;
  /** What larger pictures are sampled with, where the film has it. */
  readonly enlarger?: Enlarger | undefined;
}

export class GpuPlaneSampler implements PlaneSampler {
  readonly api: 'webgpu' | 'webgl2';
  readonly device: string;
  readonly lost: Promise<string>;
  readonly #film: SampledFilm;
  readonly #device: SamplingDevice;
  readonly #pool: TexturePool;
  readonly #weights: WeightTables;
  /** R', G' and B' from the planes, row by row. */
  readonly #colours: readonly number[];
  /** One cell that does not move, for means. */
  #still: Texture | undefined;

  constructor(device: SamplingDevice, film: SampledFilm) {
    this.api = device.api;
    this.device = device.name;
    this.lost = device.lost;
    this.#film = film;
    this.#device = device;
    this.#pool = new TexturePool(device);
    this.#weights = new WeightTables(film.info, film.enlarger, device, this.#pool);
    this.#colours = colourRows(film.info).flat();
  }

  /** Textures that there are, in use or waiting for it. */
  get textures(): number {
    return this.#pool.live;
  }

  load({ planes, link }: FramePlanes): LoadedFrame {
    if (!this.#device.usable) return { free: () => {} };
    const textures = ofThree((c) => this.#upload(planes[c], 'plane'));
    return new GpuFrame(this.#pool, textures, link && this.#loadedLink(link));
  }

  #loadedLink({ carrierIsLater, motion, acceleration }: FrameLink): LoadedLink {
    const [{ width, height }] = motion;
    const upload = (grids: readonly [FloatPlane, FloatPlane]): Texture =>
      this.#upload({ width, height, samples: pairsOf(grids) }, 'pairs');
    return { carrierIsLater, motion: upload(motion), acceleration: upload(acceleration) };
  }

  #upload({ width, height, samples }: FloatPlane, format: TextureFormat): Texture {
    const texture = this.#pool.take(width, height, format);
    this.#device.upload(texture, samples, height);
    return texture;
  }

  /** @throws UsageError `VIEW_SIZE` */
  draw(instant: SampledInstant, view: View, others: readonly SampledInstant[] = []): void {
    if (!this.#device.usable) return;
    checkView(view, this.#device.maxSide);
    const weights = this.#weights.ofView(view);
    const { luma, chroma } = weights;
    const { work, planes } = this.#mean([instant, ...others], weights);
    const detail = weights.detail && addDetail(work, planes[0], weights.detail);
    const [y, cb, cr] = acrossAll(work, planes, weights);
    work.add({
      program: 'show',
      inputs: [y, cb, cr, luma[1]?.texture ?? y, chroma[1]?.texture ?? cb, detail ?? y],
      parameters: [
        ...this.#colours,
        ...[luma[1]?.taps ?? 0, chroma[1]?.taps ?? 0],
        ...[transferOf(this.#film.info), view.height, Number(detail !== undefined)],
      ],
      target: 'canvas',
    });
    this.#device.run(work.passes, view);
    work.end();
  }

  async picture(instant: SampledInstant, kernels: SamplingKernels): Promise<Picture> {
    if (!this.#device.usable) throw gpuLost();
    checkSize(kernels.width, kernels.height, this.#device.maxSide);
    const weights = this.#weights.ofRaster(kernels);
    const work = new Work(this.#pool);
    const native = this.#planes(work, instant, weights);
    const detail = weights.detail && addDetail(work, native[0], weights.detail);
    const wide = acrossAll(work, native, weights);
    const { planes, ...size } = createPicture(kernels.width, kernels.height, kernels.chroma);
    const targets = wide.map((plane, c) => {
      const [, down] = weightsOf(weights, c);
      const target = work.take(plane.width, down?.outputs ?? plane.height, 'codes');
      const added = c === 0 ? detail : undefined;
      const inputs = [plane, down?.texture ?? plane, added ?? plane];
      const parameters = [down?.taps ?? 0, Number(added !== undefined)];
      work.add({ program: 'codes', inputs, parameters, target });
      return target;
    });
    this.#device.run(work.passes);
    // Each is asked for at once: what is drawn behind this may be drawn into the same textures.
    const reads = targets.map((target) => this.#device.read(target));
    work.end();
    this.#weights.release(weights);
    const codes = await Promise.all(reads);
    for (const [c, plane] of planes.entries()) plane.set(codes[c]!);
    return { ...size, planes };
  }

  close(): void {
    this.#device.close();
  }

  /** The mean of the planes of some instants, with the work that is left to do: textures of all at once would be too many. */
  #mean(
    [first, ...others]: readonly SampledInstant[],
    weights: PictureWeights,
  ): { work: Work; planes: Three<Texture> } {
    let work = new Work(this.#pool);
    let planes = this.#planes(work, first!, weights);
    for (const [i, other] of others.entries()) {
      const next = new Work(this.#pool);
      const [before, added] = [planes, this.#planes(next, other, weights)];
      planes = ofThree((c) =>
        this.#mixed(next, before[c], added[c], 1 / (i + 2), regionRead(before[c], weights, c)),
      );
      this.#device.run([...work.passes, ...next.passes]);
      work.end();
      next.passes.length = 0;
      work = next;
    }
    return { work, planes };
  }

  /** What lies between two planes where nothing moves. */
  #mixed(work: Work, a: Texture, b: Texture, share: number, region: Region): Texture {
    const target = work.take(a.width, a.height, 'plane');
    this.#still ??= this.#upload({ width: 1, height: 1, samples: new Float32Array(4) }, 'quads');
    const inputs = [a, b, this.#still, this.#still];
    work.add({ program: 'between', inputs, parameters: [share, MOTION_GRID_PX], target, region });
    return target;
  }

  /** Planes at native size; only what the weights read of them is there. */
  #planes(work: Work, { frame, next, phase }: SampledInstant, weights: PictureWeights): Three<Texture> {
    const here = loaded(frame);
    if (phase === 0) return here.planes;
    const { link } = here;
    if (!next || !link) throw new RangeError(`no way from a frame to the next one at ${phase}`);
    const there = loaded(next);
    const [carrier, other] = link.carrierIsLater ? [there, here] : [here, there];
    const elapsed = link.carrierIsLater ? 1 - phase : phase;
    const trajectories = here.trajectoriesTo(there, (target) => {
      // At once: they are kept, whatever becomes of this picture.
      const before = new Work(this.#pool);
      addTrajectories(before, carrier.planes[0], other.planes[0], link.motion, target);
      this.#device.run(before.passes);
      before.end();
    });
    return ofThree((c) => {
      const [a, b] = [carrier.planes[c], other.planes[c]];
      const target = work.take(a.width, a.height, 'plane');
      work.add({
        program: 'between',
        inputs: [a, b, trajectories, link.acceleration],
        parameters: [elapsed, this.#cellSide(c)],
        target,
        region: regionRead(a, weights, c),
      });
      return target;
    });
  }

  /** Samples of a plane between the centres of two cells side by side. */
  #cellSide(component: number): number {
    return component > 0 && this.#film.shape.chroma === '420' ? MOTION_GRID_PX / 2 : MOTION_GRID_PX;
  }
}

interface LoadedLink {
  readonly carrierIsLater: boolean;
  readonly motion: Texture;
  readonly acceleration: Texture;
}

class GpuFrame implements LoadedFrame {
  readonly planes: Three<Texture>;
  readonly link: LoadedLink | undefined;
  readonly #pool: TexturePool;
  /** To the frame for which they were made last; there from the first time on. */
  #trajectories: Texture | undefined;
  #next: GpuFrame | undefined;
  #freed = false;

  constructor(pool: TexturePool, planes: Three<Texture>, link: LoadedLink | undefined) {
    this.#pool = pool;
    this.planes = planes;
    this.link = link;
  }

  get freed(): boolean {
    return this.#freed;
  }

  /** Along this frame's link, at any instant. */
  trajectoriesTo(next: GpuFrame, fill: (target: Texture) => void): Texture {
    const { width, height } = this.link!.motion;
    this.#trajectories ??= this.#pool.take(width, height, 'quads');
    if (this.#next !== next) fill(this.#trajectories);
    this.#next = next;
    return this.#trajectories;
  }

  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#next = undefined;
    const { motion, acceleration } = this.link ?? {};
    for (const texture of [...this.planes, motion, acceleration, this.#trajectories])
      if (texture) this.#pool.giveBack(texture);
  }
}

/** @throws RangeError if the frame is freed or another sampler's, which is a mistake in the caller */
function loaded(frame: LoadedFrame): GpuFrame {
  if (frame instanceof GpuFrame && !frame.freed) return frame;
  throw new RangeError('a frame that is not loaded');
}

/** The planes with their lines resampled. */
function acrossAll(work: Work, planes: Three<Texture>, weights: PictureWeights): Three<Texture> {
  return ofThree((c) => {
    const plane = planes[c];
    const [across, down] = weightsOf(weights, c);
    if (!across) return plane;
    const target = work.take(across.outputs, plane.height, 'plane');
    const inputs = [plane, across.texture];
    const region = regionOf(target, [undefined, down]);
    work.add({ program: 'across', inputs, parameters: [across.taps], target, region });
    return target;
  });
}

/** What a picture reads of a plane at native size. */
function regionRead(plane: Texture, weights: PictureWeights, component: number): Region {
  if (component === 0 && weights.detail) return lumaRegion(plane, weights.detail);
  return regionOf(plane, weightsOf(weights, component));
}

/** What weights read of a plane. */
function regionOf({ width, height }: Texture, [across, down]: PlaneWeights): Region {
  return {
    ...{ x: across?.first ?? 0, y: down?.first ?? 0 },
    ...{ width: across?.count ?? width, height: down?.count ?? height },
  };
}

function weightsOf({ luma, chroma }: PictureWeights, component: number): PlaneWeights {
  return component === 0 ? luma : chroma;
}

function ofThree<T>(make: (component: 0 | 1 | 2) => T): Three<T> {
  return [make(0), make(1), make(2)];
}
