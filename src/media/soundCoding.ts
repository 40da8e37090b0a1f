/** How ffmpeg cuts, stretches and codes sound. */

/** The part of a track that goes with some pictures. */
export interface SoundPart {
  /** In seconds of the track's own clock. */
  start: number;
  end: number;
  /** Seconds of it per second heard; default 1. */
  speed?: number;
}

/** Filters that give a part of a track from 0 on. Where there is no sound there is silence, so that it stays with the pictures. */
export function soundFilters({ start, end, speed = 1 }: SoundPart): string[] {
  return [
    `atrim=start=${start.toFixed(6)}:end=${end.toFixed(6)}`,
    `asetpts=PTS-${start.toFixed(6)}/TB`,
    ...tempoFilters(speed),
    'aresample=async=1:first_pts=0',
  ];
}

/** One filter changes the tempo by a factor of 2 at most in every ffmpeg. */
function tempoFilters(speed: number): string[] {
  if (speed === 1) return [];
  const steps = Math.max(1, Math.ceil(Math.abs(Math.log2(speed)) - 1e-9));
  return new Array<string>(steps).fill(`atempo=${speed ** (1 / steps)}`);
}

/** Options of an output that holds a part of a track as Opus. */
export function opusOptions(part: SoundPart, bitrate: number): string[] {
  const layouts = 'aformat=sample_rates=48000:channel_layouts=7.1|6.1|5.1|5.0|quad|3.0|stereo|mono';
  const filters = [...soundFilters(part), layouts].join(',');
  return ['-af', filters, '-c:a', 'libopus', '-b:a', String(bitrate), '-f', 'webm'];
}

/** Bits per second of Opus that is hard to tell from the original. */
export function opusBitrate(channels: number): number {
  if (channels <= 1) return 40_000;
  return channels === 2 ? 64_000 : 28_000 * channels;
}
