import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { fileChunks, readWeft, segmentBytes, segmentNetBytes } from '../../runtime/format/container.js';
import { crc32c } from '../../runtime/format/crc32c.js';
import { bytesSource } from '../../runtime/source/byteSource.js';
import { builtInstructionSets } from '../nativeEngine.js';
import { loadCorpus, repositoryRoot } from './corpus.js';
import { repairChecksums } from './fileParts.js';
import { type Mutation, Mutator } from './mutation.js';
import { type FuzzOptions, fuzz } from './pool.js';
import type { Finding, Report } from './report.js';

const root = repositoryRoot();
const corpus = loadCorpus();

describe('the mutator', () => {
  it('makes the same files from the same seed and index, in any order', () => {
    const [a, b, other] = [new Mutator(corpus, 5), new Mutator(corpus, 5), new Mutator(corpus, 6)];
    const indexes = Array.from({ length: 60 }, (_, i) => i);
    const files = indexes.map((i) => identityOfFile(a.mutate(i)));
    expect(indexes.reverse().map((i) => identityOfFile(b.mutate(i)))).toEqual(files.reverse());
    expect(indexes.map((i) => identityOfFile(other.mutate(i)))).not.toEqual(files);
  });

  it('leaves the corpus as it was', () => {
    const before = corpus.map((bytes) => crc32c(bytes));
    const mutator = new Mutator(corpus, 7);
    for (let i = 0; i < 300; i++) mutator.mutate(i);
    expect(corpus.map((bytes) => crc32c(bytes))).toEqual(before);
  });

  it('gets behind the checksums with most of its files', async () => {
    const mutator = new Mutator(corpus, 8);
    const codes = await Promise.all(Array.from({ length: 400 }, (_, i) => codeOf(mutator.mutate(i).bytes)));
    const atChecksums = codes.filter((code) => code?.endsWith('_DAMAGED'));
    expect(atChecksums.length).toBeGreaterThan(0);
    expect(atChecksums.length).toBeLessThan(100);
    expect(codes.filter((code) => code === undefined).length).toBeGreaterThan(100);
  });
});

const identityOfFile = ({ bytes, story }: Mutation): string => `${story} ${bytes.length} ${crc32c(bytes)}`;

/** What the container says of a file; nothing if all of its structure and its checksums are sound. */
async function codeOf(bytes: Uint8Array): Promise<string | undefined> {
  try {
    const file = await readWeft(bytesSource(bytes));
    await fileChunks(file);
    for (let i = 0; i < file.segments.length; i++) {
      await segmentNetBytes(file, i);
      await segmentBytes(file, i);
    }
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('repaired checksums', () => {
  it.each(corpus.map((bytes, i) => [i, bytes] as const))(
    'are right of file %i with a bit flipped anywhere',
    async (_, bytes) => {
      const last = bytes.length - 1;
      for (const at of [last >> 2, last >> 1, last - 4, last]) {
        const damaged = bytes.slice();
        damaged[at]! ^= 4;
        expect(await codeOf(damaged)).toBeDefined();
        repairChecksums(damaged);
        expect((await codeOf(damaged)) ?? '').not.toMatch(/_DAMAGED$/);
      }
    },
  );
});

/** What a child process needs: neither the sources nor what users run. */
beforeAll(() => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', 'test/fuzz'], { cwd: root });
});

describe('a planted fault', () => {
  it.each([
    ['throwing', 'uncoded', /TypeError/],
    ['dying', 'crash', /SIGSEGV/],
    ['hanging', 'hang', /no end/],
    ['greedy', 'overallocation', /\d MiB more/],
  ] as const)('is found and repeated: %s', async (plant, fault, detail) => {
    const { findings, mutations } = await fuzzPlanted([urlOf(plant)], { from: 0, to: 3 });
    expect(mutations).toBe(3);
    const found = findings.filter((finding) => finding.fault === fault);
    expect(found.length).toBeGreaterThan(0);
    for (const finding of found) expect(finding.detail).toMatch(detail);
    const { index } = found[0]!;
    const again = await fuzzPlanted([urlOf(plant)], { from: index, to: index + 1 });
    expect(again.findings.map(identityOf)).toContainEqual(identityOf(found[0]!));
  });

  it('is found where engines differ', async () => {
    const { findings } = await fuzzPlanted(
      ['reference', urlOf('differing')],
      { from: 0, to: 12 },
      LONG_SECONDS,
    );
    expect(findings.map(({ fault }) => fault)).toContain('differing');
  });

  it('is not found where there is none', async () => {
    const { findings, decoded, mutations, refused } = await fuzzPlanted(
      ['reference'],
      { from: 0, to: 12 },
      LONG_SECONDS,
    );
    expect(findings).toEqual([]);
    expect(decoded).toBeGreaterThan(0);
    expect(decoded + Object.values(refused).reduce((sum, n) => sum + n, 0)).toBe(mutations);
  });
});

/** Only here can a process take memory from itself. */
const limitsMemory = process.platform === 'linux' && existsSync('/usr/bin/prlimit');

describe.skipIf(!limitsMemory || builtInstructionSets('runtime').length === 0)('the native decoder', () => {
  it('says so when there is no memory left, on any thread and more than once', () => {
    const child = join(root, 'test/fuzz/planted/starving.mjs');
    const output = execFileSync(process.execPath, [child], { encoding: 'utf8' });
    expect(output.trim().split('\n')).toEqual(['ENGINE_FAILED', 'ENGINE_FAILED']);
  });
});

/** What a file may take: where it is to be too long, and where a busy machine is not to make it so. */
const SHORT_SECONDS = 0.5;
const LONG_SECONDS = 20;

function fuzzPlanted(
  engines: readonly string[],
  range: FuzzOptions['range'],
  seconds = SHORT_SECONDS,
): Promise<Report> {
  return fuzz({
    seed: 3,
    range,
    engines,
    processes: 1,
    limits: { segmentPixels: 2 ** 16, seconds, bytes: 2 ** 27 },
    worker: compiled('worker.js'),
  });
}

function compiled(name: string): URL {
  const file = join(root, 'dist-test/test/fuzz', name);
  expect(existsSync(file)).toBe(true);
  return pathToFileURL(file);
}

const urlOf = (plant: string): string => pathToFileURL(join(root, `test/fuzz/planted/${plant}.mjs`)).href;
const identityOf = ({ fault, index, story }: Finding) => ({ fault, index, story });
