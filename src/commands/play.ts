import path from 'node:path';
import { UsageError } from '../../runtime/errors.js';
import type { FrameOptions } from '../../runtime/film/frameOptions.js';
import { given } from '../given.js';
import { listenForInterrupts } from '../interrupts.js';
import type { OptionTableOf } from '../optionTable.js';
import { writtenPoints } from '../pointLists.js';
import { openBrowser } from '../watch/openBrowser.js';
import { startPlayServer } from '../watch/playServer.js';
import type { CommandContext } from './context.js';
import { DECODE_OPTIONS } from './decodeOptions.js';
import { NO_BROWSER } from './watchOptions.js';
import { openWeftFile } from './weftFile.js';

/** Options of `weft play`. */
export interface PlayOptions extends Pick<FrameOptions, 'retime' | 'freeze' | 'shutter' | 'pan'> {
  port?: number;
  noBrowser?: boolean;
}

export const PLAY_OPTIONS: OptionTableOf<PlayOptions> = {
  retime: DECODE_OPTIONS.retime,
  freeze: DECODE_OPTIONS.freeze,
  shutter: DECODE_OPTIONS.shutter,
  pan: DECODE_OPTIONS.pan,
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
  { input, port, noBrowser, ...options }: PlayOptions & { input: string },
  { reporter }: CommandContext,
): Promise<void> {
  if (/^https?:/i.test(input)) throw notHere(input);
  // What cannot be played is told here, not in the browser.
  const film = await openWeftFile(input);
  const { frames, info } = film;
  const { retime, freeze, shutter, pan } = options;
  const presentation = given({ retime, freeze, shutter, pan });
  try {
    film.plan(presentation);
  } finally {
    film.close();
  }
  const interrupts = listenForInterrupts();
  const title = path.basename(input);
  const server = await startPlayServer({
    title,
    film: async () => input,
    attributes: attributesOf(presentation),
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

/** What the player is told of it. */
function attributesOf({
  shutter,
  ...points
}: Pick<PlayOptions, 'retime' | 'freeze' | 'shutter' | 'pan'>): Record<string, string> {
  const lists = Object.entries(points).map(([name, list]) => [name, writtenPoints(list)]);
  return { ...Object.fromEntries(lists), ...(shutter !== undefined && { shutter: String(shutter) }) };
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
