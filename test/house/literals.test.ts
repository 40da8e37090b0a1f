import { describe, expect, it } from 'vitest';
import { ALLOWED, definitionLiterals, LITERALS, literalsIn } from './definitionLiterals.js';
import { codeOf, sourceText } from './sources.js';

describe('literals of the definition', () => {
  it('outside of their home: 0', () => {
    expect(definitionLiterals()).toEqual([]);
  });

  it.each(LITERALS)('are found where they are planted: $what', ({ what, examples, others = [] }) => {
    for (const example of examples) expect(literalsIn(example), example).toContain(what);
    for (const other of others) expect(literalsIn(other), other).not.toContain(what);
  });

  it('are not looked for in comments', () => {
    const line = (file: string, text: string): string[] => literalsIn(codeOf(file, text));
    expect(line('x.h', 'int a = 1; // 4, 16, 64')).toEqual([]);
    expect(line('x.ts', 'const a = `//`; /* 128.5 */')).toEqual([]);
    expect(line('x.ts', 'const a = /\\/\\*/; b(128.5);')).toEqual(['rounding to codes']);
  });

  it('are allowed only where they still are', () => {
    for (const [file, code] of ALLOWED) expect(codeOf(file, sourceText(file)), file).toContain(code);
  });
});
