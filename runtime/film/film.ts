/** A film that can be shown at any size and at any instant. */

import type { BakedSegment, DecoderEngine, FramePlanes, SegmentTask } from '../engine/decoderEngine.js';
import { checkDecoderEngineChoice, type DecoderEngineChoice, openDecoderEngine } from '../engine/registry.js';
import type { NodeBits } from '../entropy/latentCoder.js';
import { netsFromFile, readEnlarger } from '../entropy/netCoder.js';
import { EngineError, FormatError, InterruptedError, throwIfAborted, UsageError } from '../errors.js';
import type { Enlarger } from '../field/enlarger.js';
import type { FilmNets } from '../field/nets.js';
import { type FieldShape, fieldShape } from '../field/shape.js';
import { refinedOffsets } from '../field/steps.js';
import { segmentStructure } from '../field/structure.js';
import {
  type Chunk,
  type ChunkOutline,
  chunkPieces,
  readChunk,
  type StreamedChunk,
} from '../format/chunks.js';
import {
  chunkOutlines,
  fileChunks,
  prefetchSegment,
  readWeft,
  segmentBytes,
  segmentNetBytes,
  streamedChunks,
  type WeftFile,
} from '../format/container.js';
import type { WeftHead } from '../format/head.js';
import { filmInfo, type WeftHeader } from '../format/header.js';
import { unpackSegment } from '../format/segmentHead.js';
import type { NetsEntry, SegmentEntry } from '../format/segments.js';
import type { FilmInfo, Picture } from '../picture/picture.js';
import type { ByteSource } from '../source/byteSource.js';
import { type FilmInput, openSource } from '../source/openSource.js';
import { askedAhead } from './askedAhead.js';
import { CropKernels } from './cropKernels.js';
import { type FrameOptions, type FramePlan, planFrames } from './frameOptions.js';
import { SegmentCache } from './segmentCache.js';
import { exposedPicture, type FilmPlace, openUntil } from './shutter.js';

/** How to open a film. */
export interface OpenOptions {
  /** Name of an engine; `auto` takes the first in the registry's order that runs here, `native` above all. Default `auto`. */
  engine?: DecoderEngineChoice;
  /** Threads of an engine that has any; 0 is one per core. Default 0. */
  threads?: number;
  /** Most luma pixels in one segment (width x height x frames), about 6 bytes of memory each. Default 2^29. */
  maxSegmentPixels?: number;
  /** An engine of the caller's own; wins over `engine`. */
  decoder?: DecoderEngine;
  /** Stops the opening; `close` stops what comes later. */
  signal?: AbortSignal;
}

/** A prior is a set of net values that ships with the decoder. */
const KNOWN_PRIORS: readonly number[] = [1];
const DEFAULT_MAX_SEGMENT_PIXELS = 2 ** 29;

/** Segments that are kept: the one being shown, the one before and the one after. */
const CACHED_SEGMENTS = 3;

/**
 * Opens a film: reads its head, and the rest where it is wanted.
 *
 * @param input its bytes, or where they are read: see `FilmInput`. What can be closed is closed with the film, or when it
 *   cannot be opened
 *
 * @throws FormatError if the bytes are not a file that this decoder can read (see `readWeft`), `NETS_INVALID`,
 *   `PRIOR_UNKNOWN`, `FILM_TOO_LARGE`
 * @throws SourceError `SOURCE_UNREADABLE`; also when it is read, and then `SOURCE_CHANGED`
 * @throws UsageError `OPTION_UNKNOWN`, `OPTION_RANGE`, `SOURCE_UNKNOWN`
 * @throws EngineError `ENGINE_MISSING` if the engine that was asked for is not there
 * @throws InterruptedError if the signal fires
 */
