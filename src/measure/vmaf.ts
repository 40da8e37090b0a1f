import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { MediaError } from '../../runtime/errors.js';
import { createPicture, type FilmInfo, type Picture } from '../../runtime/picture/picture.js';
import { type FfmpegTools, startFfmpeg } from '../media/ffmpeg.js';
import type { FfmpegBuild } from '../media/ffmpegBuild.js';
import { sampleFeed } from '../media/filmFilter.js';
import { filmOf } from '../media/filmInMemory.js';
import { withTemporaryFolder } from '../media/temporaryFolder.js';

/** What libvmaf writes of each frame; the rest of its log differs from version to version. */
interface VmafLog {
  frames: { metrics: { vmaf: number } }[];
}

/**
 * VMAF of a film against another by ffmpeg's libvmaf (its default model), mean over the frames, 0..100.
 *
 * @throws MediaError FFMPEG_FAILED, InterruptedError
 */
export function vmaf(
  info: FilmInfo,
  reference: AsyncIterable<Picture>,
  test: AsyncIterable<Picture>,
  tools: FfmpegTools,
  signal?: AbortSignal,
): Promise<number> {
  return withTemporaryFolder(async (folder) => {
    const log = path.join(folder, 'vmaf.json');
    const run = startFfmpeg(tools, {
      ...sampleFeed({ info, pictures: () => alternating(reference, test) }),
      filters: [vmafFilter(log)],
      outputOptions: ['-f', 'null'],
      output: '-',
      ...(signal && { signal }),
    });
    await run.finished;
    const { frames } = JSON.parse(await readFile(log, 'utf8')) as VmafLog;
    return frames.reduce((sum, frame) => sum + frame.metrics.vmaf, 0) / frames.length;
  });
}

/**
 * Why VMAF cannot be measured with this ffmpeg; undefined where it can. A build may have the filter without a model,
 * so it is tried.
 */
export async function vmafMissing(tools: FfmpegTools, { filters }: FfmpegBuild): Promise<string | undefined> {
  if (!filters.has('libvmaf')) return 'this ffmpeg has no filter libvmaf';
  const gray = createPicture(64, 64, '420');
  for (const plane of gray.planes) plane.fill(128);
  const { info, pictures } = filmOf([gray, gray], grayInfo);
  try {
    await vmaf(info, pictures(), pictures(), tools);
    return undefined;
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    return `the filter libvmaf of this ffmpeg does not work (${error.message.replaceAll('\n', ' ')})`;
  }
}

const grayInfo: FilmInfo = {
  ...{ width: 64, height: 64, chroma: '420', rate: [25, 1], lumaRange: 'tv', sampleAspect: [1, 1] },
  ...{ matrix: 'unknown', primaries: 'unknown', transfer: 'unknown', chromaLocation: 'left' },
};

/** Both films through one pipe: a picture of one, then a picture of the other. */
async function* alternating(
  reference: AsyncIterable<Picture>,
  test: AsyncIterable<Picture>,
): AsyncGenerator<Picture, void, undefined> {
  const others = test[Symbol.asyncIterator]();
  try {
    for await (const picture of reference) {
      yield picture;
      const other = await others.next();
      if (!other.done) yield other.value;
    }
  } finally {
    await others.return?.();
  }
}

/** Takes the two films apart again and compares them. */
function vmafFilter(log: string): string {
  const name = log.replaceAll('\\', '/').replace(/[:'[\],;]/g, '\\\\\\$&');
  return [
    'split[first][second]',
    "[first]select='not(mod(n,2))',setpts=N[reference]",
    "[second]select='mod(n,2)',setpts=N[test]",
    `[test][reference]libvmaf=log_fmt=json:log_path=${name}`,
  ].join(';');
}
