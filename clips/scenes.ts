import { type Scene, still } from './layer.js';
import { box, checkers, cloudy, disc, dotted, fence, grating } from './texture.js';

const word = [
  '#...#..####..####..#####',
  '#...#..#.....#.......#..',
  '#.#.#..###...###.....#..',
  '##.##..#.....#.......#..',
  '#...#..####..#.......#..',
];

/** A textured pan with a disc that turns and crosses in front of it, and a word that stands still. */
const crossing: Scene = {
  name: 'crossing',
  seconds: 2,
  aspect: 16 / 9,
  layers: [
    {
      texture: cloudy([0.1, 0.25, 0.35, 1], [0.85, 0.8, 0.6, 1], 5, 11),
      at: (t) => ({ ...still, x: -0.18 * t }),
    },
    {
      texture: disc(0.24, checkers(0.08, [0.75, 0.2, 0.15, 1], [0.95, 0.85, 0.75, 1])),
      at: (t) => ({ x: -0.6 + 0.55 * t, y: 0.12 * Math.sin(2 * t), angle: 0.9 * t, zoom: 1 }),
    },
    { texture: dotted(word, 0.02, [1, 1, 0.9, 1]), at: () => ({ ...still, y: 0.38 }) },
  ],
};

/** A slow zoom into a textured ground with a turning grating. */
const zoom: Scene = {
  name: 'zoom',
  seconds: 2,
  aspect: 16 / 9,
  layers: [
    {
      texture: cloudy([0.15, 0.3, 0.1, 1], [0.7, 0.85, 0.5, 1], 7, 23),
      at: (t) => ({ ...still, angle: 0.1 * t, zoom: 1 + 0.15 * t }),
    },
    {
      texture: disc(0.2, grating(20, [0.2, 0.2, 0.3, 1], [0.8, 0.8, 0.9, 1])),
      at: (t) => ({ x: 0.4, y: 0, angle: -0.5 * t, zoom: 1 }),
    },
  ],
};

/** Two boxes that pass before and behind each other, the nearer one fast. */
const parallax: Scene = {
  name: 'parallax',
  seconds: 2,
  aspect: 16 / 9,
  layers: [
    {
      texture: cloudy([0.3, 0.3, 0.4, 1], [0.6, 0.65, 0.8, 1], 4, 5),
      at: (t) => ({ ...still, x: -0.05 * t }),
    },
    {
      texture: box(0.5, 0.6, cloudy([0.2, 0.1, 0.05, 1], [0.8, 0.5, 0.3, 1], 12, 31)),
      at: (t) => ({ ...still, x: 0.5 - 0.2 * t }),
    },
    {
      texture: box(0.25, 0.8, cloudy([0.05, 0.2, 0.1, 1], [0.3, 0.7, 0.4, 1], 16, 47)),
      at: (t) => ({ ...still, x: -0.9 + 0.8 * t, angle: 0.05 * t }),
    },
  ],
};

/** A pan along a fence, every board like the next, before a ground that moves less, and a disc behind it that stays. */
const palings: Scene = {
  name: 'palings',
  seconds: 2,
  aspect: 16 / 9,
  layers: [
    {
      texture: cloudy([0.2, 0.35, 0.5, 1], [0.75, 0.8, 0.7, 1], 4, 61),
      at: (t) => ({ ...still, x: -0.15 * t }),
    },
    {
      texture: disc(0.16, checkers(0.07, [0.8, 0.3, 0.1, 1], [0.95, 0.9, 0.6, 1])),
      at: (t) => ({ ...still, x: 0.2, y: -0.1, angle: 0.4 * t }),
    },
    {
      texture: fence(0.12, 0.5, cloudy([0.3, 0.2, 0.1, 1], [0.6, 0.45, 0.3, 1], 6, 71)),
      at: (t) => ({ ...still, x: -0.6 * t, y: 0.15 }),
    },
  ],
};

/** The scenes, by name. */
export const scenes: Record<string, Scene> = { crossing, zoom, parallax, palings };
