/** Training passes over the chain of anchors as a wave: everything is trained once, and a long chain gets better by it. */

import { describe, expect, it } from 'vitest';
import { segmentStructure } from '../../runtime/field/structure.js';
import { openEngine } from '../../trainers/engines.js';
import { createNetState } from '../../trainers/nets/netState.js';
import { PRESETS } from '../../trainers/presets.js';
import { TUNES, usualRefinement } from '../../trainers/rateControl.js';
import { AT_REST, randomSequence } from '../../trainers/schedule.js';
import { SegmentTrainer } from '../../trainers/segmentTrainer.js';
import { TRAINING_CONSTANTS } from '../../trainers/trainingConstants.js';
import { TrainingWave } from '../../trainers/trainingWave.js';
import { canEncode } from '../nativeEngine.js';
import { movingTexture, type Sample, syntheticFilm } from './syntheticFilm.js';

const { waveIntervals } = TRAINING_CONSTANTS;
const STEPS = 40;
/** 24 intervals of two frames. */
const nodes = segmentStructure({ frames: 49, anchorDistance: 2 });
const planOf = (netSteps: number) => ({ lambda: 100, netLambda: 100, steps: STEPS, netSteps });

/** Nodes in training by step. */
function trainingBySteps(wave: TrainingWave): number[][] {
  const ages = wave.ages(0, wave.steps);
  return Array.from({ length: wave.steps }, (_, s) =>
    nodes.flatMap((_, n) => (ages[s * nodes.length + n] === AT_REST ? [] : [n])),
  );
}

describe('training wave', () => {
  it.each([0, 30])(
    'trains every node for all its steps, one after the other: %i steps of the nets',
    (netSteps) => {
      const wave = new TrainingWave(nodes, planOf(netSteps));
      const ages = wave.ages(0, wave.steps);
      for (const n of nodes.keys()) {
        const own = Array.from({ length: wave.steps }, (_, s) => ages[s * nodes.length + n]!);
        expect(own.filter((age) => age !== AT_REST)).toEqual(Array.from({ length: STEPS }, (_, age) => age));
      }
      expect(wave.ages(7, 3)).toEqual(ages.slice(7 * nodes.length, 10 * nodes.length));
    },
  );

  it('trains a few intervals at a time, each together with those that follow', () => {
    const wave = new TrainingWave(nodes, planOf(0));
    const sizes = trainingBySteps(wave).map((training) => training.length);
    expect(Math.max(...sizes)).toBe(2 * waveIntervals + 1);
    expect(wave.steps).toBe((STEPS / waveIntervals) * 23 + STEPS);
    for (const training of trainingBySteps(wave)) {
      expect(training.at(-1)! - training[0]! + 1).toBe(training.length);
    }
  });

  it('has the nets learn on the first intervals alone', () => {
    const wave = new TrainingWave(nodes, planOf(30));
    const learning = trainingBySteps(wave).slice(0, 30);
    const first = Array.from({ length: 2 * waveIntervals + 1 }, (_, n) => n);
    for (const training of learning) expect(training).toEqual(first);
    expect(wave.learningShare).toBeCloseTo(first.length / nodes.length);
  });

  it('tells when intervals begin and end, and how much is done', () => {
    const wave = new TrainingWave(nodes, planOf(0));
    const period = STEPS / waveIntervals;
    expect(wave.next(0, [0])).toBe(period);
    expect(wave.next(period, [0, STEPS])).toBe(2 * period);
    expect(wave.next(23 * period, [0, STEPS])).toBe(Math.min(24 * period, STEPS + 20 * period));
    expect(wave.ofAge(0, 0)).toEqual([{ first: 0, count: 3 }]);
    expect(wave.ofAge(0, period)).toEqual([{ first: 3, count: 2 }]);
    expect(wave.inTraining(-1)).toEqual([]);
    expect(wave.done(0)).toBe(0);
    expect(wave.done(wave.steps)).toBe(1);
    expect(wave.done(period)).toBeCloseTo((3 * period) / (STEPS * nodes.length));
  });
});

/** A texture that fades to black and comes back. */
const throughBlack: Sample = (x, y, t, plane) => {
  const light = Math.min(1, Math.abs(t - 12) / 8);
  const value = movingTexture(x, y, t, plane);
  return plane === 0 ? Math.round(16 + light * (value - 16)) : Math.round(128 + light * (value - 128));
};

describe.runIf(canEncode())('a long chain of anchors', () => {
  it.each([
    { name: 'in motion', sample: movingTexture },
    { name: 'through black', sample: throughBlack },
  ])('gets better by training: $name', async ({ sample }) => {
    const size = { width: 96, height: 64, frames: 33 };
    const scene = syntheticFilm(size, sample).all;
    const preset = PRESETS.draft;
    const engine = await openEngine('native');
    const settings = { engine, lambda: 100, preset, tune: TUNES.psnr, threads: 2, seed: 1 };
    const plan = { ...planOf(preset.netSteps), steps: preset.netSteps + preset.latentSteps };
    const nets = createNetState();
    const segment = await SegmentTrainer.begin(
      settings,
      { pictures: scene, weights: undefined },
      { grid: { frames: 33, anchorDistance: 1 }, refinement: usualRefinement(33) },
      plan,
      nets,
    );
    const costOf = async (): Promise<number> => {
      const costs = await segment.evaluate(nets.values, scene.length, 'all');
      return costs.reduce((sum, { distortion, innovationBits, motionBits }) => {
        return sum + distortion + settings.lambda * (innovationBits + motionBits);
      }, 0);
    };
    await segment.beginRest(nets);
    const start = await costOf();
    await segment.train(0, segment.wave.steps, nets, randomSequence(1));
    expect(await costOf()).toBeLessThan(0.9 * start);
    segment.release();
  });
});
