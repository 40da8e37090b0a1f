/** What gives audio elements the sound of a film: all of it at once, or pieces while it plays. */

/**
 * The sound of an instant: it is there; there is none, but later there is; or its bytes have not come yet.
 */
export type Presence = 'here' | 'silent' | 'missing';

/** What a feed tells. */
export interface FeedNews {
  /** More of the sound is there. */
  arrived(): void;
  /** There will be no more of it. */
  failed(error: unknown): void;
}

/** The sound of one element, from wherever that is set to. */
export interface SoundFeed {
  /** Of an instant in seconds of the film. */
  at(seconds: number): Presence;
  /** Lets go of what it holds; the element is its owner's. */
  close(): void;
}

export interface SoundSource {
  /** Begins to give an element its sound. */
  feed(element: HTMLAudioElement, news: FeedNews): SoundFeed;
  close(): void;
}

/**
 * Sound that is in memory.
 *
 * @param bytes a whole WebM or Matroska file
 */
export function wholeSound(bytes: Uint8Array<ArrayBuffer>): SoundSource {
  const url = URL.createObjectURL(new Blob([bytes], { type: soundType(bytes) }));
  return {
    feed(element) {
      element.src = url;
      return { at: () => 'here', close() {} };
    },
    close: () => URL.revokeObjectURL(url),
  };
}

/** The type that the first bytes tell of: the name of the format stands there. */
function soundType(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  return start.includes('webm') ? 'audio/webm' : 'audio/x-matroska';
}
