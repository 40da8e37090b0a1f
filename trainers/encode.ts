/** A film to the bytes of a `.weft` file. */

import { setTimeout } from 'node:timers/promises';
import { MediaError, UsageError } from '../runtime/errors.js';
import { MAX_SIDE_PX, MIN_SIDE_PX } from '../runtime/field/constants.js';
import { outlineOf, planWeft, type SegmentOutline, type WeftOutline } from '../runtime/format/container.js';
import { MAX_DURATION } from '../runtime/format/segments.js';
import { durationsOf } from '../runtime/picture/frameTimes.js';
import type { FilmInfo, FrameTimes, Picture } from '../runtime/picture/picture.js';
import { decodeMacsPerPixel, trainingMacsPerPixel } from './complexity.js';
import type { EncodedFilm, EncodeHooks, EncodeResult, FilmSoFar, FilmSource } from './encodeJob.js';
import { EncodeWatch, type GroupWatch } from './encodeWatch.js';
import { openEngine } from './engines.js';
import { type FilmPart, learnEnlarger } from './enlarger/filmEnlarger.js';
import { SourcePieces } from './enlarger/sourcePieces.js';
import { digestOf, type FinishedGroup, packGroup, unpackGroup } from './finishedGroup.js';
import { type GroupTask, type GroupWorkshop, localWorkshop } from './groupTask.js';
import { type EncodeOptions, resolveOptions } from './options.js';
import { PRESETS, type Preset, type PresetName } from './presets.js';
import { filmPsnr } from './psnr.js';
import { DEPTH_OFFSET } from './rateControl.js';
import { segments } from './scenes/segmentation.js';
import { randomSequence } from './schedule.js';
import type { TrainedSegment } from './segmentTrainer.js';
import { searchCrf } from './targetSearch.js';
import { TRAINING_CONSTANTS } from './trainingConstants.js';
import type { TrainingEngine } from './trainingEngine.js';
import { weftVersion } from './version.js';
import { MemoryStore, type WorkStore } from './workStore.js';

/** How often it is asked whether there are more places for groups. */
const PLACES_CHECK_MS = 1000;

/**
 * Encodes a film.
 *
 * @throws UsageError for options out of range, `FILM_SIZE`, and `TARGET_SIZE` if no quality makes the file small enough
 * @throws EngineError `ENGINE_MISSING` without the engine that was asked for, `ENGINE_FAILED` if its device fails
 * @throws MediaError `FILM_EMPTY` if the source has no picture, `WORK_DIFFERS` if the store holds groups of other pictures
 * @throws InterruptedError `INTERRUPTED` if `hooks.signal` was aborted
 */
export async function encode(
  source: FilmSource,
  given: Partial<EncodeOptions> = {},
  hooks: EncodeHooks = {},
): Promise<EncodeResult> {
  const { size, pieces, ...facts } = await encodeFilm(source, given, hooks);
  return { bytes: await gathered({ size, pieces }), ...facts };
}

async function gathered({ size, pieces }: Pick<FilmSoFar, 'size' | 'pieces'>): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  for await (const piece of pieces()) {
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}

/**
 * The same, for a file that need not be in memory: with a store on a disk, what is finished lies there.
 *
 * @throws as `encode`
 */
export async function encodeFilm(
  source: FilmSource,
  given: Partial<EncodeOptions> = {},
  hooks: EncodeHooks = {},
): Promise<EncodedFilm> {
  const options = resolveOptions(given);
  checkSize(source.info);
  checkTimes(source.info);
  const engine = await openEngine(options.engine, hooks.log);
  const store = hooks.store ?? new MemoryStore();
  await store.begin({ weft: weftVersion(), engine: engine.name, options, film: source.info });
  const encodeWith = (crf: number, preset: PresetName): Promise<EncodedFilm> =>
    encodeAt(source, { ...options, preset }, crf, engine, store, hooks);
  if (options.crf !== undefined) return encodeWith(options.crf, options.preset);
  return searchCrf(source, options, encodeWith, hooks);
}