export function open(input: ByteSource, options?: OpenOptions): Promise<WeftFilm>;
export function open(input: FilmInput, options?: OpenOptions): Promise<WeftFilm>;
export async function open(input: FilmInput, options: OpenOptions = {}): Promise<WeftFilm> {
  checkOptions(options);
  const source = await openSource(input, options.signal);
  try {
    return await openFile(await readWeft(source, options.signal), options);
  } catch (error) {
    source.close?.();
    throw error;
  }
}

async function openFile(file: WeftFile, options: OpenOptions): Promise<WeftFilm> {
  checkFilm(file, options.maxSegmentPixels ?? DEFAULT_MAX_SEGMENT_PIXELS);
  const nets = netsFromFile(file.nets);
  const enlarger = file.header.enlarger ? readEnlarger(file.header.enlarger) : undefined;
  const { engine = 'auto', threads = 0 } = options;
  const decoder = options.decoder ?? (await openDecoderEngine(engine, { threads }));
  return new WeftFilm(file, nets, enlarger, decoder);
}

/** An open film. `close` it when done. */
export class WeftFilm {
  readonly header: WeftHeader;
  /** With the times of frames where they do not follow its rate. */
  readonly info: FilmInfo & { frames: number };
  /** Those in the head: of the first segments. */
  readonly nets: FilmNets;
  readonly shape: FieldShape;
  /** What larger pictures are sampled with, where the film has it. */
  readonly enlarger: Enlarger | undefined;
  readonly segments: readonly SegmentEntry[];
  /** Name of the engine that decodes. */
  readonly engine: string;

  readonly #file: WeftFile;
  readonly #decoder: DecoderEngine;
  readonly #cache: SegmentCache;
  /** Nets of later segments that were asked for. */
  readonly #laterNets = new Map<NetsEntry, Promise<FilmNets>>();

  /** Use `open`. */
  constructor(file: WeftFile, nets: FilmNets, enlarger: Enlarger | undefined, decoder: DecoderEngine) {
    this.header = file.header;
    this.info = infoOf(file);
    this.nets = nets;
    this.shape = fieldShape(file.header.width, file.header.height, file.header.chroma);
    this.enlarger = enlarger;
    this.segments = file.segments;
    this.engine = decoder.name;
    this.#file = file;
    this.#decoder = decoder;
    this.#cache = new SegmentCache(CACHED_SEGMENTS);
  }

  /** Bytes of the whole file. */
  get bytes(): number {
    return this.#file.source.size;
  }

  /** Bytes of what belongs to the film beside its pictures. */
  get chunkBytes(): number {
    return this.bytes - this.#file.segmentsEnd;
  }

