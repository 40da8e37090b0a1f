/** The anchor distances of a scene, stretch by stretch: those that cost least after the start and what the preset trains on trial. */

import { type AnchorGrid, stretchCount, stretchOf } from '../runtime/field/structure.js';
import type { Picture } from '../runtime/picture/picture.js';
import { errorWeights } from './errorWeights.js';
import { copyOf, type NetState } from './nets/netState.js';
import { triedDistances } from './presets.js';
import { firstAnchorOf, flashes } from './scenes/flashes.js';
import type { TrainingPlan } from './schedule.js';
import { SegmentTrainer, type TrainingSettings } from './segmentTrainer.js';

/** The film that a scene is a part of. */
export interface FilmInTraining {
  readonly settings: TrainingSettings;
  readonly nets: NetState;
  readonly plan: TrainingPlan;
  /** Decides which nodes are visited. */
  readonly random: () => number;
}

/** The segment of a scene with the anchor distances that suit it. `progress` is told the part (0..1) of the work that is done. */
export async function bestSegment(
  scene: readonly Picture[],
  film: FilmInTraining,
  progress: (part: number) => void,
): Promise<SegmentTrainer> {
  const distances = triedDistances(film.settings.preset, scene.length);
  const flash = flashes(scene);
  const weighed = { pictures: scene, weights: errorWeights(scene, film.settings.tune) };
  const begin = (
    plan: TrainingPlan,
    anchorDistance: number,
    laterDistances?: number[],
  ): Promise<SegmentTrainer> => {
    const firstAnchor = firstAnchorOf(flash, anchorDistance, laterDistances);
    const grid: AnchorGrid = { frames: scene.length, anchorDistance, laterDistances, firstAnchor };
    return SegmentTrainer.begin(film.settings, weighed, grid, plan, film.nets);
  };
  const { lambda, preset } = film.settings;
  const steps = preset.trialSteps;
  const trialPlan = { lambda, netLambda: lambda, steps, netSteps: steps };
  const best = Array.from({ length: stretchCount(scene.length) }, () => ({
    distance: distances[0]!,
    cost: Number.POSITIVE_INFINITY,
  }));
  const tried = distances.length > 1 ? distances : [];
  for (const [index, distance] of tried.entries()) {
    progress(index / (tried.length + 1));
    const segment = await begin(trialPlan, distance);
    for (const [stretch, cost] of (await trial(segment, film)).entries()) {
      if (cost < best[stretch]!.cost) best[stretch] = { distance, cost };
    }
    // One segment at a time: they are large.
    segment.release();
  }
  progress(tried.length / (tried.length + 1));
  const [first, ...later] = best.map(({ distance }) => distance);
  return begin(film.plan, first!, later);
}

/** Cost of each stretch after the steps of a trial with nets that are thrown away: of the start alone if there are none. */
async function trial(segment: SegmentTrainer, film: FilmInTraining): Promise<number[]> {
  const nets = copyOf(film.nets);
  if (film.settings.preset.trialSteps > 0) await segment.train(0, segment.wave.steps, nets, film.random);
  await segment.beginRest(nets);
  const costs = await segment.nodeCosts(nets.values, segment.nodes.length, 'all');
  const stretches = Array.from({ length: stretchCount(segment.nodes.length) }, () => 0);
  for (const [index, { frame }] of segment.nodes.entries()) stretches[stretchOf(frame)]! += costs[index]!;
  return stretches;
}
