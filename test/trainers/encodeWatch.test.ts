import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { EncodeProgress } from '../../trainers/encodeJob.js';
import { EncodeWatch, type GroupWatch } from '../../trainers/encodeWatch.js';

const info = { width: 16, height: 16, chroma: '420', frames: 30 } as const;
const segment = {
  ...{ bytes: new Uint8Array(50), frames: 10, latentBits: { intra: 0, inter: 0, motion: 0 } },
  squaredErrors: [10 * 256, 10 * 64, 10 * 64],
};

let last: EncodeProgress;
let watch: EncodeWatch;
let group: GroupWatch;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const onProgress = (progress: EncodeProgress) => {
    last = progress;
  };
  watch = new EncodeWatch(info, { onProgress });
});
afterEach(() => {
  vi.useRealTimers();
});

function pass(seconds: number): void {
  vi.advanceTimersByTime(1000 * seconds);
}

test('time left follows the pace, of analysis and training, from the first steps on', () => {
  group = watch.begin(10);
  pass(7); // it waits
  group.progress('analysing', 0);
  pass(2);
  group.progress('analysing', 0.5);
  expect(last.secondsLeft).toBeUndefined();
  pass(2);
  group.progress('training', 0);
  pass(4);
  group.progress('training', 0.5);
  // 4 s of analysis and 8 s of training for a third of the film.
  expect(last).toMatchObject({ done: 0.5 / 3, seconds: 15, secondsLeft: 4 + 24 });
  expect(last.bytes).toBeUndefined();
  pass(4);
  group.end([segment], true);
  group = watch.begin(10);
  group.progress('analysing', 0);
  pass(1);
  group.progress('analysing', 0.3);
  expect(last.secondsLeft).toBeCloseTo(11 + 12);
});

test('what is finished is known, and what that says of the whole', () => {
  group = watch.begin(10);
  pass(1);
  group.end([segment], true);
  group = watch.begin(10);
  group.progress('training', 0);
  expect(last).toMatchObject({ done: 1 / 3, bytes: 50, expectedBytes: 150 });
  expect(last.psnrDb?.y).toBeCloseTo(10 * Math.log10(255 * 255), 6);
});

test('a group that was kept from another run says nothing of the pace', () => {
  group = watch.begin(20);
  group.end([segment, segment], false);
  group = watch.begin(10);
  group.progress('training', 0.01);
  expect(last).toMatchObject({ bytes: 100, expectedBytes: 150 });
  expect(last.secondsLeft).toBeUndefined();
  pass(3);
  group.progress('training', 0.5);
  expect(last.secondsLeft).toBeCloseTo((3 * 0.5) / 0.49);
});

test('what is left is shared by the groups that are in training at once', () => {
  const first = watch.begin(10);
  const second = watch.begin(10);
  const third = watch.begin(10);
  for (const begun of [first, second]) begun.progress('training', 0);
  pass(4);
  first.progress('training', 0.5);
  // Of 3 times 8 s, 4 s of two groups are over.
  second.progress('training', 0.5);
  expect(last).toMatchObject({ done: 1 / 3, secondsLeft: (4 + 4 + 8) / 2 });
  pass(4);
  for (const ended of [first, second]) ended.end([segment], true);
  third.progress('training', 0);
  expect(last).toMatchObject({ done: 2 / 3, secondsLeft: 8 });
  watch.stop();
  expect(() => third.check()).toThrow('stopped');
});
