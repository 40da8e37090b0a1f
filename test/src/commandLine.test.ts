import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { open } from '../../runtime/film/film.js';
import { filmParts } from '../../src/measure/filmParts.js';
import { openFilm } from '../../src/media/filmReader.js';
import { type SampleFilm, sampleFilm } from '../runtime/sampleSegments.js';

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
let folder: string;
const file = (name: string) => path.join(folder, name);

const sample: SampleFilm = {
  ...{ width: 32, height: 24, chroma: '420', frames: [5, 4], anchorDistance: 4, drawing: 'sparse' },
};

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'weft cli '));
  writeFileSync(file('film.weft'), sampleFilm(sample).bytes);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

function weft(args: string[], input?: Buffer, environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: folder,
      env: { ...process.env, ...environment },
    });
    const stdout: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr }));
    child.stdin.end(input);
  });
}

/** Events of `--json`, with what is promised of all of them checked. */
function events({ stdout }: Outcome): Record<string, unknown>[] {
  const lines = stdout.toString().trimEnd().split('\n');
  const list = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const event of list) expect(event).toMatchObject({ type: expect.any(String), v: 1 });
  const last = list.filter((event) => event.type === 'result' || event.type === 'error');
  expect(last).toEqual([list.at(-1)]);
  return list;
}

describe('wrong usage ends with 2 and says what would be right', () => {
  test.each([
    [[], 'Name a command'],
    [['encode'], 'need at least 1'],
    [['encode', 'a.mp4', '--bogus'], 'bogus'],
    [['encode', 'a.mp4', '--crf', '20', '--bitrate', '50k'], 'mutually exclusive'],
    [['encode', 'a.mp4', '--crf', 'high'], '0 to 51'],
    [['encode', 'a.mp4', '--preset', 'quick'], 'overnight'],
    [['encode', 'a.mp4', '--preset', '-'], 'Given: "-"'],
    [['encode', 'a.mp4', '--size', '640'], '640x360'],
    [['encode', 'a.mp4', '-y', '-n'], 'mutually exclusive'],
    [['decode', 'film.weft', '--fps', 'zero'], 'not a frame rate'],
    [['decode', 'film.weft', '-o', 'film.txt'], '.webm'],
    [['decode', 'film.weft', '-o', 'x.y4m', '--crop', '0,0,64,64'], '32x24'],
    [['decode', 'film.weft', '-o', 'x.y4m', '--retime', 'none.txt'], 'no such file'],
    [['decode', 'film.weft', '-o', 'x.y4m', '--retime', '0:1,0.1:200'], '0.01..100'],
    [['decode', 'film.weft', '-o', 'x.y4m', '--retime', '0:1', '--speed', '1'], 'mutually exclusive'],
    [['decode', 'film.weft', '-o', 'x.y4m', '--freeze', '1:1'], '0..0.36'],
    [['decode', 'film.weft', '-o', 'x.y4m', '--shutter', '400'], '0 to 360'],
    [['decode', 'film.weft', '-o', 'x.y4m', '--pan', '0:0,0,64,64'], '32x24'],
    [['decode', 'film.weft', '-o', 'x.y4m', '--pan', '0:0,0,8,8', '--crop', '0,0,8,8'], 'mutually exclusive'],
    [['decode', 'film.weft', '-o', 'x.y4m', '--enlarge', 'cubic'], 'lanczos'],
    [['unknown'], 'weft --help'],
  ])('%j', async (args, hint) => {
    const outcome = await weft(args);
    expect(outcome.stderr).toContain(hint);
    expect(outcome.stderr).not.toContain('    at ');
    expect([outcome.code, outcome.stdout.length]).toEqual([2, 0]);
  });
});

