/** Quantization steps: from integers to values. */

import type { FilmNets } from './nets.js';
import { BETA, LIGHT, MAX_INNOVATION_LEVELS, MAX_MOTION_LEVELS } from './shape.js';
import { DEPTH_ROWS } from './tensors.js';

/** Innovation is computed in units of this many 8-bit codes. */
export const CODES_PER_UNIT = 32;

/** Steps of chroma over those of luma: finer, as its errors weigh more. */
export const CHROMA_STEP_FACTOR = 0.8;

/** Steps of motion latents before gains: displacements in luma pixels, light as a factor less one, beta as a logit. */
export const DISPLACEMENT_STEP_PX = 0.25;
export const LIGHT_STEP = 1 / 32;
export const BETA_STEP = 0.5;

/** Exponents of the depths of a film that says nothing else, in eighths of an octave: what others are predicted from is finer. */
export const DEFAULT_DEPTH_OFFSET: readonly number[] = [-8, -4, 0, 4, 6];

/** What one refinement takes from the exponents of the depths, in eighths of an octave. */
const REFINEMENT_BY_DEPTH: readonly number[] = [2, 1, 1, 1, 0];

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
  const base = 2 ** ((settings.baseExponent + offset) / 8 - level + gain);
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
