/** Arrows between floors, between the folders of the runtime and between files: only downwards, and never in a circle. */

import { describe, expect, it } from 'vitest';
import { type Arrow, arrowsOf, COMPUTED, cyclesOf, importsOf, includesOf } from './importGraph.js';
import { codeOf, isCpp, sourceFiles, sourceText } from './sources.js';

/** Where the arrows of a floor may lead, packages aside. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  runtime: ['runtime'],
  trainers: ['trainers', 'runtime'],
  clips: ['clips', 'runtime'],
  src: ['src', 'trainers', 'runtime', 'clips'],
  test: ['test', 'src', 'trainers', 'runtime', 'clips'],
};

/** Where the arrows of a folder of the runtime may lead besides itself and runtime/errors.ts. Engines are siblings. */
const BELOW_ENGINES = ['entropy', 'format', 'source', 'field', 'picture'];
const RUNTIME: Readonly<Record<string, readonly string[]>> = {
  picture: [],
  field: ['picture'],
  source: [],
  format: ['source', 'field', 'picture'],
  entropy: ['format', 'field', 'picture'],
  engine: BELOW_ENGINES,
  reference: ['engine', ...BELOW_ENGINES],
  native: ['engine', ...BELOW_ENGINES],
  // Its C++ is that of the native engine.
  wasm: ['engine', 'native', ...BELOW_ENGINES],
  film: ['engine', ...BELOW_ENGINES],
  gpu: ['engine', 'field', 'picture'],
  player: ['film', 'gpu', 'engine', ...BELOW_ENGINES],
};
const ERRORS = 'runtime/errors.ts';

/** Maps names to engines, each of which is loaded when it is asked for. */
const REGISTRY = 'runtime/engine/registry.ts';

const THREADS = 'runtime/wasm/helperThread.ts';

