/** What a film decodes to, frame by frame: packets and headers say less, and sometimes another thing. */

import { throwIfAborted } from '../../runtime/errors.js';
import type { Rational } from '../../runtime/picture/picture.js';
import { type FfmpegTools, fileUrl, notAFilm, startFfmpeg } from './ffmpeg.js';
import { parseProbedFraction, toNumber } from './rational.js';
import { Timeline } from './timeline.js';

/** What one run of the decoder over a film has shown. */
export interface FrameSurvey {
  /** Of the first frame, turned as a player turns it. */
  width: number;
  height: number;
  /** ffmpeg's name. */
  pixelFormat: string;
  sampleAspect: Rational;
  interlaced: boolean;
  /** Time of the first frame where ffmpeg begins the file at 0, in seconds. */
  firstSeconds: number;
  /** Times of the frames in ticks from the first, ascending, and seconds in a tick. */
  ticks: readonly number[];
  tick: Rational;
  /** The first frame that has another size than the first one, if any. */
  otherSize?: { frame: number; width: number; height: number };
  /** Errors that ffmpeg reported, and the first of them. */
  errors: { count: number; first: string };
  /** Whether the film was decoded to its end. */
  whole: boolean;
}

/** How to look at a film. */
export interface SurveyOptions {
  /** Options of ffmpeg before its input. */
  inputOptions?: string[];
  /** Ends the survey where nothing behind these frames will be read. */
  enough?(ticks: readonly number[], tick: Rational): boolean;
  /** Gets the time that was reached, in seconds from the first frame. */
  onTime?(seconds: number): void;
  signal?: AbortSignal;
}

/**
 * Options of ffmpeg before an input whose frames are to be counted: frames of another size pass through the same filters
 * as the others.
 */
export const EVERY_FRAME_INPUT: readonly string[] = ['-reinit_filter', '0'];

const frameLine = /\bn: *\d+ pts: *(\S+) .*?\bfmt:(\S+) .*?\bsar:(\S+) s:(\d+)x(\d+) i:(.)/;
const clockLine = /config in time_base: (\d+\/\d+), frame_rate: (\d+\/\d+)/;

/**
 * Decodes a film and notes every frame.
 *
 * @throws MediaError NOT_A_FILM if no frame comes out of it, with what ffmpeg said; FFMPEG_FAILED; InterruptedError
 */
export async function surveyFrames(
  tools: FfmpegTools,
  file: string,
  options: SurveyOptions = {},
): Promise<FrameSurvey> {
  throwIfAborted(options.signal);
  const frames = new SurveyedFrames(options);
  const run = startFfmpeg(tools, {
    input: fileUrl(file),
    inputOptions: [...(options.inputOptions ?? []), ...EVERY_FRAME_INPUT],
    filters: ['showinfo=checksum=0'],
    outputOptions: ['-map', '0:V:0', '-f', 'null'],
    onMessage: (level, text) => {
      if (frames.note(level, text)) run.stop();
    },
    ...(options.signal && { signal: options.signal }),
  });
  run.stdout.resume();
  try {
    await run.finished;
  } catch (error) {
    throwIfAborted(options.signal);
    // What was decoded before it failed is the film, and its failure among its errors.
    if (!frames.any && frames.errors.count === 0) throw error;
  }
  if (!frames.any) throw notAFilm(fileUrl(file), frames.errors.first || 'it has no pictures');
  return frames.survey();
}

class SurveyedFrames {
  readonly errors = { count: 0, first: '' };
  readonly #options: SurveyOptions;
  #tick: Rational = [1, 1];
  #timeline = new Timeline(1);
  #first: Pick<FrameSurvey, 'width' | 'height' | 'pixelFormat' | 'sampleAspect' | 'interlaced'> | undefined;
  #otherSize: FrameSurvey['otherSize'];
  #enough = false;

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  get any(): boolean {
    return this.#first !== undefined;
  }

  /** Takes a line of ffmpeg's log; whether the survey may end. */
  note(level: string, text: string): boolean {
    if (this.#enough) return true;
    if ((level === 'error' || level === 'fatal') && this.errors.count++ === 0) this.errors.first = text;
    const clock = clockLine.exec(text);
    if (clock && !this.#first) this.#setClock(clock[1]!, clock[2]!);
    const frame = frameLine.exec(text);
    if (!frame) return false;
    this.#add(frame);
    const ticks = this.#timeline.times;
    this.#options.onTime?.(ticks.at(-1)! * toNumber(this.#tick));
    this.#enough = this.#options.enough?.(ticks, this.#tick) ?? false;
    return this.#enough;
  }

  survey(): FrameSurvey {
    return {
      ...this.#first!,
      firstSeconds: this.#timeline.zero * toNumber(this.#tick),
      ...{ ticks: this.#timeline.times, tick: this.#tick, errors: this.errors, whole: !this.#enough },
      ...(this.#otherSize && { otherSize: this.#otherSize }),
    };
  }

  #setClock(tick: string, rate: string): void {
    this.#tick = parseProbedFraction(tick) ?? [1, 1000];
    const hz = toNumber(parseProbedFraction(rate) ?? [25, 1]);
    this.#timeline = new Timeline(1 / hz / toNumber(this.#tick));
  }

  #add([, ticks, pixelFormat, aspect, columns, rows, fields]: RegExpExecArray): void {
    const [width, height] = [Number(columns), Number(rows)];
    this.#first ??= {
      ...{ width, height, pixelFormat: pixelFormat! },
      sampleAspect: parseProbedFraction(aspect) ?? [1, 1],
      interlaced: fields === 'T' || fields === 'B',
    };
    if (width !== this.#first.width || height !== this.#first.height)
      this.#otherSize ??= { frame: this.#timeline.times.length, width, height };
    this.#timeline.add(Number(ticks));
  }
}
