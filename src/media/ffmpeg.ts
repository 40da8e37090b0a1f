/**
 * The only file that knows fluent-ffmpeg, and the only one that starts ffmpeg.
 *
 * fluent-ffmpeg is archived. It is used to lay out the arguments of a command, and for nothing else: its
 * capability checks misread the lists of ffmpeg 7 and later, and it keeps the program's path in a global.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, chmodSync, constants, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Readable } from 'node:stream';
import fluentFfmpeg from 'fluent-ffmpeg';
import { InterruptedError, MediaError } from '../../runtime/errors.js';

/** Paths of the two programs. */
export interface FfmpegTools {
  ffmpeg: string;
  ffprobe: string;
}

/** One run of ffmpeg: one input, one output, both a path or a pipe. */
export interface FfmpegJob {
  /** A path; undefined reads `stdin`. */
  input?: string;
  inputOptions?: string[];
  filters?: string[];
  outputOptions?: string[];
  /** A path; undefined writes to the `stdout` of the run. */
  output?: string;
  /** Folder that it runs in: the names of a sequence are read as a pattern, the name of a folder need not be one. */
  folder?: string;
  /** Bytes for the standard input of ffmpeg. */
  stdin?: AsyncIterable<Uint8Array>;
  /** Inputs behind the first, which is the one with the pictures. */
  others?: readonly { file: string; options?: readonly string[] }[];
  /** Whether sound and subtitles are wanted; default: no. */
  tracks?: boolean;
  /** Gets every line of its log, with its level (`error`, `info` and so on). */
  onMessage?: (level: string, text: string) => void;
  signal?: AbortSignal;
}

/** A started run. `finished` must be awaited; it rejects with MediaError or InterruptedError. */
export interface FfmpegRun {
  stdout: Readable;
  finished: Promise<void>;
  /** Ends ffmpeg early; `finished` then resolves. */
  stop(): void;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function findOnPath(name: string): string | undefined {
  const suffixes = process.platform === 'win32' ? ['.exe', ''] : [''];
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  for (const folder of folders) {
    const found = suffixes.map((suffix) => path.join(folder, name + suffix)).find(isProgram);
    if (found) return found;
  }
  return undefined;
}

function bundled(name: 'ffmpeg' | 'ffprobe'): string | undefined {
  try {
    const installed: unknown = createRequire(import.meta.url)(`@${name}-installer/${name}`);
    const file = (installed as { path: string }).path;
    // One of the packages carries its binary without the right to run it and mends that in an install script,
    // which `npm ci --ignore-scripts` leaves out.
    if (!isProgram(file)) chmodSync(file, 0o755);
    return isProgram(file) ? file : undefined;
  } catch {
    return undefined; // the installer packages throw on platforms for which they carry no binary
  }
}

function notFound(name: string): MediaError {
  return new MediaError(`${name} was not found.`, {
    code: 'FFMPEG_NOT_FOUND',
    hint: 'Install ffmpeg, or give its path with --ffmpeg or WEFT_FFMPEG.',
    path: '--ffmpeg',
    value: name,
  });
}

function ffprobeBeside(ffmpeg: string): string | undefined {
  const sibling = path.join(path.dirname(ffmpeg), path.basename(ffmpeg).replace('ffmpeg', 'ffprobe'));
  return sibling !== ffmpeg && isProgram(sibling) ? sibling : undefined;
}

/**
 * Looks for ffmpeg in this order: `explicit`, the environment variable WEFT_FFMPEG, PATH, the binary in the
 * package `@ffmpeg-installer/ffmpeg`. ffprobe is taken from beside it where it is there.
 *
 * @throws MediaError FFMPEG_NOT_FOUND
 */
export function findFfmpeg(explicit?: string): FfmpegTools {
  const wanted = explicit ?? process.env.WEFT_FFMPEG;
  const ffmpeg = wanted
    ? isProgram(wanted)
      ? path.resolve(wanted)
      : findOnPath(wanted)
    : (findOnPath('ffmpeg') ?? bundled('ffmpeg'));
  if (!ffmpeg) throw notFound(wanted ?? 'ffmpeg');
  const ffprobe = ffprobeBeside(ffmpeg) ?? findOnPath('ffprobe') ?? bundled('ffprobe');
  if (!ffprobe) throw notFound('ffprobe');
  return { ffmpeg, ffprobe };
}

/** A path as ffmpeg takes it whatever it contains: a colon in a name is no protocol. */
export function fileUrl(file: string): string {
  return `file:${file}`;
}

function argumentsOf(job: FfmpegJob): string[] {
  const level = job.onMessage ? 'level+info' : 'error';
  // Spread into several arguments: given one, fluent-ffmpeg splits it at a blank, even within a file name.
  const command = fluentFfmpeg()
    .input(job.input === undefined ? 'pipe:0' : job.input)
    .inputOptions(
      ...['-hide_banner', '-nostats'],
      ...['-loglevel', level, ...(job.stdin ? [] : ['-nostdin']), ...(job.inputOptions ?? [])],
    )
    .output(job.output === undefined ? 'pipe:1' : job.output)
    .outputOptions('-y', ...(job.tracks ? ['-dn'] : ['-an', '-sn', '-dn']), ...(job.outputOptions ?? []));
  for (const { file, options = [] } of job.others ?? [])
    command.input(fileUrl(file)).inputOptions('-nostats', ...options);
  if (job.filters?.length) command.videoFilters(job.filters);
  return (command as unknown as { _getArguments(): string[] })._getArguments();
}

function failure(stderr: string, code: number | null): MediaError {
  const said = stderr.trim().split('\n').slice(-3).join('\n');
  if (/No space left on device/i.test(stderr)) {
    return new MediaError('The disk is full.', {
      code: 'DISK_FULL',
      hint: 'Free some space or write to another disk.',
      path: 'output',
    });
  }
  return new MediaError(
    `ffmpeg failed${code === null ? '' : ` with code ${code}`}: ${said || 'it said nothing'}`,
    {
      code: 'FFMPEG_FAILED',
      hint: 'See what ffmpeg says above; another build of it can be given with --ffmpeg.',
    },
  );
}

const messageForm = /^(?:\[[^\]]+ @ [^\]]+\] )?\[(\w+)\] (.*)$/;

