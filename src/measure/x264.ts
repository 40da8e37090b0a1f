import path from 'node:path';
import type { Picture } from '../../runtime/picture/picture.js';
import type { FilmSource } from '../../trainers/encodeJob.js';
import { withTemporaryFolder } from '../media/temporaryFolder.js';
import { anchorPictures, encodeAnchor } from './anchorEncode.js';
import { x264Medium } from './anchors.js';
import { compareFilms } from './compareFilms.js';
import type { PsnrDb } from './psnr.js';

/** What x264 makes of a film. `pictures` are those of the frames that were asked for, by number. */
export interface X264Result {
  crf: number;
  /** Of the bare H.264 stream: no container counts against x264. */
  bytes: number;
  psnrDb: PsnrDb;
  pictures: Map<number, Picture>;
}

/**
 * x264 (preset medium) at the finest crf that takes at most `bytes`, to 0.05, or at crf 51.
 *
 * @param frames numbers of the pictures to keep
 */
export function x264AtBytes(
  film: FilmSource,
  bytes: number,
  frames: number[],
  ffmpeg?: string,
): Promise<X264Result> {
  return withTemporaryFolder(async (folder) => {
    const file = path.join(folder, 'film.h264');
    const encode = (crf: number) => encodeAnchor(film, x264Medium, crf, file, { ffmpeg });
    let fits = 51;
    let tooMany = 4;
    while (fits - tooMany > 0.05) {
      const crf = (fits + tooMany) / 2;
      if ((await encode(crf)) <= bytes) fits = crf;
      else tooMany = crf;
    }
    return { crf: fits, bytes: await encode(fits), ...(await decoded(film, file, frames, ffmpeg)) };
  });
}

async function decoded(
  film: FilmSource,
  file: string,
  frames: number[],
  ffmpeg?: string,
): Promise<Pick<X264Result, 'psnrDb' | 'pictures'>> {
  const pictures = new Map<number, Picture>();
  const { psnrDb } = await compareFilms(
    film.pictures(),
    anchorPictures(film.info, file, { ffmpeg }),
    (index, _db, _reference, picture) => {
      if (frames.includes(index)) pictures.set(index, picture);
    },
  );
  return { psnrDb, pictures };
}
