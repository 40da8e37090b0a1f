import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderScene, sceneFilm } from '../../clips/renderScene.js';
import { scenes } from '../../clips/scenes.js';
import { open } from '../../runtime/film/film.js';
import { filmSeconds } from '../../runtime/picture/frameTimes.js';
import { findFfmpeg } from '../../src/media/ffmpeg.js';
import { collectPictures } from '../../src/media/filmInMemory.js';
import { openFilm } from '../../src/media/filmReader.js';
import { writeFilm } from '../../src/media/filmWriter.js';
import { canEncode } from '../nativeEngine.js';

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

let folder: string;
const file = (name: string) => path.join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'weft encode '));
  const film = sceneFilm(scenes.crossing!, {
    width: 48,
    height: 32,
    rate: [30000, 1001],
    frames: 5,
    samples: 2,
  });
  await writeFilm(film.pictures(), { ...film.info, sampleAspect: [4, 3] }, file('scene.mkv'));
  await writeFilm(film.pictures(), film.info, file('scene.y4m'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Event = Record<string, unknown>;

/** Runs weft; `onEvent` is called with each event as it comes, and may send Ctrl-C. */
function weft(
  args: string[],
  options: { input?: Buffer; onEvent?: (event: Event, stop: () => void) => void } = {},
) {
  return new Promise<{ code: number | null; events: Event[]; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, [main, ...args, '--json'], { cwd: folder });
    const events: Event[] = [];
    let stderr = '';
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line) as Event;
      events.push(event);
      options.onEvent?.(event, () => child.kill('SIGINT'));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.once('close', (code) => resolve({ code, stderr, events }));
    child.stdin.end(options.input);
  });
}

describe.runIf(canEncode())('encode', () => {
  test('reports what is in the file', async () => {
    const { code, events } = await weft(['encode', 'scene.mkv', '--preset', 'draft', '--crf', '30']);
    expect(code).toBe(0);
    const result = events.at(-1)!;
    const bytes = readFileSync(file('scene.weft')).length;
    expect(result).toMatchObject({ type: 'result', v: 1, bytes, frames: 5, width: 48, height: 32 });
    for (const key of ['seconds', 'macsPerPixel', 'trainedMacsPerPixel'])
      expect(result[key]).toEqual(expect.any(Number));
    const info = (await weft(['info', 'scene.weft'])).events.at(-1)!;
    expect(info.header).toMatchObject({
      rate: [30000, 1001],
      sampleAspect: [4, 3],
      matrix: 'bt709',
      lumaRange: 'tv',
    });
    const psnrDb = result.psnrDb as Record<'y' | 'u' | 'v' | 'yuv', number>;
    expect(info.header).toMatchObject({ psnr: Math.round(100 * psnrDb.yuv) });
    const verified = (await weft(['verify', 'scene.weft', '--source', 'scene.mkv'])).events.at(-1)!;
    expect((verified.psnrDb as typeof psnrDb).yuv).toBeCloseTo(psnrDb.yuv, 2);
  });

  test('keeps the times of a film without a constant rate', async () => {
    const gaps = "select='lt(t,0.3)+between(t,1,1.2)*not(mod(n,3))+gt(t,1.9)'";
    const source = ['-f', 'lavfi', '-i', 'testsrc2=s=48x32:r=50:d=2', '-vf', gaps, '-vsync', 'vfr'];
    execFileSync(findFfmpeg().ffmpeg, ['-v', 'error', ...source, '-c:v', 'ffv1', file('gaps.mkv')]);
    expect((await weft(['encode', 'gaps.mkv', '--preset', 'draft', '--crf', '45'])).code).toBe(0);
    const info = (await weft(['info', 'gaps.weft'])).events.at(-1)!;
    expect(info).toMatchObject({ header: { rate: [50, 1], tick: [1, 50] } });
    expect((await weft(['decode', 'gaps.weft', '-o', 'back.mkv'])).code).toBe(0);
    const [before, after] = await Promise.all([openFilm(file('gaps.mkv')), openFilm(file('back.mkv'))]);
    expect(before.info.frames).toBeGreaterThan(20);
    expect(after.info.times).toEqual(before.info.times);
    expect(info.seconds).toBeCloseTo(filmSeconds(before.info)!, 3);
  });

  test('takes y4m from standard input and a still image', async () => {
    const input = readFileSync(file('scene.y4m'));
    const args = ['--preset', 'draft', '--frames', '2'];
    const piped = await weft(['encode', '-', '-o', 'piped.weft', ...args], { input });
    expect(piped.events.at(-1)).toMatchObject({ type: 'result', frames: 2 });
    const picture = renderScene(scenes.zoom!, 0, { width: 48, height: 32, samples: 2 });
    const { info } = sceneFilm(scenes.zoom!, { width: 48, height: 32, rate: [25, 1], frames: 1 });
    async function* once() {
      yield picture;
    }
    await writeFilm(once(), info, file('still.png'));
    const still = await weft(['encode', 'still.png', '--preset', 'draft']);
    expect(still.events.at(-1)).toMatchObject({ type: 'result', frames: 1 });
  });

  test('Ctrl-C once keeps the best so far, a whole file', async () => {
    const { code, events } = await interrupted('early.weft', 1);
    expect(code).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: 'result', finishedEarly: true, frames: 5 });
    const done = events.filter(({ stage }) => stage === 'training').map((event) => event.done as number);
    const jump = done.findIndex((value, i) => i > 0 && value - done[i - 1]! > 0.3);
    expect(jump, 'training is cut short').toBeGreaterThan(0);
    expect(readdirSync(folder).filter((name) => name.startsWith('early'))).toEqual(['early.weft']);
    const film = await open(readFileSync(file('early.weft')));
    const pictures = await collectPictures(film.frames());
    film.close();
    expect(pictures.map(({ width, height }) => [width, height])).toEqual(Array(5).fill([48, 32]));
  });

  test('Ctrl-C twice drops the work and leaves nothing', async () => {
    const { code, events } = await interrupted('dropped.weft', 2);
    expect(events.at(-1)).toMatchObject({ type: 'error', code: 'INTERRUPTED', exitCode: 130 });
    expect(code).toBe(130);
    expect(readdirSync(folder).filter((name) => name.startsWith('dropped'))).toEqual([]);
  });
});

/**
 * An encode of a minute's training that gets Ctrl-C: once it has begun to train, and again once it says that it finishes,
 * which takes it a second or more.
 */
function interrupted(output: string, times: 1 | 2) {
  let sent = 0;
  return weft(['encode', 'scene.mkv', '-o', output, '--preset', 'overnight', '--threads', '1'], {
    onEvent(event, stop) {
      const awaited = sent === 0 ? event.stage === 'training' : event.type === 'note';
      if (sent === times || !awaited) return;
      sent++;
      stop();
    },
  });
}

test('the output is never written over unasked', async () => {
  writeFileSync(file('mine.weft'), 'mine');
  const { code, events } = await weft(['encode', 'scene.mkv', '-o', 'mine.weft']);
  expect([code, events.at(-1)!.code]).toEqual([1, 'OUTPUT_EXISTS']);
  expect(readFileSync(file('mine.weft'), 'utf8')).toBe('mine');
});