/** Cuts ffmpeg's log into lines and takes their level off. */
function messageReader(onMessage: NonNullable<FfmpegJob['onMessage']>): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const [, level, message] = messageForm.exec(line) ?? [];
      if (level) onMessage(level, message!);
    }
  };
}

/** Feeds ffmpeg with back-pressure. A closed pipe is no error here: the exit code of ffmpeg tells why. */
async function feed(child: ChildProcess, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const stdin = child.stdin!;
  let closed = false;
  const gone = new Promise<void>((resolve) => {
    const settle = () => {
      closed = true;
      resolve();
    };
    stdin.once('error', settle);
    stdin.once('close', settle);
  });
  for await (const chunk of chunks) {
    if (closed) break;
    if (!stdin.write(chunk)) {
      await Promise.race([new Promise((resolve) => stdin.once('drain', resolve)), gone]);
    }
  }
  if (!closed) stdin.end();
}

/**
 * Starts ffmpeg.
 *
 * @throws (through `finished`) MediaError FFMPEG_FAILED or DISK_FULL, InterruptedError on `signal`, or whatever
 * `stdin` throws.
 */
export function startFfmpeg(tools: FfmpegTools, job: FfmpegJob): FfmpegRun {
  const child = spawn(tools.ffmpeg, argumentsOf(job), {
    stdio: [job.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    ...(job.folder !== undefined && { cwd: job.folder }),
    detached: true, // Ctrl-C in a terminal is for weft to handle; ffmpeg ends when its pipe does
  });
  let stderr = '';
  let stopped = false;
  const listener = job.onMessage && messageReader(job.onMessage);
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-8192);
    listener?.(text);
  });
  if (job.output !== undefined) child.stdout!.resume();
  const stop = () => {
    stopped = true;
    child.kill('SIGKILL');
  };
  job.signal?.addEventListener('abort', stop, { once: true });
  if (job.signal?.aborted) stop();

  const exited = new Promise<void>((resolve, reject) => {
    child.once('error', (error) => reject(failure(error.message, null)));
    child.once('close', (code) => {
      if (job.signal?.aborted) reject(new InterruptedError());
      else if (stopped || (code === 0 && !/No space left on device/i.test(stderr))) resolve();
      else reject(failure(stderr, code));
    });
  }).finally(() => job.signal?.removeEventListener('abort', stop));

  const fed = job.stdin ? feed(child, job.stdin) : Promise.resolve();
  const finished = Promise.all([
    exited,
    fed.catch((error: unknown) => {
      stop();
      throw error;
    }),
  ]).then(() => undefined);
  finished.catch(() => undefined); // whoever awaits it later still sees the rejection
  return { stdout: child.stdout!, finished, stop };
}

