import { createHash } from 'node:crypto';
import type { FilmSource } from '../../trainers/encodeJob.js';

/**
 * SHA-256 over what an encoder gets: the facts of a film and all its samples. In hexadecimal.
 *
 * @param onFrame called after each frame, with how many they were
 */
export async function filmDigest(
  { info, pictures }: FilmSource,
  signal?: AbortSignal,
  onFrame?: (frames: number) => void,
): Promise<string> {
  const { frames: _, ...facts } = info; // a container's count is an expectation; the samples say the rest
  const hash = createHash('sha256').update(JSON.stringify(Object.entries(facts).sort()));
  let frames = 0;
  for await (const picture of pictures(signal)) {
    for (const plane of picture.planes) hash.update(plane);
    onFrame?.(++frames);
  }
  return hash.digest('hex');
}
