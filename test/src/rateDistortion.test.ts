import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bytesPerDecibel,
  type Curve,
  type CurveComparison,
  type CurvePoint,
  compareCurves,
  meanComparisons,
} from '../../src/bench/rate/curves.js';
import { meanComparisonText } from '../../src/bench/rate/figureText.js';
import { readFilmSet } from '../../src/bench/rate/filmSets.js';
import { chosenFilms, distinctNames } from '../../src/bench/rate/films.js';
import { measureRateDistortion } from '../../src/bench/rate/laboratory.js';
import { type RateDistortionArguments, rateDistortionArguments } from '../../src/bench/rate/options.js';
import { ratePage } from '../../src/bench/rate/page.js';
import { ratePlot } from '../../src/bench/rate/plot.js';
import { defaultCacheFolder } from '../../src/bench/rate/pointCache.js';
import type { RateResults } from '../../src/bench/rate/results.js';
import { benchRateDistortion } from '../../src/bench/rateDistortion.js';
import type { CommandContext } from '../../src/commands/context.js';
import { vmaf, vmafMissing } from '../../src/measure/vmaf.js';
import { findFfmpeg } from '../../src/media/ffmpeg.js';
import { ffmpegBuild } from '../../src/media/ffmpegBuild.js';
import { writeY4m } from '../../src/media/y4m.js';
import { Reporter } from '../../src/reporter.js';
import { canEncode } from '../nativeEngine.js';
import { movingTexture, syntheticFilm } from '../trainers/syntheticFilm.js';

let folder: string;
const file = (name: string) => path.join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'weft rd '));
  const film = syntheticFilm({ width: 48, height: 32, frames: 2 }, movingTexture);
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeY4m(film.pictures(), film.info)) chunks.push(chunk.slice());
  writeFileSync(file('a & b.y4m'), Buffer.concat(chunks));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A context that collects its events. */
function listening(ffmpeg?: string): { context: CommandContext; events: () => Record<string, unknown>[] } {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  stderr.resume();
  const reporter = new Reporter({ progress: 'none', json: true, debug: false, stdout, stderr });
  const events = () =>
    String(stdout.read() ?? '')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { context: { reporter, ffmpeg, overwrite: false }, events };
}

/** What is asked for below unless another is said: two points of weft, four of x264. */
function request(changes: Partial<RateDistortionArguments> = {}): RateDistortionArguments {
  const usual = rateDistortionArguments({ films: [file('a & b.y4m')], quick: true, noCache: true });
  return { ...usual, presets: ['draft'], anchors: ['x264-medium-psnr'], threads: 1, ...changes };
}

/** The old ffmpeg of the npm package; undefined where its package carries none. */
function bundledFfmpeg(): string | undefined {
  try {
    return (createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string }).path;
  } catch {
    console.info('skipped: no bundled ffmpeg for this platform');
    return undefined;
  }
}
const bundled = bundledFfmpeg();
const noVmaf = await vmafMissing(findFfmpeg(), await ffmpegBuild(findFfmpeg()));
if (noVmaf) console.info(`skipped: VMAF, for ${noVmaf}`);

