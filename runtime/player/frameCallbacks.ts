/** Whoever asked for the next picture: `requestVideoFrameCallback`. */

/** What is said of a picture: the names of HTML. */
export interface FrameMetadata {
  readonly presentationTime: number;
  readonly expectedDisplayTime: number;
  readonly width: number;
  readonly height: number;
  /** Seconds shown, exactly those of the picture. */
  readonly mediaTime: number;
  readonly presentedFrames: number;
  /** Seconds that the decoder took. */
  readonly processingDuration: number;
}

export type FrameCallback = (nowMs: number, metadata: FrameMetadata) => void;

export class FrameCallbacks {
  #waiting = new Map<number, FrameCallback>();
  #handles = 0;

  /** Calls once, at the next picture. */
  request(callback: FrameCallback): number {
    this.#waiting.set(++this.#handles, callback);
    return this.#handles;
  }

  cancel(handle: number): void {
    this.#waiting.delete(handle);
  }

  call(nowMs: number, metadata: FrameMetadata): void {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const callback of waiting.values()) callback(nowMs, metadata);
  }
}
