/** Encodes whose groups are trained by workers that meet at a Redis: a real one, and real processes. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { InterruptedError } from '../../runtime/errors.js';
import { open } from '../../runtime/film/film.js';
import { shownUrl } from '../../src/workers/redisConnection.js';
import { RemoteWorkshop } from '../../src/workers/remoteWorkshop.js';
import { canEncode } from '../nativeEngine.js';
import { movingTexture, syntheticFilm } from '../trainers/syntheticFilm.js';
import { encodeScenes, MAIN, runNode, SCENE_FRAMES, writeSceneFilm } from './sceneFilm.js';

const SCENES = 8;
const PASSWORD = 'a secret';

let folder: string;
let port: number;
let url: string;
let server: ChildProcess;
let redis: Redis;
/** The file of an encode on this machine alone. */
let alone: Buffer;
const workers: ChildProcess[] = [];

/** Whether there is a Redis; in CI there must be. */
function hasRedis(): boolean {
  const there = spawnSync('redis-server', ['--version']).status === 0;
  if (!there && process.env.CI === 'true') throw new Error('redis-server is missing');
  if (!there) console.info('skipped: tests of workers need redis-server');
  return there;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function startRedis(): Promise<void> {
  const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', path.join(folder, 'redis')];
  const keeps = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--requirepass', PASSWORD];
  server = spawn('redis-server', [...where, ...keeps], { stdio: 'ignore' });
  const ask = ['-p', String(port), '--no-auth-warning', '-a', PASSWORD, 'ping'];
  while (!spawnSync('redis-cli', ask).stdout?.toString().includes('PONG')) await setTimeout(50);
}

async function stopRedis(): Promise<void> {
  const gone = new Promise((resolve) => server.once('close', resolve));
  server.kill('SIGTERM');
  await gone;
}

/** A worker in a process of its own, which gives up a silent one after two seconds instead of thirty. */
function startWorker(): ChildProcess {
  const modulePath = fileURLToPath(new URL('../../dist/src/workers/groupWorker.js', import.meta.url));
  const code = `
    const { GroupWorker } = await import(${JSON.stringify(modulePath)});
    const quiet = { log: () => undefined, onProgress: () => undefined };
    const worker = await GroupWorker.open(${JSON.stringify(url)}, { jobs: 1, lostAfterSeconds: 2, ...quiet });
    process.once('SIGTERM', () => worker.finish());
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' });
  workers.push(child);
  return child;
}

async function endWorkers(): Promise<void> {
  for (const worker of workers.splice(0)) {
    if (worker.exitCode !== null || worker.signalCode !== null) continue;
    const gone = new Promise((resolve) => worker.once('close', resolve));
    worker.kill('SIGTERM');
    await gone;
  }
}

const encode = async (more: string[] = [], live?: (child: ChildProcess) => void) =>
  encodeScenes(folder, ['--workers', url, '-y', ...more], live);
/** The encode ends well, with the bytes of this machine alone. */
async function endsAlike(done: ReturnType<typeof encode>): Promise<string> {
  const { code, stderr } = await done;
  expect(code, stderr).toBe(0);
  expect(written().equals(alone)).toBe(true);
  return stderr;
}
const written = () => readFileSync(path.join(folder, 'film.weft'));
const keys = () => redis.keys('*');
/** BullMQ's clock of silent workers runs out by itself. */
const nothingStays = () => expect.poll(keys, { timeout: 30_000 }).toEqual([]);

/** When the queue holds so many groups, or one that is in training. */
async function until(found: (keys: string[]) => boolean): Promise<void> {
  while (!found(await keys())) await setTimeout(20);
}
const results = (all: string[]) => all.filter((key) => key.startsWith('weft:result:')).length;
const inTraining = (all: string[]) => all.some((key) => key.endsWith(':lock'));

describe.runIf(canEncode() && hasRedis())('an encode with workers', () => {
  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'weft workers '));
    mkdirSync(path.join(folder, 'redis'));
    await writeSceneFilm(path.join(folder, 'film.y4m'), SCENES);
    expect(await encodeScenes(folder)).toMatchObject({ code: 0 });
    alone = written();
    port = await freePort();
    url = `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`;
    await startRedis();
    redis = new Redis(url);
    redis.on('error', () => undefined);
  });
  beforeEach(() => rmSync(path.join(folder, 'film.weft.work'), { recursive: true, force: true }));
  afterEach(async () => {
    await endWorkers();
    await redis.flushall();
  });
  afterAll(async () => {
    redis?.disconnect();
    if (server) await stopRedis();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([1, 2, 4])(
    'has the bytes of this machine alone with %i, and leaves nothing in Redis',
    async (count) => {
      for (let i = 0; i < count; i++) startWorker();
      await endsAlike(encode());
      await endWorkers();
      await nothingStays();
    },
  );

  test('goes on where one dies in the middle of a group', async () => {
    const first = startWorker();
    const done = encode();
    await until(inTraining);
    first.kill('SIGKILL');
    await setTimeout(100);
    startWorker();
    await endsAlike(done);
  });

  test('goes on when Redis comes back', async () => {
    startWorker();
    startWorker();
    const done = encode();
    await until((all) => results(all) > 0 && inTraining(all));
    await stopRedis();
    await setTimeout(1000);
    await startRedis();
    expect(await endsAlike(done)).toContain('again');
    await endWorkers();
    await nothingStays();
  });

  test('fails with the error of a group that fails three times, and goes on after it', async () => {
    const done = encode();
    await until((all) => all.filter((key) => key.startsWith('weft:pictures:')).length === 2);
    const [second] = (await keys()).filter((key) => /^weft:pictures:.*-1$/.test(key));
    await redis.multi().del(second!).rpush(second!, 'no pictures').exec();
    startWorker();
    const { code, stderr } = await done;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /A group could not be trained \(group 1\): 3 tries, the last: \S+ \(\d+\): ffmpeg failed/,
    );
    expect(stderr).toContain('no worker is there');
    expect(await endsAlike(encode())).toContain('going on with');
  });

  test('ends early by Ctrl-C with the film so far', async () => {
    startWorker();
    const { code } = await encode([], (child) => {
      void until((all) => results(all) > 0).then(() => child.kill('SIGINT'));
    });
    expect(code).toBe(0);
    const { header } = await open(written());
    expect(header.frames).toBeGreaterThanOrEqual(SCENE_FRAMES);
    expect(header.frames).toBeLessThan(SCENES * SCENE_FRAMES);
  });

  test('stopped, leaves nothing in Redis, and what its worker holds is dropped', async () => {
    startWorker();
    const { code } = await encode([], (child) => {
      void until(inTraining).then(() => child.kill('SIGTERM'));
    });
    expect(code).toBe(130);
    await endWorkers();
    await nothingStays();
  });

  test('stopped while pictures are on their way, leaves none of them in Redis', async () => {
    const workshop = await RemoteWorkshop.open(url, { log: () => undefined });
    const { all } = syntheticFilm({ width: 640, height: 360, frames: 48 }, movingTexture);
    const stopped = new InterruptedError('stopped');
    const check = () => {
      throw stopped;
    };
    const settings = {
      preset: 'draft',
      tune: 'ssim',
      threads: 1,
      seed: 1,
      engine: 'native',
      crf: 30,
    } as const;
    const watch = { progress: () => undefined, check, finishing: false };
    await expect(workshop.train({ settings, scenes: [all] }, watch)).rejects.toBe(stopped);
    await setTimeout(3000);
    expect((await keys()).filter((key) => key.startsWith('weft:pictures:'))).toEqual([]);
    await workshop.close();
    await nothingStays();
  });

  test('is seen by the doctor, who knows the workers and what is wrong with a Redis', async () => {
    startWorker();
    await until((all) => all.includes('weft:workers'));
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const report = execFileSync(process.execPath, [MAIN, 'doctor', url, '--json'], { encoding: 'utf8' });
    await redis.config('SET', 'maxmemory-policy', 'noeviction');
    const { redis: found } = JSON.parse(report) as { redis: { warnings: string[]; workers: unknown[] } };
    expect(found.warnings).toEqual([expect.stringContaining('noeviction')]);
    expect(found.workers).toEqual([expect.objectContaining({ jobs: 1, usable: true })]);
    expect(report).not.toContain(encodeURIComponent(PASSWORD));
  });

  test('ends by a signal also while Redis is away, and so does its worker', async () => {
    const env = { ...process.env, WEFT_WORKERS: url };
    const worker = spawn(process.execPath, [MAIN, 'worker', '--progress', 'none'], { env, stdio: 'ignore' });
    const workerEnded = new Promise((resolve) => worker.once('close', resolve));
    const { code } = await encode([], (child) => {
      void until(inTraining).then(async () => {
        await stopRedis();
        for (const each of [child, worker]) each.kill('SIGTERM');
      });
    });
    await workerEnded;
    await startRedis();
    expect(code).toBe(130);
  });

  test('finds its address in the environment', async () => {
    const env = { ...process.env, WEFT_WORKERS: url };
    const worker = spawn(process.execPath, [MAIN, 'worker', '--progress', 'none'], { env, stdio: 'ignore' });
    workers.push(worker);
    await until((all) => all.includes('weft:workers'));
    const ended = new Promise((resolve) => worker.once('close', resolve));
    worker.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(await runNode(folder, [MAIN, 'worker'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('set WEFT_WORKERS'),
    });
  });

  test('without a password, or where there is no Redis, fails before the film is read', async () => {
    const refused = await encodeScenes(folder, ['-y', '--workers', `redis://127.0.0.1:${port}`]);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/NOAUTH.*\n.*redis:\/\/NAME:PASSWORD@HOST/),
    });
    const nobody = await encodeScenes(folder, [
      '-y',
      '--workers',
      `redis://x:${PASSWORD}@127.0.0.1:${await freePort()}`,
    ]);
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('ECONNREFUSED') });
    expect(nobody.stderr).not.toContain(PASSWORD);
    const nothing = await runNode(folder, [MAIN, 'worker', 'http://127.0.0.1']);
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('is no address of Redis') });
  });
});

test('an address is shown without its password', () => {
  expect(shownUrl('rediss://me:se:cret@host:1/2')).toBe('rediss://me:***@host:1/2');
  expect(shownUrl('redis://:secret@host')).toBe('redis://:***@host');
  expect(shownUrl('redis://host')).toBe('redis://host');
});
