import { type FfmpegTools, ffmpegSays } from './ffmpeg.js';

/** What a build of ffmpeg is and has. */
export interface FfmpegBuild {
  /** For example `5.1.9-0+deb12u1`. */
  version: string;
  /** The line that states the version and the compiler's year: two builds differ in it. */
  versionLine: string;
  encoders: ReadonlySet<string>;
  filters: ReadonlySet<string>;
}

/**
 * Asks ffmpeg what it is.
 *
 * @throws MediaError FFMPEG_FAILED
 */
export async function ffmpegBuild(tools: FfmpegTools): Promise<FfmpegBuild> {
  const questions = ['-version', '-encoders', '-filters'];
  const [version, encoders, filters] = await Promise.all(questions.map((each) => ffmpegSays(tools, each)));
  const versionLine = version!.split('\n', 1)[0]!.trim();
  return {
    version: /version (\S+)/.exec(versionLine)?.[1] ?? 'unknown',
    versionLine,
    encoders: namesIn(encoders!),
    filters: namesIn(filters!),
  };
}

/** The second word of every line: behind the flags stands the name. */
function namesIn(list: string): Set<string> {
  return new Set(list.split('\n').map((line) => line.trim().split(/\s+/)[1] ?? ''));
}
