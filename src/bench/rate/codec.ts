import { readFile } from 'node:fs/promises';
import { open } from '../../../runtime/film/film.js';
import type { FilmInfo, Picture } from '../../../runtime/picture/picture.js';
import type { FilmSource } from '../../../trainers/encodeJob.js';
import { loadNativeTrainer } from '../../../trainers/native/trainerAddon.js';
import type { PresetName } from '../../../trainers/presets.js';
import type { TuneName } from '../../../trainers/rateControl.js';
import type { CommandContext } from '../../commands/context.js';
import { encodeToFile } from '../../commands/encode.js';
import type { Interrupts } from '../../interrupts.js';
import { anchorPictures, encodeAnchor } from '../../measure/anchorEncode.js';
import type { Anchor } from '../../measure/anchors.js';
import type { FfmpegBuild } from '../../media/ffmpegBuild.js';
import { programDigest } from './programDigest.js';

/** One curve of the bench: an encoder at several qualities. */
export interface BenchCodec {
  name: string;
  /** What `settings` are values of. */
  setting: Anchor['setting'];
  settings: readonly number[];
  /** Ending of its files. */
  ending: string;
  /** What decides its files, film and setting aside. */
  identity: object;
  /** Why it cannot take a film; undefined where it can. */
  refusal(info: FilmInfo): string | undefined;
  encode(film: FilmSource, setting: number, file: string): Promise<{ bytes: number; seconds: number }>;
  /** What a file shows. */
  pictures(info: FilmInfo, file: string): AsyncIterable<Picture>;
}

/** weft with one preset and tune. */
export async function weftCodec(
  {
    preset,
    tune,
    crfs,
    threads,
  }: { preset: PresetName; tune: TuneName; crfs: readonly number[]; threads: number },
  context: CommandContext,
  interrupts: Interrupts,
): Promise<BenchCodec> {
  const seed = 0;
  const { instructionSet } = loadNativeTrainer();
  return {
    ...{ name: `weft-${preset}-${tune}`, setting: 'crf', settings: crfs, ending: 'weft' },
    identity: { codec: 'weft', preset, tune, threads, seed, instructionSet, program: await programDigest() },
    refusal: () => undefined,
    encode: (film, crf, file) =>
      encodeToFile(file, film, { crf, preset, tune, threads, seed, engine: 'native' }, context, interrupts),
    pictures: (_info, file) => weftPictures(file, interrupts.signal),
  };
}

async function* weftPictures(file: string, signal: AbortSignal): AsyncGenerator<Picture, void, undefined> {
  const film = await open(await readFile(file));
  try {
    yield* film.frames({ signal });
  } finally {
    film.close();
  }
}

/** An encoder of ffmpeg. */
export function anchorCodec(
  anchor: Anchor,
  { versionLine }: FfmpegBuild,
  { ffmpeg, reporter }: CommandContext,
  { signal }: Interrupts,
): BenchCodec {
  const { name, encoder, options, setting, settings, format } = anchor;
  return {
    ...{ name, setting, settings, ending: format },
    identity: { codec: name, encoder, options, ffmpeg: versionLine },
    refusal: (info) => anchorRefusal(anchor, info),
    async encode(film, value, file) {
      reporter.progress(`${name} ${setting} ${value}`, 0);
      const started = performance.now();
      const bytes = await encodeAnchor(film, anchor, value, file, { ffmpeg, signal });
      return { bytes, seconds: (performance.now() - started) / 1000 };
    },
    pictures: (info, file) => anchorPictures(info, file, { ffmpeg, signal }),
  };
}

function anchorRefusal({ chroma, encoder, still }: Anchor, info: FilmInfo): string | undefined {
  if (still && info.frames !== 1) return `${encoder} takes films of one frame: --frames 1`;
  if (!chroma.includes(info.chroma)) return `${encoder} does not code chroma ${info.chroma}`;
  return undefined;
}
