/** The sound of a film: an audio element, which is the master of its time. */

import { MediaError } from '../errors.js';
import type { FeedNews, Presence, SoundFeed, SoundSource } from './soundSource.js';

/** Speeds at which browsers play sound; from 0.25 to 4 all of them let it be heard. */
const SLOWEST = 0.0625;
const FASTEST = 16;

/** Sound this near to where it should be is not moved, in seconds. */
const NEAR_SECONDS = 0.02;

/** How it is to sound. */
export interface SoundSettings {
  readonly volume: number;
  readonly muted: boolean;
  readonly preservesPitch: boolean;
  readonly rate: number;
}

/** An element, and what gives it its sound. */
interface Voice {
  readonly element: HTMLAudioElement;
  readonly feed: SoundFeed;
}

/**
 * Sound that can be played. There are two elements for it: where a film is repeated, the second begins while the first
 * ends, as one element would be silent until it has found its beginning.
 */
export class Sound {
  readonly #source: SoundSource;
  readonly #news: FeedNews;
  #active: Voice;
  #spare: Voice | undefined;
  #settings: SoundSettings;

  private constructor(source: SoundSource, settings: SoundSettings, news: FeedNews) {
    this.#source = source;
    this.#news = news;
    this.#active = this.#newVoice();
    this.#settings = settings;
    this.apply(settings);
  }

  /**
   * Reads the beginning of a track.
   *
   * @param source is closed with the sound, or if it fails
   * @param news what happens later; the sound is closed when it has failed
   * @throws MediaError `SOUND_UNPLAYABLE` if this browser does not play it, or the page does not let it; what the source throws
   */
  static open(source: SoundSource, settings: SoundSettings, news: FeedNews): Promise<Sound> {
    return new Promise((resolve, reject) => {
      let fail: (error: unknown) => void = reject;
      const sound = new Sound(source, settings, {
        arrived: () => news.arrived(),
        failed: (error) => {
          sound.close();
          fail(error);
        },
      });
      sound.#active.element.onloadedmetadata = () => {
        fail = (error) => news.failed(error);
        resolve(sound);
      };
    });
  }

  /** Whether browsers play sound at such a speed. */
  static playsAt(rate: number): boolean {
    return rate >= SLOWEST && rate <= FASTEST;
  }

  get seconds(): number {
    return this.#active.element.currentTime;
  }

  get duration(): number {
    return this.#active.element.duration;
  }

  get ended(): boolean {
    return this.#active.element.ended;
  }

  get playing(): boolean {
    return !this.#active.element.paused && !this.ended;
  }

  /** Whether the sound of an instant is there, in seconds. */
  at(seconds: number): Presence {
    return this.#active.feed.at(seconds);
  }

  apply(settings: SoundSettings): void {
    this.#settings = settings;
    for (const voice of [this.#active, this.#spare]) {
      if (!voice) continue;
      const { element } = voice;
      element.volume = settings.volume;
      element.muted = settings.muted;
      element.preservesPitch = settings.preservesPitch;
      if (Sound.playsAt(settings.rate)) element.playbackRate = settings.rate;
    }
  }

  /**
   * Plays from an instant on.
   *
   * @throws DOMException `NotAllowedError` if nobody has touched the page yet
   */
  async play(seconds: number): Promise<void> {
    this.seek(seconds);
    await this.#active.element.play();
  }

  pause(): void {
    this.#active.element.pause();
  }

  seek(seconds: number): void {
    const { element } = this.#active;
    const place = Math.min(seconds, element.duration);
    if (Math.abs(element.currentTime - place) > NEAR_SECONDS) element.currentTime = place;
  }

  /** Makes a second element ready, for a film that will begin again. */
  prepareRepeat(): void {
    if (this.#spare) return;
    this.#spare = this.#newVoice();
    this.apply(this.#settings);
  }

  /** Begins again, at once where that was prepared. */
  async repeat(): Promise<void> {
    const ending = this.#active;
    if (!this.#spare) {
      ending.element.currentTime = 0;
      await ending.element.play();
      return;
    }
    this.#active = this.#spare;
    this.#spare = ending;
    try {
      await this.#active.element.play();
    } finally {
      ending.element.pause();
      ending.element.currentTime = 0;
    }
  }

  close(): void {
    drop(this.#active);
    if (this.#spare) drop(this.#spare);
    this.#spare = undefined;
    this.#source.close();
  }

  #newVoice(): Voice {
    const element = new Audio();
    element.preload = 'auto';
    element.onerror = () => this.#news.failed(unplayable(element.error));
    return { element, feed: this.#source.feed(element, this.#news) };
  }
}

function unplayable(cause: unknown): MediaError {
  return new MediaError('The sound of this film cannot be played here.', {
    code: 'SOUND_UNPLAYABLE',
    hint: 'The Content-Security-Policy needs `media-src blob:`; or the browser does not know how the sound is coded: encode it as Opus.',
    path: 'sound',
    cause,
  });
}

/** Lets go of a decoder: without this browsers keep it until they collect garbage. */
function drop({ element, feed }: Voice): void {
  element.onloadedmetadata = null;
  element.onerror = null;
  feed.close();
  element.pause();
  element.removeAttribute('src');
  element.load();
}
