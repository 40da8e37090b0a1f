/** What a training tells its caller on the way, and what it is told. */

/** Says how far the training is (0..1) and whether it should end early with what it has. */
export interface TrainingWatch {
  progress(stage: string, done: number): void;
  /** @throws InterruptedError if the work was aborted */
  check(): void;
  readonly finishing: boolean;
}
