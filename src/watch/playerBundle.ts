/** The player as one script, which `npm run build` makes: dist/player/weft-player.js. */

import { readFile } from 'node:fs/promises';
import { WeftError } from '../../runtime/errors.js';

/** Where it lies: from dist, and from the sources (tests). */
const PLACES = ['../../player/weft-player.js', '../../dist/player/weft-player.js'];

/** @throws WeftError PLAYER_MISSING */
export async function playerBundle(): Promise<string> {
  for (const place of PLACES) {
    const text = await readFile(new URL(place, import.meta.url), 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  throw new WeftError('The player was not built.', {
    code: 'PLAYER_MISSING',
    hint: 'Run npm run build, or install weft again.',
  });
}