describe('what fails ends with 1 and says what to do', () => {
  test.each([
    [['encode', 'none.mp4'], 'does not exist'],
    [['encode', 'text.mp4'], 'no film'],
    [['encode', 'text.mp4', '-o', 'no/such/out.weft'], 'does not exist'],
    [['encode', '-', '-o', 'out.weft'], 'y4m'],
    [['decode', 'none.weft'], 'does not exist'],
    [['decode', 'text.mp4', '-o', 'x.y4m'], 'not a .weft file'],
    [['info', 'short.weft'], 'short.weft'],
    [['info', '.'], 'cannot be read'],
    [['bench', 'reduce', 'none.weft'], 'does not exist'],
    [['decode', 'film.weft', '-o', 'text.mp4'], 'exists already'],
  ])('%j', async (args, hint) => {
    writeFileSync(file('text.mp4'), 'no film');
    writeFileSync(file('short.weft'), readFileSync(file('film.weft')).subarray(0, 60));
    const outcome = await weft(args);
    expect(outcome.stderr).toMatch(new RegExp(hint));
    expect([outcome.code, outcome.stdout.length]).toEqual([1, 0]);
    expect(readFileSync(file('text.mp4'), 'utf8')).toBe('no film');
  });

  test('an error is the last event', async () => {
    const outcome = await weft(['info', 'none.weft', '--json']);
    expect(events(outcome).at(-1)).toMatchObject({ type: 'error', code: 'FILE_MISSING', exitCode: 1 });
  });
});

describe('decode', () => {
  test('y4m to standard output, and nothing else there', async () => {
    const outcome = await weft(['decode', 'film.weft', '-o', '-', '--scale', '2', '--fps-multi', '2']);
    expect(outcome.code).toBe(0);
    const long = await weft(['decode', 'film.weft', '--output', '-', '--scale', '2', '--fps-multi', '2']);
    expect(long.stdout.equals(outcome.stdout)).toBe(true);
    const header = outcome.stdout.toString('latin1').split('\n', 1)[0]!;
    expect(header).toContain('W64 H48 F50:1');
    expect(outcome.stdout.length).toBe(header.length + 1 + 18 * (6 + (64 * 48 * 3) / 2));
  });

  test('part of the picture, part of the time, slowly, to an exact file', async () => {
    const args = [
      '--crop',
      '4,4,16,12',
      '--size',
      '33x25',
      '--start',
      '0.08',
      '--end',
      '0.16',
      '--speed',
      '0.5',
    ];
    const outcome = await weft(['decode', 'film.weft', '-o', 'part.y4m', ...args, '--json']);
    expect(events(outcome).at(-1)).toMatchObject({ type: 'result', frames: 4, width: 33, height: 25 });
    const film = await openFilm(file('part.y4m'));
    expect(film.info).toMatchObject({ width: 33, height: 25, frames: 4, rate: [25, 1] });
    expect((await weft(['decode', 'film.weft', '-o', 'part.y4m'])).code).toBe(1);
    expect((await weft(['decode', 'film.weft', '-o', 'part.y4m', '-y'])).code).toBe(0);
  });

  test('at speeds of a file, with pictures that stand, a shutter and a pan', async () => {
    writeFileSync(file('speeds.txt'), '0.04:2\n0.2:0.5 # slow\n');
    const times = ['--retime', 'speeds.txt', '--freeze', '0.04:0.2', '--freeze', '0.3:0.1'];
    const pan = ['--pan', '0:0,0,32,24; 0.3:8,6,16,12', '--shutter', '180', '--enlarge', 'lanczos'];
    const outcome = await weft([
      'decode',
      'film.weft',
      '-o',
      'retimed.y4m',
      '-y',
      '--json',
      ...times,
      ...pan,
    ]);
    // 0.12 s at twice the speed, a ramp of 0.16 s at a mean pace of 1.25, 0.08 s at half the speed, and what stands.
    const seconds = 0.06 + 0.16 * 1.25 + 2 * 0.08 + 0.3;
    const frames = Math.ceil(25 * seconds);
    expect(events(outcome).at(-1)).toMatchObject({ type: 'result', frames, width: 32, height: 24 });
    const film = await open(readFileSync(file('film.weft')));
    const expected: number[] = [];
    for await (const picture of film.frames({
      retime: [
        { at: 0.04, speed: 2 },
        { at: 0.2, speed: 0.5 },
      ],
      freeze: [
        { at: 0.04, seconds: 0.2 },
        { at: 0.3, seconds: 0.1 },
      ],
      shutter: 180,
      pan: [
        { at: 0, crop: { x: 0, y: 0, width: 32, height: 24 } },
        { at: 0.3, crop: { x: 8, y: 6, width: 16, height: 12 } },
      ],
    }))
      expected.push(...picture.planes[0]);
    film.close();
    const written: number[] = [];
    for await (const { planes } of (await openFilm(file('retimed.y4m'))).pictures())
      written.push(...planes[0]);
    expect(written).toEqual(expected);
  });

  test('foreign WEFT_ variables are no options, ours are', async () => {
    const args = ['decode', 'film.weft', '-o', '-'];
    expect((await weft(args, undefined, { WEFT_SKIP_NATIVE: '1' })).code).toBe(0);
    expect((await weft(args, undefined, { WEFT_ENGINE: 'tfjs' })).code).toBe(0);
    expect((await weft(args, undefined, { WEFT_DECODER: 'steam' })).code).toBe(2);
    const noFfmpeg = await weft(['decode', 'film.weft', '-o', 'x.mp4'], undefined, {
      WEFT_FFMPEG: '/nowhere',
    });
    expect([noFfmpeg.code, noFfmpeg.stderr.includes('ffmpeg')]).toEqual([1, true]);
  });

  test('a variable means nothing to a command without its option', async () => {
    const variables = { WEFT_PRESET: 'quick', WEFT_THREADS: 'many', WEFT_ENGINE: 'steam' };
    for (const command of ['info', 'verify']) {
      expect(await weft([command, 'film.weft'], undefined, variables)).toMatchObject({ code: 0 });
    }
    expect((await weft(['bench', 'parity', 'film.weft'], undefined, variables)).code).toBe(0);
    const { code, stderr } = await weft(['encode', 'none.mp4'], undefined, { WEFT_PRESET: 'quick' });
    expect([code, stderr.includes('overnight')]).toEqual([2, true]);
  });

  test.runIf(existsSync('/dev/full'))('a full disk behind standard output is an error in words', () => {
    const full = openSync('/dev/full', 'w');
    const args = [main, 'decode', file('film.weft'), '-o', '-', '--progress', 'none'];
    const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    expect([status, stderr.toString()]).toEqual([
      1,
      expect.stringMatching(/^weft: Standard output cannot be written \(.*ENOSPC.*\)\.\nweft: .*\n$/),
    ]);
  });

  test('after -- every word is a name', async () => {
    writeFileSync(file('-y'), readFileSync(file('film.weft')));
    const named = await weft(['decode', '-o', '-', '--', '-y']);
    expect(named.code).toBe(0);
    expect(named.stdout.equals((await weft(['decode', 'film.weft', '-o', '-'])).stdout)).toBe(true);
    const missing = await weft(['info', '--', '--none']);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/^weft: --none does not exist/),
    ]);
  });
});

