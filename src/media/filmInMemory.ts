import type { FilmInfo, Picture } from '../../runtime/picture/picture.js';
import type { FilmSource } from '../../trainers/encodeJob.js';

/** All pictures of a stream. */
export async function collectPictures(stream: AsyncIterable<Picture>): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for await (const picture of stream) pictures.push(picture);
  return pictures;
}

/** A film of pictures that are there already, at a constant rate. `info` says everything but their size, number and times. */
export function filmOf(pictures: readonly Picture[], { times: _, ...info }: FilmInfo): FilmSource {
  const { width, height } = pictures[0] ?? info;
  return {
    info: { ...info, width, height, frames: pictures.length },
    async *pictures() {
      yield* pictures;
    },
  };
}
