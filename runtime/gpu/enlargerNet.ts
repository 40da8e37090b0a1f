/** A film's enlarger as the programs read it: quads of weights, each for four outputs of one input. */

import {
  ENLARGER_CHANNELS,
  ENLARGER_FEATURES,
  ENLARGER_LINEAR_SIDE,
  ENLARGER_SIDE,
  SPLINE_CENTRES,
} from '../field/constants.js';
import type { Enlarger } from '../field/enlarger.js';

const SPLINES = SPLINE_CENTRES.length;
const AREA = ENLARGER_SIDE ** 2;
const LINEAR_AREA = ENLARGER_LINEAR_SIDE ** 2;

/** Quads of a block of each kind: a layer's biases come before its weights. */
const HIDDEN = 1 + AREA;
const MIXED = 1 + AREA * ENLARGER_CHANNELS;
const LINEAR = 1 + LINEAR_AREA;
const KERNELS = SPLINES * ENLARGER_FEATURES;

/** The quads where blocks begin: those of layers and kernels for outputs 0..3, and 4 and up. */
export const NET_STARTS = {
  hidden: [0, HIDDEN],
  mixed: [2 * HIDDEN, 2 * HIDDEN + MIXED],
  linear: 2 * (HIDDEN + MIXED),
  kernels: [2 * (HIDDEN + MIXED) + LINEAR, 2 * (HIDDEN + MIXED) + LINEAR + KERNELS],
} as const;

/** Quads of all blocks. */
export const NET_QUADS = 2 * (HIDDEN + MIXED + KERNELS) + LINEAR;

/** (NET_QUADS, 4): within a block taps, or splines across, are outermost, and inputs follow. */
export function enlargerNet(enlarger: Enlarger): Float32Array<ArrayBuffer> {
  const { hidden, hiddenBias, mixed, mixedBias, linear, kernels } = enlarger;
  const net = new Float32Array(4 * NET_QUADS);
  const fill = (start: number, quads: number, at: (quad: number, lane: number) => number): void => {
    for (let i = 0; i < 4 * quads; i++) net[4 * start + i] = at(i >> 2, i & 3);
  };
  for (const group of [0, 1]) {
    const output = (lane: number): number => 4 * group + lane;
    const [first, second] = [NET_STARTS.hidden[group]!, NET_STARTS.mixed[group]!];
    fill(first, 1, (_, lane) => hiddenBias[output(lane)]!);
    fill(first + 1, AREA, (tap, lane) => hidden[output(lane) * AREA + tap]!);
    fill(second, 1, (_, lane) => mixedBias[output(lane)]!);
    fill(second + 1, MIXED - 1, (quad, lane) => {
      const input = output(lane) * ENLARGER_CHANNELS + (quad % ENLARGER_CHANNELS);
      return mixed[input * AREA + Math.floor(quad / ENLARGER_CHANNELS)]!;
    });
    fill(NET_STARTS.kernels[group]!, KERNELS, (quad, lane) => {
      const down = output(lane);
      const across = Math.floor(quad / ENLARGER_FEATURES);
      const feature = quad % ENLARGER_FEATURES;
      return down < SPLINES ? kernels[(feature * SPLINES + down) * SPLINES + across]! : 0;
    });
  }
  fill(NET_STARTS.linear + 1, LINEAR_AREA, (tap, lane) => linear[lane * LINEAR_AREA + tap]!);
  return net;
}