describe('doctor', () => {
  test('says of every engine and decoder what it is, or why it is not there and what to do', async () => {
    const outcome = await weft(['doctor', '--json']);
    expect(outcome.code).toBe(0);
    const { engines, decoders, tools } = events(outcome).at(-1) as Record<
      string,
      {
        name: string;
        available: boolean;
        version?: string;
        device?: string;
        reason?: string;
        hint?: string;
      }[]
    >;
    expect(engines!.map(({ name }) => name)).toEqual(['native', 'tfjs', 'tfjs-gpu', 'tfjs-webgpu']);
    expect(decoders!.map(({ name }) => name)).toEqual(['native', 'wasm', 'reference']);
    for (const { available, version, device, reason, hint } of [...engines!, ...decoders!, ...tools!]) {
      for (const text of available ? [version, device] : [reason, hint]) expect(text).toMatch(/\w/);
    }
    const { stdout, stderr } = await weft(['doctor']);
    const people = stdout.toString() + stderr;
    for (const { name } of engines!) expect(people).toContain(name);
  });
});

describe('info and verify', () => {
  test('info counts the same bits with either engine', async () => {
    const bytes = readFileSync(file('film.weft'));
    const [native, reference] = await Promise.all(
      (['auto', 'reference'] as const).map(async (engine) => {
        const film = await open(bytes, { engine });
        const { parts } = await filmParts(film);
        film.close();
        return parts;
      }),
    );
    for (const part of ['nets', 'intra', 'innovation', 'motion', 'container'] as const) {
      expect(Math.abs(native![part] - reference![part]), part).toBeLessThan(6);
    }
    expect(reference!.motion).toBeGreaterThan(10);
  });

  test('info adds up to the file', async () => {
    const result = events(await weft(['info', 'film.weft', '--parts', '--json'])).at(-1)!;
    const bytes = readFileSync(file('film.weft')).length;
    expect(result).toMatchObject({ type: 'result', bytes, header: { width: 32, height: 24, frames: 9 } });
    const parts = Object.values(result.parts as Record<string, number>);
    expect(parts.reduce((a, b) => a + b, 0)).toBe(bytes);
    expect(parts.every((part) => part >= 0)).toBe(true);
    const { code, stderr, stdout } = await weft(['info', 'film.weft', '--parts']);
    expect([code, stdout.length]).toEqual([0, 0]);
    for (const word of [
      'chromaLocation',
      'innovation',
      'motion',
      'from frame 5: 4 nodes',
      'anchor distance 4',
    ])
      expect(stderr).toContain(word);
  });

  test('verify finds a film equal to its own decode, and a damaged one damaged', async () => {
    await weft(['decode', 'film.weft', '-o', 'own.y4m', '-y']);
    const list = events(await weft(['verify', 'film.weft', '--source', 'own.y4m', '--json']));
    expect(list.filter((event) => event.type === 'frame')).toHaveLength(9);
    expect(list.at(-1)).toMatchObject({ checksums: 'ok', frames: 9, psnrDb: { yuv: 100 } });
    const bytes = readFileSync(file('film.weft'));
    bytes[bytes.length - 3]! ^= 1;
    writeFileSync(file('damaged.weft'), bytes);
    const damaged = await weft(['verify', 'damaged.weft', '--json']);
    expect([damaged.code, events(damaged).at(-1)!.code]).toEqual([1, 'SEGMENT_DAMAGED']);
  });
});

