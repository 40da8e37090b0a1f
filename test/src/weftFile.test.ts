/** `.weft` files on a disk and on a server, from the commands that read them: no more is read than is needed. */

import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packChunk } from '../../runtime/format/chunks.js';
import { packHead } from '../../runtime/format/head.js';
import type { CommandContext } from '../../src/commands/context.js';
import { runDecode } from '../../src/commands/decode.js';
import { runInfo } from '../../src/commands/info.js';
import { runCut } from '../../src/commands/splice.js';
import { runVerify } from '../../src/commands/verify.js';
import { Reporter } from '../../src/reporter.js';
import { FileServer, patterned } from '../runtime/fileServer.js';
import { sampleFilm } from '../runtime/sampleSegments.js';

const film = sampleFilm(
  { width: 32, height: 24, chroma: '420', frames: [5, 4], anchorDistance: 4, drawing: 'sparse' },
  1,
).bytes;
const sound = packChunk({ name: 'SKIP', bytes: patterned(1_500_000) });
const whole = Uint8Array.from(Buffer.concat([film, sound]));

let folder: string;
const file = (name: string): string => path.join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'weft file '));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The result of a command. */
async function resultOf(run: (context: CommandContext) => Promise<void>): Promise<Record<string, unknown>> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const reporter = new Reporter({ progress: 'none', json: true, debug: false, stdout, stderr });
  await run({ reporter, ffmpeg: undefined, overwrite: true });
  return JSON.parse(String(stdout.read()).trim().split('\n').at(-1)!);
}

/** Bytes that this process has read from files. */
function bytesRead(): number {
  return Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))![1]);
}

describe.runIf(process.platform === 'linux')('info of a file of more than 4 GiB', () => {
  test('reads no sound, where that is large', async () => {
    const size = 2 ** 32 - 1;
    writeFileSync(
      file('long.weft'),
      Buffer.concat([film, Buffer.from('AUDI'), Buffer.of(0xff, 0xff, 0xff, 0xff, 0x0f)]),
    );
    truncateSync(file('long.weft'), film.length + 9 + size + 4);
    const before = bytesRead();
    const result = await resultOf((context) => runInfo({ input: file('long.weft'), parts: true }, context));
    expect(bytesRead() - before).toBeLessThan(2_000_000);
    expect(result).toMatchObject({
      ...{ bytes: film.length + 9 + size + 4, header: { frames: 9 } },
      ...{ parts: { tracks: size + 13 }, chunks: [{ name: 'AUDI', bytes: size }] },
    });
    expect((await stat(file('long.weft'))).blocks).toBeLessThan(1000);
  });

  test('reads kilobytes, where its segments are large', async () => {
    const size = 2 ** 32 - 2;
    const header = { width: 1920, height: 1080, rate: [25, 1] as [number, number], frames: 512 };
    const segments = [0, 1].map(() => ({ bytes: size, frames: 256, checksum: 5 }));
    const head = packHead({ header, nets: new Uint8Array(0), segments });
    writeFileSync(file('large.weft'), head);
    truncateSync(file('large.weft'), head.length + 2 * size);
    const meta = packChunk({ name: 'META', bytes: patterned(30) });
    const end = openSync(file('large.weft'), 'r+');
    writeSync(end, meta, 0, meta.length, head.length + 2 * size);
    closeSync(end);
    const before = bytesRead();
    const result = await resultOf((context) => runInfo({ input: file('large.weft') }, context));
    expect(bytesRead() - before).toBeLessThan(200_000);
    expect(result).toMatchObject({
      ...{ bytes: head.length + 2 * size + meta.length, header: { frames: 512 }, seconds: 20.48 },
      segments: [
        { startFrame: 0, frames: 256, bytes: size },
        { startFrame: 256, frames: 256, bytes: size },
      ],
      chunks: [{ name: 'META', bytes: 30 }],
    });
    expect(result).not.toHaveProperty('parts');
  });
});

describe('a file on a server', () => {
  let server: FileServer;
  beforeAll(async () => {
    server = await new FileServer(whole).start();
  });
  afterAll(() => server.stop());

  test('is told of, without its sound', async () => {
    writeFileSync(file('film.weft'), whole);
    const { input: _, ...local } = await resultOf((context) =>
      runInfo({ input: file('film.weft') }, context),
    );
    server.served = 0;
    const { input, ...remote } = await resultOf((context) => runInfo({ input: server.url }, context));
    expect(remote).toEqual(local);
    expect(input).toBe(server.url);
    expect(server.served).toBeLessThan(70_000);
  });

  test('is decoded, verified and cut', async () => {
    for (const input of [server.url, file('film.weft')])
      await resultOf((context) =>
        runDecode({ input, output: file(`${input === server.url}.y4m`), engine: 'reference' }, context),
      );
    expect(readFileSync(file('true.y4m')).equals(readFileSync(file('false.y4m')))).toBe(true);
    server.served = 0;
    const verified = await resultOf((context) => runVerify({ input: server.url }, context));
    expect(verified).toMatchObject({ checksums: 'ok', bytes: whole.length, segments: 2 });
    // All of it once, in pieces of a MiB.
    expect(server.served).toBeGreaterThanOrEqual(whole.length);
    expect(server.served).toBeLessThan(whole.length + 70_000);
    await resultOf((context) => runCut({ input: server.url, output: file('cut.weft') }, context));
    expect(readFileSync(file('cut.weft')).equals(whole)).toBe(true);
  });

  test('is known by its damage', async () => {
    const damaged = Uint8Array.from(whole);
    damaged[damaged.length - 1000]! ^= 1;
    server.bytes = damaged;
    const verifying = resultOf((context) => runVerify({ input: server.url }, context));
    await expect(verifying).rejects.toMatchObject({ code: 'CHUNK_DAMAGED' });
    const cutting = resultOf((context) => runCut({ input: server.url, output: file('no.weft') }, context));
    await expect(cutting).rejects.toMatchObject({
      code: 'CHUNK_DAMAGED',
      message: expect.stringContaining(server.url),
    });
    await expect(stat(file('no.weft'))).rejects.toThrow('ENOENT');
    server.bytes = whole;
  });

  test('that is not there is an error with its address and status', async () => {
    server.answer = ({ response }) => response.writeHead(404).end();
    await expect(resultOf((context) => runInfo({ input: server.url }, context))).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.stringContaining(`${server.url} answers 404`),
    });
    server.answer = ({ serve }) => serve();
  });
});
