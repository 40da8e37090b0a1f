/** The encoders that weft is compared with, as data: every run of one of them is described here. */
import { UsageError } from '../../runtime/errors.js';
import type { Chroma } from '../../runtime/picture/picture.js';

/** An encoder of ffmpeg with everything but its quality. */
export interface Anchor {
  name: string;
  /** Name of the encoder within ffmpeg. */
  encoder: string;
  /** Options of ffmpeg behind the encoder's name. */
  options: readonly string[];
  /** The option that sets the quality. */
  setting: 'crf' | 'quality';
  /** Its values, from fine to coarse or the other way round. */
  settings: readonly number[];
  /** Muxer and ending of the file: video bytes without a container; a .webp has 20 bytes of RIFF, which count. */
  format: 'h264' | 'hevc' | 'obu' | 'webp';
  /** Chroma that the encoder takes. */
  chroma: readonly Chroma[];
  /** The measure that it was told to look well by; it is compared by no other. Missing: as the encoder comes. */
  tune?: Tune;
  /** Films of one frame only. */
  still?: true;
}

/** What x264 and x265 can be tuned for, rather than for eyes as they come. */
type Tune = 'psnr' | 'ssim';

const USUAL_CRFS = [22, 27, 32, 37];
const ANY_CHROMA = ['420', '444'] as const;

// x264 and x265 write their settings into the stream as user data, 600 to 2300 bytes that no decoder needs:
// left out, since they would be a third of a short film.
function x264(preset: string, tune?: Tune): Anchor {
  return {
    ...{ encoder: 'libx264', setting: 'crf', settings: USUAL_CRFS, format: 'h264', chroma: ANY_CHROMA },
    ...tuned(`x264-${preset}`, ['-preset', preset, '-bsf:v', 'filter_units=remove_types=6'], tune),
  };
}

function x265(preset: string, tune?: Tune): Anchor {
  return {
    ...{ encoder: 'libx265', setting: 'crf', settings: USUAL_CRFS, format: 'hevc', chroma: ANY_CHROMA },
    ...tuned(`x265-${preset}`, ['-preset', preset, '-x265-params', 'info=0:log-level=none'], tune),
  };
}

function tuned(
  name: string,
  options: readonly string[],
  tune: Tune | undefined,
): Pick<Anchor, 'name' | 'options' | 'tune'> {
  return tune ? { name: `${name}-${tune}`, options: [...options, '-tune', tune], tune } : { name, options };
}

/** The usual anchor: x264 as it comes. */
export const x264Medium = x264('medium');

/** All anchors, the order in which messages name them. */
export const anchors: readonly Anchor[] = [
  ...[undefined, 'psnr' as const, 'ssim' as const].flatMap((tune) => [
    tune ? x264('medium', tune) : x264Medium,
    x264('veryslow', tune),
    x265('medium', tune),
    x265('veryslow', tune),
  ]),
  {
    ...{ name: 'svt-av1-4', encoder: 'libsvtav1', options: ['-preset', '4'], format: 'obu', chroma: ['420'] },
    ...{ setting: 'crf', settings: [32, 42, 52, 60] },
  },
  {
    ...{ name: 'webp', encoder: 'libwebp', options: ['-compression_level', '6'], format: 'webp' },
    ...{ chroma: ['420'], setting: 'quality', settings: [20, 40, 60, 80], still: true },
  },
];

/**
 * The anchor of that name.
 *
 * @throws UsageError ANCHOR_UNKNOWN
 */
export function anchorNamed(name: string): Anchor {
  const found = anchors.find((anchor) => anchor.name === name);
  if (found) return found;
  const names = anchors.map((anchor) => anchor.name).join(', ');
  throw new UsageError(`There is no anchor '${name}'.`, {
    code: 'ANCHOR_UNKNOWN',
    hint: `Known anchors: ${names}.`,
    path: '--anchors',
    value: name,
    range: names,
  });
}
