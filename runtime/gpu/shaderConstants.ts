/** The numbers of the definition as shaders have them: lines that are made of runtime/field/constants.ts when a shader is. */

import {
  CHOICE_SHARPNESS,
  CODE_OFFSET,
  CODED_LIMIT_PX,
  CODED_PRICE,
  CODES_PER_UNIT,
  CUBIC_LIMIT_BEFORE,
  CUBIC_LIMIT_BEHIND,
  CUBIC_SHARPNESS,
  ENLARGER_LINEAR_SIDE,
  GRID_LIMIT,
  MAX_CODE,
  MOTION_GRID_PX,
  NEIGHBOUR_LIMIT_PX,
  NEIGHBOUR_PRICE,
  TRUST_FLOOR,
  TRUST_HANDICAP,
} from '../field/constants.js';
import { HDR, SRGB } from './colour.js';

const NUMBERS: Readonly<Record<string, number>> = {
  CHOICE_SHARPNESS,
  CODE_OFFSET,
  CODED_LIMIT_PX,
  CODED_PRICE,
  CODES_PER_UNIT,
  CUBIC_LIMIT_BEFORE,
  CUBIC_LIMIT_BEHIND,
  CUBIC_SHARPNESS,
  ENLARGER_LINEAR_SIDE,
  GRID_LIMIT,
  MAX_CODE,
  MOTION_GRID_PX,
  NEIGHBOUR_LIMIT_PX,
  NEIGHBOUR_PRICE,
  TRUST_FLOOR,
  TRUST_HANDICAP,
  ...SRGB,
  ...HDR,
};

/** Type of a real number in the language of the shaders. */
const TYPE = { glsl: 'const float', wgsl: 'const' } as const;
const TYPE_BEHIND = { glsl: '', wgsl: ': f32' } as const;

/** A line for each number; all are reals, also those that are whole. */
export function shaderConstants(language: 'glsl' | 'wgsl'): string {
  const line = ([name, value]: [string, number]): string =>
    `${TYPE[language]} ${name}${TYPE_BEHIND[language]} = ${literal(value)};`;
  return Object.entries(NUMBERS).map(line).join('\n');
}

function literal(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
