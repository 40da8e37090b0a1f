/**
 * The anchor distances of a scene, stretch by stretch: those that cost least after the start and what the preset trains on trial. And how
 * much finer than the rest its first depths are, from what that start says of the scene.
 */

import { type AnchorGrid, stretchCount, stretchOf } from '../runtime/field/structure.js';
import type { Picture } from '../runtime/picture/picture.js';
import { errorWeights } from './errorWeights.js';
import { copyOf, type NetState } from './nets/netState.js';
import { candidateDistances } from './presets.js';
import { usualRefinement } from './rateControl.js';
import { firstAnchorOf, flashes } from './scenes/flashes.js';
import type { TrainingPlan } from './schedule.js';
import { SegmentTrainer, type TrainingSettings } from './segmentTrainer.js';
import { TRAINING_CONSTANTS } from './trainingConstants.js';

/** Where the search begins. */
const MIDDLE_DISTANCE = 4;

/** The film that a scene is a part of. */
export interface FilmInTraining {
  readonly settings: TrainingSettings;
  readonly nets: NetState;
  readonly plan: TrainingPlan;
  /** Decides which nodes are visited. */
  readonly random: () => number;
}

/** What a stretch costs with the nets of its trial. */
interface StretchCost {
  readonly distortion: number;
  /** Times lambda: all of them, and those of frames that are predicted. */
  readonly bits: number;
  readonly interBits: number;
}

/**
 * The segment of a scene with the anchor distances and the refinement that suit it. `progress` is told the part (0..1) of the work that is
 * done.
 */
export async function bestSegment(
  scene: readonly Picture[],
  film: FilmInTraining,
  progress: (part: number) => void,
): Promise<SegmentTrainer> {
  const distances = candidateDistances(film.settings.preset, scene.length);
  const flash = flashes(scene);
  const weighed = { pictures: scene, weights: errorWeights(scene, film.settings.tune) };
  const usual = usualRefinement(scene.length);
  const begin = (
    plan: TrainingPlan,
    refinement: number,
    [anchorDistance, ...later]: readonly [number, ...number[]],
  ): Promise<SegmentTrainer> => {
    const laterDistances = later.length > 0 ? later : undefined;
    const firstAnchor = firstAnchorOf(flash, anchorDistance, laterDistances);
    const grid: AnchorGrid = { frames: scene.length, anchorDistance, laterDistances, firstAnchor };
    return SegmentTrainer.begin(film.settings, weighed, { grid, refinement }, plan, film.nets);
  };
  const { lambda, preset } = film.settings;
  const steps = preset.trialSteps;
  const trialPlan = { lambda, netLambda: lambda, steps, netSteps: steps };
  const best = Array.from({ length: stretchCount(scene.length) }, () => ({
    distance: distances[0]!,
    balanced: Number.POSITIVE_INFINITY,
    cost: undefined as StretchCost | undefined,
  }));
  let tried = 0;
  for (const distance of distancesOnTrial(distances, () => best.map((stretch) => stretch.distance))) {
    progress(tried++ / (distances.length + 1));
    const segment = await begin(trialPlan, usual, [distance]);
    for (const [stretch, cost] of (await trial(segment, film)).entries()) {
      const balanced = balancedCost(cost);
      const tie = distance > best[stretch]!.distance ? TRAINING_CONSTANTS.anchors.tie : 0;
      if (balanced < (1 + tie) * best[stretch]!.balanced) best[stretch] = { distance, balanced, cost };
    }
    // One segment at a time: they are large.
    segment.release();
  }
  progress(tried / (tried + 1));
  const costs = best.flatMap(({ cost }) => cost ?? []);
  const [first, ...later] = best.map(({ distance }) => distance);
  return begin(film.plan, usual + furtherRefinement(costs, usual, steps > 0), [first!, ...later]);
}

/**
 * What to refine the first depths by besides what is usual. Where bits of predicted frames outweigh the distortion, every frame brings new
 * things, and finer anchors would be paid for in vain; where they are few, what is there stays, and one frame's bits serve many.
 *
 * @param costs of a trial; none: nothing is known
 * @param trained the trial had steps, which bring bits and distortion nearer to each other
 */
function furtherRefinement(costs: readonly StretchCost[], usual: number, trained: boolean): number {
  if (costs.length === 0) return 0;
  const { usualBalance, balanceByRefinement, perOctave, least, most } = TRAINING_CONSTANTS.refinement;
  const sum = (part: keyof StretchCost): number => costs.reduce((total, cost) => total + cost[part], 0);
  const balance = Math.log2(
    Math.max(sum('interBits'), Number.MIN_VALUE) / Math.max(sum('distortion'), Number.MIN_VALUE),
  );
  const expected =
    Math.log2(usualBalance[trained ? 1 : 0]) + balanceByRefinement * (usual - usualRefinement(1));
  return Math.round(Math.min(most, Math.max(least, perOctave * (expected - balance))));
}

/**
 * The distances to try, from a middle one on: to both sides, and on from each that is the best of a stretch so far. None if there is no
 * choice.
 *
 * @param distances rising
 * @param best of each stretch among those that were given out
 */
function* distancesOnTrial(distances: readonly number[], best: () => number[]): Generator<number, void> {
  if (distances.length < 2) return;
  const tried = new Set<number>();
  let next = distances.findLast((distance) => distance <= MIDDLE_DISTANCE) ?? distances[0];
  while (next !== undefined) {
    tried.add(next);
    yield next;
    const around = best().flatMap((distance) => {
      const index = distances.indexOf(distance);
      return [distances[index + 1], distances[index - 1]];
    });
    next = around.find((distance) => distance !== undefined && !tried.has(distance));
  }
}

/**
 * What a stretch would cost where its bits and distortion are in balance. Short distances have more frames with fine steps, and start
 * with more bits and less distortion than pays; training evens that out. Distortion is taken to fall with a power of the bits, not too
 * far from where it is.
 */
function balancedCost({ distortion, bits }: StretchCost): number {
  const { distortionPower, leastImbalance, largestImbalance } = TRAINING_CONSTANTS.anchors;
  const imbalance = bits / (distortionPower * Math.max(distortion, Number.MIN_VALUE));
  const factor =
    Math.min(Math.max(imbalance, leastImbalance), largestImbalance) ** (1 / (1 + distortionPower));
  return factor ** distortionPower * distortion + bits / factor;
}

/** Cost of each stretch after the steps of a trial with nets that are thrown away: of the start alone if there are none. */
async function trial(segment: SegmentTrainer, film: FilmInTraining): Promise<StretchCost[]> {
  const nets = copyOf(film.nets);
  if (film.settings.preset.trialSteps > 0) await segment.train(0, segment.wave.steps, nets, film.random);
  await segment.beginRest(nets);
  const costs = await segment.evaluate(nets.values, segment.nodes.length, 'all');
  const stretches = Array.from({ length: stretchCount(segment.nodes.length) }, () => ({
    distortion: 0,
    bits: 0,
    interBits: 0,
  }));
  for (const [index, { frame, depth }] of segment.nodes.entries()) {
    const stretch = stretches[stretchOf(frame)]!;
    const { distortion, innovationBits, motionBits } = costs[index]!;
    stretch.distortion += distortion;
    const bits = film.settings.lambda * (innovationBits + motionBits);
    stretch.bits += bits;
    if (depth > 0) stretch.interBits += bits;
  }
  return stretches;
}
