import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ANCHOR_DISTANCES, DOUBLING_TAPS } from '../../runtime/field/constants.js';
import { CONTEXT_PRIOR } from '../../runtime/field/prior.js';
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

  it('has the prior of the code', () => {
    const rows = Object.entries(CONTEXT_PRIOR).map(
      ([name, values]) => `| \`${name}\` | ${values.join(', ')} |`,
    );
    expect(rows).toHaveLength(14);
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

  it('names exactly the errors that reading a file can give', () => {
    const folders = ['runtime/format/', 'runtime/entropy/', 'runtime/film/'];
    const files = folders.flatMap((folder) =>
      readdirSync(new URL(folder, root))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => folder + name),
    );
    // Made there, made for readers and writers alike, or handed to the check of a checksum.
    const given = [
      /new (?:FormatError|errorClass)\((?:(?!new )[\s\S])*?code: '([A-Z_]+)'/g,
      /verifyChecksum\([^;]*?'([A-Z_]+)'/g,
    ];
    const codes = files.flatMap((file) =>
      given.flatMap((pattern) => [...read(file).matchAll(pattern)].map((match) => match[1]!)),
    );
    const section = document.slice(document.indexOf('## 14.'), document.indexOf('## 15.'));
    const named = [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]!);
    expect(named.toSorted()).toEqual([...new Set(codes)].toSorted());
  });
});
