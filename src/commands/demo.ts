import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { needSampleFilm, sampleCutsSeconds } from '../../clips/sampleFilm.js';
import { open } from '../../runtime/film/film.js';
import type { Picture } from '../../runtime/picture/picture.js';
import type { FilmSource } from '../../trainers/encodeJob.js';
import { ENCODE_OPTIONS } from '../../trainers/options.js';
import type { PresetName } from '../../trainers/presets.js';
import { composeSheet, type Rectangle, type SheetCell } from '../demo/sheet.js';
import { given } from '../given.js';
import { type Interrupts, listenForInterrupts } from '../interrupts.js';
import { type X264Result, x264AtBytes } from '../measure/x264.js';
import { collectPictures, filmOf } from '../media/filmInMemory.js';
import { type OpenedFilm, openFilm } from '../media/filmReader.js';
import { writeFilm } from '../media/filmWriter.js';
import { toNumber } from '../media/rational.js';
import { withTemporaryFolder } from '../media/temporaryFolder.js';
import type { OptionTableOf } from '../optionTable.js';
import type { CommandContext } from './context.js';
import { runDecode } from './decode.js';
import { type EncodeReport, encodeToFile } from './encode.js';
import { writePage } from './page.js';

/** Arguments of `weft demo`. */
export interface DemoArguments {
  output: string;
  preset: PresetName;
  seconds: number;
}

/** Options of `weft demo`. */
export const DEMO_OPTIONS: OptionTableOf<DemoArguments> = {
  output: {
    flag: 'output',
    alias: 'o',
    type: { kind: 'text' },
    fallback: 'weft-demo',
    doc: 'Folder for the results',
  },
  preset: { ...ENCODE_OPTIONS.preset, fallback: 'fast' },
  seconds: {
    flag: 'seconds',
    type: { kind: 'number', min: 0.5, max: 8 },
    fallback: 3,
    doc: 'Length of the part',
  },
};

const size = { width: 480, height: 270 };

/** A part of the picture with fine texture, an eighth of it. */
const detail: Rectangle = { x: 180, y: 90, width: 120, height: 67.5 };

/** Encodes a few seconds of the sample film across a cut, decodes them larger and smoother, and compares. */
export async function runDemo(args: DemoArguments, context: CommandContext): Promise<void> {
  const { reporter } = context;
  const source = needSampleFilm();
  await mkdir(args.output, { recursive: true });
  const interrupts = listenForInterrupts(() => reporter.note('finishing with the best result so far'));
  const cut = sampleCutsSeconds[0]!;
  const range = { start: cut - args.seconds / 2, end: cut + args.seconds / 2 };
  try {
    const film = await openFilm(source, { size, ...range, ...given({ ffmpeg: context.ffmpeg }) });
    const kept = await inMemory(film, interrupts.signal);
    await showDemo(kept, args, { ...context, overwrite: true }, interrupts);
  } finally {
    interrupts.dispose();
  }
}

/** The film is read a dozen times to find x264's equal; it is short enough to be kept. */
async function inMemory(film: OpenedFilm, signal: AbortSignal): Promise<FilmSource> {
  const pictures = await collectPictures(film.pictures(signal));
  await film.close();
  return filmOf(pictures, film.info);
}

async function showDemo(
  film: FilmSource,
  { output, preset }: DemoArguments,
  context: CommandContext,
  interrupts: Interrupts,
): Promise<void> {
  const { reporter, ffmpeg } = context;
  const files = {
    weft: path.join(output, 'demo.weft'),
    decoded: path.join(output, 'decoded-2x-48Hz.mp4'),
    sheet: path.join(output, 'sheet.png'),
    page: path.join(output, 'film.html'),
  };
  reporter.event('start', { ...files, ...film.info });
  const encoded = await encodeToFile(files.weft, film, { preset }, context, interrupts);
  const began = reporter.seconds;
  const silent = { ...context, reporter: reporter.withoutResult() };
  await runDecode({ input: files.weft, output: files.decoded, scale: 2, fpsMulti: 2 }, silent);
  const decodeSeconds = reporter.seconds - began;
  reporter.progress('x264 at equal bytes', 0);
  const frames = shownFrames(encoded.frames);
  const x264 = await x264AtBytes(film, encoded.bytes, frames, ffmpeg);
  const sheet = await drawSheet(files.weft, film, frames, x264);
  await writeFilm(once(sheet), { ...film.info, ...pick(sheet), sampleAspect: [1, 1] }, files.sheet, {
    ...given({ ffmpeg }),
    overwrite: true,
  });
  await writeDemoPage(files, film, encoded, silent);
  const { crf, bytes, psnrDb } = x264;
  const fields = {
    ...encoded,
    decodeSeconds,
    x264: { crf, bytes, psnrDb },
    files,
    seconds: reporter.seconds,
  };
  reporter.result(fields, report(film, encoded, decodeSeconds, x264, Object.values(files)));
}

