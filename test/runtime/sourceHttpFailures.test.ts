import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { httpSource } from '../../runtime/source/httpSource.js';
import { FileServer } from './fileServer.js';
import { randomNumbers } from './randomNumbers.js';
import {
  bytes,
  closeAll,
  code,
  expectRead,
  held,
  KIB,
  opened,
  rangeText,
  SIZE,
  server,
} from './servedFile.js';

afterEach(closeAll);

describe('what passes', () => {
  it.each([503, 500, 429])('status %d is tried again', async (status) => {
    const http = await opened({}, ({ index, response, serve }) =>
      index % 3 < 2 ? void response.writeHead(status).end('busy') : serve(),
    );
    await http.read(0, 64 * KIB);
    await expectRead(http, 300 * KIB, 310 * KIB);
    expect(server.asked).toHaveLength(6);
  });

  it('waits as long as the server asks for, if that is not too long', async () => {
    const started = performance.now();
    await opened({}, ({ index, response, serve }) =>
      index === 0 ? void response.writeHead(429, { 'retry-after': '1' }).end() : serve(),
    );
    expect(performance.now() - started).toBeGreaterThan(990);
    await closeAll();
    const asked = opened({}, ({ response }) => void response.writeHead(503, { 'retry-after': '3600' }).end());
    await expect(asked).rejects.toThrow(code('SOURCE_UNREADABLE'));
    expect(server.asked).toHaveLength(1);
  });

  it('a body that breaks off goes on where it stopped, as often as something comes', async () => {
    const http = await opened({ retries: 1 });
    await http.read(0, 64 * KIB);
    server.answer = ({ head, response, start, end }) => {
      head();
      response.write(bytes.subarray(start, Math.min(end, start + 20 * KIB)));
      void sleep(20).then(() => (end - start > 20 * KIB ? response.destroy() : response.end()));
    };
    await expectRead(http, 300 * KIB, 400 * KIB);
    expect(server.ranges.slice(1)).toEqual(
      [300, 320, 340, 360, 380].map((place) => rangeText(place * KIB, 400 * KIB)),
    );
  });

  it('an answer that is shorter than it was asked for goes on, too', async () => {
    const http = await opened();
    await http.read(0, 64 * KIB);
    server.answer = ({ head, response, start, end }) => {
      const stop = Math.min(end, start + 40 * KIB);
      head({
        'content-length': String(stop - start),
        'content-range': `bytes ${start}-${stop - 1}/${SIZE}`,
      });
      response.end(bytes.subarray(start, stop));
    };
    await expectRead(http, 300 * KIB, 400 * KIB);
    expect(server.asked).toHaveLength(4);
  });

  it('an answer in which nothing comes is tried again', async () => {
    const http = await opened({ stallMs: 60 }, (answering) => {
      if (answering.index === 1) held(answering, answering.start + 10);
      else answering.serve();
    });
    await http.read(0, 64 * KIB);
    await expectRead(http, 300 * KIB, 310 * KIB);
    expect(server.asked).toHaveLength(3);
  });

  it('a server that suddenly sends all of it is good enough', async () => {
    const http = await opened();
    await http.read(0, 64 * KIB);
    server.answer = ({ response }) => response.writeHead(200, { 'content-length': String(SIZE) }).end(bytes);
    await expectRead(http, 300 * KIB, 310 * KIB);
  });
});

