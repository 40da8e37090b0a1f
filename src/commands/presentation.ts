/** What commands that show a film hand on to the player. */

import type { FrameOptions } from '../../runtime/film/frameOptions.js';
import { given } from '../given.js';
import type { OptionTableOf } from '../optionTable.js';
import { writtenPoints } from '../pointLists.js';
import { DECODE_OPTIONS } from './decodeOptions.js';
import { openWeftFile } from './weftFile.js';

/** What is to be made of a film while it plays. */
export type PresentationOptions = Pick<FrameOptions, 'retime' | 'freeze' | 'shutter' | 'pan'>;

export const PRESENTATION_OPTIONS: OptionTableOf<PresentationOptions> = {
  retime: DECODE_OPTIONS.retime,
  freeze: DECODE_OPTIONS.freeze,
  shutter: DECODE_OPTIONS.shutter,
  pan: DECODE_OPTIONS.pan,
};

/** What a file is, and the attributes of a player that shows it so. What cannot be played is told here, not in the browser. */
export async function presentedFilm(file: string, { retime, freeze, shutter, pan }: PresentationOptions) {
  const film = await openWeftFile(file);
  try {
    film.plan(given({ retime, freeze, shutter, pan }));
    const { info, frames } = film;
    return { info, frames, attributes: attributesOf({ retime, freeze, shutter, pan }) };
  } finally {
    film.close();
  }
}

function attributesOf({ shutter, ...points }: PresentationOptions): Record<string, string> {
  const written = Object.entries(points).filter(([, list]) => list !== undefined);
  const lists = written.map(([name, list]) => [name, writtenPoints(list)]);
  return { ...Object.fromEntries(lists), ...(shutter !== undefined && { shutter: String(shutter) }) };
}
