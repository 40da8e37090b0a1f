/** Numbers by which the definition of the field is recognised, and how they look in code that has them as literals. */

import { codeOf, sourceFiles, sourceText } from './sources.js';

/** A number of FORMAT.md 10 to 12. */
interface Literal {
  readonly what: string;
  /** Matches within one line. Code wraps numbers as `real(0.5)`, which is read as `0.5`. */
  readonly pattern: RegExp;
  /** Code that must be found. */
  readonly examples: readonly string[];
  /** Code that must not be found. */
  readonly others?: readonly string[];
}

export const LITERALS: readonly Literal[] = [
  {
    what: 'taps of the doubling',
    pattern: /\b913\b|- ?146\b|\/ ?1024\b/,
    examples: ['const TAPS = [8, -70, 288, 913, -146, 31];', 'taps[k] / 1024'],
    others: ['constexpr int BUFFER = 1024;', '&v[144], &v[146]'],
  },
  {
    what: 'clips of the filter',
    pattern: /\b4, ?16, ?64\b/,
    examples: ['constexpr real CLIP[3] = {4, 16, 64};'],
  },
  {
    what: 'black',
    pattern: /\b16 ?- ?128\b|- ?112\b/,
    examples: ['constexpr real BLACK = 16 - 128;', 'const BLACK = [-112, 0, 0];'],
  },
  {
    what: 'steps of light, displacements and beta, factor of chroma',
    pattern: /\b1 ?\/ ?32\b|(step|chroma)\w* ?(\*|=[^=].*\?|=) ?0?\.(25|5|8)\b/i,
    examples: ['const LIGHT_STEP = 1 / 32;', 'return chroma ? step * 0.8 : step;', 'BETA_STEP = 0.5'],
    others: ['const stepped = 0.7 * length;', 'for (float stepSize : {0.5f, 0.25f})'],
  },
  {
    what: 'codes in a unit',
    pattern: /CODES_PER_UNIT ?= ?\d|[*/] ?32\b(?! ?\*)/,
    examples: ['constexpr real CODES_PER_UNIT = 32;', 'value * 32;'],
    others: ['32 * sizeof(real)'],
  },
  {
    what: 'pixels in a cell of the motion grid',
    pattern: /\b(CELL|\w*GRID\w*) ?= ?8\b|\b0?\.5\) ?(\/ ?8|\* ?0?\.125)\b|\+ ?7\) ?\/ ?8\b/,
    examples: ['constexpr int CELL = 8;', '(px + 0.5) * 0.125 - 0.5', '(x + 0.5) / 8', '(width + 7) / 8'],
    others: ['8 * sizeof(real)', 'energy * 0.125'],
  },
  {
    what: 'weights of the cubic kernel',
    pattern: /(?<![\w.])(2\.5|4\.5)(?![\d.])|(?<![\w.])1\.5 ?\* ?f\d?\b/,
    examples: ['1 - 2.5 * f2 + 1.5 * f3', '4.5 * f2 - 5 * f'],
    others: ['steps * 12.5', 'std::exp2(11.5)'],
  },
  {
    what: 'kernel of the raster',
    pattern: /\b(M_PI|Math\.PI|LOBES|lanczos)\b/i,
    examples: ['Math.sin(Math.PI * d)', 'const LOBES = 3;'],
  },
  {
    what: 'rounding to codes',
    pattern: /\b128\.5\b/,
    examples: ['Math.floor(sample + 128.5)'],
  },
  {
    what: 'limits of places far outside',
    pattern:
      /(min|max|clip)\w*\(.*(?<!\w) ?-[34]\b.*\+ ?[13]\b|(min|max|clip)\w*\(.*\+ ?[13]\b.*[(,] ?-[34]\b/i,
    examples: [
      'Math.min(Math.max(place, -4), length + 3)',
      'maximum(minimum(px, splat(p.w + 1)), splat(-3))',
      'tf.clipByValue(place, -3, length + 1)',
    ],
    others: ['Math.max(first - 3, 0)', 'row(clampIndex(y + 1, h))'],
  },
];

/** Where the definition is computed. */
const FOLDERS = [
  ...['runtime/field', 'runtime/reference', 'runtime/native', 'runtime/gpu'],
  ...['trainers/native', 'trainers/tfjs'],
];

/** The homes of the numbers, and what is generated from them. */
const HOMES = ['runtime/field/constants.ts', 'runtime/field/prior.ts', 'runtime/native/fieldConstants.h'];

/** Lines that have such a number and are right to have it: file, part of the line, reason. */
export const ALLOWED: readonly (readonly [file: string, code: string, reason: string])[] = [];

/** `file:line: what: code` of every literal outside of its homes. */
export function definitionLiterals(): string[] {
  const files = FOLDERS.flatMap(sourceFiles).filter((file) => !HOMES.includes(file));
  return files.flatMap((file) => {
    const lines = codeOf(file, sourceText(file)).split('\n');
    return lines.flatMap((line, i) => {
      if (ALLOWED.some(([name, code]) => name === file && line.includes(code))) return [];
      return literalsIn(line).map((what) => `${file}:${i + 1}: ${what}: ${line.trim()}`);
    });
  });
}

/** What the numbers of one line of code are. */
export function literalsIn(line: string): string[] {
  const plain = line.replace(/\breal\(([-\d.]+)\)/g, '$1').replace(/\b(\d+\.\d+|\d+)f\b/g, '$1');
  return LITERALS.filter(({ pattern }) => pattern.test(plain)).map(({ what }) => what);
}
