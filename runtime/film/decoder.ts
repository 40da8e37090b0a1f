/** `weft/decoder`: opens `.weft` files and shows them, in browsers and in Node. */

export type { DecoderEngineChoice, DecoderEngineName } from '../engine/registry.js';
export * from '../errors.js';
export type { Chunk, ChunkOutline, StreamedChunk } from '../format/chunks.js';
export type { Chroma, FilmInfo, FrameTimes, Picture, Rational } from '../picture/picture.js';
export type { Crop } from '../picture/raster.js';
export type { ByteSource } from '../source/byteSource.js';
export type { FileHandleLike } from '../source/fileHandleSource.js';
export { type HttpOptions, httpSource } from '../source/httpSource.js';
export type { FilmInput } from '../source/openSource.js';
export { type OpenOptions, open, WeftFilm } from './film.js';
export type { FrameOptions, FramePlan } from './frameOptions.js';
export type { PanPoint } from './panning.js';
export type { Freeze, TimePiece } from './retiming.js';
export type { SpeedPoint } from './speedCurve.js';
