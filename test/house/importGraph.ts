/** Who imports or includes whom. */

import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { codeOf, isCpp, ROOT, sourceText } from './sources.js';

/** An import (also of types only), a re-export or an `#include`. */
export interface Arrow {
  readonly from: string;
  /** A file as a path from the root, or the name of a package (`node:fs`, `msgpackr`). */
  readonly to: string;
  /** `import()` at run time. */
  readonly dynamic: boolean;
}

/** `to` of an `import()` whose path is computed. */
export const COMPUTED = '(computed)';

/** Where `#include "name"` is looked for besides the folder of the file. */
const INCLUDE_FOLDERS = ['runtime/native'];

/** Arrows that leave the files, in their order. */
export function arrowsOf(files: readonly string[]): Arrow[] {
  return files.flatMap((file) => {
    const text = sourceText(file);
    return isCpp(file) ? includesOf(file, text) : importsOf(file, text);
  });
}

/** Arrows of one TypeScript file. */
export function importsOf(file: string, text: string): Arrow[] {
  const arrows: Arrow[] = [];
  const add = (path: ts.Node | undefined, dynamic: boolean): void => {
    const name = path && ts.isStringLiteralLike(path) ? resolveImport(file, path.text) : COMPUTED;
    arrows.push({ from: file, to: name, dynamic });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, false);
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node.moduleSpecifier, false);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, false);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], true);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return arrows;
}

/** Arrows of one C++ file; headers of the system and of packages are none. */
export function includesOf(file: string, text: string): Arrow[] {
  const names = [...codeOf(file, text).matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)].map((match) => match[1]!);
  return names.map((name) => ({ from: file, to: resolveInclude(file, name), dynamic: false }));
}

/** The source of an import: TypeScript names files as they are called once compiled, and scripts name those in dist/ and dist-test/. */
function resolveImport(file: string, name: string): string {
  if (!name.startsWith('.')) return name;
  const path = slashes(normalize(join(dirname(file), name)));
  return path.replace(/^dist(-test)?\//, '').replace(/\.js$/, '.ts');
}

function resolveInclude(file: string, name: string): string {
  const places = [dirname(file), ...INCLUDE_FOLDERS].map((folder) => slashes(normalize(join(folder, name))));
  return places.find((place) => existsSync(join(ROOT, place))) ?? places[0]!;
}

function slashes(path: string): string {
  return path.replaceAll('\\', '/');
}

/**
 * A way round through every set of files that need each other, `[a, b, a]` each; none if there are no such sets.
 */
export function cyclesOf(arrows: readonly Pick<Arrow, 'from' | 'to'>[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of arrows) targets.set(from, [...(targets.get(from) ?? []), to]);
  const cycles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const target of targets.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of targets.keys()) visit(file);
  return cycles;
}
