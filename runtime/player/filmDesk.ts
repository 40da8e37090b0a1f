/** What the worker does with a film: opens it, and hands out planes, pictures and sound. */

import type { DecoderEngine } from '../engine/decoderEngine.js';
import { checkDecoderEngineChoice, openDecoderEngine } from '../engine/registry.js';
import { EngineError } from '../errors.js';
import { open, type WeftFilm } from '../film/film.js';
import { exposedPicture } from '../film/shutter.js';
import type { ChunkOutline } from '../format/chunks.js';
import type { Picture } from '../picture/picture.js';
import type { ByteSource } from '../source/byteSource.js';
import { openSource } from '../source/openSource.js';
import { type FilmInstants, filmInstants } from './filmInstants.js';
import { heldFrames, WatchedSource } from './heldBytes.js';
import { screenPixels } from './screenColours.js';
import type { Span } from './timeSpans.js';
import { webmOutline } from './webmOutline.js';
import type {
  JobKind,
  Jobs,
  OpenedFilm,
  OpenOrder,
  PictureOrder,
  ScreenPicture,
  SoundOrder,
  SoundPart,
  SoundTrack,
} from './workerMessages.js';

/** Engines that run in a browser, the best first. */
const BROWSER_ENGINES = ['wasm', 'reference'] as const;

const SOUND_CHUNK = 'AUDI';

/** An answer, and the memory that goes with it to the other thread. */
export interface Handout {
  readonly answer: unknown;
  readonly transfer: Transferable[];
}

export class FilmDesk {
  readonly #onHeld: (spans: readonly Span[]) => void;
  #film: WeftFilm | undefined;
  #source: ByteSource | undefined;
  #instants: FilmInstants | undefined;
  /** Where the sound lies, once it was asked for. */
  #soundChunk: ChunkOutline | undefined;
  /** The segment behind which the next one was fetched last. */
  #behindWhich = -1;

  /** @param onHeld told after every reading which frames are here, as spans of them */
  constructor(onHeld: (spans: readonly Span[]) => void) {
    this.#onHeld = onHeld;
  }

  /** What a job shares with others of its kind: the segment of pictures, the place of bytes; -1 for nothing. */
  groupOf(kind: JobKind, given: unknown): number {
    if (kind === 'planes') return this.#segmentOf((given as Jobs['planes']['given']).frame);
    if (kind === 'picture') return this.#segmentOf((given as PictureOrder).places[0]!);
    if (kind === 'soundPart') return (given as SoundPart).offset;
    return -1;
  }

  /** Does a job. @throws what the film throws */
  async do(kind: JobKind, given: unknown, signal: AbortSignal): Promise<Handout> {
    switch (kind) {
      case 'open':
        return { answer: await this.#open(given as OpenOrder, signal), transfer: [] };
      case 'planes':
        return this.#planes((given as Jobs['planes']['given']).frame, signal);
      case 'picture': {
        const picture = await this.#picture(given as PictureOrder, signal);
        return { answer: picture, transfer: [picture.pixels.buffer] };
      }
      case 'sound': {
        const track = await this.#sound(given as SoundOrder, signal);
        return { answer: track, transfer: track instanceof Uint8Array ? [track.buffer] : [] };
      }
      case 'soundPart': {
        const bytes = await this.#soundPart(given as SoundPart, signal);
        return { answer: bytes, transfer: [bytes.buffer] };
      }
    }
  }

  async #open({ film: place, engine, threads }: OpenOrder, signal: AbortSignal): Promise<OpenedFilm> {
    const decoder = await browserEngine(engine, threads);
    const source = new WatchedSource(await openSource(place, signal), () => this.#tellHeld(source));
    const film = await open(source, { decoder, signal });
    this.#film = film;
    this.#source = source;
    this.#instants = filmInstants(film.info);
    this.#tellHeld(source, typeof place !== 'string');
    const { info, shape, enlarger, bytes } = film;
    const segmentStarts = film.segments.map(({ startFrame }) => startFrame);
    return { info, shape, enlarger, bytes, segmentStarts, engine: film.engine };
  }

  /** Planes go without a copy. */
  async #planes(frame: number, signal: AbortSignal): Promise<Handout> {
    const film = this.#opened();
    const answer = await film.framePlanes(frame, signal);
    this.#fetchAhead(frame);
    const { motion = [], acceleration = [] } = answer.link ?? {};
    const planes = [...answer.planes, ...motion, ...acceleration];
    return { answer, transfer: planes.map(({ samples }) => samples.buffer as ArrayBuffer) };
  }

