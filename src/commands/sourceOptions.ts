import { UsageError } from '../../runtime/errors.js';
import { MAX_SIDE_PX, MIN_SIDE_PX } from '../../runtime/field/constants.js';
import { MAX_FRAMES } from '../../runtime/format/header.js';
import { given } from '../given.js';
import { type OpenedFilm, openFilm, type ReadOptions } from '../media/filmReader.js';
import { AUDIO_CHOICES } from '../media/trackReader.js';
import type { OptionTableOf } from '../optionTable.js';
import type { CommandContext } from './context.js';

/** Which part of a film is read, and how. */
export type SourceOptions = Pick<ReadOptions, 'size' | 'fps' | 'start' | 'end' | 'frames' | 'strict'>;

/** What becomes of a film's sound. */
export type SoundOptions = Pick<ReadOptions, 'audio' | 'audioBitrate'>;

/** Legal sides of a film that is encoded, in pixels. */
export const sourceSides = { min: MIN_SIDE_PX, max: MAX_SIDE_PX } as const;

/** Options of every command that reads a film. */
export const SOURCE_OPTIONS: OptionTableOf<SourceOptions> = {
  size: {
    flag: 'size',
    type: { kind: 'size', ...sourceSides },
    fallbackDoc: "the film's own",
    doc: 'Resize the film first: WIDTHxHEIGHT',
  },
  fps: {
    flag: 'fps',
    type: { kind: 'rate' },
    fallbackDoc: "the film's own",
    doc: 'Drop or repeat frames to this rate first: 25, 23.976, 30000/1001',
  },
  start: {
    flag: 'start',
    type: { kind: 'time' },
    fallbackDoc: 'the first frame',
    doc: 'Begin at this time: seconds or m:s',
  },
  end: {
    flag: 'end',
    type: { kind: 'time' },
    fallbackDoc: 'the end of the film',
    oneOf: 'end',
    doc: 'End before this time',
  },
  frames: {
    flag: 'frames',
    type: { kind: 'number', min: 1, max: MAX_FRAMES, whole: true },
    fallbackDoc: 'all',
    oneOf: 'end',
    doc: 'Read so many frames',
  },
  strict: {
    flag: 'strict',
    type: { kind: 'flag' },
    fallback: false,
    doc: 'Fail where the film cannot be kept whole: damage, deeper samples, transparency, other streams',
  },
};

/** Options of commands that encode. */
export const SOUND_OPTIONS: OptionTableOf<SoundOptions> = {
  audio: {
    flag: 'audio',
    type: { kind: 'word', words: AUDIO_CHOICES },
    fallback: 'opus',
    doc: 'Sound: code it as Opus, copy it as it is coded, or leave it out',
  },
  audioBitrate: {
    flag: 'audio-bitrate',
    type: { kind: 'number', min: 6000, max: 510000, whole: true, suffixes: true },
    fallbackDoc: '40k mono, 64k stereo, 28k a channel',
    doc: 'Bits per second of a track of Opus; k and M are thousands and millions',
  },
};

/**
 * Opens the film that the arguments name, lets `use` work with it and closes it.
 *
 * @throws MediaError; UsageError FILM_SIZE, EMPTY_RANGE; InterruptedError
 */
export async function withSource<T>(
  input: string,
  { size, fps, start, end, frames, strict, audio, audioBitrate }: SourceOptions & SoundOptions,
  { reporter, ffmpeg }: CommandContext,
  signal: AbortSignal,
  use: (film: OpenedFilm) => Promise<T>,
): Promise<T> {
  const film = await openFilm(input, {
    ...given({ size, fps, start, end, frames, strict, audio, audioBitrate, ffmpeg, signal }),
    log: (line) => reporter.note(line),
    onProgress: (done) => reporter.progress('reading', done),
  });
  try {
    checkSize(film.info);
    return await use(film);
  } finally {
    await film.close();
  }
}

function checkSize({ width, height }: { width: number; height: number }): void {
  if (Math.min(width, height) >= MIN_SIDE_PX && Math.max(width, height) <= MAX_SIDE_PX) return;
  throw new UsageError(`A film of ${width}x${height} cannot be encoded.`, {
    code: 'FILM_SIZE',
    hint: `A side has ${MIN_SIDE_PX} to ${MAX_SIDE_PX} pixels; resize the film with --size.`,
    path: '--size',
    value: `${width}x${height}`,
    range: `${MIN_SIDE_PX}..${MAX_SIDE_PX}`,
  });
}