/** Packages that run in a browser. */
const BROWSER_PACKAGES = ['msgpackr'];
/** What only Node has; allowed in runtime/native. */
const NODE_GLOBALS = /\b(process|Buffer|__dirname|__filename|require)\s*[.(]/;

const LONGEST_FILE = 500;

const files = Object.keys(FLOORS).flatMap(sourceFiles);
const arrows = arrowsOf(files).filter(({ from, dynamic }) => !(from === REGISTRY && dynamic));
const isFile = (to: string): boolean => /\.(ts|mjs|h|cc|json)$/.test(to);

/** Arrows from one floor to another that is not below it. */
function upwardArrows(all: readonly Arrow[]): Arrow[] {
  return all.filter(({ from, to }) => isFile(to) && !FLOORS[folder(from, 0)]!.includes(folder(to, 0)));
}

/** Arrows between folders of the runtime that lead sideways or upwards. */
function forbiddenInRuntime(all: readonly Arrow[]): Arrow[] {
  return all.filter(({ from, to }) => {
    if (!from.startsWith('runtime/') || !isFile(to) || to === ERRORS) return false;
    return folder(to, 1) !== folder(from, 1) && !RUNTIME[folder(from, 1)]?.includes(folder(to, 1));
  });
}

/** Arrows from the runtime, its native part aside, to what a browser does not have. */
function nodeOnlyArrows(all: readonly Arrow[]): Arrow[] {
  const portable = all.filter(({ from }) => from.startsWith('runtime/') && !isNodeOnly(from));
  return portable.filter(({ to }) => to === COMPUTED || !(isFile(to) || BROWSER_PACKAGES.includes(to)));
}

/** The native engine, what builds the others, and what starts threads in browsers and in Node. */
function isNodeOnly(file: string): boolean {
  return folder(file, 1) === 'native' || file.endsWith('/build.mjs') || file === THREADS;
}

function folder(file: string, level: number): string {
  return file.split('/')[level]!;
}

const arrow = (from: string, to: string, dynamic = false): Arrow => ({ from, to, dynamic });
const shown = (all: readonly Arrow[]): string[] => all.map(({ from, to }) => `${from} -> ${to}`);

describe('the arrows between files', () => {
  it('are found at all, of TypeScript and of C++', () => {
    expect(files.length).toBeGreaterThan(200);
    expect(files.filter(isCpp).length).toBeGreaterThan(40);
    expect(arrows).toContainEqual(arrow('runtime/format/container.ts', 'runtime/format/header.ts'));
    expect(arrows).toContainEqual(arrow('runtime/native/motion.h', 'runtime/native/pyramid.h'));
    expect(shown(arrows)).toContainEqual(
      expect.stringMatching(/^trainers\/native\/\w+\.h -> runtime\/native\//),
    );
    expect(arrows).toContainEqual(arrow('src/commandTable.ts', 'src/commands/info.ts', true));
  });

  it('lead to files that exist', () => {
    const missing = arrows.filter(({ to }) => /\.(ts|mjs|h|cc)$/.test(to) && !files.includes(to));
    expect(shown(missing)).toEqual([]);
  });

  it('lead from floor to floor only downwards', () => {
    expect(shown(upwardArrows(arrows))).toEqual([]);
  });

  it('lead in the runtime only to the folders below', () => {
    const table = Object.entries(RUNTIME).flatMap(([from, below]) => below.map((to) => ({ from, to })));
    expect(cyclesOf(table)).toEqual([]);
    expect(shown(forbiddenInRuntime(arrows))).toEqual([]);
  });

  it('lead from the runtime to nothing that a browser does not have, the native engine aside', () => {
    expect(shown(nodeOnlyArrows(arrows))).toEqual([]);
    for (const file of sourceFiles('runtime').filter((name) => !isNodeOnly(name))) {
      expect(codeOf(file, sourceText(file)), file).not.toMatch(NODE_GLOBALS);
    }
  });

  it('form no circle, not even of types', () => {
    expect(cyclesOf(arrows)).toEqual([]);
  });
});

describe('files', () => {
  it.each(Object.keys(FLOORS))(`of %s have fewer than ${LONGEST_FILE} lines`, (floor) => {
    const lines = (file: string): number => sourceText(file).trimEnd().split('\n').length;
    const long = sourceFiles(floor).filter((file) => lines(file) >= LONGEST_FILE);
    expect(long.map((file) => `${file}: ${lines(file)}`)).toEqual([]);
  });
});

describe('the watch over arrows', () => {
  it('finds imports, re-exports, imports of types and at run time, and not those in comments', () => {
    const text = [
      "import { a } from './a.js'; // import { no } from './no.js';",
      "import type { B } from '../b.js';",
      "export * from './c.mjs';",
      "type D = import('./d.js').D;",
      "/** import './no.js' */",
      "const e = await import('./e.js');",
      'const f = await import(name);',
      "await import('../../dist/src/g.js');",
    ].join('\n');
    expect(importsOf('src/x/y.ts', text)).toEqual([
      arrow('src/x/y.ts', 'src/x/a.ts'),
      arrow('src/x/y.ts', 'src/b.ts'),
      arrow('src/x/y.ts', 'src/x/c.mjs'),
      arrow('src/x/y.ts', 'src/x/d.ts'),
      arrow('src/x/y.ts', 'src/x/e.ts', true),
      arrow('src/x/y.ts', COMPUTED, true),
      arrow('src/x/y.ts', 'src/g.ts', true),
    ]);
    const included = includesOf('trainers/native/x.h', '#include <cmath>\n#include "plane.h" // "no.h"\n');
    expect(included).toEqual([arrow('trainers/native/x.h', 'runtime/native/plane.h')]);
  });

  it('finds a planted circle, of two files and of many', () => {
    expect(cyclesOf([arrow('a', 'b'), arrow('b', 'c'), arrow('a', 'c')])).toEqual([]);
    expect(cyclesOf([arrow('a', 'b'), arrow('b', 'a')])).toEqual([['a', 'b', 'a']]);
    const long = [arrow('a', 'b'), arrow('b', 'c'), arrow('c', 'd'), arrow('d', 'b'), arrow('d', 'e')];
    expect(cyclesOf(long)).toEqual([['b', 'c', 'd', 'b']]);
    const back = arrow('runtime/native/plane.h', 'runtime/native/motion.h');
    expect(cyclesOf([...arrows, back])).not.toEqual(cyclesOf(arrows));
  });

  it.each([
    ['runtime/film/film.ts', 'trainers/encode.ts'],
    ['runtime/native/plane.h', 'trainers/native/latents.h'],
    ['trainers/encode.ts', 'src/index.ts'],
    ['trainers/native/segment.h', 'src/x.h'],
    ['clips/layer.ts', 'trainers/encode.ts'],
    ['src/index.ts', 'test/house/sources.ts'],
  ])('finds a planted arrow upwards, %s -> %s', (from, to) => {
    expect(upwardArrows([arrow(from, to), arrow(to, from)]).map((found) => found.from)).toContain(from);
    expect(upwardArrows([arrow('src/index.ts', 'runtime/film/film.ts')])).toEqual([]);
  });

  it.each([
    ['runtime/picture/picture.ts', 'runtime/field/shape.ts'],
    ['runtime/field/steps.ts', 'runtime/format/header.ts'],
    ['runtime/source/byteSource.ts', 'runtime/format/container.ts'],
    ['runtime/engine/segmentDecoder.ts', 'runtime/reference/segmentDecoder.ts'],
    ['runtime/reference/nodeBake.ts', 'runtime/native/segmentDecoder.ts'],
    ['runtime/native/segmentDecoder.ts', 'runtime/reference/plane.ts'],
    ['runtime/film/film.ts', 'runtime/reference/segmentDecoder.ts'],
    ['runtime/gpu/colour.ts', 'runtime/film/film.ts'],
    ['runtime/engine/segmentDecoder.ts', 'runtime/film/film.ts'],
    ['runtime/errors.ts', 'runtime/picture/picture.ts'],
    ['runtime/later/file.ts', 'runtime/picture/picture.ts'],
  ])('finds a planted arrow inside of the runtime, %s -> %s', (from, to) => {
    expect(forbiddenInRuntime([arrow(from, to), arrow(from, ERRORS)])).toEqual([arrow(from, to)]);
  });

  it('finds what a browser does not have', () => {
    const planted = [
      arrow('runtime/film/film.ts', 'node:fs'),
      arrow('runtime/film/film.ts', 'msgpackr'),
      arrow('runtime/film/film.ts', COMPUTED, true),
      arrow('runtime/native/addonLoader.ts', 'node:module'),
    ];
    expect(nodeOnlyArrows(planted)).toEqual([planted[0], planted[2]]);
    expect('Buffer.from(bytes)').toMatch(NODE_GLOBALS);
  });
});
