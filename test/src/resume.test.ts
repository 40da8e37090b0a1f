/** Encodes that are cut off and go on: nothing finished is lost, and the file is the same. */
import type { ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { open } from '../../runtime/film/film.js';
import { randomSequence } from '../../trainers/schedule.js';
import { canEncode } from '../nativeEngine.js';
import { encodeScenes, type Outcome, SCENE_FRAMES, writeSceneFilm } from './sceneFilm.js';

const SCENES = 12;

let folder: string;
/** The file of an encode that nothing disturbed. */
let undisturbed: Buffer;
const file = (name: string): string => path.join(folder, name);
const work = () => (existsSync(file('film.weft.work')) ? readdirSync(file('film.weft.work')).sort() : []);
const groupsKept = () => work().filter((name) => /-\d+$/.test(name));

const writeSource = (name: string, scenes: number) => writeSceneFilm(file(name), scenes);
const encode = (more?: string[], live?: (child: ChildProcess) => void) => encodeScenes(folder, more, live);

/** Does something to an encode as soon as so many groups are kept. */
function whenKept(groups: number, act: (child: ChildProcess) => void): (child: ChildProcess) => void {
  return (child) => {
    const timer = setInterval(() => {
      if (groupsKept().length < groups) return;
      clearInterval(timer);
      act(child);
    }, 2);
    child.once('close', () => clearInterval(timer));
  };
}

describe.runIf(canEncode())('an encode that is cut off', () => {
  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'weft resume '));
    await writeSource('film.y4m', SCENES);
    expect(await encode()).toMatchObject({ code: 0 });
    undisturbed = readFileSync(file('film.weft'));
    const { segments } = await open(undisturbed);
    expect(segments).toHaveLength(SCENES);
    expect(work()).toEqual([]);
  });
  beforeEach(() => {
    rmSync(file('film.weft'), { force: true });
    rmSync(file('film.weft.work'), { recursive: true, force: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('by kill -9, at any moment, ends with the same bytes', async () => {
    const random = randomSequence(11);
    let kept = 0;
    for (let run = 0; run < 8; run++) {
      const { signal } = await encode([], (child) =>
        setTimeout(() => child.kill('SIGKILL'), 300 + 900 * random()),
      );
      if (signal !== 'SIGKILL') break; // it was done
      expect(groupsKept().length).toBeGreaterThanOrEqual(kept);
      kept = groupsKept().length;
      expect(existsSync(file('film.weft'))).toBe(false);
    }
    if (!existsSync(file('film.weft'))) expect(await encode()).toMatchObject({ code: 0 });
    expect(readFileSync(file('film.weft')).equals(undisturbed)).toBe(true);
    expect(work()).toEqual([]);
  });

  test('goes on with what was finished, and trains that no more', async () => {
    await encode(
      [],
      whenKept(5, (child) => child.kill('SIGKILL')),
    );
    const [first] = groupsKept();
    const written = statSync(file(`film.weft.work/${first}`)).mtimeMs;
    const { stderr } = await encode(
      [],
      whenKept(8, (child) => child.kill('SIGKILL')),
    );
    expect(stderr).toContain('going on with what is finished in film.weft.work');
    expect(statSync(file(`film.weft.work/${first}`)).mtimeMs).toBe(written);
  });

  test('by Ctrl-C twice keeps what is finished and says so; once, it ends with a film', async () => {
    const twice = await encode(
      [],
      whenKept(4, (child) => {
        child.kill('SIGINT');
        setTimeout(() => child.kill('SIGINT'), 5);
      }),
    );
    // The first may have ended it before the second came.
    if (twice.code === 130)
      expect(twice.stderr).toMatch(/kept in film\.weft\.work: the same command goes on/);
    else expect(existsSync(file('film.weft'))).toBe(true);
    rmSync(file('film.weft'), { force: true });
    const once = await encode(
      [],
      whenKept(6, (child) => child.kill('SIGINT')),
    );
    expect(once.code).toBe(0);
    expect(work()).toEqual([]);
    const { header } = await open(readFileSync(file('film.weft')));
    expect(header.frames).toBeGreaterThanOrEqual(6 * SCENE_FRAMES);
    expect(header.frames).toBeLessThan(SCENES * SCENE_FRAMES);
  });

  test('is not mixed with another: other options or another film are refused in words, --restart begins anew', async () => {
    await encode(
      [],
      whenKept(3, (child) => child.kill('SIGKILL')),
    );
    const kept = groupsKept();
    const otherOption = await encode(['--seed', '7']);
    expect(otherOption).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('seed was 0, now it is 7'),
    });
    expect(otherOption.stderr).toContain('--restart');
    const whole = readFileSync(file('film.y4m'));
    const oneSample = Buffer.from(whole);
    oneSample[oneSample.indexOf('FRAME\n') + 100]! ^= 1;
    for (const change of [
      () => writeSource('film.y4m', SCENES - 1),
      () => writeFileSync(file('film.y4m'), oneSample),
    ]) {
      await change();
      expect(await encode()).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('the film has changed'),
      });
    }
    writeFileSync(file('film.y4m'), whole);
    expect(groupsKept()).toEqual(kept);
    expect(await encode(['--restart'])).toMatchObject({ code: 0 });
    expect(readFileSync(file('film.weft')).equals(undisturbed)).toBe(true);
  });

  test('trains anew what is damaged', async () => {
    await encode(
      [],
      whenKept(4, (child) => child.kill('SIGKILL')),
    );
    truncateSync(file(`film.weft.work/${groupsKept()[1]}`), 40);
    expect(await encode()).toMatchObject({ code: 0 });
    expect(readFileSync(file('film.weft')).equals(undisturbed)).toBe(true);
  });

  test('is left alone by another to the same output', async () => {
    let second: Promise<Outcome> | undefined;
    const first = await encode(
      [],
      whenKept(2, () => {
        second = encode();
      }),
    );
    expect(first.code).toBe(0);
    expect(await second).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Another encode (process'),
    });
  });
});
