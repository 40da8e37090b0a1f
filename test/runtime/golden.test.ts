import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { open } from '../../runtime/film/film.js';
import { crc32c } from '../../runtime/format/crc32c.js';
import { chromaSize, type Picture } from '../../runtime/picture/picture.js';
import { builtInstructionSets } from '../nativeEngine.js';
import { hasMeans } from './blockMeans.js';
import {
  decoded,
  GOLDEN_FILES,
  goldenBytes,
  goldenRecord,
  writeGoldenFiles,
  writtenAgain,
} from './goldenFiles.js';
import { REFUSALS } from './refusedFiles.js';

if (process.env.WEFT_GOLDEN === 'write') await writeGoldenFiles();

/** A picture whose every plane has at (x, y) what the other has at the place that `from` gives. */
function moved(
  picture: Picture,
  from: (x: number, y: number, width: number, height: number) => readonly [x: number, y: number],
): Picture {
  const chroma = chromaSize(picture.width, picture.height, picture.chroma);
  const planes = picture.planes.map((codes, plane) => {
    const { width, height } = plane === 0 ? picture : chroma;
    return codes.map((_, i) => {
      const [x, y] = from(i % width, Math.floor(i / width), width, height);
      return codes[y * width + x]!;
    });
  });
  return { ...picture, planes: planes as Picture['planes'] };
}

/** Mistakes of a decoder that leave the mean of a picture nearly as it is. */
const MISTAKES: readonly (readonly [what: string, make: (picture: Picture) => Picture])[] = [
  ['mirrored across', (picture) => moved(picture, (x, y, width) => [width - 1 - x, y])],
  ['mirrored down', (picture) => moved(picture, (x, y, _, height) => [x, height - 1 - y])],
  ['a pixel to the right', (picture) => moved(picture, (x, y) => [Math.max(x - 1, 0), y])],
  ['a pixel down', (picture) => moved(picture, (x, y) => [x, Math.max(y - 1, 0)])],
  [
    'with Cb for Cr',
    ({ planes: [y, cb, cr], ...picture }) => ({ ...picture, planes: [y, cr, cb] as Picture['planes'] }),
  ],
];

describe.each(GOLDEN_FILES)('the golden file $name', (file) => {
  const golden = goldenRecord(file.name);
  let found: Awaited<ReturnType<typeof decoded>>;
  beforeAll(async () => {
    found = await decoded(goldenBytes(file.name));
  });

  it('decodes to the same latents', () => {
    expect(found.latents).toBe(golden.latents);
  });

  it('decodes to the same pictures', () => {
    expect(found.pictures).toHaveLength(golden.blockMeans.length);
    for (const [frame, picture] of found.pictures.entries()) {
      expect(hasMeans(picture, golden.blockMeans[frame]!), `frame ${frame}`).toBe(true);
    }
  });

  it.each(MISTAKES)('would show pictures that are %s', (_, make) => {
    for (const [frame, picture] of found.pictures.entries()) {
      expect(hasMeans(make(picture), golden.blockMeans[frame]!), `frame ${frame}`).toBe(false);
    }
  });

  it('would show frames in another order', () => {
    expect(hasMeans(found.pictures[1]!, golden.blockMeans[2]!)).toBe(false);
  });

  it('is still what the writer writes', () => {
    expect(crc32c(writtenAgain(file))).toBe(crc32c(goldenBytes(file.name)));
  });
});

describe('files that are not as they should be', () => {
  const engines = [
    'reference',
    ...(builtInstructionSets('runtime').length > 0 ? ['native' as const] : []),
  ] as const;
  const golden = goldenBytes('dense420');

  it.each(
    REFUSALS.flatMap(({ code, what, make }) => engines.map((engine) => [code, what, engine, make] as const)),
  )('are refused with %s: %s (%s)', async (code, _, engine, make) => {
    const decode = async (bytes: Uint8Array): Promise<void> => {
      const film = await open(bytes, { engine });
      await Promise.all([film.decodeSegmentLatents(0), film.chunks()]).finally(() => film.close());
    };
    await decode(golden);
    await expect(decode(make(golden))).rejects.toMatchObject({ name: 'FormatError', code });
  });

  it('are there for every code of the specification', () => {
    const text = readFileSync(new URL('../../FORMAT.md', import.meta.url), 'utf8');
    const [, section] = text.split(/^## 14\. .*$/m);
    const codes = [...section!.split(/^## /m)[0]!.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]!);
    expect(codes.length).toBeGreaterThan(12);
    expect(new Set(REFUSALS.map(({ code }) => code))).toEqual(new Set(codes));
  });
});
