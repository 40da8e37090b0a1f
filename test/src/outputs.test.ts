/** Where results go: checked before the work, whole or not at all, and never in the place of something else. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sceneFilm } from '../../clips/renderScene.js';
import { scenes } from '../../clips/scenes.js';
import { writeFilm } from '../../src/media/filmWriter.js';
import { canEncode } from '../nativeEngine.js';
import { sampleFilm } from '../runtime/sampleSegments.js';

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
let folder: string;
const file = (name: string): string => path.join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'weft outputs '));
  const film = sampleFilm({
    ...{ width: 32, height: 24, chroma: '420', frames: [5], anchorDistance: 4, drawing: 'sparse' },
  });
  writeFileSync(file('film.weft'), film.bytes);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

/** Runs weft; `live` gets the child before its standard input ends, and must end it or the child. */
function weft(args: string[], live?: (child: ReturnType<typeof spawn>) => void): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: folder,
      env: { ...process.env, TMPDIR: folder },
    });
    const stdout: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.once('close', (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr }));
    if (live) live(child);
    else child.stdin.end();
  });
}

async function writeScene(name: string): Promise<void> {
  const size = { width: 48, height: 32, rate: [25, 1] as [number, number], frames: 2, samples: 1 };
  const film = sceneFilm(scenes.crossing!, size);
  await writeFilm(film.pictures(), film.info, file(name));
}

describe('refused before the work', () => {
  test('the film that is read, also by way of a link and with -y', async () => {
    symlinkSync(file('film.weft'), file('other.y4m'));
    const { code, stderr } = await weft(['decode', 'film.weft', '-o', 'other.y4m', '-y']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('is the film that is read')]);
    expect(readFileSync(file('film.weft')).length).toBeGreaterThan(100);
    writeFileSync(file('a.mp4'), 'mine');
    const encode = await weft(['encode', 'a.mp4', '-o', 'a.mp4', '-y']);
    expect([encode.code, encode.stderr]).toEqual([1, expect.stringContaining('is the film that is read')]);
    expect(readFileSync(file('a.mp4'), 'utf8')).toBe('mine');
  });

  test.skipIf(process.platform === 'win32')('what is no file: a pipe, a device, a folder', async () => {
    execFileSync('mkfifo', [file('pipe.y4m')]);
    mkdirSync(file('folder.y4m'));
    for (const name of ['pipe.y4m', 'folder.y4m']) {
      const { code, stderr } = await weft(['decode', 'film.weft', '-o', name, '-y']);
      expect([code, stderr]).toEqual([1, expect.stringContaining('is no file')]);
    }
    expect(lstatSync(file('pipe.y4m')).isFIFO()).toBe(true);
    const device = await weft(['encode', 'film.weft', '-o', '/dev/null', '-y']);
    expect([device.code, device.stderr]).toEqual([1, expect.stringContaining('/dev/null is no file')]);
  });

  test('a name that no disk takes, and none', async () => {
    const long = await weft(['encode', 'none.mp4', '-o', `${'長'.repeat(100)}.weft`]);
    expect([long.code, long.stderr]).toEqual([1, expect.stringContaining('ENAMETOOLONG')]);
    const none = await weft(['encode', 'none.mp4', '-o', '']);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('has no name')]);
  });

  test('a picture of a sequence that is there already', async () => {
    writeFileSync(file('p-0001.png'), 'mine');
    const { code, stderr } = await weft(['decode', 'film.weft', '-o', 'p-%04d.png']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/p-0001\.png exists already/)]);
  });

  test('events and the result on one standard output', async () => {
    for (const args of [
      ['decode', 'film.weft', '-o', '-', '--json'],
      ['encode', 'none.mp4', '-o', '-', '--json'],
    ]) {
      const { code, stdout } = await weft(args);
      expect([code, JSON.parse(stdout.toString()).code]).toEqual([2, 'OUTPUT_TAKEN']);
    }
  });

  test('a source that is not the film of the file, naming the options', async () => {
    await writeScene('scene.y4m');
    const { code, stderr } = await weft(['verify', 'film.weft', '--source', 'scene.y4m']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/2 frames of 48x32 420.*5 frames of 32x24 420/);
    expect(stderr).toMatch(/--size.*--frames/);
  });
});

