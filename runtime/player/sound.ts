/** The sound of a film: a whole file in an audio element, which is the master of its time. */

import { MediaError } from '../errors.js';

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

/**
 * Sound that is ready to be played. There are two elements for it: where a film is repeated, the second begins while the first
 * ends, as one element would be silent until it has found its beginning.
 */
export class Sound {
  readonly #url: string;
  #active: HTMLAudioElement;
  #spare: HTMLAudioElement | undefined;
  #settings: SoundSettings;

  private constructor(url: string, active: HTMLAudioElement, settings: SoundSettings) {
    this.#url = url;
    this.#active = active;
    this.#settings = settings;
    this.apply(settings);
  }

  /**
   * Reads the beginning of a track.
   *
   * @param bytes a whole WebM or Matroska file
   * @throws MediaError `SOUND_UNPLAYABLE` if this browser does not play it, or the page does not let it
   */
  static async open(bytes: Uint8Array<ArrayBuffer>, settings: SoundSettings): Promise<Sound> {
    const url = URL.createObjectURL(new Blob([bytes], { type: soundType(bytes) }));
    const element = new Audio();
    try {
      await loaded(element, url);
      return new Sound(url, element, settings);
    } catch (error) {
      drop(element);
      URL.revokeObjectURL(url);
      throw error;
    }
  }

  /** Whether browsers play sound at such a speed. */
  static playsAt(rate: number): boolean {
    return rate >= SLOWEST && rate <= FASTEST;
  }

  get seconds(): number {
    return this.#active.currentTime;
  }

  get duration(): number {
    return this.#active.duration;
  }

  get ended(): boolean {
    return this.#active.ended;
  }

  get playing(): boolean {
    return !this.#active.paused && !this.#active.ended;
  }

  apply(settings: SoundSettings): void {
    this.#settings = settings;
    for (const element of [this.#active, this.#spare]) {
      if (!element) continue;
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
    await this.#active.play();
  }

  pause(): void {
    this.#active.pause();
  }

  seek(seconds: number): void {
    const place = Math.min(seconds, this.#active.duration);
    if (Math.abs(this.#active.currentTime - place) > NEAR_SECONDS) this.#active.currentTime = place;
  }

  /** Makes a second element ready, for a film that will begin again. */
  prepareRepeat(): void {
    if (this.#spare) return;
    this.#spare = new Audio();
    this.#spare.src = this.#url;
    this.#spare.preload = 'auto';
    this.apply(this.#settings);
  }

  /** Begins again, at once where that was prepared. */
  async repeat(): Promise<void> {
    const ending = this.#active;
    if (!this.#spare) {
      ending.currentTime = 0;
      await ending.play();
      return;
    }
    this.#active = this.#spare;
    this.#spare = ending;
    try {
      await this.#active.play();
    } finally {
      ending.pause();
      ending.currentTime = 0;
    }
  }

  close(): void {
    drop(this.#active);
    if (this.#spare) drop(this.#spare);
    this.#spare = undefined;
    URL.revokeObjectURL(this.#url);
  }
}

/** The type that the first bytes tell of: the name of the format stands there. */
function soundType(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  return start.includes('webm') ? 'audio/webm' : 'audio/x-matroska';
}

function loaded(element: HTMLAudioElement, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    element.onloadeddata = () => resolve();
    element.onerror = () => reject(unplayable(element.error));
    element.preload = 'auto';
    element.src = url;
  });
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
function drop(element: HTMLAudioElement): void {
  element.onloadeddata = null;
  element.onerror = null;
  element.pause();
  element.removeAttribute('src');
  element.load();
}