describe.runIf(canEncode())('a run of the bench', () => {
  test('measures every point once, and only those whose settings changed or whose file broke', async () => {
    const cache = file('cache');
    const run = async (changes: Partial<RateDistortionArguments> = {}) => {
      const { measured, cached, films } = await measureRateDistortion(
        request({ cache, ...changes }),
        listening().context,
      );
      return { counts: [measured, cached], films };
    };
    const first = await run();
    expect(first.counts).toEqual([6, 0]);
    expect(readdirSync(cache)).toHaveLength(6);
    expect(await run()).toEqual({ counts: [0, 6], films: first.films });
    expect((await run({ crfs: [26, 40] })).counts).toEqual([1, 5]);
    expect((await run({ threads: 2 })).counts).toEqual([2, 4]);
    expect((await run({ frames: 1, anchors: [] })).counts).toEqual([2, 0]);
    writeFileSync(file('one.json'), '[{"file": "a & b.y4m", "frames": 1}]');
    expect((await run({ films: [], sets: [file('one.json')], anchors: [] })).counts).toEqual([0, 2]);
    const before = readdirSync(cache);
    expect((await run({ crfs: [26], anchors: [] })).counts).toEqual([0, 1]);
    for (const name of before) writeFileSync(path.join(cache, name), '{');
    expect((await run({ crfs: [26], anchors: [] })).counts).toEqual([1, 0]);
    for (const name of before) writeFileSync(path.join(cache, name), '{"figures":{"bytes":3}}');
    expect((await run({ crfs: [26], anchors: [] })).counts).toEqual([1, 0]);
    expect((await run({ crfs: [26], anchors: [], cache: undefined })).counts).toEqual([1, 0]);
  });

  test('leaves out encoders that ffmpeg or the film does not suit, and says so', async () => {
    const anchors = ['webp', 'svt-av1-4'];
    const { context, events } = listening(bundled);
    const { notes, films } = await measureRateDistortion(request({ anchors }), context);
    expect(notes).toContainEqual('a & b: webp is left out: libwebp takes films of one frame: --frames 1');
    expect(notes).toContainEqual(expect.stringMatching(/svt-av1-4 is left out: (ffmpeg|libsvtav1)/));
    expect(films[0]!.curves.map(({ codec }) => codec)).toEqual(['weft-draft-psnr']);
    expect(events().filter(({ type }) => type === 'note')).toHaveLength(notes.length);
  });

  test('writes a page, drawings and JSON that hold the figures of the table', async () => {
    const { context, events } = listening();
    const output = file('results');
    await benchRateDistortion(request({ output }), context);
    expect(readdirSync(output).sort()).toEqual(['a & b.svg', 'index.html', 'results.json']);
    const read = (name: string) => readFileSync(path.join(output, name), 'utf8');
    const results = JSON.parse(read('results.json')) as RateResults;
    const points = events().filter(({ type }) => type === 'point');
    expect(points).toHaveLength(6);
    expectWellFormed(read('index.html'));
    expectWellFormed(read('a & b.svg'));
    for (const { bytes, psnrDb } of points as unknown as { bytes: number; psnrDb: { yuv: number } }[]) {
      expect(read('index.html')).toContain(`<td>${bytes}</td>`);
      expect(read('index.html')).toContain(`<td>${psnrDb.yuv.toFixed(2)}</td>`);
      expect(read('a & b.svg')).toContain(`${bytes} bytes, ${psnrDb.yuv.toFixed(2)} dB`);
    }
    expect(results.films[0]!.curves.map(({ points: { length } }) => length)).toEqual([2, 4]);
    await expect(benchRateDistortion(request({ output }), context)).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
  });
});

/** Every element is closed where it should be, and every & begins an entity. */
function expectWellFormed(markup: string): void {
  const open: string[] = [];
  for (const [, end, name, empty] of markup.matchAll(/<(\/?)([a-z][\w]*)(?:"[^"]*"|[^>"])*?(\/?)>/g)) {
    if (end) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name!);
  }
  expect(open).toEqual([]);
  expect(markup.match(/&(?!amp;|lt;|gt;|quot;)/)).toBeNull();
  expect(markup).not.toMatch(/NaN|Infinity|undefined/);
}

/** A curve that doubles its bytes with every dB from `db` on. */
function line(codec: string, db: number, scale = 1): Curve {
  const points = [0, 1, 2].map((step) => ({
    ...{ setting: 30 - step, bytes: scale * 100 * 2 ** step, seconds: 1, frames: 2 },
    psnrDb: { y: db + step, u: db + step, v: db + step, yuv: db + step },
    ...{ ssim: 0.9, ssimDb: db + step },
  }));
  return { codec, setting: 'crf', points };
}

