import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from './fileServer.js';
import {
  bytes,
  closeAll,
  code,
  expectRead,
  FIRST,
  held,
  KIB,
  opened,
  rangeText,
  SIZE,
  server,
} from './servedFile.js';

afterEach(closeAll);

describe('a file on a server with ranges', () => {
  it('is asked for 64 KiB, which says its size, and then for what is read', async () => {
    const http = await opened();
    expect(http.size).toBe(SIZE);
    await expectRead(http, 0, 64 * KIB);
    await expectRead(http, 100, 200);
    expect(server.ranges).toEqual([FIRST]);
    await expectRead(http, 500_000, 500_100);
    await expectRead(http, 60 * KIB, 70 * KIB);
    await expectRead(http, SIZE - 10, SIZE + 10);
    expect(await http.read(SIZE, 5)).toHaveLength(0);
    expect(server.ranges.slice(1)).toEqual([
      rangeText(500_000, 500_100),
      rangeText(64 * KIB, 70 * KIB),
      rangeText(SIZE - 10, SIZE),
    ]);
  });

  it('sends nothing that needs a preflight', async () => {
    const names: string[] = [];
    await opened({}, ({ request, serve }) => {
      names.push(...Object.keys(request.headers));
      serve();
    });
    expect(names).toContain('range');
    expect(names.filter((name) => /^if-|^x-|authorization/.test(name))).toEqual([]);
  });

  it('gets one request for readings that wait together and lie close by, two at a time for others', async () => {
    const http = await opened();
    await expectRead(http, 0, 64 * KIB);
    await Promise.all([
      expectRead(http, 600 * KIB, 610 * KIB),
      expectRead(http, 400 * KIB, 410 * KIB),
      expectRead(http, 500 * KIB, 510 * KIB),
    ]);
    expect(server.ranges.slice(1)).toEqual([rangeText(400 * KIB, 610 * KIB)]);
    server.answer = ({ serve }) => void sleep(20).then(serve);
    const far = [700, 900, 1100, 1300, 1500].map((place) => expectRead(http, place * KIB, (place + 1) * KIB));
    await Promise.all(far);
    expect(server.asked).toHaveLength(7);
    expect(server.most).toBe(2);
    // What lay between was fetched, too.
    await expectRead(http, 450 * KIB, 460 * KIB);
    expect(server.asked).toHaveLength(7);
  });

  it('serves each reading as soon as its bytes have come', async () => {
    const http = await opened();
    await http.read(0, 1);
    let go = () => {};
    server.answer = (answering) => {
      go = held(answering, 300 * KIB);
    };
    const late = expectRead(http, 300 * KIB, 400 * KIB);
    await expectRead(http, 200 * KIB, 300 * KIB);
    await expectRead(http, 250 * KIB, 260 * KIB);
    expect(server.asked).toHaveLength(2);
    go();
    await late;
  });

  it('keeps what was fetched, up to a number of bytes: what was used longest ago goes first', async () => {
    const http = await opened({ cacheBytes: 250 * KIB });
    const read = (place: number) => expectRead(http, place * KIB, (place + 100) * KIB);
    await read(500);
    await read(1000);
    await read(500);
    await read(1500);
    expect(server.asked).toHaveLength(4);
    await read(500);
    expect(server.asked).toHaveLength(4);
    await read(1000);
    expect(server.asked).toHaveLength(5);
    // More than is kept at all can be read, twice over.
    await expectRead(http, 0, SIZE);
    await expectRead(http, 0, SIZE);
  });

  it('hands out bytes that are the reader’s own', async () => {
    const http = await opened();
    (await http.read(10, 10)).fill(0);
    await expectRead(http, 10, 20);
  });
});