  /** Its place, or the mean of what lies at its places. */
  async #picture(order: PictureOrder, signal: AbortSignal): Promise<ScreenPicture> {
    const { places, instants, crop, width, height } = order;
    const film = this.#opened();
    const placeAt = (part: number): { frame: number; phase: number } => {
      const place = places[part * (places.length - 1)]!;
      return { frame: Math.floor(place), phase: place % 1 };
    };
    const sample = ({ frame, phase }: ReturnType<typeof placeAt>) =>
      this.#sample(frame + phase, order, signal);
    const picture = await exposedPicture(placeAt, sample, 0, instants);
    this.#fetchAhead(Math.floor(places[0]!));
    return { crop, width, height, pixels: screenPixels(picture, film.info) };
  }

  async #sample(place: number, order: PictureOrder, signal: AbortSignal): Promise<Picture> {
    const { crop, width, height } = order;
    const film = this.#opened();
    const enlarge = order.enlarge === false ? 'lanczos' : 'film';
    const start = Math.min(this.#instants!.secondsAt(place), this.#instants!.seconds);
    const fps = film.info.rate;
    // Its weights are read from a table, as for a part that moves.
    const pan = [{ at: 0, crop }];
    for await (const picture of film.frames({ start, fps, pan, width, height, enlarge, signal }))
      return picture;
    throw new EngineError('There is no picture there.', {
      code: 'ENGINE_FAILED',
      hint: 'Ask for one inside of the film.',
      path: 'place',
      value: place,
    });
  }

  /** Has the segment behind the one of a frame come, so that nobody waits for it. */
  #fetchAhead(frame: number): void {
    const segment = this.#segmentOf(frame);
    if (segment === this.#behindWhich) return;
    this.#behindWhich = segment;
    this.#film?.prefetchAfter(Math.min(frame, this.#film.info.frames - 1));
  }

  /** The first track of sound. */
  async #sound({ streamedFrom }: SoundOrder, signal: AbortSignal): Promise<SoundTrack> {
    const film = this.#opened();
    const chunk = (await film.chunkOutlines(signal)).find(({ name }) => name === SOUND_CHUNK);
    this.#soundChunk = chunk;
    if (!chunk) return undefined;
    const read = (offset: number, bytes: number) => this.#soundPart({ offset, bytes }, signal);
    const outline = chunk.bytes >= streamedFrom ? await webmOutline(read, chunk.bytes) : undefined;
    // A copy: the source may keep what it has read.
    return outline ?? new Uint8Array((await film.chunk(chunk, signal)).bytes);
  }

  async #soundPart({ offset, bytes }: SoundPart, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#source!.read(this.#soundChunk!.offset + offset, bytes, signal));
  }

  #opened(): WeftFilm {
    if (this.#film) return this.#film;
    throw new EngineError('No film is open.', { code: 'ENGINE_FAILED', hint: 'Open one first.' });
  }

  #segmentOf(place: number): number {
    return this.#film?.segments.findLastIndex(({ startFrame }) => startFrame <= place) ?? -1;
  }

  #tellHeld(source: WatchedSource, all = false): void {
    if (!this.#film) return;
    this.#onHeld(heldFrames(this.#film.segments, (offset, bytes) => all || source.holds(offset, bytes)));
  }
}

/** An engine that runs in a worker of a browser. `auto` is WebAssembly, or else TypeScript. */
async function browserEngine(engine: string, threads: number): Promise<DecoderEngine> {
  checkDecoderEngineChoice(engine);
  const [best, last] = BROWSER_ENGINES;
  if (engine !== 'auto') return openDecoderEngine(engine, { threads });
  return openDecoderEngine(best, { threads }).catch(() => openDecoderEngine(last, { threads }));
}