describe('comparing curves', () => {
  const near = compareCurves([line('weft-fast', 30, 0.5), line('x264-medium', 30)], ['x264-medium']);
  const far = compareCurves([line('weft-fast', 30), line('x264-medium', 40)], ['x264-medium']);

  const nearFilm = { name: 'near', comparisons: near };
  const farFilm = { name: 'far', comparisons: far };

  test('has means over each set and over all films, with the worst film of each', () => {
    const worse = compareCurves([line('weft-fast', 30, 0.8), line('x264-medium', 30)], ['x264-medium']);
    const [first, second, all] = meanComparisons([
      { ...nearFilm, set: 'one' },
      { name: 'worse', set: 'one', comparisons: worse },
      { name: 'other', set: 'two', comparisons: near },
    ]);
    expect(first).toMatchObject({ set: 'one', psnr: { films: 2, worst: { film: 'worse' } } });
    expect(first!.psnr.mean).toBeCloseTo(-0.35, 9);
    expect(first!.psnr.worst!.difference).toBeCloseTo(-0.2, 9);
    expect(meanComparisonText(first!)).toContain(
      'over one of weft-fast against x264-medium: PSNR yuv -35.0%, worst -20.0% (worse)',
    );
    expect(second).toMatchObject({ set: 'two', psnr: { films: 1 } });
    expect(all!.set).toBeUndefined();
    expect(all!.psnr.mean).toBeCloseTo(-0.4, 9);
  });

  test('tells what a dB costs between the points of a curve', () => {
    const curve = line('weft-fast', 30);
    const [first, second] = curve.points as [CurvePoint, CurvePoint];
    expect(bytesPerDecibel(curve, 0)).toBeUndefined();
    const factor = bytesPerDecibel(curve, 1)!;
    expect(first.bytes * factor ** (second.psnrDb.yuv - first.psnrDb.yuv)).toBeCloseTo(second.bytes, 6);
    expect(bytesPerDecibel({ ...curve, points: [first, first] }, 1)).toBeUndefined();
  });

  test('gives the difference of rate by every measure', () => {
    const [row] = near as [CurveComparison];
    expect(near).toHaveLength(1); // an anchor is not compared with itself
    expect(row.psnr).toBeCloseTo(-0.5, 9);
    expect(row.ssim).toBeCloseTo(-0.5, 9);
    expect(row.vmaf).toBe('not measured');
  });

  test('compares a tuned anchor by the measure that it is tuned for alone', () => {
    const names = ['x264-medium-psnr', 'x264-medium-ssim'];
    const [psnr, ssim] = compareCurves(
      [line('weft-fast', 30, 0.5), ...names.map((name) => line(name, 30))],
      names,
    ) as [CurveComparison, CurveComparison];
    expect(psnr.psnr).toBeCloseTo(-0.5, 9);
    expect(psnr.ssim).toBe('not measured');
    expect(ssim.ssim).toBeCloseTo(-0.5, 9);
    expect(ssim.psnr).toBe('not measured');
  });

  test('goes on where curves do not overlap, and says of how many films the mean is', () => {
    expect(far[0]).toMatchObject({ psnr: 'no overlap', ssim: 'no overlap' });
    const [mean] = meanComparisons([nearFilm, farFilm]);
    expect(mean).toMatchObject({ psnr: { films: 1, of: 2 }, vmaf: { films: 0, of: 0 } });
    expect(mean!.psnr.mean).toBeCloseTo(-0.5, 9);
  });

  test('needs two points of different quality', () => {
    const flat = line('weft-fast', 30);
    for (const point of flat.points) point.psnrDb = { y: 100, u: 100, v: 100, yuv: 100 };
    const [row] = compareCurves([flat, line('x264-medium', 30)], ['x264-medium']);
    expect(row!.psnr).toBe('too few points');
  });

  test('shows on a page what there is', () => {
    const { info } = syntheticFilm({ width: 16, height: 16, frames: 1 }, movingTexture);
    const curves = [line('weft-fast', 30), line('x264-medium', 40)];
    const film = { name: '<odd> & "name"', info, frames: 2, curves, comparisons: far };
    const page = ratePage({
      ...{ machine: { processor: 'p', cores: 2, memoryGiB: 1, system: 's', node: 'n', date: 'd' } },
      ...{ weft: '0', ffmpeg: '5', presets: ['fast'], tunes: ['psnr'], threads: 2, anchors: ['x264-medium'] },
      ...{ measures: ['psnr', 'ssim'], notes: ['left out'], films: [film], measured: 6, cached: 0 },
      means: meanComparisons([nearFilm, farFilm]),
    });
    expectWellFormed(page);
    for (const text of ['no overlap', '-50.0% (1 of 2)', '&lt;odd&gt; &amp; &quot;name&quot;', 'left out'])
      expect(page).toContain(text);
    const single = { ...line('weft-fast', 30), points: [line('', 30).points[0]!] };
    expectWellFormed(ratePlot({ ...film, curves: [single] }));
  });
});

