import { needSampleFilm } from '../../clips/sampleFilm.js';
import type { Picture } from '../../runtime/picture/picture.js';
import { type BuiltSegment, createNativeSegment } from '../../trainers/native/nativeEngine.js';
import { loadNativeTrainer, type NativeTrainer, type PartTime } from '../../trainers/native/trainerAddon.js';
import { createNetState } from '../../trainers/nets/netState.js';
import { DEFAULT_TUNE } from '../../trainers/options.js';
import { baseExponentOf, DEPTH_OFFSET, lambdaOfCrf, lossWeights, TUNES } from '../../trainers/rateControl.js';
import { agesTogether, stepActivity, stepOptions } from '../../trainers/schedule.js';
import type { CommandContext } from '../commands/context.js';
import { sourceSides } from '../commands/sourceOptions.js';
import { collectPictures } from '../media/filmInMemory.js';
import { openFilm } from '../media/filmReader.js';
import { parseSize } from '../optionValues.js';
import { reportMachine } from './machine.js';

/** What the training bench runs. */
export interface TrainingSpeedArguments {
  /** A film; undefined: the sample film. */
  film?: string | undefined;
  /** Sizes that it is scaled to, as WIDTHxHEIGHT. */
  sizes: string[];
  /** Length of the segment. */
  frames: number;
  threads: number[];
  /** Least time that steps are measured for. */
  seconds: number;
}

const CRF = 27;
const ANCHOR_DISTANCE = 8;
/** Steps before the clock starts: the start from the analysis is sparser or fuller than what training makes of it. */
const WARM_UP_STEPS = 10;

/** Median time of one training step of all nodes, and mean of its parts. */
interface StepTime {
  seconds: number;
  parts: PartTime[];
}

/**
 * Times whole training steps of a segment, by part, for several sizes and numbers of threads, beside the peak of one thread's
 * multiply-adds in the same run. Times of parts are summed over threads; what is left is waiting and small change.
 *
 * @throws MediaError `SAMPLE_MISSING` without a film
 */
export async function benchTrainingSpeed(
  { film, sizes, frames, threads, seconds }: TrainingSpeedArguments,
  context: CommandContext,
): Promise<void> {
  const { reporter } = context;
  const file = film ?? needSampleFilm();
  reportMachine(reporter);
  const trainer = loadNativeTrainer();
  const peak = trainer.peakOperations(1);
  reporter.table(`${trainer.instructionSet}: peak ${(peak / 1e9).toFixed(1)} GFLOP/s on one thread`);
  let settings = 0;
  for (const text of sizes) {
    const size = parseSize(text, '--sizes', sourceSides)!;
    const source = await openFilm(file, { size, frames, ...(context.ffmpeg && { ffmpeg: context.ffmpeg }) });
    const pictures = await collectPictures(source.pictures());
    await source.close();
    let single = 0;
    for (const count of threads) {
      const step = await timeSteps(trainer, pictures, count, seconds);
      if (count === 1) single = step.seconds;
      settings++;
      report(
        context,
        { ...size, frames: pictures.length, threads: count },
        step,
        peak,
        single,
        trainer.instructionSet,
      );
    }
  }
  reporter.result({ settings }, '');
}

async function timeSteps(
  trainer: NativeTrainer,
  pictures: readonly Picture[],
  threads: number,
  seconds: number,
): Promise<StepTime> {
  const segment = segmentOf(trainer, pictures, threads);
  const { native } = segment;
  const nets = createNetState();
  const lambda = lambdaOfCrf(CRF);
  await native.analyse(nets.values, lambda, { first: 0, count: segment.nodes.length });
  const depths = segment.nodes.map((node) => node.depth);
  const run = async (steps: number): Promise<number> => {
    const plan = { lambda, netLambda: lambda, steps: 100, netSteps: 100 };
    const options = stepOptions(plan, 0, steps);
    const activity = stepActivity(depths, agesTogether(depths.length, 0, steps), plan, 1, () => 0);
    const start = performance.now();
    await native.train(options, activity, nets);
    return (performance.now() - start) / 1000;
  };
  await run(WARM_UP_STEPS);
  native.takePartTimes();
  const times: number[] = [];
  for (let total = 0; total < seconds; total += times.at(-1)!) times.push(await run(1));
  const steps = times.length;
  const parts = native.takePartTimes().map((part) => ({
    name: part.name,
    seconds: part.seconds / steps,
    operations: part.operations / steps,
  }));
  native.release();
  times.sort((a, b) => a - b);
  return { seconds: times[steps >> 1]!, parts };
}

function segmentOf(trainer: NativeTrainer, pictures: readonly Picture[], threads: number): BuiltSegment {
  const { width, height, chroma } = pictures[0]!;
  const size = { width, height, chroma };
  const description = {
    ...{ ...size, frames: pictures.length, anchorDistance: ANCHOR_DISTANCE },
    ...{ baseExponent: baseExponentOf(lambdaOfCrf(CRF)), depthOffset: DEPTH_OFFSET },
    lossWeights: lossWeights(size, TUNES[DEFAULT_TUNE]),
  };
  const segment = createNativeSegment(trainer, description, { threads, seed: 1 });
  for (const [index, node] of segment.nodes.entries())
    segment.native.setSource(index, ...pictures[node.frame]!.planes);
  return segment;
}

function report(
  { reporter }: CommandContext,
  setting: { width: number; height: number; frames: number; threads: number },
  { seconds, parts }: StepTime,
  peak: number,
  single: number,
  instructionSet: string,
): void {
  const { width, height, frames, threads } = setting;
  const operations = parts.reduce((sum, part) => sum + part.operations, 0);
  const gflops = operations / seconds / 1e9;
  const shareOfPeak = operations / seconds / (peak * threads);
  const nanosecondsPerPixel = (1e9 * seconds) / (width * height * frames);
  const speedup = single > 0 ? single / seconds : undefined;
  reporter.event('step', {
    ...{ instructionSet, ...setting, milliseconds: 1000 * seconds, nanosecondsPerPixel, gflops, shareOfPeak },
    ...{ peakGflops: peak / 1e9, speedup, parts },
  });
  reporter.table(
    `\n${width}x${height}, ${frames} frames, ${threads} thread${threads > 1 ? 's' : ''}: ${(1000 * seconds).toFixed(1)} ms a step, ` +
      `${nanosecondsPerPixel.toFixed(1)} ns a pixel, ${gflops.toFixed(1)} GFLOP/s, ${(100 * shareOfPeak).toFixed(1)}% of the peak` +
      (speedup !== undefined && threads > 1 ? `, ${speedup.toFixed(2)} times one thread` : ''),
  );
  const named = parts.reduce((sum, part) => sum + part.seconds, 0);
  const waiting = {
    name: 'waiting, small passes',
    seconds: Math.max(0, seconds * threads - named),
    operations: 0,
  };
  for (const part of [...parts, waiting]) reporter.table(partLine(part, seconds * threads, peak));
}

function partLine({ name, seconds, operations }: PartTime, total: number, peak: number): string {
  const share = `${((100 * seconds) / total).toFixed(1).padStart(5)}% of the time`;
  const speed =
    operations > 0 ? ` ${((100 * operations) / seconds / peak).toFixed(1).padStart(6)}% of the peak` : '';
  return `  ${name.padEnd(26)} ${share}${speed}`;
}
