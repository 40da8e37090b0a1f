/** The source files of the project, and their code without comments. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const SOURCE = /\.(ts|mjs|h|cc)$/;
const GENERATED = /(^|\/)(node_modules|build|\.output)\//;

/** Files of a folder and those below, as paths from the root with `/`. */
export function sourceFiles(folder: string): string[] {
  const path = join(ROOT, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((name) => SOURCE.test(name) && !GENERATED.test(name))
    .sort();
}

export function sourceText(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

export function isCpp(file: string): boolean {
  return /\.(h|cc)$/.test(file);
}

/** The text with blanks in place of comments; lines stay where they are. */
export function codeOf(file: string, text: string): string {
  return isCpp(file) ? cppCode(text) : typescriptCode(file, text);
}

/** Quoted strings are matched first, so that what looks like a comment inside of one stays. */
const CPP_STRING_OR_COMMENT = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

function cppCode(text: string): string {
  return text.replace(CPP_STRING_OR_COMMENT, (match) => (match.startsWith('/') ? blank(match) : match));
}

/** Comments of TypeScript lie between its tokens; only the compiler knows where a template or a regular expression ends. */
function typescriptCode(file: string, text: string): string {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  let code = '';
  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(source);
    for (const child of children) visit(child);
    if (children.length > 0) return;
    const start = node.getStart(source);
    code += blank(text.slice(code.length, start)) + text.slice(start, node.end);
  };
  visit(source);
  return code + blank(text.slice(code.length));
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
