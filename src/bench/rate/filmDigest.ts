import { createHash } from 'node:crypto';
import type { FilmSource } from '../../../trainers/encodeJob.js';

/** SHA-256 over what an encoder gets: the facts of a film and all its samples. In hexadecimal. */
export async function filmDigest({ info, pictures }: FilmSource, signal?: AbortSignal): Promise<string> {
  const { frames: _, ...facts } = info; // a container's count is an expectation; the samples say the rest
  const hash = createHash('sha256').update(JSON.stringify(Object.entries(facts).sort()));
  for await (const { planes } of pictures(signal)) for (const plane of planes) hash.update(plane);
  return hash.digest('hex');
}
