import {
  DECODER_ENGINE_NAMES,
  type DecoderEngineName,
  openDecoderEngine,
} from '../../runtime/engine/registry.js';
import { EngineError, WeftError } from '../../runtime/errors.js';
import { type EngineReport, reportEngines } from '../../trainers/engines.js';
import { weftVersion } from '../../trainers/version.js';
import { findFfmpeg } from '../media/ffmpeg.js';
import { ffmpegBuild } from '../media/ffmpegBuild.js';
import type { RedisReport } from '../workers/redisReport.js';
import type { CommandContext } from './context.js';
import { ADDRESS_VARIABLE } from './worker.js';

/** A part of weft or of what it builds on. */
type Finding = Omit<EngineReport, 'name'> & { readonly name: string };

/**
 * Every engine with its version and device, or why it is not there and what to do; the decoders and ffmpeg too. With the address of
 * a Redis: whether it would do for encodes with workers, and who is there.
 */
export async function runDoctor(
  { input }: { input?: string },
  { reporter, ffmpeg }: CommandContext,
): Promise<void> {
  const address = input ?? process.env[ADDRESS_VARIABLE];
  const redis = address ? await redisReport(address) : undefined;
  const engines = await reportEngines();
  const decoders = await Promise.all(DECODER_ENGINE_NAMES.map(decoderFinding));
  const tools = [await ffmpegFinding(ffmpeg)];
  reporter.result(
    { weft: weftVersion(), node: process.versions.node, engines, decoders, tools, ...(redis && { redis }) },
    [
      `weft ${weftVersion()}, Node.js ${process.versions.node}, ${process.platform} ${process.arch}`,
      ...section('training (--engine)', engines),
      ...section('decoding', decoders),
      ...section('films', tools),
      ...(redis ? redisLines(redis) : []),
    ].join('\n'),
  );
}

async function redisReport(url: string): Promise<RedisReport> {
  const { reportRedis } = await import('../workers/redisReport.js');
  return reportRedis(url);
}

function redisLines({ url, version, answersInMs, warnings, workers }: RedisReport): string[] {
  return [
    'workers (--workers)',
    `  ${url}  Redis ${version}, answers in ${answersInMs.toFixed(1)} ms`,
    ...warnings.map((warning) => `  ${warning}`),
    ...workers.map(
      ({ name, weft, jobs, engine, usable }) =>
        `  ${name}  ${jobs} at once, ${engine}${usable ? '' : `: not used, it is weft ${weft}`}`,
    ),
    ...(workers.some(({ usable }) => usable)
      ? []
      : [`  no worker is there: start some with weft worker ${url}`]),
  ];
}

async function decoderFinding(name: DecoderEngineName): Promise<Finding> {
  try {
    const engine = await openDecoderEngine(name, { threads: 1 });
    engine.close();
    return { name, available: true, version: engine.version, device: engine.device };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { name, available: false, reason: error.message, hint: error.hint };
  }
}

async function ffmpegFinding(path: string | undefined): Promise<Finding> {
  try {
    const tools = findFfmpeg(path);
    const { version } = await ffmpegBuild(tools);
    return { name: 'ffmpeg', available: true, version, device: tools.ffmpeg };
  } catch (error) {
    if (!(error instanceof WeftError)) throw error;
    return { name: 'ffmpeg', available: false, reason: error.message, hint: error.hint };
  }
}

function section(title: string, findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, available, version, device, reason, hint }) => {
    const padded = `  ${name.padEnd(width)}`;
    return available
      ? [`${padded}  ${version}, ${device}`]
      : [`${padded}  not there: ${reason}`, `  ${' '.repeat(width)}  ${hint}`];
  });
  return [title, ...lines];
}
