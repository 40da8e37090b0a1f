/** A group of scenes with all that decides the bytes it is trained to: work for this process or for another machine. */

import { writeNets } from '../runtime/entropy/netCoder.js';
import type { Picture } from '../runtime/picture/picture.js';
import type { FinishedGroup } from './finishedGroup.js';
import { trainGroup } from './groupTrainer.js';
import type { EncodeOptions } from './options.js';
import { PRESETS } from './presets.js';
import { lambdaOfCrf, TUNES } from './rateControl.js';
import type { TrainingEngine } from './trainingEngine.js';
import type { TrainingWatch } from './trainingWatch.js';

/** How a group is trained. Plain data. */
export interface GroupSettings
  extends Pick<EncodeOptions, 'preset' | 'tune' | 'threads' | 'seed' | 'engine'> {
  readonly crf: number;
}

/** A group and how it is trained. */
export interface GroupTask {
  readonly settings: GroupSettings;
  /** Each at most a segment long. */
  readonly scenes: readonly (readonly Picture[])[];
}

/** Where groups are trained. */
export interface GroupWorkshop {
  /** How many groups it takes at once, at the moment. */
  readonly places: number;
  /** How many workers there are, where others than this process train. */
  readonly workers?: number;
  /** @throws EngineError, InterruptedError by `watch.check()`, and what a machine fails with */
  train(task: GroupTask, watch: TrainingWatch): Promise<FinishedGroup>;
}

/** This process: one group after the other. */
export function localWorkshop(engine: TrainingEngine): GroupWorkshop {
  return { places: 1, train: (task, watch) => trainTask(engine, task, watch) };
}

/** Trains a group to its end. */
export async function trainTask(
  engine: TrainingEngine,
  { settings, scenes }: GroupTask,
  watch: TrainingWatch,
): Promise<FinishedGroup> {
  const { crf, preset, tune, threads, seed } = settings;
  const training = {
    ...{ engine, lambda: lambdaOfCrf(crf), preset: PRESETS[preset], tune: TUNES[tune], threads, seed },
  };
  const { segments, nets } = await trainGroup(training, scenes, watch);
  return { segments, nets: writeNets(nets) };
}
