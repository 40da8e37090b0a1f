/** The folder beside an output in which an encode keeps what is finished, so that nothing of it is lost. */

import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { MediaError, WeftError } from '../../runtime/errors.js';
import type { EncodeFacts, WorkStore } from '../../trainers/workStore.js';
import { writeFailure } from './outputFile.js';

const JOB = 'job.json';
const LOCK = 'lock';

/** How a folder is used. */
export interface WorkOptions {
  /** Whether what is there is thrown away; default: no. */
  restart?: boolean;
  /** Gets a line if there is something to go on from. */
  log(line: string): void;
}

/**
 * A folder, `OUTPUT.work`, that one encode at a time may use. `remove` it when its output is there; `release` it, to go on
 * another time, otherwise.
 */
export class WorkFolder implements WorkStore {
  readonly folder: string;
  readonly #options: WorkOptions;
  #parts = 0;
  #locked = false;

  /** @param output the file that the encode will write */
  constructor(output: string, options: WorkOptions) {
    this.folder = `${output}.work`;
    this.#options = options;
  }

  /** Whether there is something that another run would go on from. */
  get hasParts(): boolean {
    return this.#parts > 0;
  }

  /** @throws MediaError WORK_IN_USE, WORK_DIFFERS, WRITE_FAILED, DISK_FULL */
  async begin(encode: EncodeFacts): Promise<void> {
    const { restart, log } = this.#options;
    const facts = JSON.parse(JSON.stringify(encode)) as EncodeFacts;
    await this.#told(mkdir(this.folder, { recursive: true }));
    await this.#lock();
    if (restart) await this.#clear();
    const before = await readFile(path.join(this.folder, JOB), 'utf8').catch(() => undefined);
    if (before === undefined) return this.#put(JOB, JSON.stringify(facts));
    const differing = difference(before, facts);
    if (differing !== undefined) throw this.#belongsToOther(differing);
    log(`going on with what is finished in ${this.folder}`);
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    const bytes = await readFile(path.join(this.folder, name)).catch(() => undefined);
    if (bytes) this.#parts++;
    return bytes;
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.#put(name, bytes);
    this.#parts++;
  }

  /** Leaves what is finished for another run. */
  async release(): Promise<void> {
    if (!this.#locked) return;
    this.#locked = false;
    const names = await readdir(this.folder).catch(() => []);
    if (names.some((name) => !name.startsWith(LOCK) && name !== JOB))
      await rm(path.join(this.folder, LOCK), { force: true });
    else await this.#discard();
  }

  /** Removes the folder. */
  async remove(): Promise<void> {
    this.#locked = false;
    await this.#discard();
  }

  async #clear(): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => !name.startsWith(LOCK));
    await Promise.all(names.map((name) => rm(path.join(this.folder, name), { recursive: true })));
  }

  async #discard(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #lock(): Promise<void> {
    const file = path.join(this.folder, LOCK);
    const mine = `${LOCK}.${process.pid}`;
    await this.#put(mine, `${process.pid} ${os.hostname()}`);
    try {
      // A link is there or not: of two that begin at once one gets it.
      while (!(await this.#told(linked(path.join(this.folder, mine), file)))) {
        const owner = await readFile(file, 'utf8').catch(() => undefined);
        if (owner !== undefined && isRunning(owner)) throw this.#inUse(owner, file);
        await rm(file, { force: true });
      }
    } finally {
      await rm(path.join(this.folder, mine), { force: true });
    }
    this.#locked = true;
  }

  #inUse(owner: string, file: string): MediaError {
    return new MediaError(`Another encode (process ${owner.split(' ')[0]}) writes this output.`, {
      code: 'WORK_IN_USE',
      hint: `Let it finish, give another name with -o, or remove ${file} if it is wrong.`,
      path: 'output',
      value: this.folder,
    });
  }

  #belongsToOther(what: string): MediaError {
    return new MediaError(`${this.folder} holds the beginning of another encode: ${what}.`, {
      code: 'WORK_DIFFERS',
      hint: 'Give the same command to go on with that one, or --restart to begin anew.',
      path: 'output',
      value: this.folder,
    });
  }

  /** Writes a file whole or not at all, also when the power fails. */
  async #put(name: string, content: string | Uint8Array): Promise<void> {
    const file = path.join(this.folder, name);
    const write = async () => {
      const handle = await open(`${file}.part`, 'w');
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(`${file}.part`, file);
    };
    await this.#told(write());
  }

  async #told<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (cause) {
      throw cause instanceof WeftError ? cause : writeFailure(this.folder, cause);
    }
  }
}

/** Gives a file a second name; false if there is such a name already. A file system without links has it renamed. */
async function linked(file: string, name: string): Promise<boolean> {
  try {
    await link(file, name);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (await stat(name).catch(() => undefined)) return false;
    await rename(file, name);
    return true;
  }
}

/** Whether the process that wrote a lock is alive; of another machine it is not known, and taken for granted. */
function isRunning(owner: string): boolean {
  const [pid, host] = owner.split(' ');
  if (host !== os.hostname()) return true;
  if (Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The first fact that is another one, in words; undefined if all are the same. */
function difference(before: string, now: EncodeFacts): string | undefined {
  const old = flat(parsed(before));
  const current = flat(now);
  const names = [...new Set([...old.keys(), ...current.keys()])];
  const name = names.find((name) => old.get(name) !== current.get(name));
  if (name === undefined) return undefined;
  if (name.startsWith('film.')) return 'the film has changed';
  return `${name.replace('options.', '')} was ${old.get(name) ?? 'not given'}, now it is ${current.get(name) ?? 'not given'}`;
}

function parsed(text: string): EncodeFacts {
  try {
    return JSON.parse(text) as EncodeFacts;
  } catch {
    return {};
  }
}

function flat(facts: EncodeFacts): Map<string, string> {
  const nested = (name: string, value: unknown): [string, string][] =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, inner]) => nested(`${name}.${key}`, inner))
      : [[name, JSON.stringify(value)]];
  return new Map(Object.entries(facts).flatMap(([name, value]) => nested(name, value)));
}
