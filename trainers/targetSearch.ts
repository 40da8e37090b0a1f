/** The crf at which an encode meets a goal in size or quality, found by encoding. */

import type { EncodeHooks, EncodeResult, FilmSource } from './encode.js';
import type { EncodeOptions } from './options.js';

/** Encodes at most. */
const MAX_ENCODES = 7;
const SIZE_TOLERANCE = 0.03;
const PSNR_TOLERANCE_DB = 0.15;
/** Expected change with crf: bytes halve in 6, PSNR falls by 0.6 dB in 1. */
const LOG_SIZE_SLOPE = -Math.LN2 / 6;
const PSNR_SLOPE = -0.6;

/** One encode of the search; `error` is positive when it is too large or too good, in units of `y`. */
interface Trial {
  crf: number;
  y: number;
  result: EncodeResult;
}

/** Goal as a line to meet: a measure of a result and the value it should have. */
interface Goal {
  measure(result: EncodeResult): number;
  target: number;
  slope: number;
  accepts(y: number): boolean;
}

/** Encodes until the goal in `options` is met; returns the best encode that does not break a size limit. */
export async function searchCrf(
  source: FilmSource,
  options: EncodeOptions,
  encodeAt: (crf: number) => Promise<EncodeResult>,
  hooks: EncodeHooks,
): Promise<EncodeResult> {
  const goal = goalOf(source, options);
  const trials: Trial[] = [];
  let crf = 27;
  for (let i = 0; i < MAX_ENCODES; i++) {
    const result = await encodeAt(crf);
    const y = goal.measure(result);
    trials.push({ crf, y, result });
    hooks.log?.(`crf ${crf.toFixed(2)}: ${result.bytes.length} bytes`);
    if (goal.accepts(y) || hooks.finish?.aborted) break;
    const next = Math.min(Math.max(nextCrf(trials, goal), 0), 51);
    if (trials.some((trial) => Math.abs(trial.crf - next) < 0.01)) break;
    crf = next;
  }
  return best(trials, goal).result;
}

function goalOf(source: FilmSource, options: EncodeOptions): Goal {
  if (options.targetPsnr !== undefined) {
    const target = options.targetPsnr;
    return {
      measure: (result) => result.psnrDb.yuv,
      target,
      slope: PSNR_SLOPE,
      accepts: (y) => Math.abs(y - target) <= PSNR_TOLERANCE_DB,
    };
  }
  const [num, den] = source.info.rate;
  return {
    measure: (result) => Math.log(result.bytes.length / limitOf(result.frames)),
    target: Math.log(1 - SIZE_TOLERANCE / 2),
    slope: LOG_SIZE_SLOPE,
    accepts: (y) => y <= 0 && y >= Math.log(1 - SIZE_TOLERANCE),
  };
  function limitOf(frames: number): number {
    return options.targetBytes ?? ((options.bitrate ?? 0) * frames * den) / (8 * num);
  }
}

/** The secant through the two trials next to the goal, or the expected slope from the only one. */
function nextCrf(trials: readonly Trial[], goal: Goal): number {
  const sorted = [...trials].sort((a, b) => Math.abs(a.y - goal.target) - Math.abs(b.y - goal.target));
  const [a, b] = sorted;
  if (!a) return 27;
  const measured = b ? (a.y - b.y) / (a.crf - b.crf) : goal.slope;
  const slope = Number.isFinite(measured) && measured < goal.slope / 8 ? measured : goal.slope;
  return a.crf + (goal.target - a.y) / slope;
}

function best(trials: readonly Trial[], goal: Goal): Trial {
  const distance = (t: Trial): number =>
    Math.abs(t.y - goal.target) + (goal.slope !== PSNR_SLOPE && t.y > 0 ? 100 : 0);
  return trials.reduce((a, b) => (distance(b) < distance(a) ? b : a));
}
