/**
 * The library: films to weights, and weights to pictures at any size and time.
 *
 * Nothing here prints, ends the process or keeps global state.
 */
export type { BakedSegment, DecoderEngine, SegmentTask } from '../runtime/engine/decoderEngine.js';
export type { DecoderEngineChoice, DecoderEngineName } from '../runtime/engine/registry.js';
export {
  EngineError,
  FormatError,
  InterruptedError,
  MediaError,
  SourceError,
  UsageError,
  WeftError,
} from '../runtime/errors.js';
export { type OpenOptions, open, type WeftFilm } from '../runtime/film/film.js';
export type { FrameOptions } from '../runtime/film/frameOptions.js';
export type { PanPoint } from '../runtime/film/panning.js';
export type { Freeze, TimePiece } from '../runtime/film/retiming.js';
export type { SpeedPoint } from '../runtime/film/speedCurve.js';
export type { Chunk, ChunkOutline, StreamedChunk } from '../runtime/format/chunks.js';
export type { Chroma, FilmInfo, Picture, Rational } from '../runtime/picture/picture.js';
export type { Crop } from '../runtime/picture/raster.js';
export type { ByteSource } from '../runtime/source/byteSource.js';
export type { FileHandleLike } from '../runtime/source/fileHandleSource.js';
export { type HttpOptions, httpSource } from '../runtime/source/httpSource.js';
export type { FilmInput } from '../runtime/source/openSource.js';
export { encode, encodeFilm } from '../trainers/encode.js';
export type {
  EncodedFilm,
  EncodeHooks,
  EncodeProgress,
  EncodeResult,
  FilmSource,
} from '../trainers/encodeJob.js';
export { type Estimate, estimate } from '../trainers/estimate.js';
export type { EncodeOptions } from '../trainers/options.js';
export { bdRate, type RatePoint } from './measure/bdRate.js';
export { compareFilms, type FilmComparison } from './measure/compareFilms.js';
export { type PsnrDb, psnr } from './measure/psnr.js';
export { ssim } from './measure/ssim.js';
export { type OpenedFilm, openFilm, type ReadOptions } from './media/filmReader.js';
export { type WriteOptions, type WrittenFilm, writeFilm } from './media/filmWriter.js';
export type { FilmTracks } from './media/trackWriter.js';
export { readY4m, writeY4m } from './media/y4m.js';
