/** Quantization steps: from integers to values. */

import {
  BETA,
  BETA_STEP,
  CHROMA_STEP_FACTOR,
  CODES_PER_UNIT,
  DEPTH_ROWS,
  DISPLACEMENT_STEP_PX,
  EXPONENTS_PER_OCTAVE,
  LIGHT,
  LIGHT_STEP,
  MAX_INNOVATION_LEVELS,
  MAX_MOTION_LEVELS,
  REFINEMENT_BY_DEPTH,
} from './constants.js';
import type { FilmNets } from './nets.js';

/** What a step depends on besides its plane. */
export interface StepSettings {
  readonly nets: FilmNets;
  /** The base step is 2^(baseExponent / 8) codes. */
  readonly baseExponent: number;
  /** Eighths of an octave per node depth. */
  readonly depthOffset: readonly number[];
}

/**
 * Offsets of a segment out of those of its film. The more frames are predicted from the first, the finer these should be.
 *
 * @param refinement 0..7, from the segment's head
 */
export function refinedOffsets(depthOffset: readonly number[], refinement = 0): number[] {
  return depthOffset.map((offset, depth) => offset - refinement * (REFINEMENT_BY_DEPTH[depth] ?? 0));
}

/** Factor of the steps of a node's innovation. */
export function depthScale(depthOffset: readonly number[], depth: number): number {
  return 2 ** ((depthOffset[Math.min(depth, DEPTH_ROWS - 1)] ?? 0) / EXPONENTS_PER_OCTAVE);
}

/**
 * Step of an innovation plane in units of 32 codes.
 *
 * @param component 0 Y, 1 Cb, 2 Cr
 * @param level level in the component's own pyramid
 */
export function innovationStep(
  settings: StepSettings,
  depth: number,
  component: number,
  level: number,
): number {
  const synthesis = settings.nets.synthesis[depth === 0 ? 0 : 1];
  const offset = settings.depthOffset[Math.min(depth, DEPTH_ROWS - 1)] ?? 0;
  const gain = synthesis.gain[component * MAX_INNOVATION_LEVELS + level] ?? 0;
  const base = 2 ** ((settings.baseExponent + offset) / EXPONENTS_PER_OCTAVE - level + gain);
  return (base * (component === 0 ? 1 : CHROMA_STEP_FACTOR)) / CODES_PER_UNIT;
}

/** Step of a motion plane, in the unit of its component. */
export function motionStep(nets: FilmNets, component: number, level: number): number {
  const gain = nets.motionGain[component * MAX_MOTION_LEVELS + level] ?? 0;
  return stepOfComponent(component) * 2 ** gain;
}

function stepOfComponent(component: number): number {
  if (component === LIGHT) return LIGHT_STEP;
  return component === BETA ? BETA_STEP : DISPLACEMENT_STEP_PX;
}
