/** Bytes of a file that come one after the other. */

export class ByteRun {
  /** Offset of the first byte in the file. */
  readonly start: number;
  #end: number;
  readonly #pieces: Uint8Array[] = [];
  /** Offset of each piece in the file. */
  readonly #offsets: number[] = [];

  constructor(start: number) {
    this.start = start;
    this.#end = start;
  }

  /** Behind the last byte that is there. */
  get end(): number {
    return this.#end;
  }

  get length(): number {
    return this.#end - this.start;
  }

  append(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#offsets.push(this.#end);
    this.#end += piece.length;
  }

  /** A copy of the bytes of `[start, end)`, which must be there. */
  slice(start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start);
    for (let i = this.#pieceOf(start); i < this.#pieces.length && this.#offsets[i]! < end; i++) {
      const offset = this.#offsets[i]!;
      const part = this.#pieces[i]!.subarray(Math.max(0, start - offset), end - offset);
      bytes.set(part, Math.max(0, offset - start));
    }
    return bytes;
  }

  /** The piece that a byte lies in, by bisection. */
  #pieceOf(place: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#offsets[middle]! <= place) low = middle;
      else high = middle;
    }
    return low;
  }
}
