import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderScene, sceneFilm } from '../../clips/renderScene.js';
import { scenes } from '../../clips/scenes.js';
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

/** Runs weft; `interrupt` is called with each line of standard output. */
function weft(
  args: string[],
  options: { input?: Buffer; onEvent?: (line: string, stop: () => void) => void } = {},
) {
  return new Promise<{ code: number | null; events: Record<string, unknown>[]; stderr: string }>(
    (resolve) => {
      const child = spawn(process.execPath, [main, ...args, '--json'], { cwd: folder });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk;
        options.onEvent?.(chunk.toString(), () => child.kill('SIGINT'));
      });
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk;
      });
      child.once('close', (code) => {
        const lines = stdout.split('\n').filter((line) => line !== '');
        resolve({ code, stderr, events: lines.map((line) => JSON.parse(line) as Record<string, unknown>) });
      });
      child.stdin.end(options.input);
    },
  );
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
  }, 120_000);

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
  }, 120_000);

  test('Ctrl-C once keeps the best so far', async () => {
    let interrupted = false;
    const { code, events } = await weft(
      ['encode', 'scene.mkv', '-o', 'early.weft', '--preset', 'overnight'],
      {
        onEvent(line, stop) {
          if (interrupted || !line.includes('training')) return;
          interrupted = true;
          stop();
        },
      },
    );
    expect(code).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: 'result', finishedEarly: true });
    expect(existsSync(file('early.weft'))).toBe(true);
  }, 120_000);

  test('Ctrl-C twice drops the work and leaves nothing', async () => {
    let times = 0;
    const { code, events } = await weft(
      ['encode', 'scene.mkv', '-o', 'dropped.weft', '--preset', 'overnight'],
      {
        onEvent(line, stop) {
          if (times > 0 || !line.includes('training')) return;
          times++;
          stop();
          setTimeout(stop, 20);
        },
      },
    );
    // The second may come after the first has already finished the work.
    if (code === 0) return expect(events.at(-1)).toMatchObject({ type: 'result' });
    expect(code).toBe(130);
    expect(events.at(-1)).toMatchObject({ type: 'error', code: 'INTERRUPTED' });
    expect(readdirSync(folder).filter((name) => name.startsWith('dropped'))).toEqual([]);
  }, 120_000);
});

test('the output is never written over unasked', async () => {
  writeFileSync(file('mine.weft'), 'mine');
  const { code, events } = await weft(['encode', 'scene.mkv', '-o', 'mine.weft']);
  expect([code, events.at(-1)!.code]).toEqual([1, 'OUTPUT_EXISTS']);
  expect(readFileSync(file('mine.weft'), 'utf8')).toBe('mine');
});
