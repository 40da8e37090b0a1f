/** Watching films: `weft play`, `weft page`, `weft encode --watch`. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { open } from '../../runtime/film/film.js';
import { onePage } from '../../src/watch/onePage.js';
import { type PlayState, startPlayServer } from '../../src/watch/playServer.js';
import { canEncode } from '../nativeEngine.js';
import { goldenBytes } from '../runtime/goldenFiles.js';
import { MAIN, writeSceneFilm } from './sceneFilm.js';

let folder: string;
let film: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'weft-watch-'));
  film = path.join(folder, 'a film & more.weft');
  await writeFile(film, goldenBytes('dense420'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The program, its address once it has told that, and how it ends. */
async function started(...words: string[]) {
  const child = spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const ended = once(child, 'exit').then(([code]) => code as number);
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      text += chunk;
      const found = /http:\/\/\S+\//.exec(text)?.[0];
      if (found) resolve(found);
    });
    child.on('exit', () => reject(new Error(text)));
  });
  return { child, url, ended, said: () => text };
}

describe('weft play', () => {
  test('serves the page, the player and the film to whoever knows the address, until Ctrl-C', async () => {
    const { child, url, ended } = await started('play', film, '--no-browser');
    const page = await fetch(url);
    expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('<title>a film &#38; more.weft</title>');
    expect(await (await fetch(`${url}weft-player.js`)).text()).toContain('weft-player');
    const part = await fetch(`${url}film.weft`, { headers: { Range: 'bytes=2-5' } });
    expect(part.status).toBe(206);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(goldenBytes('dense420').subarray(2, 6));
    const { origin } = new URL(url);
    for (const wrong of ['/', '/film.weft', '/wrong/film.weft', `${new URL(url).pathname}../../etc/passwd`])
      expect((await fetch(origin + wrong)).status, wrong).toBe(404);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });

  test('hands on to the player what is to be made of the film', async () => {
    const options = ['--retime', '0:1, 0.1:0.5', '--freeze', '0.1:2', '--freeze=0:1', '--shutter', '180'];
    const { child, url, ended } = await started(
      'play',
      film,
      '--no-browser',
      ...options,
      '--pan',
      '0:0,0,8,6',
    );
    const page = await (await fetch(url)).text();
    expect(presentationIn(page)).toEqual({
      ...{ retime: '0:1; 0.1:0.5', freeze: '0.1:2; 0:1', shutter: '180', pan: '0:0,0,8,6' },
    });
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    const wrong = started('play', film, '--no-browser', '--freeze', '99:1');
    await expect(wrong).rejects.toThrow('freeze[0].at is out of range');
  });

  test('says what cannot be played before it serves anything', async () => {
    const wrong = path.join(folder, 'wrong.weft');
    await writeFile(wrong, 'no film');
    await expect(started('play', wrong, '--no-browser')).rejects.toThrow(/not a \.weft file/i);
    await expect(started('play', path.join(folder, 'none.weft'), '--no-browser')).rejects.toThrow(
      'does not exist',
    );
    await expect(started('play', 'https://example.invalid/film.weft')).rejects.toThrow('on a server already');
  });

  test('tells viewers of a film that grows, and waits for them', async () => {
    const asked: number[] = [];
    const server = await startPlayServer({
      title: 'growing',
      growing: true,
      async film(version) {
        asked.push(version);
        return version > 0 ? film : undefined;
      },
    });
    const stop = new AbortController();
    const events = await fetch(`${server.url}events`, { signal: stop.signal });
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
    const next = async (): Promise<PlayState> =>
      JSON.parse((await reader.read()).value!.slice('data: '.length));
    expect(await next()).toEqual({ text: '', version: 0 });
    server.tell({ text: 'training', version: 2 });
    expect(await next()).toEqual({ text: 'training', version: 2 });
    expect((await fetch(`${server.url}film.weft?0`)).status).toBe(404);
    expect((await fetch(`${server.url}film.weft?2`)).status).toBe(200);
    expect(asked).toEqual([0, 2]);
    let left = false;
    const leaving = server.left(new AbortController().signal).then(() => {
      left = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(left).toBe(false);
    stop.abort();
    await leaving;
    await server.close();
  });
});

/** Attributes of the player on a page that say what is made of the film. */
function presentationIn(page: string): Record<string, string> {
  const found = page
    .match(/<weft-player controls[^>]*>/)?.[0]
    .matchAll(/ (retime|freeze|shutter|pan)="([^"]*)"/g);
  return Object.fromEntries([...(found ?? [])].map(([, name, value]) => [name, value]));
}

describe('weft page', () => {
  test('puts the film whole into one file that asks for nothing', async () => {
    const output = path.join(folder, 'film.html');
    const child = spawn(process.execPath, [MAIN, 'page', film, '-o', output, '--title', '<b>'], {
      stdio: 'ignore',
    });
    expect((await once(child, 'exit'))[0]).toBe(0);
    const text = await readFile(output, 'utf8');
    const pieces = [...text.matchAll(/<script type="application\/octet-stream" data-piece="film">([^<]*)</g)];
    const bytes = Buffer.concat(pieces.map(([, piece]) => Buffer.from(piece!, 'base64')));
    expect(new Uint8Array(bytes)).toEqual(goldenBytes('dense420'));
    expect(text).toContain('<title>&#60;b&#62;</title>');
    expect(text).not.toMatch(/<(script|link|img|video)[^>]*(src|href)="(?!data:)/);
  });

  test('hands on to the player what is to be made of the film', async () => {
    const output = path.join(folder, 'retimed.html');
    const page = async (...options: string[]): Promise<string> => {
      const child = spawn(process.execPath, [MAIN, 'page', film, '-o', output, '-y', ...options], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr.on('data', (text) => {
        said += text;
      });
      await once(child, 'close');
      return said;
    };
    expect(await page('--retime', '0:1, 0.1:0.5', '--shutter', '180')).not.toContain('error');
    const written = await readFile(output, 'utf8');
    expect(presentationIn(written)).toEqual({ retime: '0:1; 0.1:0.5', shutter: '180' });
    expect(await page('--freeze', '99:1')).toContain('freeze[0].at is out of range');
    expect(await page('--freeze', '0:1', '--source', 'film.mp4')).toContain('Leave out --source');
    expect(await readFile(output, 'utf8')).toBe(written);
  });

  test('cuts a large film into pieces that join', async () => {
    const large = path.join(folder, 'large.weft');
    const bytes = Buffer.alloc(13 * 2 ** 20 + 1, 'weft');
    await writeFile(large, bytes);
    const pieces: Buffer[] = [];
    for await (const part of onePage({ title: 'large', film: large })) {
      const piece = /data-piece="film">([^<]*)</.exec(part)?.[1];
      if (piece !== undefined) pieces.push(Buffer.from(piece, 'base64'));
    }
    expect(pieces.length).toBeGreaterThan(2);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  });
});

describe.runIf(canEncode())('weft encode --watch', () => {
  test('shows what is finished while the rest is encoded', async () => {
    const source = path.join(folder, 'scenes.mkv');
    await writeSceneFilm(source, 8);
    const output = path.join(folder, 'scenes.weft');
    const options = [
      '--preset',
      'draft',
      '--group-pixels',
      '100000',
      '-o',
      output,
      '--watch',
      '--no-browser',
    ];
    const { child, url, ended, said } = await started('encode', source, ...options);
    const stop = new AbortController();
    const events = await fetch(`${url}events`, { signal: stop.signal });
    const frames: number[] = [];
    let seen = 0;
    for await (const text of events.body!.pipeThrough(new TextDecoderStream())) {
      for (const [, event] of text.matchAll(/data: (.*)\n/g)) {
        const { version, text: state } = JSON.parse(event!) as PlayState;
        if (version > seen) {
          seen = version;
          const answer = await fetch(`${url}film.weft?${version}`);
          const grown = await open(new Uint8Array(await answer.arrayBuffer()));
          frames.push(grown.info.frames);
          grown.close();
        }
        if (state === 'finished') stop.abort();
      }
      if (stop.signal.aborted) break;
    }
    expect(await ended, said()).toBe(0);
    const whole = await open(new Uint8Array(await readFile(output)));
    expect(frames.length).toBeGreaterThan(1);
    expect(frames).toEqual([...frames].sort((a, b) => a - b));
    expect(frames[0]).toBeLessThan(whole.info.frames);
    expect(frames.at(-1)).toBe(whole.info.frames);
    whole.close();
    child.kill();
  });
});

describe('what the page of somebody else has to load is small:', () => {
  test('the player', async () => {
    const bundle = fileURLToPath(new URL('../../dist/player/weft-player.js', import.meta.url));
    expect((await stat(bundle)).size).toBeGreaterThan(100_000);
    expect(brotliCompressSync(await readFile(bundle)).length).toBeLessThan(120_000);
  });

  test('the decoder alone', async () => {
    const entry = fileURLToPath(new URL('../../runtime/film/decoder.ts', import.meta.url));
    const options = { bundle: true, minify: true, write: false, format: 'esm', platform: 'browser' } as const;
    const { outputFiles } = await build({ entryPoints: [entry], ...options });
    const size = brotliCompressSync(outputFiles[0]!.contents).length;
    expect(size).toBeGreaterThan(40_000);
    expect(size).toBeLessThan(90_000);
  });
});
