/** Training effort as data: each preset trades time for bytes. */

/** Name of a preset, quickest first. */
export type PresetName = 'draft' | 'fast' | 'medium' | 'slow' | 'overnight';

/** How long and how each segment is trained. */
export interface Preset {
  /** Training steps before the nets are quantized; the nets learn in these. */
  readonly netSteps: number;
  /** Training steps after, with the nets as the file holds them. */
  readonly latentSteps: number;
  /** Anchor distances to try at the start, by the cost of their analysis. */
  readonly anchorDistances: readonly number[];
}

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  draft: { netSteps: 30, latentSteps: 15, anchorDistances: [8] },
  fast: { netSteps: 120, latentSteps: 60, anchorDistances: [4, 8] },
  medium: { netSteps: 400, latentSteps: 160, anchorDistances: [4, 8, 16] },
  slow: { netSteps: 1600, latentSteps: 500, anchorDistances: [2, 4, 8, 16] },
  overnight: { netSteps: 8000, latentSteps: 2000, anchorDistances: [1, 2, 4, 8, 16, 32] },
};
