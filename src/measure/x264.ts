import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Picture } from '../../runtime/film/frame.js';
import { fileUrl, findFfmpeg, startFfmpeg } from '../media/ffmpeg.js';
import { type RereadableFilm, rawInput } from '../media/filmFilter.js';
import { openFilm } from '../media/filmReader.js';
import { compareFilms } from './compareFilms.js';
import type { PsnrDb } from './psnr.js';

/** What x264 makes of a film. `pictures` are those of `frames`, by number. */
export interface X264Result {
  crf: number;
  bytes: number;
  psnrDb: PsnrDb;
  pictures: Map<number, Picture>;
}

/** Bytes of the bare H.264 stream: no container counts against x264. */
async function encodeAt(film: RereadableFilm, crf: number, file: string, ffmpeg?: string): Promise<number> {
  const run = startFfmpeg(findFfmpeg(ffmpeg), {
    ...rawInput(film),
    outputOptions: ['-c:v', 'libx264', '-preset', 'medium', '-crf', crf.toFixed(2), '-f', 'h264'],
    output: fileUrl(file),
  });
  await run.finished;
  return (await stat(file)).size;
}

/** Calls `use` with the name of a temporary file. */
async function withFile<T>(use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'weft-x264-'));
  try {
    return await use(path.join(folder, 'film.h264'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function resultAt(
  film: RereadableFilm,
  crf: number,
  file: string,
  frames: number[],
  ffmpeg?: string,
): Promise<X264Result> {
  const bytes = await encodeAt(film, crf, file, ffmpeg);
  const decoded = await openFilm(file, ffmpeg === undefined ? {} : { ffmpeg });
  const pictures = new Map<number, Picture>();
  const { psnrDb } = await compareFilms(
    film.pictures(),
    decoded.pictures(),
    (index, _db, _reference, picture) => {
      if (frames.includes(index)) pictures.set(index, picture);
    },
  );
  return { crf, bytes, psnrDb, pictures };
}

/** x264 (preset medium) at one crf. */
export function x264AtCrf(film: RereadableFilm, crf: number, ffmpeg?: string): Promise<X264Result> {
  return withFile((file) => resultAt(film, crf, file, [], ffmpeg));
}

/**
 * x264 (preset medium) at the finest crf that takes at most `bytes`, to 0.05, or at crf 51.
 *
 * @param frames numbers of the pictures to keep
 */
export function x264AtBytes(
  film: RereadableFilm,
  bytes: number,
  frames: number[],
  ffmpeg?: string,
): Promise<X264Result> {
  return withFile(async (file) => {
    let fits = 51;
    let tooMany = 4;
    while (fits - tooMany > 0.05) {
      const crf = (fits + tooMany) / 2;
      if ((await encodeAt(film, crf, file, ffmpeg)) <= bytes) fits = crf;
      else tooMany = crf;
    }
    return resultAt(film, fits, file, frames, ffmpeg);
  });
}
