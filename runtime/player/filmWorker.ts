/** The worker that decodes: messages in, answers out. Bundled as a classic script by build.mjs. */

import { InterruptedError } from '../errors.js';
import { FilmDesk } from './filmDesk.js';
import { JobLine } from './jobLine.js';
import { sentError } from './sentErrors.js';
import type { JobKind, PageMessage, WorkerMessage } from './workerMessages.js';

/** Jobs at once of pictures: the piece that is shown next, and the beginning of the segment that follows. */
const PICTURES_AT_ONCE = 2;

/** What a worker has of its own: the library of a page does not know it. */
interface WorkerScope {
  postMessage(message: WorkerMessage, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<PageMessage>) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;
const desk = new FilmDesk((spans) => scope.postMessage({ kind: 'held', spans }, []));
const pictures = new JobLine(PICTURES_AT_ONCE);
/** Sound waits for bytes only: beside pictures, and one piece at a time. */
const sound = new JobLine(1);

scope.onmessage = ({ data }) => {
  if (data.kind === 'cancel') for (const line of [pictures, sound]) line.cancel(data.job);
  else
    lineOf(data.kind).add({
      number: data.job,
      group: desk.groupOf(data.kind, data.given),
      run: (signal) => work(data, signal),
    });
};

function lineOf(kind: JobKind): JobLine {
  return kind === 'sound' || kind === 'soundPart' ? sound : pictures;
}

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
