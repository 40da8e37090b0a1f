/** What tests of the player do in a page. */

import type { WeftPlayer } from '../../../runtime/player/index.js';

// Built by build.mjs, as any page has it.
const BUNDLE = '/weft-player.js';
await import(BUNDLE);

/** Events of the player so far, each with the state that could be seen in it. */
const heard: { type: string; readyState: number; paused: boolean; seeking: boolean; ended: boolean }[] = [];

const EVENTS = [
  ...['loadstart', 'durationchange', 'loadedmetadata', 'resize', 'loadeddata', 'canplay', 'canplaythrough'],
  ...['play', 'playing', 'pause', 'waiting', 'seeking', 'seeked', 'ended', 'error', 'emptied'],
  ...['ratechange', 'volumechange', 'timeupdate', 'progress', 'viewchange', 'rendererchange'],
];

export function player(): WeftPlayer {
  return document.querySelector<WeftPlayer>('weft-player')!;
}

/** Puts a player into the page, alone. */
export async function show(attributes: Record<string, string>, ready = 4): Promise<void> {
  heard.length = 0;
  document.body.replaceChildren();
  const made = document.createElement('weft-player') as WeftPlayer;
  for (const type of EVENTS) {
    made.addEventListener(type, () => {
      const { readyState, paused, seeking, ended } = made;
      heard.push({ type, readyState, paused, seeking, ended });
    });
  }
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  document.body.append(made);
  await until(() => made.readyState >= ready || made.error !== null);
}

export function events(): typeof heard {
  return heard;
}

export function forget(): void {
  heard.length = 0;
}

export async function until(condition: () => boolean, seconds = 15): Promise<void> {
  const end = performance.now() + 1000 * seconds;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not so after ${seconds} s: ${condition}`);
    await pause(10);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function seek(seconds: number): Promise<void> {
  player().currentTime = seconds;
  await until(() => !player().seeking);
}

export async function step(frames: number): Promise<number> {
  player().step(frames);
  await until(() => !player().seeking);
  return player().currentFrame;
}

/** What is on the canvas, in its pixels, once a seek has ended; it must show another picture than before. */
export function seenAt(seconds: number): Promise<Uint8ClampedArray> {
  return seenAfter(() => {
    player().currentTime = seconds;
  });
}

export function seenAfterStep(frames: number): Promise<Uint8ClampedArray> {
  return seenAfter(() => player().step(frames));
}

/** What is seen a while after the choice of what pictures are enlarged by. */
export async function seenEnlargedBy(enlarge: string): Promise<Uint8ClampedArray> {
  const start = performance.now();
  return seenAfter(
    () => {
      player().enlarge = enlarge;
    },
    () => performance.now() - start > 400,
  );
}

/** Pixels are taken in the turn in which they are drawn: a GPU does not keep them. */
async function seenAfter(act: () => void, over = () => !player().seeking): Promise<Uint8ClampedArray> {
  const made = player();
  let pixels: Uint8ClampedArray | undefined;
  let handle = 0;
  const take = (): void => {
    pixels = pixelsNow();
    handle = made.requestVideoFrameCallback(take);
  };
  handle = made.requestVideoFrameCallback(take);
  act();
  await until(over);
  made.cancelVideoFrameCallback(handle);
  if (!pixels) throw new Error('nothing was drawn');
  return pixels;
}

/** How far pictures are from sound while it plays, in milliseconds: both as they are seen and heard at pictures' times. */
export async function soundErrors(seconds: number): Promise<number[]> {
  const made = player();
  const errors: number[] = [];
  let handle = 0;
  const look = (_: number, { mediaTime }: { mediaTime: number }): void => {
    // A picture stands until the next: sound within that time is with it.
    const { soundTime } = made.statistics;
    const after = soundTime! - (mediaTime + made.duration / made.frames);
    const before = mediaTime - soundTime!;
    errors.push(1000 * Math.max(0, after, before));
    handle = made.requestVideoFrameCallback(look);
  };
  handle = made.requestVideoFrameCallback(look);
  await pause(1000 * seconds);
  made.cancelVideoFrameCallback(handle);
  return errors;
}

/** Waits until sound was heard for a while; where it then is, in seconds of the film. */
export async function soundAfter(seconds: number): Promise<number> {
  const time = () => player().statistics.soundTime ?? 0;
  const { paused } = player();
  if (paused) throw new Error('the film does not play');
  let [from, moved] = [time(), 0];
  await until(() => {
    const now = time();
    // What is more than playing does is a jump.
    if (now > from && now < from + 1) moved += now - from;
    from = now;
    return moved > seconds;
  });
  return from;
}

/** Media times of the pictures that are shown for a while. */
export async function shownTimes(seconds: number): Promise<number[]> {
  const made = player();
  const times: number[] = [];
  let handle = 0;
  const look = (_: number, { mediaTime }: { mediaTime: number }): void => {
    times.push(mediaTime);
    handle = made.requestVideoFrameCallback(look);
  };
  handle = made.requestVideoFrameCallback(look);
  await pause(1000 * seconds);
  made.cancelVideoFrameCallback(handle);
  return times;
}

/** Puts a player in and takes it out, again and again. */
export async function comeAndGo(
  times: number,
  attributes: Record<string, string>,
  ready: number,
): Promise<void> {
  for (let i = 0; i < times; i++) {
    await show(attributes, ready);
    player().remove();
    await pause(0);
  }
}

function pixelsNow(): Uint8ClampedArray {
  const canvas = player().shadowRoot!.querySelector('canvas')!;
  const copy = document.createElement('canvas');
  copy.width = canvas.width;
  copy.height = canvas.height;
  const context = copy.getContext('2d')!;
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, copy.width, copy.height).data;
}
