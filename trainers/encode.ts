/** A film to the bytes of a `.weft` file. */

import { writeNets } from '../runtime/entropy/netCoder.js';
import { MediaError, UsageError } from '../runtime/errors.js';
import { MAX_SIDE_PX, MIN_SIDE_PX } from '../runtime/field/constants.js';
import { type SegmentParts, writeWeft } from '../runtime/format/container.js';
import { MAX_DURATION } from '../runtime/format/segments.js';
import { durationsOf } from '../runtime/picture/frameTimes.js';
import type { FilmInfo, FrameTimes, Picture } from '../runtime/picture/picture.js';
import { decodeMacsPerPixel, trainingMacsPerPixel } from './complexity.js';
import type { EncodeHooks, EncodeResult, FilmSource } from './encodeJob.js';
import { openEngine } from './engines.js';
import { type FinishedGroup, packGroup, unpackGroup } from './finishedGroup.js';
import { trainGroup } from './groupTrainer.js';
import { type EncodeOptions, resolveOptions } from './options.js';
import { PRESETS, type Preset, type PresetName } from './presets.js';
import { filmPsnr } from './psnr.js';
import { DEPTH_OFFSET, lambdaOfCrf, TUNES } from './rateControl.js';
import { segments } from './scenes/segmentation.js';
import type { TrainedSegment, TrainingSettings } from './segmentTrainer.js';
import { searchCrf } from './targetSearch.js';
import type { TrainingEngine } from './trainingEngine.js';
import { EncodeWatch } from './trainingWatch.js';
import { weftVersion } from './version.js';
import type { WorkStore } from './workStore.js';

/**
 * Encodes a film.
 *
 * @throws UsageError for options out of range, `FILM_SIZE`, and `TARGET_SIZE` if no quality makes the file small enough
 * @throws EngineError `ENGINE_MISSING` without the engine that was asked for, `ENGINE_FAILED` if its device fails
 * @throws MediaError `FILM_EMPTY` if the source has no picture
 * @throws InterruptedError `INTERRUPTED` if `hooks.signal` was aborted
 */
export async function encode(
  source: FilmSource,
  given: Partial<EncodeOptions> = {},
  hooks: EncodeHooks = {},
): Promise<EncodeResult> {
  const options = resolveOptions(given);
  checkSize(source.info);
  checkTimes(source.info);
  const engine = await openEngine(options.engine, hooks.log);
  await hooks.store?.begin({ weft: weftVersion(), engine: engine.name, options });
  if (options.crf !== undefined) return encodeAt(source, options, options.crf, engine, hooks);
  const encodeWith = (crf: number, preset: PresetName): Promise<EncodeResult> =>
    encodeAt(source, { ...options, preset }, crf, engine, hooks);
  return searchCrf(source, options, encodeWith, hooks);
}

async function encodeAt(
  source: FilmSource,
  options: EncodeOptions,
  crf: number,
  engine: TrainingEngine,
  hooks: EncodeHooks,
): Promise<EncodeResult> {
  const started = performance.now();
  const preset = PRESETS[options.preset];
  const { threads, seed } = options;
  const tune = TUNES[options.tune];
  const settings = { engine, lambda: lambdaOfCrf(crf), preset, tune, threads, seed };
  const chunks = (await source.chunks?.(hooks.signal)) ?? [];
  const watch = new EncodeWatch(source.info, hooks, started);
  const done: (TrainedSegment & SegmentParts)[] = [];
  let nets: Uint8Array | undefined;
  let number = 0;
  for await (const scenes of groups(segments(source.pictures(hooks.signal)), options.groupPixels)) {
    watch.begin(scenes.reduce((sum, scene) => sum + scene.length, 0));
    const name = `${options.preset}-${crf}-${number++}`;
    const group = await finishGroup(name, settings, scenes, watch, hooks.store);
    for (const segment of group.segments) done.push({ ...segment, nets: nets && group.nets });
    nets ??= group.nets;
    if (watch.finishing) break;
  }
  if (!nets) throw emptyFilm();
  const frames = done.reduce((sum, segment) => sum + segment.frames, 0);
  const { width, height } = source.info;
  const trainedMacsPerPixel = trainingMacsPerPixel(trainedSteps(preset));
  const squaredErrors = [0, 1, 2].map((p) =>
    done.reduce((sum, segment) => sum + segment.squaredErrors[p]!, 0),
  );
  const psnrDb = filmPsnr(squaredErrors, source.info, frames);
  const header = {
    ...headerOf(source.info, options, crf, engine.name),
    psnr: Math.round(100 * psnrDb.yuv),
    trainedKilomacsPerPixel: Math.round(trainedMacsPerPixel / 1000),
  };
  const bytes = writeWeft({ header, nets, segments: timed(done, source.info.times), chunks });
  const overhead = bytes.length - done.reduce((sum, segment) => sum + segment.bytes.length, 0);
  const intra = done.reduce((sum, { latentBits }) => sum + latentBits.intra, 0);
  const inter = done.reduce((sum, { latentBits }) => sum + latentBits.inter, 0);
  const motion = done.reduce((sum, { latentBits }) => sum + latentBits.motion, 0);
  return {
    ...{ bytes, frames, width, height, psnrDb, engine: engine.name },
    estimatedBytes: Math.round(overhead + (intra + inter) / 8),
    segments: done.length,
    latentBits: { intra, inter, motion },
    seconds: (performance.now() - started) / 1000,
    macsPerPixel: decodeMacsPerPixel(),
    trainedMacsPerPixel,
  };
}

