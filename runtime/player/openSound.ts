/** The one place that chooses how the sound of a film is fetched. */

import type { FilmClient } from './filmClient.js';
import { Sound, type SoundSettings } from './sound.js';
import { type FeedNews, wholeSound } from './soundSource.js';
import { streamedSound, takesPieces } from './streamedSound.js';

/** Shorter tracks are fetched whole: 30 seconds of stereo, which may be repeated often. */
const STREAMED_BYTES = 2 ** 18;

/**
 * The sound of a film; undefined if it has none.
 *
 * @param news what happens once it is open
 * @throws as `Sound.open`; what the film throws when it is read
 */
export async function openSound(
  client: FilmClient,
  settings: SoundSettings,
  news: FeedNews,
): Promise<Sound | undefined> {
  const streamedFrom = takesPieces() ? STREAMED_BYTES : Number.POSITIVE_INFINITY;
  const track = await client.ask('sound', { streamedFrom });
  if (!track) return undefined;
  const source =
    'clusters' in track
      ? streamedSound(track, (part, signal) => client.ask('soundPart', part, signal))
      : wholeSound(track);
  return Sound.open(source, settings, news);
}
