/**
 * Frequencies of quantized Laplace variables, all from 45 literal constants by integer arithmetic, so that every
 * machine has the same tables.
 */

import { FREQUENCY_TOTAL, LAPLACE_SYMBOLS, MAX_TABLE_SCALE, MIN_SCALE_INDEX } from '../field/constants.js';

/** Fractions f of the location, in sixteenths: -8..7. */
export const LOCATION_FRACTIONS = 16;

/** Entries of one table: cumulative frequencies 0..33. */
export const TABLE_STRIDE = LAPLACE_SYMBOLS + 1;

const TABLE_COUNT = (MAX_TABLE_SCALE - MIN_SCALE_INDEX + 1) * LOCATION_FRACTIONS;

/** round(2^30 * exp(-1 / (16 * 2^(t/8)))) for t = -32..12: how much the density falls in a sixteenth. */
const DECAYS_Q30: readonly number[] = [
  395007542, 429190474, 463130302, 496607237, 529428476, 561428867, 592470630, 622442337, 651257337,
  678851797, 705182512, 730224596, 753969162, 776421055, 797596699, 817522092, 836230973, 853763180,
  870163178, 885478791, 899760092, 913058465, 925425813, 936913903, 947573834, 957455604, 966607779,
  975077234, 982908970, 990145980, 996829173, 1002997330, 1008687096, 1013932999, 1018767490, 1023220997,
  1027321989, 1031097062, 1034571010, 1037766921, 1040706261, 1043408965, 1045893524, 1048177074, 1050275481,
];

/** Farthest boundary from the location, in sixteenths: 16 * 15 + 8 + 8. */
const FARTHEST = 256;

/** First entry of the table for scale index `scale` (-32..12) and fraction `fraction` (-8..7). */
export function tableOffset(scale: number, fraction: number): number {
  return ((scale - MIN_SCALE_INDEX) * LOCATION_FRACTIONS + fraction + 8) * TABLE_STRIDE;
}

/** Cumulative frequencies of all tables; entry j of a table is the sum before symbol j, entry 33 is 65536. */
export const LAPLACE_CUMULATIVE: Int32Array = buildTables();

function buildTables(): Int32Array {
  const tables = new Int32Array(TABLE_COUNT * TABLE_STRIDE);
  for (let scale = MIN_SCALE_INDEX; scale <= MAX_TABLE_SCALE; scale++) {
    const tails = decayPowers(DECAYS_Q30[scale - MIN_SCALE_INDEX]!);
    for (let fraction = -8; fraction < 8; fraction++) {
      const at = tableOffset(scale, fraction);
      fillTable(tables.subarray(at, at + TABLE_STRIDE), tails, fraction);
    }
  }
  return tables;
}

/** powers[n] = decay^n in Q30, rounded at every step. */
function decayPowers(decay: number): Float64Array {
  const powers = new Float64Array(FARTHEST + 1);
  powers[0] = 2 ** 30;
  for (let n = 1; n <= FARTHEST; n++) powers[n] = multiplyQ30(powers[n - 1]!, decay);
  return powers;
}

/** (a * b + 2^29) >> 30 of 31-bit factors without losing bits in a double: the product is taken in two halves. */
function multiplyQ30(a: number, b: number): number {
  const high = Math.floor(b / 32768);
  const low = b % 32768;
  return Math.floor((a * high + Math.floor((a * low + 2 ** 29) / 32768)) / 32768);
}

/** Every symbol keeps at least frequency 1: the Laplace mass is scaled to what is left of 65536. */
function fillTable(table: Int32Array, tails: Float64Array, fraction: number): void {
  for (let j = 1; j < LAPLACE_SYMBOLS; j++) {
    const distance = 16 * (j - 17) + 8 - fraction;
    const below = distance >= 0 ? 2 ** 31 - tails[distance]! : tails[-distance]!;
    table[j] = j + Math.floor((below * (FREQUENCY_TOTAL - LAPLACE_SYMBOLS)) / 2 ** 31);
  }
  table[LAPLACE_SYMBOLS] = FREQUENCY_TOTAL;
}
