/** What is done on a GPU for one picture. */

import type { Pass, Texture } from './samplingDevice.js';
import type { TexturePool } from './texturePool.js';

/** The passes of one picture, and the textures that they need until it is drawn. */
export class Work {
  readonly passes: Pass[] = [];
  readonly #pool: TexturePool;
  readonly #taken: Texture[] = [];

  constructor(pool: TexturePool) {
    this.#pool = pool;
  }

  take(width: number, height: number, format: Texture['format']): Texture {
    const texture = this.#pool.take(width, height, format);
    this.#taken.push(texture);
    return texture;
  }

  add(pass: Pass): void {
    this.passes.push(pass);
  }

  /** When the passes have been handed to the device. */
  end(): void {
    for (const texture of this.#taken) this.#pool.giveBack(texture);
  }
}
