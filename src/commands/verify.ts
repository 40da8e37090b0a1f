import { UsageError } from '../../runtime/errors.js';
import type { WeftFilm } from '../../runtime/film/film.js';
import type { WeftHeader } from '../../runtime/format/header.js';
import type { FilmInfo } from '../../runtime/picture/picture.js';
import { listenForInterrupts } from '../interrupts.js';
import { compareFilms } from '../measure/compareFilms.js';
import { ssim } from '../measure/ssim.js';
import type { OptionTable } from '../optionTable.js';
import type { CommandContext } from './context.js';
import { SOURCE_OPTIONS, type SourceOptions, withSource } from './sourceOptions.js';
import { openWeftFile } from './weftFile.js';

/** Options of `weft verify`. Those that change the source must be given as they were to `encode`. */
export const VERIFY_OPTIONS: OptionTable = {
  source: {
    flag: 'source',
    alias: 's',
    type: { kind: 'text' },
    doc: 'Film to compare with: PSNR and SSIM of every frame',
  },
  ...SOURCE_OPTIONS,
  frames: { ...SOURCE_OPTIONS.frames, fallbackDoc: 'as many as the file has' },
};

/** Arguments of `weft verify`. */
export interface VerifyArguments extends SourceOptions {
  input: string;
  source?: string;
}

/** Checks a file's checksums and symbols and, with a source, its pictures. */
export async function runVerify(args: VerifyArguments, context: CommandContext): Promise<void> {
  const { reporter } = context;
  const film = await openWeftFile(args.input);
  try {
    for (let index = 0; index < film.segments.length; index++) {
      await film.decodeSegmentLatents(index); // checks the checksum, then that every symbol decodes
      reporter.progress('checking', (index + 1) / film.segments.length);
    }
    for (const chunk of await film.streamedChunks()) for await (const _ of chunk.pieces()); // checks theirs
    const checked = {
      input: args.input,
      bytes: film.bytes,
      segments: film.segments.length,
      checksums: 'ok',
    };
    const text = `${args.input}: ${film.segments.length} segments, ${film.bytes} bytes, checksums ok`;
    if (args.source === undefined) return reporter.result(checked, text);
    const measured = await measure(film, args.source, args, context);
    const { y, u, v, yuv } = measured.psnrDb;
    reporter.result(
      { ...checked, ...measured },
      `${text}\nPSNR ${yuv.toFixed(2)} dB (Y ${y.toFixed(2)}, U ${u.toFixed(2)}, V ${v.toFixed(2)}), ` +
        `SSIM ${measured.ssim?.toFixed(4) ?? 'not defined below 11x11'}, ${measured.frames} frames`,
    );
  } finally {
    await film.close();
  }
}

async function measure(film: WeftFilm, sourcePath: string, args: VerifyArguments, context: CommandContext) {
  const { reporter } = context;
  const interrupts = listenForInterrupts();
  const range = { ...args, frames: args.frames ?? film.header.frames };
  try {
    return await withSource(sourcePath, range, context, interrupts.signal, async (source) => {
      checkAlike(film.header, source.info, sourcePath);
      const { width, height } = film.header;
      const similarities: number[] = [];
      const compared = await compareFilms(
        source.pictures(interrupts.signal),
        film.frames({ signal: interrupts.signal }),
        (index, psnrDb, reference, decoded) => {
          const similarity = width >= 11 && height >= 11 ? ssim(reference, decoded) : undefined;
          if (similarity !== undefined) similarities.push(similarity);
          reporter.event('frame', { index, psnrDb, ssim: similarity });
          reporter.table(
            `${String(index).padStart(6)}  ${psnrDb.yuv.toFixed(2)} dB  ${similarity?.toFixed(4) ?? '-'}`,
          );
        },
      );
      const mean = similarities.reduce((sum, value) => sum + value, 0) / similarities.length;
      return { ...compared, ssim: similarities.length > 0 ? mean : undefined };
    });
  } finally {
    interrupts.dispose();
  }
}

/** @throws UsageError SOURCE_DIFFERS */
function checkAlike(file: WeftHeader, source: FilmInfo, name: string): void {
  const described = (info: Pick<FilmInfo, 'width' | 'height' | 'chroma' | 'frames'>) =>
    `${info.frames} frames of ${info.width}x${info.height} ${info.chroma}`;
  const [has, expected] = [described(source), described(file)];
  if (has === expected) return;
  throw new UsageError(`${name} has ${has}, the .weft file ${expected}.`, {
    code: 'SOURCE_DIFFERS',
    hint: 'Give the options of the encode again: --size, --fps, --start, --end, --frames.',
    path: '--source',
    value: has,
    range: expected,
  });
}
