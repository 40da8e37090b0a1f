import path from 'node:path';
import type { EncodeOptions } from '../../trainers/options.js';
import type { CommandContext } from '../commands/context.js';
import { readWeftFile } from '../commands/weftFile.js';
import { areaAverage, cropped, wholeSize } from '../measure/areaAverage.js';
import type { PsnrDb } from '../measure/psnr.js';
import { filmOf } from '../media/filmInMemory.js';
import {
  type BenchEncoder,
  decodePictures,
  type FilmBenchArguments,
  psnrOfPictures,
  readBenchFilm,
} from './benchFilm.js';
import { type MeasuredRow, tabulate } from './decibelTable.js';

/**
 * Decodes files at half their size and compares with the area average of what they show at their own size. Films are
 * encoded first, `.weft` files taken as they are.
 */
export function benchReduce(
  { films, frames, ...options }: FilmBenchArguments,
  context: CommandContext,
): Promise<void> {
  const measure = async (file: string, encode: BenchEncoder): Promise<MeasuredRow> => {
    const psnrDb = await reduced(await weftBytes(file, frames, encode, options));
    const figures = { Y: psnrDb.y, yuv: psnrDb.yuv };
    return { name: path.parse(file).name, figures, fields: { ...options, psnrDb } };
  };
  return tabulate(films, measure, { context, summary: 'lowest' });
}

async function weftBytes(
  file: string,
  frames: number | undefined,
  encode: BenchEncoder,
  options: Partial<EncodeOptions>,
): Promise<Uint8Array> {
  if (file.endsWith('.weft')) return readWeftFile(file);
  const { pictures, info } = await readBenchFilm(file, frames);
  return (await encode(filmOf(pictures, info), options)).bytes;
}

/** A film of odd size is compared without its last row or column. */
async function reduced(bytes: Uint8Array): Promise<PsnrDb> {
  const native = await decodePictures(bytes, {});
  const { width, height } = wholeSize(native[0]!, 2);
  const half = await decodePictures(bytes, {
    crop: { x: 0, y: 0, width, height },
    ...{ width: width / 2, height: height / 2 },
  });
  const averaged = native.map((picture) => areaAverage(cropped(picture, width, height), 2));
  return psnrOfPictures(averaged, half);
}