describe('what is asked for', () => {
  test('quick takes two rates of four films against x264-medium tuned for each measure and what is named', () => {
    const films = ['1', '2', '3', '4', '5'];
    const quick = rateDistortionArguments({ films, quick: true, noCache: true, anchors: ['x265-medium'] });
    expect(quick).toMatchObject({
      crfs: [26, 34],
      presets: ['fast'],
      anchors: ['x264-medium-psnr', 'x264-medium-ssim', 'x265-medium'],
    });
    expect(quick.films).toHaveLength(4);
    expect(quick.cache).toBeUndefined();
    const usual = rateDistortionArguments({ films, frames: 'all', quick: false, cache: 'c', noCache: false });
    expect(usual).toMatchObject({ crfs: [24, 30, 36], presets: ['medium'], cache: 'c', frames: undefined });
    expect(usual.tunes).toEqual(['psnr']);
    expect(rateDistortionArguments({ quick: true, tune: ['ssim', 'psnr'] }).tunes).toEqual(['ssim', 'psnr']);
    expect(usual.films).toHaveLength(5);
  });

  test('without films it takes a stretch of every shot of the sample film', () => {
    expect(chosenFilms([]).map(({ name }) => name)).toEqual([
      ...['sample-5.9s', 'sample-13.8s', 'sample-19.4s', 'sample-26.5s'],
    ]);
  });

  test('sets name films and how many frames of each', async () => {
    writeFileSync(
      file('two.json'),
      '[{"file": "a.mkv", "frames": 33}, {"file": "sub/b.mkv", "frames": "all"}]',
    );
    const set = await readFilmSet(file('two.json'));
    expect(chosenFilms(['c.mkv'], [set])).toEqual([
      { name: 'c', file: 'c.mkv' },
      { name: 'a', file: file('a.mkv'), frames: 33, set: 'two' },
      { name: 'b', file: file('sub/b.mkv'), frames: 'all', set: 'two' },
    ]);
    for (const text of ['{', '{}', '[]', '[{"frames": 3}]', '[{"file": "a", "frames": 0}]', '[null]']) {
      writeFileSync(file('odd.json'), text);
      await expect(readFilmSet(file('odd.json'))).rejects.toThrow(
        expect.objectContaining({ code: 'FILM_SET', path: file('odd.json') }),
      );
    }
    await expect(readFilmSet(file('none.json'))).rejects.toThrow(
      expect.objectContaining({ code: 'FILE_MISSING' }),
    );
  });

  test('films of one name are told apart', () => {
    expect(distinctNames(['a', 'A', 'b', 'a'])).toEqual(['a', 'A-2', 'b', 'a-3']);
  });

  test('the cache is where the environment says', () => {
    expect(defaultCacheFolder({ WEFT_CACHE: 'here', XDG_CACHE_HOME: 'x' })).toBe('here');
    expect(defaultCacheFolder({ XDG_CACHE_HOME: 'x', LOCALAPPDATA: 'x' })).toBe(
      path.join('x', 'weft', 'bench'),
    );
  });
});

describe('VMAF', () => {
  test.runIf(bundled)('is missing for a reason where the filter lacks its model', async () => {
    const tools = findFfmpeg(bundled);
    const reason = await vmafMissing(tools, await ffmpegBuild(tools));
    expect(reason ?? 'its libvmaf works').toMatch(/libvmaf/);
  });

  test.runIf(noVmaf === undefined)('is high for equal films and falls with their distance', async () => {
    const film = syntheticFilm({ width: 96, height: 64, frames: 3 }, movingTexture);
    const coarse = syntheticFilm(film.info as typeof film.info & { frames: number }, (...at) =>
      Math.min(255, 40 * Math.round(movingTexture(...at) / 40)),
    );
    const score = (test: typeof film) => vmaf(film.info, film.pictures(), test.pictures(), findFfmpeg());
    expect(await score(film)).toBeGreaterThan(90);
    expect(await score(coarse)).toBeLessThan((await score(film)) - 5);
  });
});
