import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { MediaError } from '../../../runtime/errors.js';
import { writeWhole } from '../../media/outputFile.js';
import { figuresVersion, isRatePointFigures, type RatePointFigures } from './ratePoint.js';

/** Everything that decides the figures of a point. */
export interface PointKey {
  /** Of filmDigest. */
  film: string;
  /** Name, options and program of the codec. */
  codec: object;
  setting: number;
}

/** Where points are kept unless a folder is named: `$WEFT_CACHE`, else the user's own cache. */
export function defaultCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { WEFT_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  if (WEFT_CACHE) return WEFT_CACHE;
  const own = process.platform === 'win32' ? LOCALAPPDATA : XDG_CACHE_HOME;
  return path.join(own || path.join(os.homedir(), '.cache'), 'weft', 'bench');
}

/** Measured points, a JSON file each: a long run that was ended goes on where it was. */
export class PointCache {
  readonly #folder: string | undefined;

  private constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /**
   * @param folder is made where it is missing; undefined: nothing is kept
   * @throws MediaError CACHE_FOLDER
   */
  static async open(folder: string | undefined): Promise<PointCache> {
    if (folder === undefined) return new PointCache(undefined);
    try {
      await mkdir(folder, { recursive: true });
    } catch (cause) {
      throw new MediaError(`The folder ${folder} for measured points cannot be made.`, {
        code: 'CACHE_FOLDER',
        hint: 'Name another one with --cache, or do without by --no-cache.',
        path: '--cache',
        value: folder,
        cause,
      });
    }
    return new PointCache(folder);
  }

  /** The kept point; undefined where there is none, or its file is broken. */
  async read(key: PointKey): Promise<RatePointFigures | undefined> {
    const file = this.#fileOf(key);
    if (file === undefined) return undefined;
    try {
      const { figures } = JSON.parse(await readFile(file, 'utf8')) as { figures?: unknown };
      return isRatePointFigures(figures) ? figures : undefined;
    } catch {
      return undefined; // missing or damaged: it is measured, and written again
    }
  }

  /** @throws MediaError DISK_FULL, WRITE_FAILED */
  async write(key: PointKey, figures: RatePointFigures): Promise<void> {
    const file = this.#fileOf(key);
    if (file === undefined) return;
    const text = JSON.stringify({ ...key, figuresVersion, figures }, null, 1);
    try {
      await writeWhole(file, (part) => writeFile(part, `${text}\n`));
    } catch (error) {
      // Another run may have written the same point at the same moment.
      if ((await this.read(key)) === undefined) throw error;
    }
  }

  #fileOf({ film, codec, setting }: PointKey): string | undefined {
    if (this.#folder === undefined) return undefined;
    const text = JSON.stringify([figuresVersion, film, codec, setting]);
    return path.join(this.#folder, `${createHash('sha256').update(text).digest('hex')}.json`);
  }
}
