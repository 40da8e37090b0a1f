/** Training effort as data: each preset trades time for bytes. */

import { stretchCount } from '../runtime/field/structure.js';

/** Name of a preset, quickest first. */
export type PresetName = 'draft' | 'fast' | 'medium' | 'slow' | 'overnight';

/** How long and how each segment is trained. */
export interface Preset {
  /** Training steps before the nets are quantized; the nets learn in these. */
  readonly netSteps: number;
  /** Training steps after, with the nets as the file holds them. */
  readonly latentSteps: number;
  /** Greedy passes over the integers of the nets, after each of the two. */
  readonly netPasses: number;
  /** Pixels of each segment that the nets are quantized on. */
  readonly measuredPixels: number;
  /** Chance that a step visits a frame between anchors; anchors and intra frames are always visited. */
  readonly visits: number;
  /** Anchor distances that may be tried at the start, rising, those too in scenes of several stretches, and the steps of a trial. */
  readonly anchorDistances: readonly number[];
  readonly longDistances: readonly number[];
  readonly trialSteps: number;
  /** Expected bytes at equal crf over those of draft, and PSNR yuv less that of draft, in dB (docs/lab). */
  readonly bytesOverDraft: number;
  readonly psnrOverDraftDb: number;
}

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  draft: {
    netSteps: 30,
    latentSteps: 15,
    netPasses: 0,
    measuredPixels: 1e6,
    visits: 0.5,
    anchorDistances: [1, 2, 4, 8],
    longDistances: [],
    trialSteps: 0,
    bytesOverDraft: 1,
    psnrOverDraftDb: 0,
  },
  fast: {
    netSteps: 160,
    latentSteps: 60,
    netPasses: 0,
    measuredPixels: 1e6,
    visits: 0.5,
    anchorDistances: [1, 2, 4, 8, 16],
    longDistances: [32],
    trialSteps: 0,
    bytesOverDraft: 0.87,
    psnrOverDraftDb: 0.5,
  },
  medium: {
    netSteps: 900,
    latentSteps: 300,
    netPasses: 0,
    measuredPixels: 2e6,
    visits: 0.5,
    anchorDistances: [1, 2, 4, 8, 16],
    longDistances: [32],
    trialSteps: 24,
    bytesOverDraft: 0.78,
    psnrOverDraftDb: 0.8,
  },
  slow: {
    netSteps: 4000,
    latentSteps: 1000,
    netPasses: 1,
    measuredPixels: 6e6,
    visits: 0.5,
    anchorDistances: [1, 2, 4, 8, 16, 32],
    longDistances: [],
    trialSteps: 60,
    bytesOverDraft: 0.74,
    psnrOverDraftDb: 1,
  },
  overnight: {
    netSteps: 12000,
    latentSteps: 3000,
    netPasses: 2,
    measuredPixels: 6e6,
    visits: 0.5,
    anchorDistances: [1, 2, 4, 8, 16, 32],
    longDistances: [],
    trialSteps: 120,
    bytesOverDraft: 0.71,
    psnrOverDraftDb: 1.1,
  },
};

/** Anchor distances that a preset may try in a scene of so many frames, rising. */
export function candidateDistances(preset: Preset, frames: number): number[] {
  const { anchorDistances, longDistances } = preset;
  const distances = stretchCount(frames) > 1 ? [...anchorDistances, ...longDistances] : anchorDistances;
  return distances.filter((distance, i) => i === 0 || distance / 2 < frames - 1);
}

/** Training steps of a preset, trials included: of all distances, of which some are left out as a rule. */
export function stepsOf(name: PresetName): number {
  const { netSteps, latentSteps, trialSteps, anchorDistances, longDistances } = PRESETS[name];
  return netSteps + latentSteps + trialSteps * (anchorDistances.length + longDistances.length);
}
