import process from 'node:process';
import { UsageError } from '../../runtime/errors.js';
import { listenForInterrupts } from '../interrupts.js';
import type { OptionTableOf } from '../optionTable.js';
import type { CommandContext } from './context.js';

/** Arguments of `weft worker`. */
export interface WorkerArguments {
  /** Address of Redis; default: that of the environment. */
  input?: string;
  jobs: number;
}

/** Options of `weft worker`. */
export const WORKER_OPTIONS: OptionTableOf<Omit<WorkerArguments, 'input'>> = {
  jobs: {
    flag: 'jobs',
    alias: 'j',
    type: { kind: 'number', min: 1, max: 256, whole: true },
    fallback: 1,
    doc: 'Groups to train at once, each with the threads that its encode asks for',
  },
};

/** The variable that may hold the address of Redis, for an address with a password is not for the list of processes. */
export const ADDRESS_VARIABLE = 'WEFT_WORKERS';

/** Trains what encodes with --workers ask for, until it is interrupted. */
export async function runWorker({ input, jobs }: WorkerArguments, context: CommandContext): Promise<void> {
  const { reporter, ffmpeg } = context;
  const address = input ?? process.env[ADDRESS_VARIABLE];
  if (!address) {
    throw new UsageError('It is not said where groups are to be had.', {
      code: 'REDIS_NEEDED',
      hint: `Give the address of Redis, redis://HOST, or set ${ADDRESS_VARIABLE}.`,
      path: 'input',
    });
  }
  // Loaded when needed: reading it takes as long as some commands.
  const { GroupWorker } = await import('../workers/groupWorker.js');
  const { shownUrl } = await import('../workers/redisConnection.js');
  const interrupts = listenForInterrupts(() =>
    reporter.note(
      'ending when what is in hand is trained (Ctrl-C again gives it back to be trained elsewhere)',
    ),
  );
  try {
    const worker = await GroupWorker.open(address, {
      jobs,
      ...(ffmpeg !== undefined && { ffmpeg }),
      log: (line) => reporter.note(line),
      onProgress: (stage, done) => reporter.progress(stage, done),
    });
    reporter.event('start', { redis: shownUrl(address), jobs });
    reporter.note(`waiting for groups at ${shownUrl(address)}`);
    await fired(AbortSignal.any([interrupts.finish, interrupts.signal]));
    const finished = worker.finish();
    await Promise.race([finished, fired(interrupts.signal)]);
    if (interrupts.signal.aborted) await worker.giveBack();
    reporter.result({}, '');
  } finally {
    interrupts.dispose();
  }
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
