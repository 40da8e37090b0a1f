/** Sound that is fetched while it plays: pieces of a WebM file in the buffer of an audio element (Media Source Extensions). */

import type { FeedNews, Presence, SoundFeed, SoundSource } from './soundSource.js';
import type { Span } from './timeSpans.js';
import type { Cluster, WebmOutline } from './webmOutline.js';
import type { SoundPart } from './workerMessages.js';

const TYPE = 'audio/webm; codecs="opus"';

/** Fetched at a time: 8 seconds of stereo. Pictures that wait for the place of its request do not wait long. */
const PIECE_BYTES = 2 ** 16;
/** The same where somebody waits to hear it. */
const FIRST_PIECE_BYTES = 2 ** 14;

/** Seconds that are kept ready ahead of what is heard, and kept behind it. */
const AHEAD_SECONDS = 60;
const BEHIND_SECONDS = 30;
/** Seconds that are taken away at a time behind those. */
const TAKEN_SECONDS = 10;
/** All that is kept behind where there is no room, in seconds. */
const LEAST_BEHIND_SECONDS = 1;

/** Opus is right this long after a decoder has begun (RFC 7845, section 4.6), in seconds. */
const PREROLL_SECONDS = 0.08;

/** An element stops this long before its bytes end, in seconds, or a little later. */
const LEAST_AHEAD_SECONDS = 0.25;

/** A hole in the sound this near ahead is as good as here, in seconds. */
const NEAR_SECONDS = 0.1;

/** Sound that begins this late, in seconds, begins with the film: browsers look two packets ahead. */
const FIRST_SECONDS = 0.04;

type MediaSourceClass = typeof MediaSource;

/** iPhones have only the managed one, which may throw away what it was given. */
function mediaSourceClass(): MediaSourceClass | undefined {
  const { MediaSource, ManagedMediaSource } = globalThis as {
    MediaSource?: MediaSourceClass;
    ManagedMediaSource?: MediaSourceClass;
  };
  return MediaSource ?? ManagedMediaSource;
}

/** Whether this browser takes sound in pieces. */
export function takesPieces(): boolean {
  return mediaSourceClass()?.isTypeSupported(TYPE) ?? false;
}

/**
 * Sound in pieces, where `takesPieces`.
 *
 * @param read gives bytes of the file
 */
