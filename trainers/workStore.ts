/** Finished groups of an encode, kept so that one that was cut off goes on where it was. */

/** All that decides the bytes of an encode, but for the pictures. */
export type EncodeFacts = Readonly<Record<string, unknown>>;

/** Where finished parts of an encode are kept. Parts have names; each is kept whole or not at all. */
export interface WorkStore {
  /** Called once, before any part; throws where what is kept belongs to another encode. */
  begin(facts: EncodeFacts): Promise<void>;
  read(name: string): Promise<Uint8Array | undefined>;
  write(name: string, bytes: Uint8Array): Promise<void>;
}

/** Keeps parts as long as the process lives. */
export class MemoryStore implements WorkStore {
  readonly #parts = new Map<string, Uint8Array>();

  async begin(): Promise<void> {}

  async read(name: string): Promise<Uint8Array | undefined> {
    return this.#parts.get(name);
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    this.#parts.set(name, bytes);
  }
}
