import { stat } from 'node:fs/promises';
import type { FilmInfo, Picture } from '../../runtime/picture/picture.js';
import type { FilmSource } from '../../trainers/encodeJob.js';
import { fileUrl, findFfmpeg, startFfmpeg } from '../media/ffmpeg.js';
import { sampleFeed } from '../media/filmFilter.js';
import { runPictures } from '../media/filmReader.js';
import { headOf, inputOptions } from '../media/probe.js';
import type { Anchor } from './anchors.js';

/** Which ffmpeg runs, and what ends it early. */
export interface AnchorRun {
  ffmpeg?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Encodes a film with an anchor.
 *
 * @param setting value of the option `anchor.setting`, two decimals at most
 * @returns bytes of `file`, the bare stream
 * @throws MediaError FFMPEG_NOT_FOUND, FFMPEG_FAILED; InterruptedError
 */
export async function encodeAnchor(
  film: FilmSource,
  anchor: Anchor,
  setting: number,
  file: string,
  { ffmpeg, signal }: AnchorRun = {},
): Promise<number> {
  const quality = [`-${anchor.setting}`, String(Math.round(100 * setting) / 100)];
  const run = startFfmpeg(findFfmpeg(ffmpeg), {
    ...sampleFeed(film, signal),
    outputOptions: ['-c:v', anchor.encoder, ...anchor.options, ...quality, '-f', anchor.format],
    output: fileUrl(file),
    ...(signal && { signal }),
  });
  await run.finished;
  return (await stat(file)).size;
}

/**
 * What a file of encodeAnchor shows. A bare stream has no times that could be trusted: its frames are counted.
 *
 * @throws (while iterating) MediaError, InterruptedError
 */
export async function* anchorPictures(
  info: FilmInfo,
  file: string,
  { ffmpeg, signal }: AnchorRun = {},
): AsyncGenerator<Picture, void, undefined> {
  const [rate, duration] = info.rate;
  const run = startFfmpeg(findFfmpeg(ffmpeg), {
    input: fileUrl(file),
    // Without it every frame lasts 1/25 s, and the last one of a faster film would be shown twice.
    inputOptions: [...inputOptions(await headOf(file), file), '-framerate', `${rate}/${duration}`],
    filters: [`settb=${duration}/${rate}`, 'setpts=N'],
    outputOptions: ['-f', 'rawvideo', '-pix_fmt', `yuv${info.chroma}p`, '-r', info.rate.join('/')],
    ...(signal && { signal }),
  });
  yield* runPictures(run, info);
}
