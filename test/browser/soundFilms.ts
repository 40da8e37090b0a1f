/** Films with much sound and little else, and a server that lets tests see and hold what is fetched of it. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { readWeft, writeWeft } from '../../runtime/format/container.js';
import { bytesSource } from '../../runtime/source/byteSource.js';
import { findFfmpeg } from '../../src/media/ffmpeg.js';
import { sampleFilm } from '../runtime/sampleSegments.js';

export interface SoundFilm {
  readonly bytes: Uint8Array;
  /** Where the track of sound begins, in bytes. */
  readonly soundAt: number;
}

/** One picture in 2.5 seconds, and a track of Opus of about 12 kB a second. */
export async function soundFilm(seconds: number): Promise<SoundFilm> {
  return filmOf(seconds, noise(seconds));
}

/** 31 seconds of the same, with a hole in the sound from 10 to 11 seconds. */
export async function filmWithHole(): Promise<SoundFilm> {
  return inFolder(async (folder) => {
    const [part, list, file] = ['part', 'list', 'track'].map((name) => path.join(folder, name));
    run(['-f', 'lavfi', '-i', NOISE, ...OPUS, part!]);
    const lines = ['ffconcat version 1.0', `file 'part'`, 'outpoint 10', 'duration 11', `file 'part'`];
    writeFileSync(list!, lines.join('\n'));
    run(['-f', 'concat', '-i', list!, '-c', 'copy', '-f', 'webm', file!]);
    return filmOf(31, new Uint8Array(readFileSync(file!)));
  });
}

const NOISE = 'anoisesrc=d=20:a=0.1';
const OPUS = ['-c:a', 'libopus', '-b:a', '96000', '-f', 'webm'];

/** The same 20 seconds over and over: coded once. */
function noise(seconds: number): Uint8Array {
  return inFolder((folder) => {
    const [part, file] = ['part', 'track'].map((name) => path.join(folder, name));
    run(['-f', 'lavfi', '-i', NOISE, ...OPUS, part!]);
    run(['-stream_loop', '-1', '-i', part!, '-t', `${seconds}`, '-c', 'copy', '-f', 'webm', file!]);
    return new Uint8Array(readFileSync(file!));
  });
}

/** The same 10 seconds of pictures over and over. */
async function filmOf(seconds: number, sound: Uint8Array): Promise<SoundFilm> {
  const size = { width: 64, height: 48, chroma: '420', drawing: 'dense' } as const;
  const sample = sampleFilm({ ...size, frames: [4], anchorDistance: 4 });
  const file = await readWeft(bytesSource(sample.bytes));
  const { offset, bytes: length, frames } = file.segments[0]!;
  const segment = { frames, bytes: sample.bytes.subarray(offset, offset + length) };
  const header = { ...sample.header, rate: [2, 5] as [number, number] };
  const segments = new Array<typeof segment>(Math.ceil(seconds / 10)).fill(segment);
  const bytes = writeWeft({ header, nets: file.nets, segments, chunks: [{ name: 'AUDI', bytes: sound }] });
  return { bytes, soundAt: bytes.length - sound.length - 4 };
}

function run(options: readonly string[]): void {
  execFileSync(findFfmpeg().ffmpeg, ['-v', 'error', ...options]);
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'weft-sound-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Serves ranges of a film, slowly. */
export class SlowFilm {
  readonly #film: SoundFilm;
  #sent = 0;
  #allowed: number;
  #held: (() => void)[] = [];
  #lost = false;

  /** @param allowed bytes of the track that may be sent until `release` */
  constructor(film: SoundFilm, allowed = Number.POSITIVE_INFINITY) {
    this.#film = film;
    this.#allowed = allowed;
  }

  /** Bytes of the track that were sent. */
  get soundBytes(): number {
    return this.#sent;
  }

  release(): void {
    this.#allowed = Number.POSITIVE_INFINITY;
    for (const go of this.#held) go();
  }

  /** From now on the track cannot be read any more. */
  lose(): void {
    this.#lost = true;
  }

  readonly serve = async ({ headers }: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { bytes, soundAt } = this.#film;
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')!;
    const [start, end] = [Number(first), Math.min(Number(last) + 1, bytes.length)];
    if (end > soundAt && this.#lost) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(206, {
      'Content-Length': end - start,
      'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}`,
    });
    // Chromium sends no second request to an address before it has the headers of the first.
    response.flushHeaders();
    for (let at = start; at < end && !response.destroyed; at += STEP_BYTES) {
      const next = Math.min(at + STEP_BYTES, end);
      const sound = Math.max(0, next - Math.max(at, soundAt));
      if (sound > 0 && this.#sent + sound > this.#allowed)
        await new Promise<void>((resolve) => this.#held.push(resolve));
      this.#sent += sound;
      response.write(bytes.subarray(at, next));
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
    response.end();
  };
}

/** About 1 MB a second. */
const STEP_BYTES = 16384;
const STEP_MS = 15;