test('an interrupted decode ends with 130 and leaves nothing', async () => {
  writeFileSync(
    file('large.weft'),
    sampleFilm({ ...sample, width: 256, height: 256, frames: [32, 32] }).bytes,
  );
  const child = spawn(
    process.execPath,
    [main, 'decode', 'large.weft', '-o', 'large.y4m', '--json', '--scale', '4'],
    {
      cwd: folder,
    },
  );
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGINT'), 200));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(130);
  expect(readdirSync(folder).filter((name) => name.startsWith('large.y4m'))).toEqual([]);
});

describe('bench', () => {
  test('decode times every file by part and seeks in it', async () => {
    const list = events(
      await weft([
        'bench',
        'decode',
        'film.weft',
        './film.weft',
        '--json',
        '--threads',
        '1,2',
        '--runs',
        '1',
      ]),
    );
    const [machine, ...speeds] = list.slice(0, -1);
    expect(machine).toMatchObject({ type: 'machine', node: process.version });
    expect(speeds.map(({ threads }) => threads)).toEqual([1, 2, 1, 2]);
    for (const speed of speeds) {
      expect(speed).toMatchObject({ type: 'decodeSpeed', width: 32, height: 24, frames: 9 });
      expect(speed.framesPerSecond).toBeGreaterThan(0);
    }
  });

  test('help names the benches, and one must be named', async () => {
    const help = (await weft(['bench', '--help'])).stdout.toString();
    for (const word of ['kernels', 'train', 'decode', 'rd', 'slowmotion']) expect(help).toContain(word);
    expect(await weft(['bench'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Name a bench') });
  });
});

test('help and version go to standard output and end with 0', async () => {
  const help = await weft(['--help']);
  expect(help.code).toBe(0);
  for (const word of ['encode', 'decode', 'info', 'verify', 'estimate', 'demo', 'bench', '130']) {
    expect(help.stdout.toString()).toContain(word);
  }
  const encode = await weft(['encode', '--help']);
  expect(encode.stdout.toString()).toMatch(/--crf .*\[default: 27\]/);
  expect((await weft(['--version'])).stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
});