describe('what is fetched ahead', () => {
  it('is there when it is read', async () => {
    const http = await opened();
    http.prefetch(300 * KIB, 50 * KIB);
    await until(() => server.asked.length === 2 && server.under === 0);
    await expectRead(http, 310 * KIB, 340 * KIB);
    expect(server.ranges).toEqual([FIRST, rangeText(300 * KIB, 350 * KIB)]);
  });

  it('comes with what is read while it is under way, and takes no place that a reading needs', async () => {
    const http = await opened();
    await http.read(0, 64 * KIB);
    const goes: (() => void)[] = [];
    server.answer = (answering) => void goes.push(held(answering, answering.start));
    http.prefetch(300 * KIB, 50 * KIB);
    http.prefetch(900 * KIB, 50 * KIB);
    await until(() => server.asked.length === 2);
    const both = Promise.all([
      expectRead(http, 320 * KIB, 330 * KIB),
      expectRead(http, 1500 * KIB, 1510 * KIB),
    ]);
    await until(() => server.asked.length === 3);
    expect(server.ranges.slice(1)).toEqual([
      rangeText(300 * KIB, 350 * KIB),
      rangeText(1500 * KIB, 1510 * KIB),
    ]);
    for (const go of goes) go();
    await both;
    await until(() => server.asked.length === 4);
    expect(server.ranges[3]).toBe(rangeText(900 * KIB, 950 * KIB));
    goes[2]!();
  });

  it('may fail: only reading it does', async () => {
    const http = await opened();
    await http.read(0, 64 * KIB);
    server.answer = ({ response }) => response.writeHead(404).end();
    http.prefetch(300 * KIB, KIB);
    await until(() => server.asked.length === 2 && server.under === 0);
    await expect(http.read(300 * KIB, KIB)).rejects.toThrow(code('SOURCE_UNREADABLE'));
  });

  it('is not more than is kept', async () => {
    const http = await opened({ cacheBytes: 100 * KIB });
    await http.read(0, 64 * KIB);
    http.prefetch(300 * KIB, 101 * KIB);
    for (const place of [1000, 1500]) await expectRead(http, place * KIB, (place + 1) * KIB);
    expect(server.asked).toHaveLength(3);
  });
});

describe('a server without ranges', () => {
  const whole = { 'content-length': String(SIZE), etag: '"one"' };

  it('sends all of it once, and what has come can be read', async () => {
    let go = () => {};
    const http = await opened({}, ({ response }) => {
      response.writeHead(200, whole).write(bytes.subarray(0, 500 * KIB));
      go = () => response.end(bytes.subarray(500 * KIB));
    });
    expect(http.size).toBe(SIZE);
    await expectRead(http, 400 * KIB, 500 * KIB);
    let late = false;
    const rest = expectRead(http, 1000 * KIB, SIZE).then(() => {
      late = true;
    });
    await expectRead(http, 0, 10);
    expect(late).toBe(false);
    http.prefetch(1000 * KIB, KIB);
    go();
    await rest;
    await expectRead(http, 0, SIZE);
    expect(server.asked).toHaveLength(1);
  });

  it('may not say how much it will be', async () => {
    const http = await opened({}, ({ response }) => {
      response.writeHead(200).write(bytes.subarray(0, 500 * KIB));
      response.end(bytes.subarray(500 * KIB));
    });
    expect(http.size).toBe(SIZE);
    await expectRead(http, 400 * KIB, SIZE + 1);
    expect(server.asked).toHaveLength(1);
  });

  it('sends it again when it breaks off; what was there is passed over', async () => {
    const http = await opened({}, ({ index, response }) => {
      response.writeHead(200, whole);
      if (index > 0) response.end(bytes);
      else response.write(bytes.subarray(0, 300 * KIB), () => response.destroy());
    });
    await expectRead(http, 0, SIZE);
    await expectRead(http, 250 * KIB, 350 * KIB);
    expect(server.ranges).toEqual([FIRST, expect.stringMatching(/^bytes=\d+-2097228$/)]);
  });
});

it('begins again to read a file without ranges that broke off for good, and goes on to its end', async () => {
  const head = { 'content-length': String(SIZE) };
  const http = await opened({ retries: 0 }, ({ index, response }) => {
    response.writeHead(200, head);
    if (index > 0) response.end(bytes);
    else response.write(bytes.subarray(0, 300 * KIB), () => response.destroy());
  });
  await expect(http.read(SIZE - 10, 10)).rejects.toThrow(code('SOURCE_UNREADABLE'));
  await expectRead(http, 0, 10);
  expect(server.asked).toHaveLength(1);
  await expectRead(http, 600 * KIB, 610 * KIB);
  await expectRead(http, SIZE - 10, SIZE);
  await expectRead(http, 1000 * KIB, 1010 * KIB);
  expect(server.asked).toHaveLength(2);
});

