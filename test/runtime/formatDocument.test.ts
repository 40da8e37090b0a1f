import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ANCHOR_DISTANCES, DOUBLING_TAPS } from '../../runtime/field/constants.js';
import { NET_TENSORS } from '../../runtime/field/tensors.js';
import { describeRange, HEADER_FIELDS, HEADER_WORDS } from '../../runtime/format/header.js';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const document = read('FORMAT.md');

describe('FORMAT.md', () => {
  it('has the header table of the code', () => {
    for (const field of HEADER_FIELDS) {
      const fallback = field.fallback === undefined ? 'required' : JSON.stringify(field.fallback);
      const row = `| ${field.key} | ${field.name} | ${describeRange(field.type)} | ${fallback} | ${field.doc} |`;
      expect(document).toContain(row);
    }
    const words = `0 upwards: ${HEADER_WORDS.join(', ')}.`;
    expect(document).toContain(`${words} The numbers 0..${HEADER_WORDS.length - 1} are all there are`);
  });

  it('has the tensors of the code, in order', () => {
    const rows = NET_TENSORS.map((tensor) => `| \`${tensor.name}\` | ${tensor.shape.join(' x ')} |`);
    expect(document).toContain(rows.join('\n'));
  });

  it('has the constants of the code', () => {
    const source = read('runtime/entropy/laplaceTables.ts');
    const decays = [...source.matchAll(/\b\d{9,10}\b/g)].map((match) => match[0]);
    expect(decays).toHaveLength(45);
    expect([...document.matchAll(/\b\d{9,10}\b/g)].map((match) => match[0]).join()).toContain(decays.join());
    expect(document).toContain(`(${DOUBLING_TAPS.map((tap) => 1024 * tap).join(', ')}) / 1024`);
    expect(document).toContain(`${ANCHOR_DISTANCES.slice(0, -1).join(', ')} or ${ANCHOR_DISTANCES.at(-1)}`);
  });

  it('names every error that reading a file can give', () => {
    const folders = ['runtime/format/', 'runtime/entropy/', 'runtime/film/'];
    const files = folders.flatMap((folder) =>
      readdirSync(new URL(folder, root))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => folder + name),
    );
    const codes = new Set<string>();
    for (const file of files) {
      for (const match of read(file).matchAll(/new FormatError\([\s\S]*?code: '([A-Z_]+)'/g))
        codes.add(match[1]!);
    }
    expect(codes.size).toBeGreaterThan(8);
    for (const code of codes) expect(document).toContain(`\`${code}\``);
  });
});
