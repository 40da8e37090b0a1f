/** An encode that is watched: what is finished of it plays in the browser. */

import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FilmSoFar } from '../../trainers/encodeJob.js';
import { withTemporaryFolder } from '../media/temporaryFolder.js';
import { openBrowser } from './openBrowser.js';
import { type PlayServer, startPlayServer } from './playServer.js';

const TELL_MS = 500;

/** Versions of a film that a viewer may be reading: the one that is shown, and the next. */
const KEPT_VERSIONS = 2;

/** How an encode is shown. */
export interface ViewerOptions {
  /** Ends the watching. */
  readonly signal: AbortSignal;
  /** Gets lines for whoever sits here. */
  log(line: string): void;
  /** Open no browser; the address is told all the same. */
  readonly noBrowser?: boolean;
}

/** Shows an encode. */
export class EncodeViewer {
  readonly #server: PlayServer;
  readonly #versions: Versions;
  #text = '';
  #told = 0;

  private constructor(server: PlayServer, versions: Versions) {
    this.#server = server;
    this.#versions = versions;
  }

  /**
   * Opens a page in the browser, and lets `encode` fill it; afterwards it stays as long as somebody watches.
   *
   * @throws what `encode` throws; WeftError PLAYER_MISSING, SERVER_FAILED
   */
  static async during<T>(
    output: string,
    { signal, log, noBrowser }: ViewerOptions,
    encode: (viewer: EncodeViewer) => Promise<T>,
  ): Promise<T> {
    return withTemporaryFolder(async (folder) => {
      const versions = new Versions(folder);
      const title = path.basename(output);
      const film = (version: number) => versions.file(version);
      const server = await startPlayServer({ title, growing: true, film });
      try {
        log(`what is finished plays at ${server.url}`);
        if (!noBrowser) await openBrowser(server.url, log);
        const viewer = new EncodeViewer(server, versions);
        const result = await encode(viewer);
        versions.end(output);
        viewer.#text = 'finished';
        viewer.#tell();
        await server.left(signal);
        return result;
      } finally {
        await server.close();
      }
    });
  }

  /** More of the film is finished. */
  grown(film: FilmSoFar): void {
    this.#versions.add(film);
    this.#tell();
  }

  /** How far the encode is, in words; told now and then. */
  progress(text: string): void {
    this.#text = text;
    if (performance.now() - this.#told > TELL_MS) this.#tell();
  }

  #tell(): void {
    this.#told = performance.now();
    this.#server.tell({ text: this.#text, version: this.#versions.latest });
  }
}

/** Files of a film that grows, written when somebody wants to see them. */
class Versions {
  readonly #folder: string;
  readonly #files = new Map<number, Promise<string>>();
  #film: FilmSoFar | undefined;
  #finished: string | undefined;
  /** Number of the newest, 0 if there is none. */
  latest = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  add(film: FilmSoFar): void {
    this.#film = film;
    this.latest++;
  }

  /** From now on the film is whole. */
  end(file: string): void {
    this.#finished = file;
    this.#film = undefined;
    this.latest++;
  }

  /** The file of a version; of one that nobody has seen yet, the newest. Undefined if there is none. */
  async file(version: number): Promise<string | undefined> {
    const seen = this.#files.get(version);
    if (seen || !this.#film) return seen ?? this.#finished;
    const written = this.#write(version, this.#film);
    this.#files.set(version, written);
    await this.#removeOld();
    return written;
  }

  async #write(version: number, film: FilmSoFar): Promise<string> {
    const file = path.join(this.#folder, `${version}.weft`);
    await pipeline(film.pieces(), createWriteStream(file));
    return file;
  }

  /** Each holds all that is finished: of those that were seen only the last ones stay. */
  async #removeOld(): Promise<void> {
    for (const [version, written] of [...this.#files].slice(0, -KEPT_VERSIONS)) {
      this.#files.delete(version);
      const file = await written.catch(() => undefined);
      if (file !== undefined) await rm(file, { force: true });
    }
  }
}