/** The decoded film beside its source. */
async function writeDemoPage(
  files: { weft: string; page: string },
  film: FilmSource,
  { bytes, psnrDb }: EncodeReport,
  context: CommandContext,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const source = path.join(folder, 'source.mp4');
    const { bytes: sourceBytes } = await writeFilm(
      film.pictures(),
      film.info,
      source,
      given({ ffmpeg: context.ffmpeg }),
    );
    const parts = {
      title: 'weft demo',
      film: files.weft,
      source: { file: source, type: 'video/mp4' },
      filmCaption: `weft: ${bytes} bytes, ${psnrDb.yuv.toFixed(2)} dB; wheel or pinch to zoom`,
      sourceCaption: `source, as H.264 of ${sourceBytes} bytes`,
    };
    await writePage(files.page, parts, context);
  });
}

/** One frame on either side of the cut in the middle. */
function shownFrames(frames: number): number[] {
  return [Math.floor(frames / 4), Math.floor((3 * frames) / 4)];
}

async function drawSheet(
  weftFile: string,
  film: FilmSource,
  frames: number[],
  x264: X264Result,
): Promise<Picture> {
  const weft = await open(await readFile(weftFile));
  try {
    const rows: SheetCell[][] = [];
    for (const frame of frames) {
      const start = frame / toNumber(film.info.rate);
      const [source, decoded] = [
        await pictureAt(film.pictures(), frame),
        await pictureAt(weft.frames(), frame),
      ];
      const [large] = await takeOne(weft.frames({ start, crop: detail, ...size }));
      const compared = x264.pictures.get(frame)!;
      rows.push([
        { label: `SOURCE, FRAME ${frame}`, picture: source },
        { label: 'WEFT', picture: decoded },
        { label: `X264 AT ${x264.bytes} BYTES`, picture: compared },
      ]);
      rows.push([
        { label: 'SOURCE, PIXELS 4X', picture: source, crop: detail },
        { label: 'WEFT, DECODED AT 4X', picture: large! },
        { label: 'X264, PIXELS 4X', picture: compared, crop: detail },
      ]);
    }
    return composeSheet(rows, size.width, size.height);
  } finally {
    await weft.close();
  }
}

async function pictureAt(pictures: AsyncIterable<Picture>, index: number): Promise<Picture> {
  let at = 0;
  for await (const picture of pictures) if (at++ === index) return picture;
  throw new RangeError(`There is no frame ${index}.`);
}

async function takeOne(pictures: AsyncIterable<Picture>): Promise<Picture[]> {
  for await (const picture of pictures) return [picture];
  return [];
}

async function* once(picture: Picture): AsyncGenerator<Picture, void, undefined> {
  yield picture;
}

function pick({ width, height, chroma }: Picture) {
  return { width, height, chroma };
}

function report(
  film: FilmSource,
  encoded: EncodeReport,
  decodeSeconds: number,
  x264: X264Result,
  files: string[],
): string {
  const { width, height, rate } = film.info;
  const pixels = encoded.frames * width * height;
  const row = (name: string, bytes: number, db: number) =>
    `  ${name.padEnd(24)} ${String(bytes).padStart(8)} bytes  ${((8 * bytes) / pixels).toFixed(4)} bits per pixel  ` +
    `${db.toFixed(2)} dB (PSNR yuv)`;
  return [
    `${encoded.frames} frames of ${width}x${height} at ${toNumber(rate)} Hz, across a cut`,
    row('weft', encoded.bytes, encoded.psnrDb.yuv),
    row(`x264 medium, crf ${x264.crf.toFixed(1)}`, x264.bytes, x264.psnrDb.yuv),
    `  encoded and verified in ${encoded.seconds.toFixed(1)} s (${encoded.engine}), ` +
      `decoded at twice the size and rate in ${decodeSeconds.toFixed(1)} s`,
    ...files.map((file) => `  ${file}`),
    `  watch it: open ${files.at(-1)} in a browser, or run ./weft play ${files[0]}`,
  ].join('\n');
}
