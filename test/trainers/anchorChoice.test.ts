/** The anchor distances and the depths' steps that a scene is given. */

import { expect, it } from 'vitest';
import { bestSegment } from '../../trainers/anchorChoice.js';
import { openEngine } from '../../trainers/engines.js';
import { createNetState } from '../../trainers/nets/netState.js';
import { PRESETS } from '../../trainers/presets.js';
import { segmentSteps, TUNES, usualRefinement } from '../../trainers/rateControl.js';
import { randomSequence } from '../../trainers/schedule.js';
import type { SegmentDescription } from '../../trainers/trainingEngine.js';
import { canEncode } from '../nativeEngine.js';
import { type Sample, syntheticFilm } from './syntheticFilm.js';

const LAMBDA = 100;

/** Grains of a pixel, in 0..199. */
const grains = (x: number, y: number, seed: number): number =>
  (Math.imul(Math.imul(x, 374761393) + Math.imul(y, 668265263) + Math.imul(seed, 974634599), 1274126177) >>>
    8) %
  200;

/** All of it, but for grain too fine to be coded. */
const still: Sample = (x, y, t, plane) =>
  plane === 0 ? 20 + grains(x >> 2, y >> 2, 0) + (grains(x, y, t + 1) % 16) : 128;
/** Nothing of one frame is in the next. */
const noise: Sample = (x, y, t, plane) => (plane === 0 ? 20 + grains(x >> 2, y >> 2, t) : 128);
/** All of one frame is in the next. */
const photograph: Sample = (x, y, _, plane) => noise(x, y, 0, plane);
const LAST_STILL = 40;
const both: Sample = (x, y, t, plane) => (t <= LAST_STILL ? still : noise)(x, y, t, plane);

async function chosen(sample: Sample, frames: number): Promise<SegmentDescription> {
  const engine = await openEngine('native');
  const preset = PRESETS.fast;
  const settings = { engine, lambda: LAMBDA, preset, tune: TUNES.psnr, threads: 2, seed: 0 };
  const plan = { lambda: LAMBDA, netLambda: LAMBDA, steps: 1, netSteps: 1 };
  const parts: number[] = [];
  const film = { settings, nets: createNetState(), plan, random: randomSequence(0) };
  const scene = syntheticFilm({ width: 48, height: 40, frames }, sample).all;
  const segment = await bestSegment(scene, film, (part) => parts.push(part));
  const { description } = segment;
  segment.release();
  expect(parts).toEqual([...parts].sort((a, b) => a - b));
  expect(parts[0]).toBe(0);
  expect(parts.at(-1)).toBeLessThanOrEqual(1);
  return description;
}

async function distances(sample: Sample, frames: number): Promise<number[]> {
  const { anchorDistance, laterDistances = [] } = await chosen(sample, frames);
  return [anchorDistance, ...laterDistances];
}

it.runIf(canEncode())(
  'are long where nothing moves and short where nothing stays, stretch by stretch',
  async () => {
    const [rest] = await distances(still, 33);
    expect(rest).toBeGreaterThanOrEqual(8);
    const [change] = await distances(noise, 33);
    expect(change).toBeLessThanOrEqual(2);
    const [before, , after] = await distances(both, 97);
    expect(before).toBeGreaterThanOrEqual(8);
    expect(after).toBeLessThanOrEqual(2);
    expect(await distances(still, 2)).toEqual([1]);
  },
);

it.runIf(canEncode())(
  'steps of what much is predicted from are finer where what is there stays',
  async () => {
    const usual = segmentSteps(LAMBDA, 33, usualRefinement(33)).depthOffset;
    const rest = (await chosen(photograph, 33)).depthOffset;
    const change = (await chosen(noise, 33)).depthOffset;
    expect(rest[0]).toBeLessThan(usual[0]!);
    expect(change[0]).toBeGreaterThan(usual[0]!);
    for (const offsets of [rest, change]) expect(offsets.at(-1)).toBe(usual.at(-1));
  },
);
