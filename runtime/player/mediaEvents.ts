/** Names that media elements use. */

/** Every event that tells of a film. */
export const MEDIA_EVENTS = [
  ...['loadstart', 'durationchange', 'loadedmetadata', 'resize', 'loadeddata', 'canplay', 'canplaythrough'],
  ...['play', 'playing', 'pause', 'waiting', 'timeupdate', 'seeking', 'seeked', 'progress', 'suspend'],
  ...['ratechange', 'volumechange', 'emptied', 'ended', 'error', 'viewchange', 'rendererchange'],
] as const;

/** `networkState` of a media element. */
export const NETWORK = { EMPTY: 0, IDLE: 1, LOADING: 2, NO_SOURCE: 3 } as const;

/** `readyState` of a media element: nothing, the facts, this picture, the next too, all there is. */
export const READY = { NOTHING: 0, METADATA: 1, CURRENT: 2, FUTURE: 3, ENOUGH: 4 } as const;

/** What `error` of a media element gives. */
export interface FilmError {
  /** 2 the bytes could not be read, 3 they could not be decoded, 4 there is no film that could be shown. */
  readonly code: 2 | 3 | 4;
  /** What has happened. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  /** The code of weft, as `FILE_TRUNCATED`. */
  readonly weftCode: string;
}