async function encodeAt(
  source: FilmSource,
  options: EncodeOptions,
  crf: number,
  engine: TrainingEngine,
  store: WorkStore,
  hooks: EncodeHooks,
): Promise<EncodedFilm> {
  const started = performance.now();
  const chunks = (await source.chunks?.(hooks.signal)) ?? [];
  const facts = headerOf(source.info, options, crf, engine.name);
  const file = (groups: readonly KeptGroup[], enlarger?: Uint8Array) =>
    plannedFilm(groups, source, { ...facts, ...(enlarger && { enlarger }) }, chunks, store);
  const untimed = { info: { ...source.info, times: undefined } };
  const filmPart = (group: KeptGroup): FilmPart => {
    const part = plannedFilm([group], untimed, { ...facts, tick: null }, [], store);
    return { frames: part.frames, bytes: () => gathered(part) };
  };
  const grown = hooks.onGrown && ((groups: readonly KeptGroup[]) => hooks.onGrown!(file(groups)));
  const random = randomSequence(options.seed);
  const sourcePieces = options.enlarger === 'never' ? undefined : new SourcePieces(random);
  const groups = await finishGroups(source, { ...options, crf }, engine, store, hooks, sourcePieces, grown);
  if (!groups[0]) throw emptyFilm();
  const isWanted = options.enlarger === 'always' || wantsEnlarger(file(groups).size);
  const enlarger =
    sourcePieces && isWanted && !hooks.finish?.aborted
      ? await learn(sourcePieces, groups.map(filmPart), { ...options, engine, random }, hooks, started)
      : undefined;
  const { size, pieces, frames, psnrDb } = file(groups, enlarger);
  const done = groups.flatMap(({ segments }) => segments);
  const { width, height } = source.info;
  const overhead = size - done.reduce((sum, segment) => sum + segment.bytes, 0);
  const intra = done.reduce((sum, { latentBits }) => sum + latentBits.intra, 0);
  const inter = done.reduce((sum, { latentBits }) => sum + latentBits.inter, 0);
  const motion = done.reduce((sum, { latentBits }) => sum + latentBits.motion, 0);
  return {
    size,
    pieces,
    ...{ frames, width, height, psnrDb, engine: engine.name },
    estimatedBytes: Math.round(overhead + (intra + inter) / 8),
    segments: done.length,
    latentBits: { intra, inter, motion },
    seconds: (performance.now() - started) / 1000,
    macsPerPixel: decodeMacsPerPixel(),
    trainedMacsPerPixel: trainedMacs(options.preset),
  };
}

/** Whether a film is large enough for an enlarger that nobody asked for. */
function wantsEnlarger(filmBytes: number): boolean {
  return filmBytes >= TRAINING_CONSTANTS.enlarger.leastFilmBytes;
}

/** Bytes of what the film teaches about larger pictures. */
function learn(
  { kept }: SourcePieces,
  parts: readonly FilmPart[],
  training: { engine: TrainingEngine; random: () => number; threads: number },
  { onProgress, signal }: EncodeHooks,
  started: number,
): Promise<Uint8Array | undefined> {
  const seconds = (performance.now() - started) / 1000;
  onProgress?.({ stage: 'learning to enlarge', done: 1, seconds });
  return learnEnlarger(parts, kept, { ...training, signal });
}

function trainedMacs(preset: PresetName): number {
  return trainingMacsPerPixel(trainedSteps(PRESETS[preset]));
}

/** The file of groups from the first on. */
function plannedFilm(
  groups: readonly KeptGroup[],
  { info }: Pick<FilmSource, 'info'>,
  facts: ReturnType<typeof headerOf>,
  chunks: WeftOutline['chunks'],
  store: WorkStore,
): FilmSoFar {
  const done = groups.flatMap(({ segments, nets }, index) =>
    segments.map((segment) => ({ ...segment, nets: index > 0 ? nets : undefined })),
  );
  const frames = done.reduce((sum, segment) => sum + segment.frames, 0);
  const squaredErrors = [0, 1, 2].map((p) =>
    done.reduce((sum, segment) => sum + segment.squaredErrors[p]!, 0),
  );
  const psnrDb = filmPsnr(squaredErrors, info, frames);
  const header = { ...facts, psnr: Math.round(100 * psnrDb.yuv) };
  const segments = timed(done, info.times);
  const { size, pieces } = planWeft({ header, nets: groups[0]!.nets, segments, ...(chunks && { chunks }) });
  return { size, pieces: () => pieces(bodies(store, groups)), frames, psnrDb };
}

/** A group whose segments lie in the store. */
interface KeptGroup {
  /** Under which it lies there. */
  readonly name: string;
  readonly nets: Uint8Array;
  readonly segments: readonly (Omit<TrainedSegment, 'bytes'> & SegmentOutline)[];
}

