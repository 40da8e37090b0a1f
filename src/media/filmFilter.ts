import type { FilmInfo, Picture } from '../../runtime/picture/picture.js';
import type { FilmSource } from '../../trainers/encodeJob.js';
import { type FfmpegJob, findFfmpeg, startFfmpeg } from './ffmpeg.js';
import { runPictures } from './filmReader.js';
import { pixelFormat, planesOf, rawInputOptions } from './rawVideo.js';

/** The input side of a run of ffmpeg that is fed with a film's bare samples. */
export function sampleFeed(
  film: FilmSource,
  signal?: AbortSignal,
): Required<Pick<FfmpegJob, 'inputOptions' | 'stdin'>> {
  return { inputOptions: rawInputOptions(film.info), stdin: planesOf(film.pictures(signal)) };
}

/**
 * What filters of ffmpeg make of a film.
 *
 * @param filters must give pictures of the size and rate of `info`
 * @throws (while iterating) MediaError FFMPEG_NOT_FOUND, FFMPEG_FAILED
 */
export function filteredPictures(
  film: FilmSource,
  filters: string[],
  info: Pick<FilmInfo, 'width' | 'height' | 'chroma' | 'rate'>,
  ffmpeg?: string,
): AsyncGenerator<Picture, void, undefined> {
  const run = startFfmpeg(findFfmpeg(ffmpeg), {
    ...sampleFeed(film),
    filters,
    outputOptions: ['-f', 'rawvideo', '-pix_fmt', pixelFormat(info.chroma), '-r', info.rate.join('/')],
  });
  return runPictures(run, info);
}
