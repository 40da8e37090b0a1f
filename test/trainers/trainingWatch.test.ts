import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { EncodeProgress } from '../../trainers/encodeJob.js';
import { EncodeWatch } from '../../trainers/trainingWatch.js';

const info = { width: 16, height: 16, chroma: '420', frames: 30 } as const;
const segment = {
  ...{ bytes: new Uint8Array(50), frames: 10, latentBits: { intra: 0, inter: 0, motion: 0 } },
  squaredErrors: [10 * 256, 10 * 64, 10 * 64],
};

let last: EncodeProgress;
let watch: EncodeWatch;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const onProgress = (progress: EncodeProgress) => {
    last = progress;
  };
  watch = new EncodeWatch(info, { onProgress }, performance.now());
});
afterEach(() => {
  vi.useRealTimers();
});

function pass(seconds: number): void {
  vi.advanceTimersByTime(1000 * seconds);
}

test('time left follows the pace, of analysis and training, from the first steps on', () => {
  watch.begin(10);
  pass(2);
  watch.progress('analysing', 0.5);
  expect(last.secondsLeft).toBeUndefined();
  pass(2);
  watch.progress('training', 0);
  pass(4);
  watch.progress('training', 0.5);
  // 4 s of analysis and 8 s of training for a third of the film.
  expect(last).toMatchObject({ done: 0.5 / 3, seconds: 8, secondsLeft: 4 + 24 });
  expect(last.bytes).toBeUndefined();
  pass(4);
  watch.end([segment], true);
  watch.begin(10);
  pass(1);
  watch.progress('analysing', 0.3);
  expect(last.secondsLeft).toBeCloseTo(11 + 12);
});

test('what is finished is known, and what that says of the whole', () => {
  watch.begin(10);
  pass(1);
  watch.end([segment], true);
  watch.begin(10);
  watch.progress('training', 0);
  expect(last).toMatchObject({ done: 1 / 3, bytes: 50, expectedBytes: 150 });
  expect(last.psnrDb?.y).toBeCloseTo(10 * Math.log10(255 * 255), 6);
});

test('a group that was kept from another run says nothing of the pace', () => {
  watch.begin(20);
  watch.end([segment, segment], false);
  watch.begin(10);
  watch.progress('training', 0.01);
  expect(last).toMatchObject({ bytes: 100, expectedBytes: 150 });
  expect(last.secondsLeft).toBeUndefined();
  pass(3);
  watch.progress('training', 0.5);
  expect(last.secondsLeft).toBeCloseTo(3);
});
