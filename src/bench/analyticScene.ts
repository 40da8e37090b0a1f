import type { Scene } from '../../clips/layer.js';
import { sceneFilm } from '../../clips/renderScene.js';
import { scenes } from '../../clips/scenes.js';
import type { FilmInfo } from '../../runtime/picture/picture.js';
import type { EncodeOptions } from '../../trainers/options.js';
import type { CommandContext } from '../commands/context.js';
import { given } from '../given.js';
import { crossFaded } from '../measure/blend.js';
import { filteredPictures } from '../media/filmFilter.js';
import { collectPictures, filmOf } from '../media/filmInMemory.js';
import { type BenchEncoder, decodePictures, encodeNote, measureWays } from './benchFilm.js';
import { type MeasuredRow, tabulate } from './decibelTable.js';
import { prepareSheets } from './sheetFiles.js';

/** What the bench of analytic scenes runs. */
export interface AnalyticSceneArguments {
  crf: number;
  preset: EncodeOptions['preset'];
  /** Samples on each side of a pixel of the true rendering. */
  samples: number;
  /** First frames of each scene; undefined: all. */
  frames?: number | undefined;
  /** Folder for a PNG of each scene that shows where the ways differ; undefined: none is written. */
  pictures?: string | undefined;
}

/** Times larger in each direction, and times as many pictures. */
const factor = 4;

const small: Raster = { width: 160, height: 90, rate: [15, 1] };
const large: Raster = { width: 640, height: 360, rate: [60, 1] };

type Raster = Pick<FilmInfo, 'width' | 'height' | 'rate'>;

/**
 * Encodes every scene at 160x90 and 15 Hz, decodes at 640x360 and 60 Hz and compares with its true rendering, beside
 * the same without its enlarger and Lanczos enlargement and cross-fades of the uncoded pictures.
 *
 * @throws as prepareSheets, before the work
 */
export async function benchAnalyticScenes(
  { samples, frames, pictures, ...options }: AnalyticSceneArguments,
  context: CommandContext,
): Promise<void> {
  const measure = (scene: Scene, encode: BenchEncoder) =>
    measureScene(scene, { samples, frames }, encode, options);
  const measured = Object.values(scenes);
  const names = measured.map(({ name }) => name);
  const sheets = pictures === undefined ? undefined : await prepareSheets(pictures, names, context);
  await tabulate(measured, measure, { context, summary: 'mean', sheets });
}

/** Instants after the last frame that was encoded are not compared: there is nothing to show between. */
async function measureScene(
  scene: Scene,
  { samples, frames }: Pick<AnalyticSceneArguments, 'samples' | 'frames'>,
  encode: BenchEncoder,
  options: Partial<EncodeOptions>,
): Promise<MeasuredRow> {
  const source = sceneFilm(scene, { ...small, ...given({ frames }) });
  const film = filmOf(await collectPictures(source.pictures()), source.info);
  const encoded = await encode(film, { ...options, enlarger: 'always' });
  const count = factor * (source.info.frames! - 1) + 1;
  const original = sceneFilm(scene, { ...large, samples, frames: count });
  const { width, height, rate: fps } = large;
  const decoded = await decodePictures(encoded.bytes, { width, height, fps });
  const scaled = filteredPictures(film, [`scale=${width}:${height}:flags=lanczos`], {
    ...large,
    chroma: '420',
    rate: small.rate,
  });
  const lanczos = await decodePictures(encoded.bytes, { width, height, fps, enlarge: 'lanczos' });
  const ways = {
    weft: decoded.slice(0, count),
    'weft, Lanczos': lanczos.slice(0, count),
    Lanczos: crossFaded(await collectPictures(scaled), factor),
  };
  const compared = { info: original.info, truth: await collectPictures(original.pictures()), ways };
  const { figures, note, fields } = measureWays(compared);
  return {
    name: scene.name,
    figures,
    note: `${note}, ${encodeNote(encoded)}`,
    fields: { ...options, samples, bytes: encoded.bytes.length, ...fields },
    compared,
  };
}
