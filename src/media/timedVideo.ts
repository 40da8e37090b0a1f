/**
 * Bare samples with the time of every picture, as Matroska: the least of it that ffmpeg reads from a pipe. Raw video has no
 * times of its own.
 */

import type { FilmInfo, FrameTimes, Picture } from '../../runtime/picture/picture.js';

/** Times are written in microseconds: nearer to any clock than half a tick of those that films have. */
export const MICROSECONDS = 1e6;

/**
 * The bytes of pictures and their times.
 *
 * @throws RangeError if there are more pictures than times
 */
export async function* timedVideo(
  pictures: AsyncIterable<Picture>,
  { width, height, chroma }: FilmInfo,
  { tick, ticks }: FrameTimes,
): AsyncGenerator<Uint8Array, void, undefined> {
  const microseconds = ticks.map((time) => Math.round((time * tick[0] * MICROSECONDS) / tick[1]));
  yield fileHead(width, height, chroma === '444' ? '444P' : 'I420');
  let index = 0;
  for await (const picture of pictures) {
    const [begins, ends] = [microseconds[index], microseconds[++index]];
    if (begins === undefined || ends === undefined) throw new RangeError(`picture ${index - 1} has no time`);
    yield clusterHead(begins, ends - begins, picture);
    yield* picture.planes;
  }
}

const UNKNOWN_SIZE = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

function fileHead(width: number, height: number, fourcc: string): Uint8Array {
  const ebml = element([0x1a, 0x45, 0xdf, 0xa3], element([0x42, 0x82], text('matroska')));
  const information = element([0x15, 0x49, 0xa9, 0x66], element([0x2a, 0xd7, 0xb1], integer(1000)));
  const video = [
    ...element([0xb0], integer(width)),
    ...element([0xba], integer(height)),
    ...element([0x2e, 0xb5, 0x24], text(fourcc)),
  ];
  const track = [
    ...element([0xd7], integer(1)),
    ...element([0x73, 0xc5], integer(1)),
    ...element([0x83], integer(1)),
    ...element([0x86], text('V_UNCOMPRESSED')),
    ...element([0xe0], video),
  ];
  const tracks = element([0x16, 0x54, 0xae, 0x6b], element([0xae], track));
  return Uint8Array.from([...ebml, 0x18, 0x53, 0x80, 0x67, ...UNKNOWN_SIZE, ...information, ...tracks]);
}

/** A cluster of one picture, up to its samples. */
function clusterHead(begins: number, duration: number, { planes }: Picture): Uint8Array {
  const samples = planes.reduce((sum, plane) => sum + plane.length, 0);
  // Of track 1, at the time of the cluster, a key frame.
  const block = [0xa1, ...size(4 + samples), 0x81, 0, 0, 0x80];
  const blockDuration = element([0x9b], integer(duration));
  const group = [0xa0, ...size(blockDuration.length + block.length + samples), ...blockDuration, ...block];
  const time = element([0xe7], integer(begins));
  return Uint8Array.from([
    ...[0x1f, 0x43, 0xb6, 0x75, ...size(time.length + group.length + samples)],
    ...time,
    ...group,
  ]);
}

function element(id: readonly number[], content: readonly number[]): number[] {
  return [...id, ...size(content.length), ...content];
}

/** A size in eight bytes. */
function size(bytes: number): number[] {
  const digits = integer(bytes);
  return [0x01, ...new Array<number>(7 - digits.length).fill(0), ...digits];
}

/** Big-endian, in as many bytes as it needs. */
function integer(value: number): number[] {
  const digits: number[] = [];
  for (let rest = value; rest > 0 || digits.length === 0; rest = Math.floor(rest / 256))
    digits.unshift(rest % 256);
  return digits;
}

function text(letters: string): number[] {
  return [...letters].map((letter) => letter.charCodeAt(0));
}
