/** The worker that decodes: messages in, answers out. Bundled as a classic script by build.mjs. */

import { InterruptedError } from '../errors.js';
import { FilmDesk } from './filmDesk.js';
import { JobLine } from './jobLine.js';
import { sentError } from './sentErrors.js';
import type { PageMessage, WorkerMessage } from './workerMessages.js';

/** Jobs at once: the piece that is shown next, and the beginning of the segment that follows. */
const JOBS_AT_ONCE = 2;

/** What a worker has of its own: the library of a page does not know it. */
interface WorkerScope {
  postMessage(message: WorkerMessage, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<PageMessage>) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;
const desk = new FilmDesk((spans) => scope.postMessage({ kind: 'held', spans }, []));
const line = new JobLine(JOBS_AT_ONCE);

scope.onmessage = ({ data }) => {
  if (data.kind === 'cancel') line.cancel(data.job);
  else
    line.add({
      number: data.job,
      group: desk.groupOf(data.kind, data.given),
      run: (signal) => work(data, signal),
    });
};

async function work(order: Exclude<PageMessage, { kind: 'cancel' }>, signal: AbortSignal): Promise<void> {
  const { job } = order;
  const start = performance.now();
  try {
    const { answer, transfer } = await desk.do(order.kind, order.given, signal);
    scope.postMessage({ kind: 'done', job, answer, milliseconds: performance.now() - start }, transfer);
  } catch (error) {
    if (!(error instanceof InterruptedError))
      scope.postMessage({ kind: 'failed', job, error: sentError(error) }, []);
  }
}
