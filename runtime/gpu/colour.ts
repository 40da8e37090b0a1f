/** From the planes of a film to the colours of a screen. */

import { BLACK, CODE_OFFSET, MAX_CODE } from '../field/constants.js';
import type { FilmInfo } from '../picture/picture.js';

/** What matrix, range and transfer say about a film. */
export type ColourFacts = Pick<FilmInfo, 'matrix' | 'lumaRange' | 'transfer' | 'height'>;

/** Weights of red and blue in luma (ITU-R BT.709, BT.601, BT.2020; FCC; SMPTE 240M), by ffmpeg's names. */
const LUMA_WEIGHTS: Readonly<Record<string, readonly [red: number, blue: number]>> = {
  bt709: [0.2126, 0.0722],
  smpte170m: [0.299, 0.114],
  bt470bg: [0.299, 0.114],
  bt2020nc: [0.2627, 0.0593],
  bt2020c: [0.2627, 0.0593],
  bt2020: [0.2627, 0.0593],
  fcc: [0.3, 0.11],
  bt470m: [0.3, 0.11],
  smpte240m: [0.212, 0.087],
};

/** From so many lines on a film that names no matrix is taken for BT.709, as src/media does and players do. */
const HD_LINES = 720;

/** Codes from black to white and from one end of Cb or Cr to the other where the range is tv (BT.601, BT.709). */
const TV_LUMA_CODES = 219;
const TV_CHROMA_CODES = 224;

/**
 * Transfers as shaders number them. Those of HDR are mapped to the screen; every other is shown as it is, as
 * browsers do, and with the primaries of the screen.
 */
export const TRANSFER = { display: 0, pq: 1, hlg: 2 } as const;

/** The curve of sRGB (IEC 61966-2-1). */
export const SRGB = {
  SRGB_LINEAR_BELOW: 0.0031308,
  SRGB_SLOPE: 12.92,
  SRGB_SCALE: 1.055,
  SRGB_OFFSET: 0.055,
  SRGB_EXPONENT: 1 / 2.4,
} as const;

/**
 * HDR on a screen of sRGB: to linear light (ITU-R BT.2100: perceptual quantizer, or hybrid log-gamma on a display of 1000
 * nits), over the 203 nits of white (BT.2408); BT.2020 to BT.709; then with m = the largest of R, G and B, and W what 1000 nits
 * are over white, times (1 + m / W^2) / (1 + m) (E. Reinhard et al., 2002), which takes W to 1 and keeps hues; then sRGB's curve.
 */
export const HDR = {
  PQ_M1: 0.1593017578125,
  PQ_M2: 78.84375,
  PQ_C1: 0.8359375,
  PQ_C2: 18.8515625,
  PQ_C3: 18.6875,
  PQ_NITS: 10_000,
  HLG_A: 0.17883277,
  HLG_B: 0.28466892,
  HLG_C: 0.55991073,
  HLG_GAMMA: 1.2,
  WHITE_NITS: 203,
  PEAK_NITS: 1000,
  RED_2020: 0.2627,
  GREEN_2020: 0.678,
  BLUE_2020: 0.0593,
} as const;

/** R, G and B of BT.709 from those of BT.2020, linear (ITU-R BT.2087). */
export const BT709_FROM_BT2020: readonly (readonly [number, number, number])[] = [
  [1.6605, -0.5876, -0.0728],
  [-0.1246, 1.1329, -0.0083],
  [-0.0182, -0.1006, 1.1187],
];

/**
 * R', G' and B' (0..1) from the planes (codes less 128): a row for each, of what Y, Cb and Cr weigh and what is added. Films that
 * name no matrix are of BT.709 from 720 lines on, else of BT.601.
 */
export function colourRows(facts: ColourFacts): readonly (readonly [number, number, number, number])[] {
  const [red, blue] = LUMA_WEIGHTS[facts.matrix] ?? LUMA_WEIGHTS[usualMatrix(facts.height)]!;
  const green = 1 - red - blue;
  const full = facts.lumaRange === 'pc';
  const luma = 1 / (full ? MAX_CODE : TV_LUMA_CODES);
  const chroma = 1 / (full ? MAX_CODE : TV_CHROMA_CODES);
  const added = -luma * (full ? -CODE_OFFSET : BLACK[0]!);
  const fromCb = 2 * (1 - blue) * chroma;
  const fromCr = 2 * (1 - red) * chroma;
  return [
    [luma, 0, fromCr, added],
    [luma, (-fromCb * blue) / green, (-fromCr * red) / green, added],
    [luma, fromCb, 0, added],
  ];
}

function usualMatrix(height: number): string {
  return height >= HD_LINES ? 'bt709' : 'smpte170m';
}

/** Number of a film's transfer. */
export function transferOf({ transfer }: Pick<ColourFacts, 'transfer'>): number {
  if (transfer === 'smpte2084') return TRANSFER.pq;
  return transfer === 'arib-std-b67' ? TRANSFER.hlg : TRANSFER.display;
}
