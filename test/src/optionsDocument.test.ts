/** docs/options.md says what the tables of the code say; `-u` writes it anew. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { GENERAL_OPTIONS } from '../../src/commandLine.js';
import { DECODE_OPTIONS } from '../../src/commands/decodeOptions.js';
import { DEMO_OPTIONS } from '../../src/commands/demo.js';
import { ENCODE_OWN_OPTIONS } from '../../src/commands/encode.js';
import { INFO_OPTIONS } from '../../src/commands/info.js';
import { PAGE_OPTIONS } from '../../src/commands/page.js';
import { PLAY_OPTIONS } from '../../src/commands/play.js';
import { SOUND_OPTIONS, SOURCE_OPTIONS } from '../../src/commands/sourceOptions.js';
import { CUT_OPTIONS } from '../../src/commands/splice.js';
import { WORKER_OPTIONS } from '../../src/commands/worker.js';
import { FILM_PARTS } from '../../src/measure/filmParts.js';
import { type CommandOptionType, fallbackText, type OptionTable } from '../../src/optionTable.js';
import { ENCODE_OPTIONS } from '../../trainers/options.js';

const page = fileURLToPath(new URL('../../docs/options.md', import.meta.url));

const sections: Readonly<Record<string, string>> = {
  general: tableText(GENERAL_OPTIONS),
  encode: tableText(ENCODE_OPTIONS, true),
  encodeOwn: tableText(ENCODE_OWN_OPTIONS),
  source: tableText(SOURCE_OPTIONS, true),
  sound: tableText(SOUND_OPTIONS, true),
  decode: tableText(DECODE_OPTIONS),
  info: tableText(INFO_OPTIONS),
  play: tableText(PLAY_OPTIONS),
  page: tableText(PAGE_OPTIONS),
  cut: tableText(CUT_OPTIONS),
  worker: tableText(WORKER_OPTIONS),
  demo: tableText(DEMO_OPTIONS),
  parts: rows([
    ['part', 'what'],
    ...Object.entries(FILM_PARTS).map(([part, doc]) => [code(part), `${doc}.`]),
  ]),
};

/** @param library whether the library takes these options by the names of the table */
function tableText(table: OptionTable, library = false): string {
  const named = (name: string) => (library ? [name] : []);
  const lines = Object.entries(table).map(([name, field]) => [
    [...(field.alias ? [`-${field.alias}`] : []), `--${field.flag}`].map(code).join(', '),
    ...named(code(name)),
    valuesText(field.type),
    (fallbackText(field) ?? '').replace(/<.*/, code),
    field.variable ? code(field.variable) : '',
    `${field.doc}.${rivalsText(table, name)}`,
  ]);
  return rows([['option', ...named('in the library'), 'values', 'default', 'variable', 'meaning'], ...lines]);
}

/** Options that cannot be given together with this one. */
function rivalsText(table: OptionTable, name: string): string {
  const { oneOf } = table[name]!;
  const rivals = Object.keys(table).filter(
    (other) => other !== name && oneOf && table[other]!.oneOf === oneOf,
  );
  return rivals.length === 0
    ? ''
    : ` Not with ${rivals.map((rival) => code(`--${table[rival]!.flag}`)).join(', ')}.`;
}

function valuesText(type: CommandOptionType): string {
  switch (type.kind) {
    case 'number':
      return `${type.min}..${type.max}${type.whole ? ', whole' : ''}${type.suffixes ? ', suffixes' : ''}`;
    case 'word':
      return type.words.join(', ');
    case 'size':
      return `size, ${type.min}..${type.max} a side`;
    case 'crop':
      return 'x,y,width,height';
    case 'speeds':
      return 'time:speed, several, or a file';
    case 'freezes':
      return 'time:seconds';
    case 'pan':
      return 'time:x,y,width,height, several, or a file';
    case 'flag':
      return '';
    default:
      return type.kind;
  }
}

function code(text: string): string {
  return `\`${text}\``;
}

function rows([head, ...lines]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `|${cells.map((cell) => (cell ? ` ${cell} |` : ' |')).join('')}`;
  return [line(head!), line(head!.map(() => '---')), ...lines.map(line)].join('\n');
}

describe('docs/options.md', () => {
  const document = readFileSync(page, 'utf8');

  test('has a place for every table', () => {
    const places = [...document.matchAll(/<!-- (\w+) -->\n[\s\S]*?<!-- end -->/g)].map(([, name]) => name);
    expect(places).toEqual(Object.keys(sections));
  });

  test('has the tables of the code', async () => {
    const written = document.replaceAll(
      /(<!-- (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
      (_all, start: string, name: string, end: string) => `${start}${sections[name]}\n${end}`,
    );
    await expect(written).toMatchFileSnapshot(page);
  });
});
