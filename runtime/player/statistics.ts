/** How the showing of a film goes. */

import type { Playback } from './playback.js';

export interface FilmStatistics {
  /** Pictures that were drawn. */
  readonly framesShown: number;
  /** Frames that came too late. */
  readonly framesDropped: number;
  /** Milliseconds that the decoder took for the last piece: planes of a frame, or a picture. */
  readonly decodeMs: number;
  /** Name of the engine that decodes; empty before a film is open. */
  readonly engine: string;
  /** What draws, `webgpu`, `webgl2` or `cpu`; empty before a film is open. */
  readonly renderer: string;
  /** The GPU in words. */
  readonly device: string;
  /** Memory of decoded pieces. */
  readonly bytes: number;
  /** Seconds in the film of the picture on the screen, and of the sound; undefined without one. */
  readonly pictureTime: number | undefined;
  readonly soundTime: number | undefined;
  /** What is missing in this browser or page: sentences for people. */
  readonly notes: readonly string[];
}

/** Statistics of a playback; of none, zeros. */
export function filmStatistics(playback: Playback | undefined): FilmStatistics {
  const presenter = playback?.presenter;
  return {
    framesShown: presenter?.shownPictures ?? 0,
    framesDropped: presenter?.droppedFrames ?? 0,
    decodeMs: playback?.decodeMs ?? 0,
    engine: playback?.film?.engine ?? '',
    renderer: presenter?.screen.renderer ?? '',
    device: presenter?.screen.device ?? '',
    bytes: presenter?.bytes ?? 0,
    pictureTime: playback?.pictureTime,
    soundTime: playback?.soundTime,
    notes: [...(playback?.notes ?? []), ...(playback?.presentation?.notes ?? [])],
  };
}
