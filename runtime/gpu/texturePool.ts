/** Textures that are used again, so that playing allocates nothing. */

import type { SamplingDevice, Texture, TextureFormat } from './samplingDevice.js';

/** What may lie idle: some frames of 1080p, two of 4K. */
const MAX_IDLE_BYTES = 128 * 2 ** 20;

const BYTES_PER_TEXEL: Readonly<Record<TextureFormat, number>> = { plane: 4, pairs: 8, quads: 16, codes: 4 };

/** Hands out textures of a device. Work on a GPU is done in its order, so what is given back may be overwritten at once. */
export class TexturePool {
  readonly #device: SamplingDevice;
  /** Given back, the one that is idle for longest first. */
  readonly #idle: Texture[] = [];
  #idleBytes = 0;
  #live = 0;

  constructor(device: SamplingDevice) {
    this.#device = device;
  }

  /** Textures that there are, in use or idle. */
  get live(): number {
    return this.#live;
  }

  /** A texture of exactly that size, with anything in it. */
  take(width: number, height: number, format: TextureFormat): Texture {
    const fits = (t: Texture): boolean => t.width === width && t.height === height && t.format === format;
    const at = this.#idle.findLastIndex(fits);
    if (at < 0) {
      this.#live++;
      return this.#device.createTexture(width, height, format);
    }
    const [texture] = this.#idle.splice(at, 1);
    this.#idleBytes -= bytesOf(texture!);
    return texture!;
  }

  giveBack(texture: Texture): void {
    this.#idle.push(texture);
    this.#idleBytes += bytesOf(texture);
    while (this.#idleBytes > MAX_IDLE_BYTES) this.#drop();
  }

  #drop(): void {
    const oldest = this.#idle.shift()!;
    this.#idleBytes -= bytesOf(oldest);
    this.#live--;
    this.#device.freeTexture(oldest);
  }
}

function bytesOf({ width, height, format }: Texture): number {
  return width * height * BYTES_PER_TEXEL[format];
}