/** Trains all groups of a film, as many at a time as there are places for; in the order of the film. */
async function finishGroups(
  source: FilmSource,
  { groupPixels, ...settings }: EncodeOptions & { crf: number },
  engine: TrainingEngine,
  store: WorkStore,
  hooks: EncodeHooks,
  sourcePieces: SourcePieces | undefined,
  grown?: (groups: readonly KeptGroup[]) => void,
): Promise<KeptGroup[]> {
  const workshop = hooks.workshop ?? localWorkshop(engine);
  const watch = new EncodeWatch(source.info, hooks);
  const kept: KeptGroup[] = [];
  const inHand = new Set<Promise<void>>();
  let count = 0;
  try {
    for await (const scenes of groupsOf(segments(source.pictures(hooks.signal)), groupPixels)) {
      for (const picture of scenes.flat()) sourcePieces?.see(picture);
      const index = count++;
      const name = `${settings.preset}-${settings.crf}-${index}`;
      const work = finishGroup(name, { settings, scenes }, workshop, watch.begin(framesOf(scenes)), store)
        .then((group) => {
          kept[index] = group;
          if (kept[0]) grown?.(unbroken(kept));
        })
        .finally(() => inHand.delete(work));
      inHand.add(work);
      work.catch(() => undefined); // it is told below, where it is waited for
      while (inHand.size >= workshop.places) await Promise.race([...inHand, placesCheck()]);
      if (watch.finishing) break;
    }
    await Promise.all(inHand);
  } catch (error) {
    watch.stop();
    await Promise.allSettled(inHand);
    throw error;
  }
  return kept;
}

/** Those from the first on of which none is missing. */
function unbroken(groups: readonly KeptGroup[]): readonly KeptGroup[] {
  const missing = Array.from<KeptGroup | undefined>(groups).indexOf(undefined);
  return missing < 0 ? [...groups] : groups.slice(0, missing);
}

/** When it is asked again whether there are more places. Nothing else waits for it. */
function placesCheck(): Promise<void> {
  return setTimeout(PLACES_CHECK_MS, undefined, { ref: false });
}

function framesOf(scenes: readonly (readonly Picture[])[]): number {
  return scenes.reduce((sum, scene) => sum + scene.length, 0);
}

/** Bytes of the segments of groups, a group at a time. */
async function* bodies(
  store: WorkStore,
  groups: readonly KeptGroup[],
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { name } of groups) {
    const kept = await store.read(name);
    const group = kept && unpackGroup(kept);
    if (!group) throw lostGroup(name);
    for (const { bytes } of group.segments) yield bytes;
  }
}

function lostGroup(name: string): MediaError {
  return new MediaError(`A finished part of the encode, ${name}, was lost.`, {
    code: 'WORK_LOST',
    hint: 'Encode again; what is left is gone on with.',
    path: 'output',
  });
}

/**
 * Trains a group, or takes it from where it was kept.
 *
 * @param name tells it from all others of the encode
 * @throws MediaError WORK_DIFFERS if what was kept is of other pictures
 */
async function finishGroup(
  name: string,
  task: GroupTask,
  workshop: GroupWorkshop,
  watch: GroupWatch,
  store: WorkStore,
): Promise<KeptGroup> {
  const source = digestOf(task.scenes.flat());
  const before = await store.read(name);
  const finished = before && unpackGroup(before);
  if (finished) {
    if (finished.source !== source) throw otherFilm();
    watch.end(finished.segments, false);
    return keptGroup(name, finished);
  }
  const group = await workshop.train(task, watch);
  watch.end(group.segments, true);
  // What was ended early is not what an undisturbed encode would have made of it: none goes on with that.
  const place = watch.finishing ? `${name}-early` : name;
  await store.write(place, packGroup({ ...group, source }));
  return keptGroup(place, group);
}

function otherFilm(): MediaError {
  return new MediaError('What is kept of this encode is of other pictures: the film has changed.', {
    code: 'WORK_DIFFERS',
    hint: 'Give the film as it was to go on, or --restart to begin anew.',
    path: 'source',
  });
}

function keptGroup(name: string, { nets, segments }: FinishedGroup): KeptGroup {
  return { name, nets, segments: segments.map(({ bytes, ...rest }) => ({ ...rest, ...outlineOf(bytes) })) };
}

/** Steps that a pixel of film is visited in, on average over the frames of a segment. */
function trainedSteps({ netSteps, latentSteps, visits }: Preset): number {
  return Math.round((netSteps + latentSteps) * visits);
}

/** Scenes that are trained together: as many as have so many pixels, or one. */
async function* groupsOf(
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
      trainedKilomacsPerPixel: Math.round(trainedMacs(options.preset) / 1000),
    },
  };
}

/** Segments with the durations of their frames, where the film has no constant rate. */
function timed<Segment extends SegmentOutline>(
  segments: readonly Segment[],
  times: FrameTimes | undefined,
): readonly (Segment & Pick<SegmentOutline, 'durations'>)[] {
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
