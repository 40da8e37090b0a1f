import { nativeInstructionSets } from '../../runtime/native/addonLoader.js';
import { loadNativeTrainer } from '../../trainers/native/trainerAddon.js';
import type { Reporter } from '../reporter.js';
import { reportMachine } from './machine.js';

/** What the kernel bench runs. */
export interface KernelSpeedArguments {
  /** Of the random input. */
  seed: number;
  /** For each kernel. */
  seconds: number;
}

/**
 * Times every kernel of the trainer on one thread, in every instruction set of this processor (or in the one that `WEFT_ISA`
 * forces), beside the peak of multiply-adds in the same run.
 */
export async function benchKernels(
  { seed, seconds }: KernelSpeedArguments,
  reporter: Reporter,
): Promise<void> {
  reportMachine(reporter);
  reporter.table(`seed ${seed}`);
  const forced = process.env.WEFT_ISA;
  const instructionSets = forced ? [forced] : nativeInstructionSets('trainers');
  let largestError = 0;
  for (const instructionSet of instructionSets) {
    const trainer = loadNativeTrainer(instructionSet);
    const peak = trainer.peakOperations(seconds);
    reporter.event('peak', { instructionSet, gflops: peak / 1e9 });
    reporter.table(`\n${instructionSet}: peak ${(peak / 1e9).toFixed(1)} GFLOP/s`);
    for (const { name, operations, seconds: time, error } of trainer.benchKernels(seed, seconds)) {
      const speed = operations / time;
      const microseconds = 1e6 * time;
      const gflops = speed / 1e9;
      const shareOfPeak = speed / peak;
      largestError = Math.max(largestError, error);
      reporter.event('kernel', { instructionSet, name, microseconds, gflops, seed, shareOfPeak, error });
      reporter.table(
        `${name.padEnd(40)} ${microseconds.toFixed(0).padStart(7)} us ${gflops.toFixed(1).padStart(7)} GFLOP/s ` +
          `${(100 * shareOfPeak).toFixed(1).padStart(5)}%  error ${error.toExponential(1)}`,
      );
    }
  }
  reporter.result({ instructionSets, largestError }, '');
}
