import { DECODER_ENGINE_CHOICES } from '../../runtime/engine/registry.js';
import { MAX_SIDE_PX } from '../../runtime/field/constants.js';
import type { OpenOptions } from '../../runtime/film/film.js';
import { ENLARGE_CHOICES, type FrameOptions } from '../../runtime/film/frameOptions.js';
import type { Rational } from '../../runtime/picture/picture.js';
import type { OptionTableOf } from '../optionTable.js';

/** What `weft decode` is asked for. */
export interface DecodeOptions
  extends Pick<
      FrameOptions,
      'start' | 'end' | 'crop' | 'pan' | 'speed' | 'retime' | 'freeze' | 'shutter' | 'enlarge'
    >,
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
  enlarge: {
    flag: 'enlarge',
    type: { kind: 'word', words: ENLARGE_CHOICES },
    fallback: 'film',
    doc: 'What makes pictures larger: what the film has learnt, where it has, or Lanczos alone',
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
    oneOf: 'speed',
    doc: 'Play at this speed: 0.25 is slow motion',
  },
  retime: {
    flag: 'retime',
    type: { kind: 'speeds' },
    fallbackDoc: 'one speed',
    oneOf: 'speed',
    doc: 'Play at speeds (0.01 to 100) that change at times of the film, smoothly: 0:1,2.5:0.25,4:1, or a file with lines TIME:SPEED',
  },
  freeze: {
    flag: 'freeze',
    type: { kind: 'freezes' },
    fallbackDoc: 'nothing',
    doc: 'Let the picture at a time of the film stand, TIME:SECONDS; may be given several times',
  },
  shutter: {
    flag: 'shutter',
    type: { kind: 'number', min: 0, max: 360 },
    fallback: 0,
    doc: 'Motion blur: degrees of 360 for which the shutter is open, from the instant of a picture on; 180 is usual in film',
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
    oneOf: 'part',
    doc: 'Part of the picture: x,y,width,height in pixels of the film',
  },
  pan: {
    flag: 'pan',
    type: { kind: 'pan' },
    fallbackDoc: 'none',
    oneOf: 'part',
    doc: 'Part that moves and zooms with the time shown: 0:0,0,480,270;2:100,50,240,135, or a file with lines TIME:x,y,width,height',
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
