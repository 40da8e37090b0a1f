/**
 * What an enlarger adds to luma, pass by pass: the formulas of runtime/reference/enlarger.ts. Features take 12 reals for each
 * sample of the film: they are made of some rows at a time, from which the rows of the picture around them are made.
 */

import { ENLARGER_LINEAR_SIDE, ENLARGER_SIDE } from '../field/constants.js';
import { NET_STARTS } from './enlargerNet.js';
import type { Region, Texture } from './samplingDevice.js';
import { type DetailWeights, SPLINE_LINES } from './weightTables.js';
import type { Work } from './work.js';

/** Samples that a layer, and what is without layers, reach on each side. */
const LAYER_REACH = (ENLARGER_SIDE - 1) / 2;
const LINEAR_REACH = (ENLARGER_LINEAR_SIDE - 1) / 2;
/** How far around features the deviations are that they are made of: of both layers, or of none. */
const REACH = Math.max(2 * LAYER_REACH, LINEAR_REACH);

/** Samples in the rows of features that are there at once, 16 bytes in each of their textures; and rows at least. */
const BAND_SAMPLES = 2 ** 18;
const LEAST_BAND_ROWS = 32;

/** Rows of a film whose features are made at once, and the rows of the picture that are made of them. */
interface Band {
  readonly row: number;
  readonly rows: number;
  readonly output: number;
  readonly outputs: number;
}

/** The part of luma that detail is made of; Lanczos's kernel reads less. */
export function lumaRegion(luma: Texture, { across, down }: DetailWeights): Region {
  const [first, last] = [across.firsts[0]!, across.firsts.at(-1)!];
  const [top, bottom] = [down.firsts[0]!, down.firsts.at(-1)!];
  const core = { x: first, y: top, width: last + SPLINE_LINES - first, height: bottom + SPLINE_LINES - top };
  return grown(core, REACH + LINEAR_REACH, luma);
}

/** A plane of the picture's size: codes that are added to its luma. */
export function addDetail(work: Work, luma: Texture, weights: DetailWeights): Texture {
  const { across, down } = weights;
  const { width } = luma;
  const rows = Math.min(luma.height, Math.max(LEAST_BAND_ROWS, Math.floor(BAND_SAMPLES / width)));
  const height = rows + 2 * REACH;
  const take = (columns: number): Texture => work.take(columns, height, 'quads');
  const textures = {
    deviation: work.take(width, height, 'plane'),
    hidden: [take(width), take(width)],
    features: [take(width), take(width), take(width)],
    lines: [take(across.outputs), take(across.outputs)],
    detail: work.take(across.outputs, down.outputs, 'plane'),
  } as const;
  for (const band of bandsOf(down.firsts, rows)) addBand(work, luma, weights, textures, band);
  return textures.detail;
}

function bandsOf(firsts: Int32Array, rows: number): Band[] {
  const bands: Band[] = [];
  for (let from = 0, to = 0; from < firsts.length; from = to) {
    const row = firsts[from]!;
    while (to < firsts.length && firsts[to]! + SPLINE_LINES <= row + rows) to++;
    bands.push({ row, rows: firsts[to - 1]! + SPLINE_LINES - row, output: from, outputs: to - from });
  }
  return bands;
}

interface DetailTextures {
  readonly deviation: Texture;
  readonly hidden: readonly [Texture, Texture];
  readonly features: readonly [Texture, Texture, Texture];
  /** For each column of the picture: splines down 0..3, and the last. */
  readonly lines: readonly [Texture, Texture];
  readonly detail: Texture;
}

function addBand(
  work: Work,
  luma: Texture,
  { scale, across, down }: DetailWeights,
  { deviation, hidden, features, lines, detail }: DetailTextures,
  { row, rows, output, outputs }: Band,
): void {
  // The row of the film that textures of the band begin with; the film's first and last rows as rows of these.
  const top = row - REACH;
  const edges = [-top, luma.height - 1 - top];
  const [first, last] = [across.firsts[0]!, across.firsts.at(-1)!];
  const core = { x: first, y: row, width: last + SPLINE_LINES - first, height: rows };
  const around = (reach: number): Region => {
    const region = grown(core, reach, luma);
    return { ...region, y: region.y - top };
  };
  const convolve = (target: Texture, start: number, reach: number, layer: boolean, region: Region): void => {
    const parameters = [start, reach, ...edges, Number(layer)];
    work.add({ program: 'convolved', inputs: [deviation], parameters, target, region });
  };
  work.add({
    ...{ program: 'deviation', inputs: [luma], parameters: [top] },
    ...{ target: deviation, region: around(REACH) },
  });
  for (const i of [0, 1] as const)
    convolve(hidden[i], NET_STARTS.hidden[i], LAYER_REACH, true, around(LAYER_REACH));
  for (const i of [0, 1] as const) {
    const parameters = [NET_STARTS.mixed[i], LAYER_REACH, ...edges];
    work.add({ program: 'mixed', inputs: hidden, parameters, target: features[i], region: around(0) });
  }
  convolve(features[2], NET_STARTS.linear, LINEAR_REACH, false, around(0));
  for (const i of [0, 1] as const) {
    work.add({
      ...{ program: 'detailAcross', inputs: [...features, across.texture] },
      ...{ parameters: [NET_STARTS.kernels[i]], target: lines[i] },
      region: { x: 0, y: REACH, width: across.outputs, height: rows },
    });
  }
  work.add({
    ...{ program: 'detailDown', inputs: [...lines, down.texture], parameters: [scale, top] },
    ...{ target: detail, region: { x: 0, y: output, width: across.outputs, height: outputs } },
  });
}

/** A region with so much around it, inside of a plane. */
function grown({ x, y, width, height }: Region, reach: number, plane: Texture): Region {
  const [left, upper] = [Math.max(0, x - reach), Math.max(0, y - reach)];
  return {
    ...{ x: left, y: upper },
    width: Math.min(plane.width, x + width + reach) - left,
    height: Math.min(plane.height, y + height + reach) - upper,
  };
}