describe('another origin that hides Content-Range', () => {
  it('says the size of all of it in Content-Length', async () => {
    const http = await opened({}, ({ head, response, start, end }) => {
      head({ 'content-range': undefined, etag: undefined });
      response.end(bytes.subarray(start, end));
    });
    expect(http.size).toBe(SIZE);
    await expectRead(http, 0, 64 * KIB);
    await expectRead(http, 700 * KIB, 800 * KIB);
    expect(server.ranges).toEqual([FIRST, 'bytes=0-', rangeText(700 * KIB, 800 * KIB)]);
    await until(() => server.under === 0);
  });
});

describe('a reading that is not wanted any more', () => {
  it('ends its request', async () => {
    const http = await opened();
    await http.read(0, 64 * KIB);
    server.answer = (answering) => void held(answering, answering.start + 10);
    const stop = new AbortController();
    const reading = http.read(300 * KIB, 100 * KIB, stop.signal);
    await until(() => server.asked.length === 2);
    stop.abort();
    await expect(reading).rejects.toThrow(code('INTERRUPTED'));
    await until(() => server.left === 1);
    await expect(http.read(0, 1, stop.signal)).rejects.toThrow(code('INTERRUPTED'));
    server.answer = ({ serve }) => serve();
    await expectRead(http, 300 * KIB, 400 * KIB);
  });

  it('does not end a request that brings bytes for another', async () => {
    const http = await opened();
    await http.read(0, 64 * KIB);
    let go = () => {};
    server.answer = (answering) => {
      go = held(answering, answering.start + 10);
    };
    const stop = new AbortController();
    const first = http.read(300 * KIB, 100 * KIB, stop.signal);
    const second = expectRead(http, 420 * KIB, 500 * KIB);
    await until(() => server.asked.length === 2);
    const third = expectRead(http, 350 * KIB, 360 * KIB);
    stop.abort();
    await expect(first).rejects.toThrow(code('INTERRUPTED'));
    go();
    await Promise.all([second, third]);
    expect([server.asked.length, server.left]).toEqual([2, 0]);
  });

  it('does not wait for another try', async () => {
    const http = await opened({ retryMs: 60_000 });
    await http.read(0, 64 * KIB);
    server.answer = ({ response }) => response.writeHead(503).end();
    const stop = new AbortController();
    const reading = http.read(300 * KIB, 10, stop.signal);
    await until(() => server.asked.length === 2 && server.under === 0);
    stop.abort();
    await expect(reading).rejects.toThrow(code('INTERRUPTED'));
  });

  it('may be the opening', async () => {
    const stop = new AbortController();
    const opening = opened({ signal: stop.signal }, () => undefined);
    await until(() => server?.asked.length === 1);
    stop.abort();
    await expect(opening).rejects.toThrow(code('INTERRUPTED'));
    await until(() => server.left === 1);
    // Once it is open, its signal stops nothing any more.
    const late = new AbortController();
    let go = () => {};
    const http = await opened({ signal: late.signal }, (answering) => {
      go = held(answering, 1000);
    });
    late.abort();
    const first = expectRead(http, 0, 64 * KIB);
    go();
    await first;
  });

  it('is every one when the source is closed', async () => {
    const http = await opened();
    await http.read(0, 64 * KIB);
    server.answer = (answering) => void held(answering, answering.start + 10);
    const readings = [300, 800, 1300].map((place) => http.read(place * KIB, KIB).catch((error) => error));
    http.prefetch(1800 * KIB, KIB);
    await until(() => server.asked.length === 3);
    http.close();
    for (const reading of readings) expect(await reading).toMatchObject({ code: 'SOURCE_CLOSED' });
    await until(() => server.left === 2);
    await expect(http.read(0, 1)).rejects.toThrow(code('SOURCE_CLOSED'));
    expect(server.asked).toHaveLength(3);
  });
});
