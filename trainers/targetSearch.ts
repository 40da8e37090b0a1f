/** The crf at which an encode meets a goal in size or quality, found by encoding. */

import { UsageError } from '../runtime/errors.js';
import { filmSeconds } from '../runtime/picture/frameTimes.js';
import type { EncodedFilm, EncodeHooks, FilmSource } from './encodeJob.js';
import { CRF_RANGE, DEFAULT_CRF, type EncodeOptions } from './options.js';
import { PRESETS, type PresetName, stepsOf } from './presets.js';

/** Encodes at most, of each preset. */
const MAX_ENCODES = 8;
const SIZE_TOLERANCE = 0.03;
const PSNR_TOLERANCE_DB = 0.15;
/** Preset that looks for the neighbourhood, for those that take at least so many times as long. */
const SCOUT: PresetName = 'draft';
const SCOUT_PAYS = 8;

/** A measure that falls with crf, and the value it should have. */
interface Goal {
  measure(result: EncodedFilm): number;
  readonly target: number;
  /** Largest distance from the target that will do, and the value that the result must not exceed. */
  readonly tolerance: number;
  readonly limit: number;
  /** Expected change with crf. */
  readonly slope: number;
  /** Expected measure of the scout, less that of the preset, at equal crf. */
  readonly scoutIsAbove: number;
}

/** One encode of the search; `y` is its measure. */
interface Trial {
  readonly crf: number;
  readonly y: number;
  readonly result: EncodedFilm;
}

/**
 * Encodes until the goal in `options` is met; returns the nearest encode that does not break a size limit.
 *
 * @throws UsageError `TARGET_SIZE` if every encode is larger
 */
export async function searchCrf(
  source: FilmSource,
  options: EncodeOptions,
  encodeAt: (crf: number, preset: PresetName) => Promise<EncodedFilm>,
  hooks: EncodeHooks,
): Promise<EncodedFilm> {
  const goal = goalOf(source, options);
  const search = (preset: PresetName, aim: Goal, crf: number): Promise<Trial[]> =>
    approach(aim, crf, (next) => encodeAt(next, preset), {
      finish: hooks.finish,
      log: (line) => hooks.log?.(`${preset}, ${line}`),
    });
  const { preset } = options;
  if (stepsOf(preset) < SCOUT_PAYS * stepsOf(SCOUT))
    return bestOf(await search(preset, goal, DEFAULT_CRF), goal, hooks);
  const aim = { ...goal, target: goal.target + goal.scoutIsAbove };
  const scouts = await search(SCOUT, aim, DEFAULT_CRF);
  const start = nextCrf(scouts, aim) ?? scouts[scouts.length - 1]!.crf;
  const slope = scouts.length > 1 ? localSlope(scouts, aim) : goal.slope;
  return bestOf(await search(preset, { ...goal, slope }, start), goal, hooks);
}

function goalOf(source: FilmSource, options: EncodeOptions): Goal {
  const { bytesOverDraft, psnrOverDraftDb } = PRESETS[options.preset];
  if (options.targetPsnr !== undefined) {
    return {
      measure: (result) => result.psnrDb.yuv,
      ...{ target: options.targetPsnr, tolerance: PSNR_TOLERANCE_DB, limit: Number.POSITIVE_INFINITY },
      ...{ slope: -0.6, scoutIsAbove: -psnrOverDraftDb },
    };
  }
  const limitOf = (frames: number): number =>
    options.targetBytes ?? ((options.bitrate ?? 0) * filmSeconds({ ...source.info, frames })!) / 8;
  const smallest = Math.log(1 - SIZE_TOLERANCE);
  return {
    measure: (result) => Math.log(result.size / limitOf(result.frames)),
    ...{ target: smallest / 2, tolerance: -smallest / 2, limit: 0 },
    ...{ slope: -Math.LN2 / 6, scoutIsAbove: -Math.log(bytesOverDraft) },
  };
}

function meets({ target, tolerance }: Goal, y: number): boolean {
  return Math.abs(y - target) <= tolerance;
}

async function approach(
  goal: Goal,
  first: number,
  encodeAt: (crf: number) => Promise<EncodedFilm>,
  { finish, log }: EncodeHooks,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (let crf: number | undefined = first; crf !== undefined; crf = nextCrf(trials, goal)) {
    const result = await encodeAt(crf);
    const y = goal.measure(result);
    trials.push({ crf, y, result });
    log?.(`crf ${crf.toFixed(2)}: ${result.size} bytes, ${result.psnrDb.yuv.toFixed(2)} dB`);
    if (meets(goal, y) || trials.length === MAX_ENCODES || finish?.aborted) break;
  }
  return trials;
}

/** Along the slope from the nearest trial, but between those on either side of the goal; nothing where no other crf is left. */
function nextCrf(trials: readonly Trial[], goal: Goal): number | undefined {
  const nearest = byDistance(trials, goal)[0]!;
  const wanted = nearest.crf + (goal.target - nearest.y) / localSlope(trials, goal);
  const above = Math.max(...trials.filter(({ y }) => y > goal.target).map(({ crf }) => crf));
  const below = Math.min(...trials.filter(({ y }) => y <= goal.target).map(({ crf }) => crf));
  const margin =
    below > above && Number.isFinite(below - above) ? (below - above) / 8 : Number.NEGATIVE_INFINITY;
  const inside = Math.min(Math.max(wanted, above + margin), below - margin);
  const crf = Math.min(Math.max(inside, CRF_RANGE[0]), CRF_RANGE[1]);
  return trials.some((trial) => Math.abs(trial.crf - crf) < 0.01) ? undefined : crf;
}

/** Of the two trials nearest to the goal; the expected slope where those two differ by chance more than by crf. */
function localSlope(trials: readonly Trial[], goal: Goal): number {
  const [a, b] = byDistance(trials, goal);
  const measured = a && b ? (a.y - b.y) / (a.crf - b.crf) : goal.slope;
  return measured < goal.slope / 4 && measured > goal.slope * 4 ? measured : goal.slope;
}

function byDistance(trials: readonly Trial[], { target }: Goal): Trial[] {
  return [...trials].sort((a, b) => Math.abs(a.y - target) - Math.abs(b.y - target));
}

function bestOf(trials: readonly Trial[], goal: Goal, { finish, log }: EncodeHooks): EncodedFilm {
  const sorted = byDistance(trials, goal);
  const best = sorted.find(({ y }) => y <= goal.limit);
  const { crf, y, result } = best ?? sorted[0]!;
  const { size, psnrDb } = result;
  if (!best && !finish?.aborted) throw tooSmall(size, crf);
  if (!meets(goal, y)) log?.(`Nearest to what was asked for: ${size} bytes, ${psnrDb.yuv.toFixed(2)} dB.`);
  return result;
}

function tooSmall(bytes: number, crf: number): UsageError {
  return new UsageError(`The film takes ${bytes} bytes at crf ${crf.toFixed(1)}, more than asked for.`, {
    code: 'TARGET_SIZE',
    hint: 'Ask for more bytes, or encode fewer frames or a smaller size.',
    path: 'options.targetBytes',
  });
}
