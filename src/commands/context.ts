import type { Reporter } from '../reporter.js';

/** What every command gets besides its own options. */
export interface CommandContext {
  reporter: Reporter;
  /** Path of ffmpeg, from --ffmpeg or WEFT_FFMPEG. */
  ffmpeg: string | undefined;
  /** Write over existing outputs. */
  overwrite: boolean;
}
