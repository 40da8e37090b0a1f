import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Packages that run in a browser. */
const BROWSER_PACKAGES = ['msgpackr'];

function sources(folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/(^|\/)(node_modules|build)\//.test(name))
    .map((name) => join(path, name));
}

function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1]!);
}

/** Floor of an import: runtime, trainers, src, clips, a package name, or node:. */
function floor(file: string, name: string): string {
  if (!name.startsWith('.')) return name.startsWith('node:') ? 'node:' : name;
  return relative(root, resolve(dirname(file), name)).split('/')[0]!;
}

describe('the arrows between the floors', () => {
  it('are found at all', () => {
    expect(sources('runtime').length).toBeGreaterThan(20);
    const file = join(root, 'runtime/format/container.ts');
    expect(imports(file)).toContain('./header.js');
    expect(floor(file, '../errors.js')).toBe('runtime');
  });

  it('lead from runtime nowhere but to browser packages', () => {
    for (const file of sources('runtime')) {
      const native = relative(root, file).startsWith('runtime/native/');
      if (native) continue;
      for (const name of imports(file)) {
        expect(['runtime', ...BROWSER_PACKAGES], `${relative(root, file)} imports ${name}`).toContain(
          floor(file, name),
        );
        const target = relative(root, resolve(dirname(file), name));
        expect(target.startsWith('runtime/native'), `${relative(root, file)} imports ${name}`).toBe(false);
      }
      expect(readFileSync(file, 'utf8')).not.toMatch(/\b(process|Buffer|__dirname|require)\s*[.(]/);
    }
  });

  it('lead from trainers to runtime only', () => {
    for (const file of [...sources('trainers'), ...sources('runtime/native')]) {
      for (const name of imports(file)) {
        expect(floor(file, name), `${relative(root, file)} imports ${name}`).not.toMatch(
          /^(src|clips|test|dist)$/,
        );
      }
    }
    for (const file of sources('runtime/native')) {
      for (const name of imports(file)) expect(floor(file, name)).not.toBe('trainers');
    }
  });

  it('keep files of runtime under 500 lines', () => {
    for (const file of sources('runtime')) {
      expect(readFileSync(file, 'utf8').split('\n').length, relative(root, file)).toBeLessThan(500);
    }
  });
});
