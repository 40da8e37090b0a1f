import { describe, expect, it } from 'vitest';
import { firstAnchorOf, flashes } from '../../trainers/scenes/flashes.js';
import { movingTexture, type Sample, syntheticFilm } from './syntheticFilm.js';

/** Frames of a moving texture that count as flashes when those of `flash` are brighter. */
function found(frames: number, flash: (t: number) => boolean, speed = 0.2): number[] {
  const sample: Sample = (x, y, t, p) =>
    Math.min(235, movingTexture(x, y, speed * t, p) + (p === 0 && flash(t) ? 60 : 0));
  const scene = syntheticFilm({ width: 128, height: 96, frames }, sample).all;
  return [...flashes(scene).entries()].filter(([, is]) => is).map(([frame]) => frame);
}

describe('flashes', () => {
  it('are found, up to three pictures long', () => {
    expect(found(20, (t) => t === 5)).toEqual([5]);
    expect(found(20, (t) => t === 5 || t === 6 || (t > 11 && t < 15))).toEqual([5, 6, 12, 13, 14]);
  });

  it('are neither motion nor lasting changes nor the ends of a scene', () => {
    expect(found(20, () => false, 2)).toEqual([]);
    expect(found(20, (t) => t > 9)).toEqual([]);
    expect(found(20, (t) => t === 0 || t === 19)).toEqual([]);
  });

  it('move the anchors aside', () => {
    const flash = (...frames: number[]): boolean[] =>
      Array.from({ length: 33 }, (_, i) => frames.includes(i));
    expect(firstAnchorOf(flash(), 8)).toBe(8);
    expect(firstAnchorOf(flash(5, 27), 8)).toBe(8);
    expect(firstAnchorOf(flash(16), 8)).toBe(7);
    expect(firstAnchorOf(flash(16), 1)).toBe(1);
    expect(firstAnchorOf([...flash(), ...flash(7)], 16, [8, 8])).toBe(15);
  });
});