describe('written', () => {
  test('where a link points to, and the link stays', async () => {
    writeFileSync(file('far.y4m'), 'old');
    symlinkSync('far.y4m', file('near.y4m'));
    expect((await weft(['decode', 'film.weft', '-o', 'near.y4m', '-y'])).code).toBe(0);
    expect(readlinkSync(file('near.y4m'))).toBe('far.y4m');
    expect(readFileSync(file('far.y4m'), 'latin1').slice(0, 9)).toBe('YUV4MPEG2');
  });

  test('under the longest name there is, and beside files that look like ours', async () => {
    const name = `${'長'.repeat(83)}.y4m`;
    writeFileSync(file('x.y4m.part'), 'mine');
    expect((await weft(['decode', 'film.weft', '-o', name])).code).toBe(0);
    expect((await weft(['decode', 'film.weft', '-o', 'x.y4m'])).code).toBe(0);
    expect(readFileSync(file('x.y4m.part'), 'utf8')).toBe('mine');
    expect(readdirSync(folder).sort()).toEqual(['film.weft', 'x.y4m', 'x.y4m.part', name].sort());
  });

  test('into a folder whose name looks like a pattern', async () => {
    mkdirSync(file('50%dir %d'));
    expect((await weft(['decode', 'film.weft', '-o', '50%dir %d/a-%03d.png'])).code).toBe(0);
    expect(readdirSync(file('50%dir %d'))).toEqual([1, 2, 3, 4, 5].map((n) => `a-00${n}.png`));
  });

  test('without sound that is damaged, where it is not wanted', async () => {
    const bytes = readFileSync(file('film.weft'));
    writeFileSync(file('film.weft'), Buffer.concat([bytes, Buffer.from('AUDI\x01x\0\0\0\0', 'latin1')]));
    expect((await weft(['decode', 'film.weft', '-o', 'film.y4m'])).code).toBe(0);
    const { code, stderr } = await weft(['decode', 'film.weft', '-o', 'film.mkv']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('chunks')]);
  });

  test('by default under a name that the film which was encoded cannot have', async () => {
    writeFileSync(file('film.mp4'), 'the original');
    expect((await weft(['decode', 'film.weft', '-y'])).code).toBe(0);
    expect(readFileSync(file('film.mp4'), 'utf8')).toBe('the original');
    expect(existsSync(file('film.weft.mp4'))).toBe(true);
  });

  test.runIf(canEncode())('to standard output, by both commands', async () => {
    await writeScene('scene.y4m');
    const args = ['encode', 'scene.y4m', '--preset', 'draft', '--crf', '40'];
    const piped = await weft([...args, '-o', '-']);
    expect((await weft([...args, '-o', 'scene.weft'])).code).toBe(0);
    expect(piped.stdout.equals(readFileSync(file('scene.weft')))).toBe(true);
    expect(existsSync(file('-'))).toBe(false);
  });
});

/** Waits until the program handles signals. Linux tells, by the one that Node.js leaves alone; elsewhere it takes seconds at most. */
async function whenInterruptible({ pid }: ChildProcess): Promise<void> {
  if (process.platform !== 'linux') return setTimeout(3000);
  const hangUp = 1n << BigInt(os.constants.signals.SIGHUP - 1);
  const handled = () =>
    BigInt(`0x${/SigCgt:\s*(\w+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]}`);
  while ((handled() & hangUp) === 0n) await setTimeout(20);
  await setTimeout(200);
}

describe('standard input and named pipes', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends the wait, and nothing stays',
    async (signal) => {
      const { code, stderr } = await weft(['encode', '-', '-o', 'x.weft'], (child) => {
        child.stdin!.write('YUV4MPEG2 W16 H16 F25:1\n');
        void whenInterruptible(child).then(() => child.kill(signal));
      });
      expect([code, stderr]).toEqual([130, expect.stringContaining('nterrupted')]);
      expect(readdirSync(folder)).toEqual(['film.weft']);
    },
  );

  test.skipIf(process.platform === 'win32')(
    'a pipe that nobody writes to can be left, another is read',
    async () => {
      execFileSync('mkfifo', [file('pipe')]);
      const left = await weft(['encode', 'pipe', '-o', 'x.weft'], (child) => {
        void whenInterruptible(child).then(() => child.kill('SIGINT'));
      });
      expect([left.code, readdirSync(folder).sort()]).toEqual([130, ['film.weft', 'pipe']]);
      expect((await weft(['decode', 'film.weft', '-o', 'own.y4m'])).code).toBe(0);
      const writer = spawn('sh', ['-c', 'cat own.y4m > pipe'], { cwd: folder });
      const verified = await weft(['verify', 'film.weft', '--source', 'pipe']);
      expect([verified.code, verified.stderr]).toEqual([0, expect.stringContaining('PSNR 100')]);
      writer.kill();
    },
  );

  test('a name that only ffmpeg understands is answered with the way to pipe it', async () => {
    for (const name of ['img-%05d.png', 'https://example.org/film.mp4']) {
      const { code, stderr } = await weft(['encode', name, '-o', 'x.weft']);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`ffmpeg -i "${name}" -f yuv4mpegpipe -`)]);
    }
  });
});
