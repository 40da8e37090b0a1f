import path from 'node:path';
import { UsageError } from '../../runtime/errors.js';
import { listenForInterrupts } from '../interrupts.js';
import type { OptionTableOf } from '../optionTable.js';
import { openBrowser } from '../watch/openBrowser.js';
import { startPlayServer } from '../watch/playServer.js';
import type { CommandContext } from './context.js';
import { PRESENTATION_OPTIONS, type PresentationOptions, presentedFilm } from './presentation.js';
import { NO_BROWSER } from './watchOptions.js';

/** Options of `weft play`. */
export interface PlayOptions extends PresentationOptions {
  port?: number;
  noBrowser?: boolean;
}

export const PLAY_OPTIONS: OptionTableOf<PlayOptions> = {
  ...PRESENTATION_OPTIONS,
  port: {
    flag: 'port',
    type: { kind: 'number', min: 1, max: 65535, whole: true },
    fallbackDoc: 'one that is free',
    doc: 'Port of the server, which only this machine can reach',
  },
  noBrowser: NO_BROWSER,
};

/** Shows a film in a browser, until Ctrl-C. */
export async function runPlay(
  { input, port, noBrowser, ...presentation }: PlayOptions & { input: string },
  { reporter }: CommandContext,
): Promise<void> {
  if (/^https?:/i.test(input)) throw notHere(input);
  const { info, frames, attributes } = await presentedFilm(input, presentation);
  const interrupts = listenForInterrupts();
  const title = path.basename(input);
  const server = await startPlayServer({
    title,
    film: async () => input,
    attributes,
    ...(port && { port }),
  });
  try {
    reporter.event('start', { input, url: server.url, ...info, frames });
    reporter.line(`${title} plays at ${server.url} until Ctrl-C`);
    if (!noBrowser) await openBrowser(server.url, (line) => reporter.note(line));
    await fired(interrupts.signal);
    reporter.result({ input, url: server.url }, '');
  } finally {
    await server.close();
    interrupts.dispose();
  }
}

async function fired(signal: AbortSignal): Promise<void> {
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

function notHere(address: string): UsageError {
  return new UsageError(`${address} is on a server already.`, {
    code: 'INPUT_ADDRESS',
    hint: 'Download it, or put a <weft-player> on a page of that server: see docs/player.md.',
    path: 'input',
    value: address,
  });
}
