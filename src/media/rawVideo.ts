import type { FilmInfo, Picture } from '../../runtime/picture/picture.js';

/**
 * Name of the pixel format, always without the range (never `yuvj420p`): that is given by its tag alone. With one name
 * throughout, ffmpeg has no cause to convert the samples.
 */
export function pixelFormat(chroma: FilmInfo['chroma']): string {
  return `yuv${chroma}p`;
}

/** How ffmpeg reads bare samples. */
export function rawInputOptions({
  width,
  height,
  chroma,
  rate,
}: Pick<FilmInfo, 'width' | 'height' | 'chroma' | 'rate'>): string[] {
  return [
    ...['-f', 'rawvideo', '-pixel_format', pixelFormat(chroma), '-video_size', `${width}x${height}`],
    ...['-framerate', rate.join('/')],
  ];
}

/** The bare samples of pictures, plane by plane. */
export async function* planesOf(
  pictures: AsyncIterable<Picture> | Iterable<Picture>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const picture of pictures) yield* picture.planes;
}
