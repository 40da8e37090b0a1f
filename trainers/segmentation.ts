/** Groups the pictures of a film into segments: never across a cut, never too large to train. */

import { MAX_SEGMENT_FRAMES } from '../runtime/field/structure.js';
import type { Picture } from '../runtime/film/frame.js';
import { isCut, type Thumbnail, thumbnail } from './sceneCuts.js';

/** Luma pixels of a segment in training; about 30 bytes each. */
const MAX_SEGMENT_PIXELS = 48e6;
const MIN_SEGMENT_FRAMES = 8;

/** Most frames that a segment of this picture size may have. */
export function longestSegment(width: number, height: number): number {
  const frames = Math.floor(MAX_SEGMENT_PIXELS / (width * height));
  return Math.min(Math.max(frames, MIN_SEGMENT_FRAMES), MAX_SEGMENT_FRAMES);
}

/** Pictures of one scene at a time; a long scene is cut into equal parts as far as one can see ahead. */
export async function* segments(
  pictures: AsyncIterable<Picture>,
): AsyncGenerator<Picture[], void, undefined> {
  let scene: Picture[] = [];
  let previous: Thumbnail | undefined;
  for await (const picture of pictures) {
    const next = thumbnail(picture);
    const longest = longestSegment(picture.width, picture.height);
    if (previous && isCut(previous, next)) {
      yield* parts(scene, longest);
      scene = [];
    } else if (scene.length === 2 * longest) {
      yield scene.slice(0, longest);
      scene = scene.slice(longest);
    }
    scene.push(picture);
    previous = next;
  }
  yield* parts(scene, longestSegment(scene[0]?.width ?? 1, scene[0]?.height ?? 1));
}

function* parts(scene: Picture[], longest: number): Generator<Picture[], void, undefined> {
  const count = Math.ceil(scene.length / longest);
  for (let i = 0; i < count; i++) {
    yield scene.slice(Math.floor((scene.length * i) / count), Math.floor((scene.length * (i + 1)) / count));
  }
}