describe('what does not pass', () => {
  it.each([404, 403, 410])('status %d is an error at once, with the address', async (status) => {
    const asked = opened({}, ({ response }) => response.writeHead(status).end());
    await expect(asked).rejects.toMatchObject({
      name: 'SourceError',
      code: 'SOURCE_UNREADABLE',
      value: status,
      message: expect.stringMatching(new RegExp(`^http://127.0.0.1:\\d+/film.weft answers ${status} `)),
    });
    expect(server.asked).toHaveLength(1);
  });

  it('what is secret in an address is not told', async () => {
    const server = await new FileServer(bytes).start();
    server.answer = ({ response }) => response.writeHead(403).end();
    const error: Error = await httpSource(`${server.url}?token=abc`).catch((error) => error);
    await server.stop();
    expect(error.message).toContain('film.weft answers 403');
    expect(error.message).not.toContain('abc');
  });

  it('a server that is always busy, or is not there', async () => {
    const busy = opened({ retries: 2 }, ({ response }) => response.writeHead(503).end());
    await expect(busy).rejects.toThrow(/answers 503/);
    expect(server.asked).toHaveLength(3);
    const { url } = server;
    await closeAll();
    await expect(httpSource(url, { retries: 1, retryMs: 1 })).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('fails one reading; another may succeed', async () => {
    const http = await opened({ retries: 1 });
    await http.read(0, 64 * KIB);
    server.answer = ({ response }) => void response.destroy();
    await expect(http.read(300 * KIB, KIB)).rejects.toThrow(code('SOURCE_UNREADABLE'));
    server.answer = ({ serve }) => serve();
    await expectRead(http, 300 * KIB, 301 * KIB);
  });
});

describe('a file that is replaced', () => {
  it.each([
    ['another ETag', { etag: '"two"' }],
    ['another size', { bytes: bytes.subarray(0, SIZE - 1) }],
    ['a size that ends before what is read', { bytes: bytes.subarray(0, 100 * KIB) }],
  ])('is told by %s', async (_, change) => {
    const http = await opened({}, ({ start, response, serve }) =>
      start < server.bytes.length ? serve() : void response.writeHead(416).end(),
    );
    await http.read(0, 64 * KIB);
    Object.assign(server, change);
    const other = http.read(1500 * KIB, KIB).catch((error) => error);
    await expect(http.read(300 * KIB, KIB)).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      hint: expect.stringContaining('Open it again'),
    });
    expect(await other).toMatchObject({ code: 'SOURCE_CHANGED' });
    // Nothing of two films is mixed.
    await expect(http.read(0, 10)).rejects.toThrow(code('SOURCE_CHANGED'));
  });

  it('is told by its date where there is no strong ETag, and by no weak one', async () => {
    let [etag, modified] = ['W/"one"', 'Sat, 01 Mar 2025 00:00:00 GMT'];
    const http = await opened({}, ({ head, response, start, end }) => {
      head({ etag, 'last-modified': modified });
      response.end(bytes.subarray(start, end));
    });
    await http.read(0, 64 * KIB);
    etag = 'W/"two"';
    await expectRead(http, 300 * KIB, 301 * KIB);
    modified = 'Sat, 01 Mar 2025 00:00:01 GMT';
    await expect(http.read(600 * KIB, KIB)).rejects.toThrow(code('SOURCE_CHANGED'));
  });

  it('is noticed also where it goes on after an interruption', async () => {
    const http = await opened();
    await http.read(0, 64 * KIB);
    server.answer = (answering) => {
      const { response, start } = answering;
      if (answering.index > 1) return answering.serve();
      answering.head();
      response.write(bytes.subarray(start, start + 1000), () => response.destroy());
      server.etag = '"two"';
    };
    await expect(http.read(300 * KIB, 10 * KIB)).rejects.toThrow(code('SOURCE_CHANGED'));
  });
});

it('reads the right bytes from a server that fails all the time', async () => {
  const next = randomNumbers(29);
  const http = await opened({ cacheBytes: 600 * KIB, retries: 50 }, (answering) => {
    const { head, response, start, end, serve } = answering;
    const luck = next() % 8;
    if (luck === 0) return void response.writeHead(503).end('busy');
    if (luck === 1) return void response.destroy();
    if (luck === 2) return void response.writeHead(200, { 'content-length': String(SIZE) }).end(bytes);
    if (luck > 4) return serve();
    head();
    const place = start + (next() % (end - start));
    response.write(bytes.subarray(start, place), () => response.destroy());
  });
  let stopped = 0;
  for (let round = 0; round < 40; round++) {
    const readings = Array.from({ length: 6 }, async (_, i) => {
      const start = next() % SIZE;
      const end = Math.min(SIZE, start + (next() % (150 * KIB)));
      if (i === 0) return http.prefetch(start, end - start);
      const stop = new AbortController();
      if (i === 1) void sleep(next() % 4).then(() => stop.abort());
      await expectRead(http, start, end, stop.signal).catch((error) => {
        if (!stop.signal.aborted || error.code !== 'INTERRUPTED') throw error;
        stopped++;
      });
    });
    await Promise.all(readings);
  }
  expect(stopped).toBeGreaterThan(2);
  expect(server.most).toBeLessThanOrEqual(4);
});
