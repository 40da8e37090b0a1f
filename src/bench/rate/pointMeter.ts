import path from 'node:path';
import { MediaError, throwIfAborted } from '../../../runtime/errors.js';
import type { FilmSource } from '../../../trainers/encodeJob.js';
import { filmQuality } from '../../measure/filmQuality.js';
import { vmaf } from '../../measure/vmaf.js';
import type { FfmpegTools } from '../../media/ffmpeg.js';
import { withTemporaryFolder } from '../../media/temporaryFolder.js';
import type { BenchCodec } from './codec.js';
import type { PointCache } from './pointCache.js';
import type { RatePointFigures } from './ratePoint.js';

/** What a meter works with. */
export interface MeterParts {
  cache: PointCache;
  /** An ffmpeg whose libvmaf works; undefined: VMAF is not measured. */
  vmafTools: FfmpegTools | undefined;
  signal: AbortSignal;
  note(line: string): void;
}

/** Gives the figures of single points: from the cache, or by an encode whose file is decoded and measured. */
export class PointMeter {
  /** Points that were encoded, and points that were there. */
  readonly counts = { measured: 0, cached: 0 };

  readonly #parts: MeterParts;

  constructor(parts: MeterParts) {
    this.#parts = parts;
  }

  /**
   * @param digest of the film
   * @throws MediaError, InterruptedError
   */
  async figures(
    film: FilmSource,
    digest: string,
    codec: BenchCodec,
    setting: number,
  ): Promise<RatePointFigures> {
    const { cache, signal } = this.#parts;
    throwIfAborted(signal);
    const key = { film: digest, codec: codec.identity, setting };
    const kept = this.#asWanted(await cache.read(key));
    if (kept) {
      this.counts.cached++;
      return kept;
    }
    const figures = await this.#measure(film, codec, setting);
    await cache.write(key, figures);
    this.counts.measured++;
    return figures;
  }

  /** A kept point that lacks VMAF is of no use where it is measured; where it is not, no point shows one. */
  #asWanted(kept: RatePointFigures | undefined): RatePointFigures | undefined {
    if (!kept || this.#parts.vmafTools) return kept?.vmaf === undefined ? undefined : kept;
    const { vmaf: _, ...figures } = kept;
    return figures;
  }

  #measure(film: FilmSource, codec: BenchCodec, setting: number): Promise<RatePointFigures> {
    const { signal, vmafTools } = this.#parts;
    return withTemporaryFolder(async (folder) => {
      const file = path.join(folder, `film.${codec.ending}`);
      const { bytes, seconds } = await codec.encode(film, setting, file);
      const decoded = () => codec.pictures(film.info, file);
      const { frames, psnrDb, ssim, ssimDb } = await filmQuality(film.pictures(signal), decoded());
      const figures = { bytes, seconds, frames, psnrDb, ssim, ssimDb };
      return vmafTools ? { ...figures, vmaf: await this.#vmafOf(film, decoded(), vmafTools) } : figures;
    });
  }

  /** null where libvmaf refuses the film. */
  async #vmafOf(
    { info, pictures }: FilmSource,
    decoded: ReturnType<BenchCodec['pictures']>,
    tools: FfmpegTools,
  ): Promise<number | null> {
    const { signal, note } = this.#parts;
    try {
      return await vmaf(info, pictures(signal), decoded, tools, signal);
    } catch (error) {
      if (!(error instanceof MediaError && error.code === 'FFMPEG_FAILED')) throw error;
      note(`VMAF of ${info.width}x${info.height} was refused: ${error.message}`);
      return null;
    }
  }
}
