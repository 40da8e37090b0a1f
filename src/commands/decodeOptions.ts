import { DECODER_ENGINE_CHOICES } from '../../runtime/engine/registry.js';
import { MAX_SIDE_PX } from '../../runtime/field/constants.js';
import type { OpenOptions } from '../../runtime/film/film.js';
import type { FrameOptions } from '../../runtime/film/frameOptions.js';
import type { Rational } from '../../runtime/picture/picture.js';
import type { OptionTableOf } from '../optionTable.js';

/** What `weft decode` is asked for. */
export interface DecodeOptions
  extends Pick<FrameOptions, 'start' | 'end' | 'crop' | 'speed'>,
    Pick<OpenOptions, 'engine' | 'threads'> {
  /** File to write; `-` is standard output. */
  output?: string;
  /** Size of the pictures. */
  size?: { width: number; height: number };
  /** Size of the pictures over that of the part which is shown. */
  scale?: number;
  /** Pictures per second. */
  fps?: Rational;
  /** Pictures per second over those of the film. */
  fpsMulti?: number;
}

/** Options of `weft decode`. */
export const DECODE_OPTIONS: OptionTableOf<DecodeOptions> = {
  output: {
    flag: 'output',
    alias: 'o',
    type: { kind: 'text' },
    fallbackDoc: '<in>.weft.mp4',
    doc: 'Film to write: .mp4 .mkv .webm .mov .y4m .gif, pictures -%05d.png, or - for y4m',
  },
  size: {
    flag: 'size',
    type: { kind: 'size', min: 1, max: MAX_SIDE_PX },
    fallbackDoc: "the film's own",
    oneOf: 'size',
    doc: 'Size of the pictures: WIDTHxHEIGHT',
  },
  scale: {
    flag: 'scale',
    type: { kind: 'number', min: 1 / 64, max: 64 },
    fallback: 1,
    oneOf: 'size',
    doc: 'Enlarge by this factor',
  },
  fps: {
    flag: 'fps',
    type: { kind: 'rate' },
    fallbackDoc: "the film's own",
    oneOf: 'rate',
    doc: 'Frame rate: 60, 23.976, 30000/1001',
  },
  fpsMulti: {
    flag: 'fps-multi',
    type: { kind: 'number', min: 1 / 64, max: 64 },
    fallback: 1,
    oneOf: 'rate',
    doc: 'Multiply the frame rate',
  },
  speed: {
    flag: 'speed',
    type: { kind: 'number', min: 1 / 1024, max: 1024 },
    fallback: 1,
    doc: 'Play at this speed: 0.25 is slow motion',
  },
  start: {
    flag: 'start',
    type: { kind: 'time' },
    fallbackDoc: 'the first frame',
    doc: 'Begin at this time of the film: seconds or m:s',
  },
  end: {
    flag: 'end',
    type: { kind: 'time' },
    fallbackDoc: 'the end of the film',
    doc: 'End before this time',
  },
  crop: {
    flag: 'crop',
    type: { kind: 'crop' },
    fallbackDoc: 'all of it',
    doc: 'Part of the picture: x,y,width,height in pixels of the film',
  },
  engine: {
    flag: 'engine',
    type: { kind: 'word', words: DECODER_ENGINE_CHOICES },
    fallback: 'auto',
    variable: 'WEFT_DECODER',
    doc: 'Engine that decodes',
  },
  threads: {
    flag: 'threads',
    type: { kind: 'number', min: 1, max: 256, whole: true },
    fallbackDoc: 'one for each core',
    variable: 'WEFT_THREADS',
    doc: 'Threads to use',
  },
};
