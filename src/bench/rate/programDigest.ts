import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The floors of weft that decide what a file holds. */
const FLOORS = ['runtime', 'trainers'] as const;

/**
 * SHA-256 over the program that makes a .weft file and shows it: the code of runtime/ and trainers/ as it runs (from
 * dist or from the sources) and the builds of their native addons. In hexadecimal.
 */
export async function programDigest(): Promise<string> {
  const code = fileURLToPath(new URL('../../../', import.meta.url));
  const ending = import.meta.url.endsWith('.ts') ? /(?<!\.d)\.ts$/ : /\.js$/;
  const addons = path.dirname(createRequire(import.meta.url).resolve('weft/package.json'));
  const hash = createHash('sha256');
  for (const floor of FLOORS) {
    await addFiles(hash, path.join(code, floor), ending);
    await addFiles(hash, path.join(addons, floor, 'native', 'build', 'Release'), /\.node$/);
  }
  return hash.digest('hex');
}

/** Adds names and bytes of the files below a folder, in the order of their names. */
async function addFiles(hash: ReturnType<typeof createHash>, folder: string, ending: RegExp): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  for (const name of names.filter((each) => isPart(each, ending)).sort()) {
    hash.update(name).update('\0');
    hash.update(await readFile(path.join(folder, name)));
  }
}

/** The compiler leaves copies of the addons in obj.target. */
function isPart(name: string, ending: RegExp): boolean {
  return ending.test(name) && !name.split(path.sep).includes('obj.target');
}