/** What a program wrote until it ended. */
interface Said {
  stdout: string;
  /** Its last 4096 characters. */
  stderr: string;
  code: number | null;
}

async function listen(program: string, options: string[]): Promise<Said> {
  // Detached as ffmpeg is: Ctrl-C in a terminal is for weft to handle.
  const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const said: Said = { stdout: '', stderr: '', code: null };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr = (said.stderr + text).slice(-4096);
  });
  said.code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return said;
}

/**
 * Runs ffprobe and parses its JSON.
 *
 * @throws MediaError NOT_A_FILM with what ffprobe said.
 */
export async function probeJson(tools: FfmpegTools, file: string, options: string[]): Promise<unknown> {
  const { stdout, stderr, code } = await listen(tools.ffprobe, [
    ...['-v', 'error', '-of', 'json', ...options],
    file,
  ]);
  if (code !== 0) throw notAFilm(file, stderr);
  return JSON.parse(stdout);
}

/**
 * What ffmpeg writes about itself, for example with `-version` or `-encoders`.
 *
 * @throws MediaError FFMPEG_FAILED
 */
export async function ffmpegSays({ ffmpeg }: FfmpegTools, question: string): Promise<string> {
  const { stdout, stderr, code } = await listen(ffmpeg, ['-hide_banner', question]);
  if (code !== 0) throw failure(stderr, code);
  return stdout;
}

/**
 * What ffmpeg writes to standard output.
 *
 * @throws MediaError FFMPEG_FAILED
 */
export async function ffmpegWrites({ ffmpeg }: FfmpegTools, options: string[]): Promise<string> {
  const { stdout, stderr, code } = await listen(ffmpeg, ['-v', 'error', '-nostdin', ...options]);
  if (code !== 0) throw failure(stderr, code);
  return stdout;
}

/** What `-version` said, by the path of ffmpeg: it takes a third of a second to start. */
const versions = new Map<string, string>();

/** Options of an output that gets every frame once, whatever its time. They were renamed. */
export async function passthroughOptions(tools: FfmpegTools): Promise<string[]> {
  const said = versions.get(tools.ffmpeg) ?? (await ffmpegSays(tools, '-version'));
  versions.set(tools.ffmpeg, said);
  const codecs = /libavcodec +(\d+)/.exec(said);
  return [Number(codecs?.[1] ?? 0) >= 60 ? '-fps_mode' : '-vsync', 'passthrough'];
}

/** The error for a file that ffmpeg cannot read as a film. */
export function notAFilm(file: string, said = ''): MediaError {
  const name = file.replace(/^file:/, '');
  // The last lines say what, those before them often why.
  const lines = said.trim().split('\n').slice(-2);
  const reason = lines.map((line) => line.replace(/^\[[^\]]+ @ [^\]]+\] /, '').replace(`${file}: `, ''));
  return new MediaError(
    `${name} is no film or picture that ffmpeg can read${reason[0] ? ` (${reason.join('; ')})` : ''}.`,
    {
      code: 'NOT_A_FILM',
      hint: 'Check that the file is complete and plays in a player.',
      path: 'input',
      value: name,
    },
  );
}