  /**
   * What belongs to the film beside its pictures, all of it in memory: see FORMAT.md, section 2.
   *
   * @throws FormatError `CHUNK_DAMAGED`, `FILE_TRUNCATED`, `VARINT_INVALID`
   */
  chunks(signal?: AbortSignal): Promise<readonly Chunk[]> {
    return fileChunks(this.#file, signal);
  }

  /**
   * What there is of that, and where; nothing of it is read.
   *
   * @throws FormatError `FILE_TRUNCATED`, `VARINT_INVALID`
   */
  chunkOutlines(signal?: AbortSignal): Promise<readonly ChunkOutline[]> {
    return chunkOutlines(this.#file, signal);
  }

  /**
   * One chunk, whole.
   *
   * @param outline from `chunkOutlines`
   * @throws FormatError `CHUNK_DAMAGED`, `FILE_TRUNCATED`
   */
  chunk(outline: ChunkOutline, signal?: AbortSignal): Promise<Chunk> {
    return readChunk(this.#file.source, outline, signal);
  }

  /**
   * The bytes of one chunk, a MiB at a time, so that sound need not be in memory. They are only good when the last was
   * followed by no error.
   *
   * @param outline from `chunkOutlines`
   * @throws FormatError `CHUNK_DAMAGED`, `FILE_TRUNCATED` behind the last piece
   */
  chunkPieces(outline: ChunkOutline, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    return chunkPieces(this.#file.source, outline, signal);
  }

  /**
   * All of them as a writer of films takes them (`WriteOptions.tracks`): their bytes are read when they are wanted.
   *
   * @throws FormatError `FILE_TRUNCATED`, `VARINT_INVALID`; `CHUNK_DAMAGED` behind the last piece of one
   */
  streamedChunks(signal?: AbortSignal): Promise<readonly StreamedChunk[]> {
    return streamedChunks(this.#file, signal);
  }

  /**
   * Starts fetching the segment behind the one of a frame, with its nets, so that it is there when it is wanted. Does nothing
   * where bytes need no fetching, or there is no such segment.
   *
   * @param frame 0..frames - 1
   */
  prefetchAfter(frame: number): void {
    prefetchSegment(this.#file, this.#segmentOf(frame) + 1);
  }

  /** Bytes of all nets in the file. */
  get netBytes(): number {
    const later = new Set(this.segments.flatMap(({ nets }) => nets ?? []));
    return [...later].reduce((sum, { bytes }) => sum + bytes, this.#file.nets.length);
  }

  /**
   * Which pictures `frames` gives for some options.
   *
   * @throws UsageError `OPTION_UNKNOWN`, `OPTION_RANGE` or `OPTION_CONFLICT`
   */
  plan(options: FrameOptions = {}): FramePlan {
    return planFrames(this.info, options);
  }

  /**
   * Pictures in the order they are shown.
   *
   * @throws UsageError if an option is out of range, FormatError if a segment is damaged, InterruptedError if the signal
   *   fires.
   */
  async *frames(options: FrameOptions = {}): AsyncGenerator<Picture, void, undefined> {
    const plan = this.plan(options);
    const enlarger = plan.enlarge === 'film' ? this.enlarger : undefined;
    const kernels = new CropKernels(this.shape, plan, enlarger, plan.cropOf !== undefined);
    // The instants of one picture are asked for ahead, too: those of several at once would go back and forth in the film.
    const ahead = plan.shutter > 0 ? 0 : this.#decoder.lookahead;
    const picture = (i: number): Promise<Picture> => this.#picture(plan, i, kernels, options.signal);
    for await (const shown of askedAhead(plan.count, ahead, picture)) {
      throwIfAborted(options.signal);
      yield shown;
    }
  }

  /**
   * What a sampler on a GPU makes pictures of: planes of a frame, and its link to the next one of its segment.
   *
   * @param frame 0..frames - 1
   * @throws FormatError if the segment is damaged, InterruptedError if the signal fires, EngineError `ENGINE_MISSING` if the
   *   engine samples by itself only.
   */
  async framePlanes(frame: number, signal?: AbortSignal): Promise<FramePlanes> {
    const index = this.#segmentOf(frame);
    const { startFrame } = this.segments[index]!;
    return this.#inSegment(index, signal, (segment) => {
      if (segment.framePlanes) return segment.framePlanes(frame - startFrame, signal);
      throw new EngineError(`The ${this.engine} engine does not hand out its planes.`, {
        code: 'ENGINE_MISSING',
        hint: 'Use the engine wasm or reference.',
        path: 'options.engine',
        value: this.engine,
      });
    });
  }

  /**
   * Latents of a segment, per node in coding order, laid out as `latentPlanes` says.
   *
   * @throws FormatError if the segment is damaged.
   */
  async decodeSegmentLatents(index: number, signal?: AbortSignal): Promise<Int32Array[]> {
    return this.#decoder.latents(await this.segmentTask(index, signal), signal);
  }

  /**
   * Bits of a segment's latents, per node in coding order.
   *
   * @throws FormatError if the segment is damaged.
   */
  async segmentBits(index: number, signal?: AbortSignal): Promise<NodeBits[]> {
    return this.#decoder.bits(await this.segmentTask(index, signal), signal);
  }

  /**
   * What an engine needs to decode a segment.
   *
   * @throws FormatError `SEGMENT_DAMAGED`, `SEGMENT_FIELD`, `NETS_INVALID`
   */
  async segmentTask(index: number, signal?: AbortSignal): Promise<SegmentTask> {
    const entry = this.segments[index];
    if (!entry) {
      throw new UsageError(`There is no segment ${index}.`, {
        code: 'SEGMENT_NUMBER',
        hint: `The film has ${this.segments.length}.`,
        path: 'index',
        value: index,
        range: `0..${this.segments.length - 1}`,
      });
    }
    // Both at once, so that they can come with one request.
    const reading = Promise.all([segmentBytes(this.#file, index, signal), this.#netsOf(index, entry)]);
    const [bytes, nets] = await reading;
    const segment = unpackSegment(bytes, entry.frames);
    const nodes = segmentStructure(segment);
    const depthOffset = refinedOffsets(this.header.depthOffset, segment.refinement);
    return { shape: this.shape, nets, depthOffset, segment, nodes };
  }

  async #netsOf(index: number, { nets: entry }: SegmentEntry): Promise<FilmNets> {
    if (!entry) return this.nets;
    const known = this.#laterNets.get(entry);
    if (known) return known;
    // Without a signal: others may wait for them, too.
    const nets = segmentNetBytes(this.#file, index).then((bytes) => netsFromFile(bytes!));
    this.#laterNets.set(entry, nets);
    // What could not be read may be readable another time.
    nets.catch(() => this.#laterNets.delete(entry));
    return nets;
  }

  /** Frees the cache, the engine and the source; what is being read fails. */
  close(): void {
    this.#cache.clear();
    this.#decoder.close();
    this.#file.source.close?.();
  }

  /** Picture `i` of a plan: a frame, or what lies between two frames of one segment, or the mean of several such. */
  async #picture(
    plan: FramePlan,
    i: number,
    kernels: CropKernels,
    signal: AbortSignal | undefined,
  ): Promise<Picture> {
    const opening = this.#place(plan.instant(i));
    const index = this.#segmentOf(opening.frame);
    const { startFrame } = this.segments[index]!;
    const shown = kernels.of(plan.cropOf?.(i) ?? plan.crop);
    const sample = ({ frame, phase }: FilmPlace): Promise<Picture> =>
      this.#inSegment(index, signal, (segment) => segment.picture(frame - startFrame, phase, shown, signal));
    const picture = plan.shutter === 0 ? sample(opening) : this.#exposed(plan, i, index, sample);
    if (this.#decoder.lookahead > 0) this.#bakeAhead(plan, i, index, signal);
    return picture;
  }

  /** The mean while the shutter is open, and the film shows the same segment. */
  #exposed(
    { shutter, instant }: FramePlan,
    i: number,
    index: number,
    sample: (place: FilmPlace) => Promise<Picture>,
  ): Promise<Picture> {
    const next = this.segments[index + 1];
    const until = openUntil((part) => instant(i + part * shutter), next ? next.startFrame - 0.5 : Infinity);
    const placeAt = (part: number): FilmPlace => this.#placeIn(index, instant(i + part * until * shutter));
    return exposedPicture(placeAt, sample, this.#decoder.lookahead);
  }

  /** Does `work` with a segment, which is baked if it is not there. */
  async #inSegment<T>(
    index: number,
    signal: AbortSignal | undefined,
    work: (segment: BakedSegment) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#cache.use(index, () => this.#bake(index, signal), work);
    } catch (error) {
      // Somebody else was baking this segment and was stopped; this caller was not.
      const othersInterruption = error instanceof InterruptedError && !signal?.aborted;
      if (!othersInterruption) throw error;
      return this.#inSegment(index, signal, work);
    }
  }

  /** Across a boundary between segments, and after the last frame, the nearer frame is shown. */
  #place(instant: number): FilmPlace {
    const frame = Math.min(Math.floor(instant), this.header.frames - 1);
    const phase = instant - frame;
    const entry = this.segments[this.#segmentOf(frame)]!;
    if (phase === 0 || frame < entry.startFrame + entry.frames - 1) return { frame, phase };
    const nearest = phase < 0.5 || frame === this.header.frames - 1 ? frame : frame + 1;
    return { frame: nearest, phase: 0 };
  }

  /** The nearest to an instant that lies in a segment. */
  #placeIn(index: number, instant: number): FilmPlace {
    const { startFrame, frames } = this.segments[index]!;
    const inside = Math.min(Math.max(instant, startFrame), startFrame + frames - 1);
    const frame = Math.floor(inside);
    return { frame, phase: inside - frame };
  }

  async #bake(index: number, signal: AbortSignal | undefined): Promise<BakedSegment> {
    return this.#decoder.bake(await this.segmentTask(index, signal), signal);
  }

  /** Starts on the segment that the plan will need after the one of picture `i`, unless it is there. */
  #bakeAhead(plan: FramePlan, i: number, index: number, signal: AbortSignal | undefined): void {
    const entry = this.segments[index]!;
    const next = firstFrom(plan, entry.startFrame + entry.frames);
    if (next <= i || next >= plan.count) return;
    const wanted = this.#segmentOf(Math.min(Math.floor(plan.instant(next)), this.header.frames - 1));
    if (wanted === index || this.#cache.has(wanted)) return;
    this.#cache
      .use(
        wanted,
        () => this.#bake(wanted, signal),
        () => {},
      )
      .catch(() => {});
  }

  /** Segment that holds a frame, by bisection. */
  #segmentOf(frame: number): number {
    let low = 0;
    let high = this.segments.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.segments[middle]!.startFrame <= frame) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** The first picture of a plan at an instant or behind it, by bisection; its number of pictures if there is none. */
function firstFrom({ count, instant: instantOf }: FramePlan, instant: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (instantOf(middle) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The facts about a film that its head says, with the times of frames where they do not follow its rate. */
export function infoOf({ header, segments }: WeftHead): FilmInfo & { frames: number } {
  const info = filmInfo(header);
  if (!header.tick) return info;
  const ticks = [0];
  for (const duration of segments.flatMap(({ durations }) => durations ?? []))
    ticks.push(ticks.at(-1)! + duration);
  return { ...info, times: { tick: header.tick, ticks } };
}

function checkFilm({ header, segments }: WeftHead, maxSegmentPixels: number): void {
  if (!KNOWN_PRIORS.includes(header.prior)) {
    throw new FormatError(
      `The nets are coded against prior ${header.prior}, which this decoder does not have.`,
      {
        code: 'PRIOR_UNKNOWN',
        hint: 'Update weft.',
        path: 'header.prior',
        value: header.prior,
        range: KNOWN_PRIORS.join(', '),
      },
    );
  }
  const frames = segments.reduce((most, segment) => Math.max(most, segment.frames), 0);
  const pixels = header.width * header.height * frames;
  if (pixels > maxSegmentPixels) {
    throw new FormatError(`A segment of this film has ${pixels} pixels.`, {
      code: 'FILM_TOO_LARGE',
      hint: 'Raise maxSegmentPixels if there is memory for it, about 6 bytes per pixel.',
      path: 'header',
      value: pixels,
      range: `up to ${maxSegmentPixels}`,
    });
  }
}

const OPEN_OPTIONS = new Set(['engine', 'threads', 'maxSegmentPixels', 'decoder', 'signal']);

function checkOptions(options: OpenOptions): void {
  for (const name of Object.keys(options)) {
    if (!OPEN_OPTIONS.has(name)) {
      throw new UsageError(`The option ${name} does not exist.`, {
        code: 'OPTION_UNKNOWN',
        hint: `Legal: ${[...OPEN_OPTIONS].join(', ')}.`,
        path: `options.${name}`,
      });
    }
  }
  checkDecoderEngineChoice(options.engine ?? 'auto');
}
