import process from 'node:process';

/** What Ctrl-C means to a running command. */
export interface Interrupts {
  /** Fires first, where the command can finish early: stop improving, keep the best so far. */
  finish: AbortSignal;
  /** Fires when the work is to be dropped. */
  signal: AbortSignal;
  /** Gives Ctrl-C back its usual meaning. */
  dispose(): void;
}

/**
 * Listens for Ctrl-C, for termination and for a terminal that goes away.
 *
 * @param onFinish called at the first Ctrl-C of a command that can finish early; undefined: the first one drops the work.
 */
export function listenForInterrupts(onFinish?: () => void): Interrupts {
  const finish = new AbortController();
  const abort = new AbortController();
  const onInterrupt = () => {
    if (onFinish && !finish.signal.aborted) {
      finish.abort();
      onFinish();
    } else {
      abort.abort();
    }
  };
  const onTerminate = () => abort.abort();
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  process.on('SIGHUP', onTerminate);
  return {
    finish: finish.signal,
    signal: abort.signal,
    dispose() {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
      process.off('SIGHUP', onTerminate);
    },
  };
}
