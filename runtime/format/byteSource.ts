/** Where the bytes of a file come from: memory, a disk, a network. */

/** Bytes that are read where they are wanted. */
export interface ByteSource {
  /** Length of the whole file in bytes. */
  readonly size: number;
  /** `length` bytes from `offset` on; fewer only where the file ends. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Called once, when nothing more is read. */
  close?(): void;
}

/** Bytes that are in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    async read(offset, length) {
      return bytes.subarray(offset, offset + length);
    },
  };
}
