import type { Colour, Texture } from './layer.js';

/** A number 0..1 that depends on two integers alone. */
function hash(i: number, j: number, seed: number): number {
  let n = Math.imul(i, 0x9e3779b1) ^ Math.imul(j, 0x85ebca6b) ^ Math.imul(seed, 0xc2b2ae35);
  n = Math.imul(n ^ (n >>> 15), 0x2c1b3c6d);
  n = Math.imul(n ^ (n >>> 12), 0x297a2d39);
  return ((n ^ (n >>> 15)) >>> 0) / 4294967296;
}

function smooth(t: number): number {
  return t * t * t * (t * (6 * t - 15) + 10);
}

/** Value noise with cells of one unit, 0..1. */
export function noise(u: number, v: number, seed: number): number {
  const i = Math.floor(u);
  const j = Math.floor(v);
  const [a, b] = [smooth(u - i), smooth(v - j)];
  const top = hash(i, j, seed) * (1 - a) + hash(i + 1, j, seed) * a;
  const bottom = hash(i, j + 1, seed) * (1 - a) + hash(i + 1, j + 1, seed) * a;
  return top * (1 - b) + bottom * b;
}

/** Noise of several sizes, 0..1: `frequency` cells in a unit, each octave twice as fine and half as strong. */
export function fractal(u: number, v: number, frequency: number, octaves: number, seed: number): number {
  let sum = 0;
  let weight = 0;
  for (let octave = 0; octave < octaves; octave++) {
    const scale = 2 ** octave;
    sum += noise(u * frequency * scale, v * frequency * scale, seed + octave) / scale;
    weight += 1 / scale;
  }
  return sum / weight;
}

function mixed(a: Colour, b: Colour, t: number): Colour {
  const mix = (k: 0 | 1 | 2 | 3) => a[k] + (b[k] - a[k]) * t;
  return [mix(0), mix(1), mix(2), mix(3)];
}

/** A ground of two colours. */
export function cloudy(dark: Colour, light: Colour, frequency: number, seed: number): Texture {
  return (u, v) => mixed(dark, light, fractal(u, v, frequency, 5, seed));
}

/** Sinusoidal stripes along v, `cycles` in a unit. */
export function grating(cycles: number, dark: Colour, light: Colour): Texture {
  return (u) => mixed(dark, light, 0.5 + 0.5 * Math.sin(2 * Math.PI * cycles * u));
}

/** Squares of two colours, `side` wide. */
export function checkers(side: number, dark: Colour, light: Colour): Texture {
  return (u, v) => ((Math.floor(u / side) + Math.floor(v / side)) & 1 ? light : dark);
}

const transparent: Colour = [0, 0, 0, 0];

/** `texture` within a disc around the origin. */
export function disc(radius: number, texture: Texture): Texture {
  return (u, v) => (u * u + v * v <= radius * radius ? texture(u, v) : transparent);
}

/** `texture` within a rectangle around the origin. */
export function box(width: number, height: number, texture: Texture): Texture {
  return (u, v) => (Math.abs(u) <= width / 2 && Math.abs(v) <= height / 2 ? texture(u, v) : transparent);
}

/** Upright boards `period` apart that cover the half of it, on two rails, `height` high around the origin; endless across. */
export function fence(period: number, height: number, board: Texture): Texture {
  return (u, v) => {
    if (Math.abs(v) > height / 2) return transparent;
    const onBoard = u / period - Math.floor(u / period) < 0.5;
    const onRail = Math.abs(Math.abs(v) - height / 4) < height / 24;
    return onBoard || onRail ? board(u, v) : transparent;
  };
}

/** A row of signs from `dots`, each dot a square of `size`, centred on the origin. */
export function dotted(dots: readonly string[], size: number, colour: Colour): Texture {
  const rows = dots.length;
  const columns = Math.max(...dots.map((row) => row.length));
  return (u, v) => {
    const column = Math.floor(u / size + columns / 2);
    const row = Math.floor(v / size + rows / 2);
    return dots[row]?.[column] === '#' ? colour : transparent;
  };
}
