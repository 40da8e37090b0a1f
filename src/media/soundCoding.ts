/** How ffmpeg cuts, stretches and codes sound. */

import type { TimePiece } from '../../runtime/film/retiming.js';

/** The part of a track that goes with some pictures. */
export interface SoundPart {
  /** In seconds of the track's own clock. */
  start: number;
  end: number;
  /** Seconds of it per second heard; default 1. */
  speed?: number;
  /**
   * What the part is heard as where that is not one speed: pieces of it, one after the other, in seconds of the track's own clock;
   * silence where one has no length of its own.
   */
  pieces?: readonly TimePiece[];
}

/** Sound is stretched within these speeds; outside of them it says nothing any more. */
const AUDIBLE_SPEED = { min: 0.25, max: 4 };

/** Time in which one piece fades into the next. */
const JOINT_SECONDS = 0.01;

/** What Opus is coded at. */
const SAMPLES_PER_SECOND = 48_000;

/** The pieces of a part, of which there is one if it has one speed. */
export function piecesOf({ start, end, speed = 1, pieces }: SoundPart): readonly TimePiece[] {
  return pieces ?? [{ from: start, to: end, seconds: (end - start) / speed }];
}

/** Whether anything is left of a piece when it is stretched. */
export function isAudible({ from, to, seconds }: TimePiece): boolean {
  const speed = (to - from) / seconds;
  return speed > AUDIBLE_SPEED.min * (1 - 1e-9) && speed < AUDIBLE_SPEED.max * (1 + 1e-9);
}

/** Filters that give a part of a track from 0 on. Where there is no sound there is silence, so that it stays with the pictures. */
export function soundFilters(part: SoundPart): string[] {
  const { start, end } = part;
  const pieces = piecesOf(part);
  const cut = [`atrim=start=${start.toFixed(6)}:end=${end.toFixed(6)}`, `asetpts=PTS-${start.toFixed(6)}/TB`];
  if (pieces.length > 1) return [...cut, ...pieceFilters(start, end, pieces)];
  const speed = pieces.length === 1 ? (pieces[0]!.to - pieces[0]!.from) / pieces[0]!.seconds : 1;
  return [...cut, ...tempoFilters(speed), 'aresample=async=1:first_pts=0'];
}

/**
 * Each piece by itself, to the sample, so that what one is too long or too short by does not move the next. It goes on for the
 * time of a joint, in which it fades into the next: waves that do not fit together would click.
 */
function pieceFilters(start: number, end: number, pieces: readonly TimePiece[]): string[] {
  const samples = (seconds: number) => Math.round(seconds * SAMPLES_PER_SECOND);
  let shown = 0;
  const branches = pieces.map((piece, i) => {
    const [begins, ends] = [samples(shown), samples(shown + piece.seconds)];
    shown += piece.seconds;
    const speed = (piece.to - piece.from) / piece.seconds;
    const from = samples(piece.from - start);
    const to = samples(piece.to - start + speed * JOINT_SECONDS);
    const heard = isAudible(piece)
      ? [`atrim=start_sample=${from}:end_sample=${to}`, 'asetpts=PTS-STARTPTS', ...tempoFilters(speed)]
      : ['atrim=end_sample=1', 'volume=0'];
    const count = ends - begins + samples(JOINT_SECONDS);
    const length = [`apad=whole_len=${count}`, `atrim=end_sample=${count}`];
    return `[piece${i}]${[...heard, ...length, 'asetpts=N/SR/TB'].join(',')}[heard${i}]`;
  });
  const joints = pieces.slice(1).map((_, i) => {
    const before = i === 0 ? '[heard0]' : `[joined${i}]`;
    const joint = `acrossfade=ns=${samples(JOINT_SECONDS)}:c1=tri:c2=tri`;
    return `${before}[heard${i + 1}]${joint}${i + 2 < pieces.length ? `[joined${i + 1}]` : ''}`;
  });
  const split = `asplit=${pieces.length}${pieces.map((_, i) => `[piece${i}]`).join('')}`;
  return [
    `aresample=${SAMPLES_PER_SECOND}:async=1:first_pts=0`,
    `apad=whole_len=${Math.max(1, samples(end - start))}`,
    [split, ...branches, ...joints].join(';'),
    `atrim=end_sample=${samples(shown)}`,
  ];
}

/** One filter changes the tempo by a factor of 2 at most in every ffmpeg. */
function tempoFilters(speed: number): string[] {
  if (Math.abs(speed - 1) < 1e-9) return [];
  const steps = Math.max(1, Math.ceil(Math.abs(Math.log2(speed)) - 1e-9));
  const tempo = Math.min(2, Math.max(0.5, speed ** (1 / steps)));
  return new Array<string>(steps).fill(`atempo=${tempo}`);
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