/** Trains a group, or takes it from where it was kept; `name` tells it from all others of the encode. */
async function finishGroup(
  name: string,
  settings: TrainingSettings,
  scenes: readonly (readonly Picture[])[],
  watch: EncodeWatch,
  store: WorkStore | undefined,
): Promise<FinishedGroup> {
  const kept = await store?.read(name);
  const frames = scenes.reduce((sum, scene) => sum + scene.length, 0);
  const finished = kept && unpackGroup(kept, frames);
  if (finished) {
    watch.end(finished.segments, false);
    return finished;
  }
  const { segments, nets } = await trainGroup(settings, scenes, watch);
  watch.end(segments, true);
  const group = { segments, nets: writeNets(nets) };
  // What was ended early is not what an undisturbed encode would have made of it.
  if (!watch.finishing) await store?.write(name, packGroup(group));
  return group;
}

/** Steps that a pixel of film is visited in, on average over the frames of a segment. */
function trainedSteps({ netSteps, latentSteps, visits }: Preset): number {
  return Math.round((netSteps + latentSteps) * visits);
}

/** Scenes that are trained together: as many as have so many pixels, or one. */
async function* groups(
  scenes: AsyncIterable<Picture[]>,
  most: number,
): AsyncGenerator<Picture[][], void, undefined> {
  let group: Picture[][] = [];
  let pixels = 0;
  for await (const scene of scenes) {
    const size = scene.length * scene[0]!.width * scene[0]!.height;
    if (group.length > 0 && pixels + size > most) {
      yield group;
      group = [];
      pixels = 0;
    }
    group.push(scene);
    pixels += size;
  }
  if (group.length > 0) yield group;
}

function headerOf(info: FilmInfo, options: EncodeOptions, crf: number, engine: string) {
  const {
    width,
    height,
    chroma,
    rate,
    lumaRange,
    matrix,
    primaries,
    transfer,
    chromaLocation,
    sampleAspect,
    times,
  } = info;
  return {
    ...{ width, height, chroma, rate, lumaRange, matrix, primaries, transfer, chromaLocation, sampleAspect },
    tick: times?.tick ?? null,
    ...{
      encoder: weftVersion(),
      depthOffset: [...DEPTH_OFFSET],
      preset: options.preset,
      crf,
      seed: options.seed,
      engine,
    },
  };
}

/** Segments with the durations of their frames, where the film has no constant rate. */
function timed<Segment extends SegmentParts>(
  segments: readonly Segment[],
  times: FrameTimes | undefined,
): readonly (Segment & Pick<SegmentParts, 'durations'>)[] {
  if (!times) return segments;
  let first = 0;
  return segments.map((segment) => {
    const durations = durationsOf(times, first, segment.frames);
    first += segment.frames;
    return { ...segment, durations };
  });
}

/** @throws UsageError `FILM_TIMES` */
function checkTimes({ times, frames }: FilmInfo): void {
  if (!times) return;
  const count = times.ticks.length - 1;
  const wrong = durationsOf(times, 0, count).findIndex(
    (duration) => !(Number.isInteger(duration) && duration >= 1 && duration <= MAX_DURATION),
  );
  if (wrong < 0 && times.ticks[0] === 0 && count === frames) return;
  throw new UsageError(`The times of the film are wrong${wrong < 0 ? '' : ` at frame ${wrong}`}.`, {
    code: 'FILM_TIMES',
    hint: 'Give whole ticks from 0 on, one for each frame and one for the end of the last.',
    path: 'source.info.times',
    value: wrong < 0 ? count : times.ticks[wrong + 1],
    range: wrong < 0 ? `${frames} frames` : `1..${MAX_DURATION} ticks a frame`,
  });
}

/** @throws UsageError `FILM_SIZE` */
function checkSize({ width, height }: FilmInfo): void {
  if (Math.min(width, height) >= MIN_SIDE_PX && Math.max(width, height) <= MAX_SIDE_PX) return;
  throw new UsageError(`A picture of ${width}x${height} cannot be encoded.`, {
    code: 'FILM_SIZE',
    hint: `Resize the film: each side must have ${MIN_SIDE_PX} to ${MAX_SIDE_PX} pixels.`,
    path: 'source.info',
    value: `${width}x${height}`,
    range: `${MIN_SIDE_PX}..${MAX_SIDE_PX}`,
  });
}

function emptyFilm(): MediaError {
  return new MediaError('The film has no picture.', {
    code: 'FILM_EMPTY',
    hint: 'Check the start and end times.',
    path: 'source',
  });
}
