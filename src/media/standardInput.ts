import { constants, createWriteStream, openSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MediaError, throwIfAborted } from '../../runtime/errors.js';
import { fileChunks } from './probe.js';

/** What a named pipe gives; undefined for anything else. Waiting for whoever writes to it does not hold up the process. */
export async function namedPipe(file: string): Promise<AsyncIterable<Uint8Array> | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFIFO()) return undefined;
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

/** A stream that was set aside. */
export interface Spooled {
  file: string;
  remove(): Promise<void>;
}

/**
 * Sets a y4m stream aside in a temporary file.
 *
 * @throws MediaError BAD_Y4M, DISK_FULL, STDIN_FAILED; InterruptedError
 */
export async function spool(
  stdin: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<Spooled> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'weft-'));
  const file = path.join(folder, 'stdin.y4m');
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await pipeline(stdin, createWriteStream(file), { signal });
  } catch (cause) {
    await remove();
    throwIfAborted(signal);
    throw new MediaError('Setting standard input aside failed.', {
      code: (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'DISK_FULL' : 'STDIN_FAILED',
      hint: `It needs room in ${os.tmpdir()} (TMPDIR chooses another place).`,
      path: 'input',
      cause,
    });
  }
  try {
    await requireY4m(file);
  } catch (error) {
    await remove();
    throw error;
  }
  return { file, remove };
}

async function requireY4m(spooled: string): Promise<void> {
  for await (const chunk of fileChunks(spooled)) {
    if (Buffer.from(chunk.subarray(0, 9)).toString('latin1') === 'YUV4MPEG2') return;
    break;
  }
  throw new MediaError('Standard input is no y4m stream.', {
    code: 'BAD_Y4M',
    hint: 'Write one with: ffmpeg -i film.mp4 -pix_fmt yuv420p -f yuv4mpegpipe - | weft encode - -o film.weft',
    path: 'input',
    value: '-',
  });
}
