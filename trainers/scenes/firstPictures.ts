import type { Picture } from '../../runtime/picture/picture.js';

/** The first `count` pictures of a film. */
export async function* firstPictures(
  pictures: AsyncIterable<Picture>,
  count: number,
): AsyncGenerator<Picture, void, undefined> {
  let index = 0;
  for await (const picture of pictures) {
    yield picture;
    if (++index === count) return;
  }
}
