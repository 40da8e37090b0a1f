/** How a film is played: speed and sound, as `<video>` has them. */

import { MediaAttributes } from './mediaAttributes.js';
import type { SoundSettings } from './sound.js';

/** Speeds that a film can be played at, besides 0. */
export const SLOWEST_RATE = 1 / 64;
export const FASTEST_RATE = 16;

export class MediaChoices extends MediaAttributes {
  #volume = 1;
  #muted = false;
  /** Nobody has said otherwise: the attribute `muted` counts. */
  #mutedByDefault = true;
  #rate = 1;
  #defaultRate = 1;
  #preservesPitch = true;

  /** Film seconds per second: 0, or 1/64 to 16. @throws DOMException `NotSupportedError` */
  get playbackRate(): number {
    return this.#rate;
  }

  set playbackRate(rate: number) {
    checkRate(rate);
    if (rate === this.#rate) return;
    this.#rate = rate;
    this.chosen('ratechange');
  }

  /** The speed with which a film begins. @throws DOMException `NotSupportedError` */
  get defaultPlaybackRate(): number {
    return this.#defaultRate;
  }

  set defaultPlaybackRate(rate: number) {
    checkRate(rate);
    if (rate === this.#defaultRate) return;
    this.#defaultRate = rate;
    this.chosen('ratechange');
  }

  /** Voices stay as high as they are at other speeds. */
  get preservesPitch(): boolean {
    return this.#preservesPitch;
  }

  set preservesPitch(on: boolean) {
    this.#preservesPitch = on;
    this.chosen();
  }

  /** 0..1. @throws DOMException `IndexSizeError` */
  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    if (!(volume >= 0 && volume <= 1))
      throw new DOMException(`The volume ${volume} is not in 0..1.`, 'IndexSizeError');
    if (volume === this.#volume) return;
    this.#volume = volume;
    this.chosen('volumechange');
  }

  get muted(): boolean {
    return this.#muted;
  }

  set muted(on: boolean) {
    this.#mutedByDefault = false;
    if (on === this.#muted) return;
    this.#muted = on;
    this.chosen('volumechange');
  }

  protected get soundSettings(): SoundSettings {
    const { volume, muted, preservesPitch, playbackRate: rate } = this;
    return { volume, muted, preservesPitch, rate };
  }

  /** What the attributes say, where nobody has said otherwise. */
  protected takeDefaults(): void {
    if (this.#mutedByDefault) this.#muted = this.defaultMuted;
  }

  protected resetRate(): void {
    if (this.#rate === this.#defaultRate) return;
    this.#rate = this.#defaultRate;
    this.chosen('ratechange');
  }

  /** Something was chosen; with an event if there is one to tell. */
  protected chosen(_event?: string): void {}
}

function checkRate(rate: number): void {
  if (rate === 0 || (rate >= SLOWEST_RATE && rate <= FASTEST_RATE)) return;
  throw new DOMException(`The speed ${rate} is not 0 or between 1/64 and 16.`, 'NotSupportedError');
}
