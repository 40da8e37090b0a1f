/** Pictures of a group in Redis, lossless and in pieces. */

import type { Redis } from 'ioredis';
import { MediaError } from '../../runtime/errors.js';
import type { Picture } from '../../runtime/picture/picture.js';
import { digestOf } from '../../trainers/finishedGroup.js';
import type { FfmpegTools } from '../media/ffmpeg.js';
import { compressPictures, decompressPictures } from '../media/losslessVideo.js';
import { type GroupJob, KEPT_SECONDS, PIECE_BYTES, picturesKey } from './groupQueue.js';

/**
 * Puts the pictures of scenes where `receivePictures` finds them.
 *
 * @param signal from when it fires on, nothing is put there any more
 * @returns what the job must say of them
 * @throws the reason of the signal
 */
export async function sendPictures(
  redis: Redis,
  tools: FfmpegTools,
  job: string,
  scenes: readonly (readonly Picture[])[],
  signal: AbortSignal,
): Promise<Pick<GroupJob, 'info' | 'scenes' | 'digest'>> {
  const { width, height, chroma } = scenes[0]![0]!;
  const info = { width, height, chroma };
  const pictures = scenes.flat();
  const key = picturesKey(job);
  await redis.del(key);
  for await (const piece of pieces(compressPictures(tools, pictures, info), PIECE_BYTES)) {
    signal.throwIfAborted();
    await redis.multi().rpush(key, piece).expire(key, KEPT_SECONDS).exec();
  }
  return { info, scenes: scenes.map(({ length }) => length), digest: digestOf(pictures) };
}

/**
 * The pictures of a job, scene by scene.
 *
 * @throws MediaError PICTURES_LOST if they are not those that were sent; InterruptedError
 */
export async function receivePictures(
  redis: Redis,
  tools: FfmpegTools,
  job: string,
  { info, scenes, digest }: Pick<GroupJob, 'info' | 'scenes' | 'digest'>,
  signal: AbortSignal,
): Promise<Picture[][]> {
  const sent = async function* () {
    for (let index = 0; ; index++) {
      const piece = await redis.lindexBuffer(picturesKey(job), index);
      if (piece === null) return;
      yield piece;
    }
  };
  const pictures: Picture[] = [];
  for await (const picture of decompressPictures(tools, sent(), info, signal)) pictures.push(picture);
  if (digestOf(pictures) !== digest) {
    throw new MediaError('The pictures of a group did not arrive as they were sent.', {
      code: 'PICTURES_LOST',
      hint: 'Check that Redis evicts nothing (maxmemory-policy noeviction) and has memory for some groups.',
    });
  }
  return scenes.map((frames) => pictures.splice(0, frames));
}

/** The same bytes in larger pieces. */
async function* pieces(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): AsyncGenerator<Buffer, void, undefined> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    length += chunk.length;
    if (length < bytes) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(waiting);
}
