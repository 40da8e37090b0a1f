import type { FilmInfo, Picture } from '../../runtime/picture/picture.js';
import { type FfmpegJob, findFfmpeg, startFfmpeg } from './ffmpeg.js';
import { runPictures } from './filmReader.js';

/** A film that can be read again and again. */
export interface RereadableFilm {
  info: FilmInfo;
  pictures(signal?: AbortSignal): AsyncIterable<Picture>;
}

async function* planes(pictures: AsyncIterable<Picture>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const picture of pictures) yield* picture.planes;
}

/** The input side of a run of ffmpeg that is fed with a film's bare samples. */
export function rawInput(
  film: RereadableFilm,
  signal?: AbortSignal,
): Required<Pick<FfmpegJob, 'inputOptions' | 'stdin'>> {
  const { width, height, chroma, rate } = film.info;
  return {
    inputOptions: [
      ...['-f', 'rawvideo', '-pixel_format', `yuv${chroma}p`, '-video_size', `${width}x${height}`],
      ...['-framerate', rate.join('/')],
    ],
    stdin: planes(film.pictures(signal)),
  };
}

/**
 * What filters of ffmpeg make of a film.
 *
 * @param filters must give pictures of the size and rate of `info`
 * @throws (while iterating) MediaError FFMPEG_NOT_FOUND, FFMPEG_FAILED
 */
export function filteredPictures(
  film: RereadableFilm,
  filters: string[],
  info: Pick<FilmInfo, 'width' | 'height' | 'chroma' | 'rate'>,
  ffmpeg?: string,
): AsyncGenerator<Picture, void, undefined> {
  const run = startFfmpeg(findFfmpeg(ffmpeg), {
    ...rawInput(film),
    filters,
    outputOptions: ['-f', 'rawvideo', '-pix_fmt', `yuv${info.chroma}p`, '-r', info.rate.join('/')],
  });
  return runPictures(run, info);
}
