/** Groups the pictures of a film into segments: never across a cut, never too large to train. */

import { MAX_SEGMENT_FRAMES } from '../../runtime/field/constants.js';
import type { Picture } from '../../runtime/picture/picture.js';
import { contrast } from './brightness.js';
import { LONGEST_FLASH } from './flashes.js';
import { isCut, type Thumbnail, thumbnail } from './sceneCuts.js';

/** Luma pixels of a segment in training; about 30 bytes each. */
const MAX_SEGMENT_PIXELS = 48e6;
const MIN_SEGMENT_FRAMES = 8;

/** Contrast of thumbnails in codes: of one tone below the first, of a picture that can be told from another from the second on. */
const EMPTY_CODES = 1;
const CLEAR_CODES = 32;
/** What motion leaves of a sample, in codes, where another scene fades in: pictures have little contrast then. */
const FAINT_CODES = 1;
/** A scene that has gone is waited for in so many pictures. */
const LONGEST_WAIT = 16;

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
  let longest = 1;
  for await (const { picture, begins } of withGaps(withCuts(pictures))) {
    longest = longestSegment(picture.width, picture.height);
    if (begins) {
      yield* parts(scene, longest);
      scene = [];
    } else if (scene.length === 2 * longest) {
      yield scene.slice(0, longest);
      scene = scene.slice(longest);
    }
    scene.push(picture);
  }
  yield* parts(scene, longest);
}

/** A picture, and whether a scene begins with it. */
interface ScenePicture {
  readonly picture: Picture;
  readonly view: Thumbnail;
  readonly begins: boolean;
}

/**
 * A scene also begins with the dark, or any one tone, that the one before has gone in, unless that comes back: its traces, too faint
 * to be worth a bit there, would come to light with the next.
 */
async function* withGaps(
  pictures: AsyncIterable<ScenePicture>,
): AsyncGenerator<ScenePicture, void, undefined> {
  let clear: Thumbnail | undefined;
  let gap: ScenePicture[] = [];
  for await (const shown of pictures) {
    const codes = contrast(shown.view.luma);
    const isClear = codes >= CLEAR_CODES;
    const opens = gap.length > 0 || (clear !== undefined && codes < EMPTY_CODES);
    if (opens) gap.push(shown);
    else yield shown;
    if (gap.length > 0 && (isClear || shown.begins || gap.length > LONGEST_WAIT)) {
      const cut = gap.some(({ begins }) => begins);
      const back = isClear && !isCut(clear!, shown.view, FAINT_CODES);
      yield* cut || back ? gap : [{ ...gap[0]!, begins: true }, ...gap.slice(1)];
      gap = [];
      clear = undefined;
    }
    if (isClear) clear = shown.view;
  }
  yield* gap;
}

/** A scene begins where no picture just before is like it, and none just behind it is like those before: a flash is no cut. */
async function* withCuts(pictures: AsyncIterable<Picture>): AsyncGenerator<ScenePicture, void, undefined> {
  let recent: Thumbnail[] = [];
  let before: Thumbnail | undefined;
  let waiting: ScenePicture[] = [];
  for await (const picture of pictures) {
    const next = thumbnail(picture);
    const begins = recent.length > 0 && recent.every((earlier) => isCut(earlier, next));
    const returned = before !== undefined && !isCut(before, next);
    if (begins && !before) before = recent[0];
    waiting.push({ picture, view: next, begins });
    if (returned) waiting = waiting.map((waited) => ({ ...waited, begins: false }));
    if (returned || !before || waiting.length > LONGEST_FLASH) {
      yield* waiting;
      waiting = [];
      before = undefined;
    }
    recent = [next, ...recent.slice(0, LONGEST_FLASH)];
  }
  yield* waiting;
}

function* parts(scene: Picture[], longest: number): Generator<Picture[], void, undefined> {
  const count = Math.ceil(scene.length / longest);
  for (let i = 0; i < count; i++) {
    yield scene.slice(Math.floor((scene.length * i) / count), Math.floor((scene.length * (i + 1)) / count));
  }
}
