import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../../runtime/errors.js';
import type { WeftFile } from '../../runtime/format/container.js';
import { findFfmpeg } from '../media/ffmpeg.js';
import { checkOutput, writeWhole } from '../media/outputFile.js';
import { withTemporaryFolder } from '../media/temporaryFolder.js';
import { spliceChunks } from '../media/trackSplice.js';
import {
  checkJoinable,
  isWhole,
  named,
  partChunks,
  planSplice,
  segmentsAround,
  timesOf,
  type WeftPart,
  wholeFile,
} from '../media/weftSplice.js';
import type { OptionTableOf } from '../optionTable.js';
import type { CommandContext } from './context.js';
import { SOURCE_OPTIONS } from './sourceOptions.js';
import { readWeftHead } from './weftFile.js';

/** Options of `weft join`. */
interface JoinOptions {
  output?: string;
  noTracks?: boolean;
}

/** Options of `weft cut`. */
interface CutOptions extends JoinOptions {
  start?: number;
  end?: number;
}

export const JOIN_OPTIONS: OptionTableOf<JoinOptions> = {
  output: { flag: 'output', alias: 'o', type: { kind: 'text' }, doc: 'File to write' },
  noTracks: {
    flag: 'no-tracks',
    type: { kind: 'flag' },
    doc: 'Leave out sound, subtitles, title and chapters',
  },
};

const { start, end } = SOURCE_OPTIONS;
export const CUT_OPTIONS: OptionTableOf<CutOptions> = {
  start: {
    ...start,
    fallbackDoc: 'the beginning',
    doc: 'Begin with the segment that this time lies in: seconds or m:s',
  },
  end: {
    ...(end as typeof start),
    fallbackDoc: 'the end',
    doc: 'End with the segment that lies before this time',
  },
  ...JOIN_OPTIONS,
};

/** A part of a `.weft` file, from segment to segment, without training anything. */
export async function runCut(
  { input, start, end, ...options }: CutOptions & { input: string },
  context: CommandContext,
): Promise<void> {
  await withFiles([input], async ([file]) => {
    const part = segmentsAround(input, file!, { start, end });
    const times = timesOf(part);
    context.reporter.note(
      `from ${times.start.toFixed(3)} s to ${times.end.toFixed(3)} s: whole segments are kept`,
    );
    await splice([part], options, context);
  });
}

/** Several `.weft` files of one film as one, in the order that they are given. */
export async function runJoin(
  { input, ...options }: JoinOptions & { input: string[] },
  context: CommandContext,
): Promise<void> {
  await withFiles(input, async (files) => {
    const parts = files.map((file, i) => wholeFile(input[i]!, file));
    checkJoinable(parts);
    await splice(parts, options, context);
  });
}

async function withFiles(names: readonly string[], use: (files: WeftFile[]) => Promise<void>): Promise<void> {
  const files: WeftFile[] = [];
  try {
    for (const name of names) files.push(await named(name, () => readWeftHead(name)));
    await use(files);
  } finally {
    for (const { source } of files) source.close?.();
  }
}

async function splice(
  parts: readonly WeftPart[],
  { output, noTracks }: JoinOptions,
  { reporter, ffmpeg, overwrite }: CommandContext,
): Promise<void> {
  if (output === undefined) {
    throw new UsageError('The output has no name.', {
      code: 'OUTPUT_NEEDED',
      hint: 'Give one: -o film.weft',
      path: '--output',
    });
  }
  for (const { name } of parts) await checkOutput(output, { overwrite, input: name });
  const tracks = await Promise.all(
    (noTracks ? [] : parts).map(async (part) => ({
      ...{ name: part.name, chunks: await partChunks(part) },
      ...{ ...timesOf(part), whole: isWhole(part) },
    })),
  );
  const some = tracks.some(({ chunks }) => chunks.length > 0);
  const lose = (line: string) => reporter.note(line);
  const bytes = await withTemporaryFolder(async (folder) => {
    const chunks = some ? await spliceChunks(findFfmpeg(ffmpeg), folder, tracks, lose) : [];
    const plan = await planSplice(parts, chunks);
    await writeWhole(output, (part) => pipeline(plan.pieces(), createWriteStream(part)));
    return plan.size;
  });
  const segments = parts.reduce((sum, { firstSegment, endSegment }) => sum + endSegment - firstSegment, 0);
  const seconds = parts.map(timesOf).reduce((sum, { start, end }) => sum + end - start, 0);
  reporter.result(
    { output, bytes, segments, seconds },
    `${output}: ${bytes} bytes, ${segments} segments, ${seconds.toFixed(3)} s`,
  );
}
