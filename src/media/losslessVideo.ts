/** Pictures in few bytes and back, sample for sample: as FFV1 in NUT, on their way between two machines. */

import type { FilmInfo, Picture } from '../../runtime/picture/picture.js';
import { type FfmpegTools, startFfmpeg } from './ffmpeg.js';
import { runPictures } from './filmReader.js';
import { pixelFormat, planesOf, rawInputOptions } from './rawVideo.js';

/** What must be known of pictures to read them back. */
export type LosslessInfo = Pick<FilmInfo, 'width' | 'height' | 'chroma'>;

/** @throws MediaError, InterruptedError */
export async function* compressPictures(
  tools: FfmpegTools,
  pictures: Iterable<Picture>,
  info: LosslessInfo,
): AsyncGenerator<Uint8Array, void, undefined> {
  const run = startFfmpeg(tools, {
    stdin: planesOf(pictures),
    inputOptions: rawInputOptions({ ...info, rate: [1, 1] }),
    outputOptions: ['-c:v', 'ffv1', '-level', '3', '-f', 'nut'],
  });
  try {
    yield* run.stdout;
    await run.finished;
  } finally {
    run.stop();
  }
}

/** @throws MediaError, InterruptedError */
export function decompressPictures(
  tools: FfmpegTools,
  bytes: AsyncIterable<Uint8Array>,
  info: LosslessInfo,
  signal: AbortSignal,
): AsyncGenerator<Picture, void, undefined> {
  const run = startFfmpeg(tools, {
    stdin: bytes,
    inputOptions: ['-f', 'nut'],
    outputOptions: ['-f', 'rawvideo', '-pix_fmt', pixelFormat(info.chroma)],
    signal,
  });
  return runPictures(run, info);
}