export function streamedSound(
  outline: WebmOutline,
  read: (part: SoundPart, signal: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>,
): SoundSource {
  return {
    feed: (element, news) => new StreamedFeed(element, news, outline, read),
    close() {},
  };
}

/**
 * What lies in the buffer is one run: clusters that follow each other, from `#from` to `#to`. Where the element is set to elsewhere,
 * another run begins with the cluster of that instant.
 */
class StreamedFeed implements SoundFeed {
  readonly #element: HTMLAudioElement;
  readonly #news: FeedNews;
  readonly #outline: WebmOutline;
  readonly #read: Parameters<typeof streamedSound>[1];
  readonly #source = new (mediaSourceClass()!)();
  readonly #url = URL.createObjectURL(this.#source);
  #buffer: SourceBuffer | undefined;
  /** Beginning and end of the run in seconds, and the byte that it goes on with. */
  #from = 0;
  #to = 0;
  #next: number;
  #fetching: AbortController | undefined;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(
    element: HTMLAudioElement,
    news: FeedNews,
    outline: WebmOutline,
    read: Parameters<typeof streamedSound>[1],
  ) {
    this.#element = element;
    this.#news = news;
    this.#outline = outline;
    this.#read = read;
    this.#next = outline.head.length;
    for (const event of ['timeupdate', 'seeking']) element.addEventListener(event, this.#look);
    // A managed source opens only where nothing is cast.
    element.disableRemotePlayback = true;
    element.src = this.#url;
    void this.#run();
  }

  at(seconds: number): Presence {
    const spans = this.#spans.filter(([start]) => start <= this.#to);
    if (seconds < this.#from) return 'missing';
    const more = spans.some(([start]) => start > seconds);
    const held = spans.find(([start, end]) => (start <= seconds || start < FIRST_SECONDS) && seconds < end);
    const left = held ? held[1] - seconds : 0;
    if (more) return left > NEAR_SECONDS ? 'here' : 'silent';
    return this.#isWhole || left > LEAST_AHEAD_SECONDS ? 'here' : 'missing';
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const event of ['timeupdate', 'seeking']) this.#element.removeEventListener(event, this.#look);
    this.#fetching?.abort();
    this.#wake?.();
    URL.revokeObjectURL(this.#url);
  }

  /** Whether the run reaches the end of the file. */
  get #isWhole(): boolean {
    return this.#next >= this.#outline.end;
  }

  get #spans(): readonly Span[] {
    const buffered = this.#closed ? undefined : this.#buffer?.buffered;
    return Array.from({ length: buffered?.length ?? 0 }, (_, i) => [buffered!.start(i), buffered!.end(i)]);
  }

  readonly #look = (): void => {
    if (this.#isAstray) this.#fetching?.abort();
    this.#wake?.();
  };

  async #run(): Promise<void> {
    try {
      await once(this.#source, 'sourceopen');
      if (this.#closed) return;
      this.#buffer = this.#source.addSourceBuffer(TYPE);
      this.#buffer.appendBuffer(this.#outline.head);
      await once(this.#buffer, 'updateend');
      while (!this.#closed) await this.#step();
    } catch (error) {
      if (!this.#closed) this.#news.failed(error);
    }
  }

  async #step(): Promise<void> {
    if (this.#isAstray) {
      await this.#beginAnew();
      return;
    }
    const { currentTime } = this.#element;
    if (this.#from < currentTime - BEHIND_SECONDS - TAKEN_SECONDS) await this.#forget(BEHIND_SECONDS);
    if (this.#isWhole && this.#source.readyState === 'open') this.#source.endOfStream();
    if (this.#isWhole || this.#to - currentTime > AHEAD_SECONDS) await this.#woken();
    else await this.#fetchPiece();
  }

  /** Whether the element is where the run does not lead, or where the browser has thrown it away. */
  get #isAstray(): boolean {
    const { currentTime } = this.#element;
    if (currentTime < this.#from || this.#clusterAt(currentTime).offset > this.#next) return true;
    return currentTime < this.#to - NEAR_SECONDS && !this.#spans.some(([, end]) => end > currentTime);
  }

  /** The cluster to begin with for an instant. */
  #clusterAt(seconds: number): Cluster {
    const { clusters } = this.#outline;
    return clusters.findLast((cluster) => cluster.seconds <= seconds - PREROLL_SECONDS) ?? clusters[0]!;
  }

  async #beginAnew(): Promise<void> {
    const { seconds, offset } = this.#clusterAt(this.#element.currentTime);
    this.#from = seconds;
    this.#to = seconds;
    this.#next = offset;
    // What was begun of a cluster does not go on.
    if (this.#source.readyState === 'open') this.#buffer!.abort();
    await this.#remove(Number.POSITIVE_INFINITY);
  }

  /** Takes away what was heard, but the last seconds of it. */
  async #forget(seconds: number): Promise<void> {
    const from = this.#element.currentTime - seconds;
    if (from <= this.#from) return;
    this.#from = from;
    await this.#remove(from);
  }

  async #remove(end: number): Promise<void> {
    this.#buffer!.remove(0, end);
    await once(this.#buffer!, 'updateend');
  }

  async #fetchPiece(): Promise<void> {
    const isWaitedFor = this.#to - this.#element.currentTime < LEAST_AHEAD_SECONDS;
    const most = isWaitedFor ? FIRST_PIECE_BYTES : PIECE_BYTES;
    const bytes = Math.min(most, this.#outline.end - this.#next);
    const fetching = new AbortController();
    this.#fetching = fetching;
    try {
      await this.#append(await this.#read({ offset: this.#next, bytes }, fetching.signal));
    } catch (error) {
      if (!fetching.signal.aborted) throw error;
    }
  }

  /** Puts a piece behind the run, as soon as there is room, if it is still wanted then. */
  async #append(piece: Uint8Array<ArrayBuffer>): Promise<void> {
    while (!this.#closed && !this.#isAstray) {
      if (!this.#hasTaken(piece)) {
        await this.#forget(LEAST_BEHIND_SECONDS);
        await this.#woken();
        continue;
      }
      await once(this.#buffer!, 'updateend');
      this.#next += piece.length;
      this.#to = Math.max(this.#to, ...this.#spans.map(([, end]) => end));
      this.#news.arrived();
      return;
    }
  }

  /** Whether there was room for a piece. */
  #hasTaken(piece: Uint8Array<ArrayBuffer>): boolean {
    try {
      this.#buffer!.appendBuffer(piece);
      return true;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') return false;
      throw error;
    }
  }

  /** Until the element plays on, or is set to elsewhere. */
  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function once(target: EventTarget, event: string): Promise<void> {
  return new Promise((resolve) => target.addEventListener(event, () => resolve(), { once: true }));
}
