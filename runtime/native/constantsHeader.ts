/** The definition's numbers as a C++ header: fieldConstants.h, which `npm run generate` writes and a test compares. */

import * as constants from '../field/constants.js';

type Numbers = number | readonly Numbers[];

/** Text of fieldConstants.h. Whole numbers become `int`, others `double`, lists arrays, lists of words their length. */
export function constantsHeader(): string {
  const lines = Object.entries(constants)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => declaration(name, isWords(value) ? value.length : (value as Numbers)));
  return [
    '// The numbers of the definition. Written by `npm run generate` from runtime/field/constants.ts, which explains them.',
    '#pragma once',
    '',
    'namespace weft {',
    '',
    ...lines,
    '',
    '}  // namespace weft',
    '',
  ].join('\n');
}

function declaration(name: string, value: Numbers): string {
  const type = isWhole(value) ? 'int' : 'double';
  const sizes = sizesOf(value).map((size) => `[${size}]`);
  return `constexpr ${type} ${name}${sizes.join('')} = ${literal(value)};`;
}

function isWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && typeof value[0] === 'string';
}

function isWhole(value: Numbers): boolean {
  return typeof value === 'number' ? Number.isInteger(value) : value.every(isWhole);
}

function sizesOf(value: Numbers): number[] {
  return typeof value === 'number' ? [] : [value.length, ...sizesOf(value[0]!)];
}

function literal(value: Numbers): string {
  return typeof value === 'number' ? String(value) : `{${value.map(literal).join(', ')}}`;
}
