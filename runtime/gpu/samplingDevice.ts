/**
 * What planes are sampled with: textures, and programs that fill one from others. WebGL2 and WebGPU are two of these, each
 * with its own shaders; what is done with them is decided once, in gpuPlaneSampler.ts.
 */

/** What a texture holds: a plane of reals, pairs or quads of reals, codes 0..255. */
export type TextureFormat = 'plane' | 'pairs' | 'quads' | 'codes';

/** A texture of the device that made it. */
export interface Texture {
  readonly width: number;
  readonly height: number;
  readonly format: TextureFormat;
}

/** The programs, each with its inputs in their order; shaders know them by these names. */
export const PROGRAMS = {
  /** What the coded motion says of each cell half way between two frames: pairs, as all motion is but `trust`'s. */
  coded: ['motion'],
  /** The displacements of cells half way after a round in which they choose. */
  choose: ['carrier', 'other', 'motion', 'halfWay'],
  /** These displacements, and how far they are believed: x, y, trust. */
  trust: ['carrier', 'other', 'halfWay'],
  /** A plane between two frames. `motion` is what `trust` gives, `acceleration` has its size. `PARAMETERS.between` */
  between: ['carrier', 'other', 'motion', 'acceleration'],
  /** A plane with its lines resampled. `PARAMETERS.across` */
  across: ['plane', 'weights'],
  /** A plane with its columns resampled, as codes. `PARAMETERS.codes` */
  codes: ['plane', 'weights', 'detail'],
  /** The colours of three planes with their columns resampled. `PARAMETERS.show` */
  show: ['luma', 'cb', 'cr', 'lumaWeights', 'chromaWeights', 'detail'],
  /** Some rows of luma less its mean around, in units. */
  deviation: ['luma'],
  /** Four channels of it: of the first layer, or without layers. */
  convolved: ['deviation'],
  /** Four channels of the second layer. */
  mixed: ['first', 'second'],
  /** Features for the columns of a picture: of splines down 0..3, or of the last. */
  detailAcross: ['first', 'second', 'third', 'weights'],
  /** What is added to some rows of a picture. */
  detailDown: ['first', 'last', 'weights'],
} as const satisfies Record<string, readonly string[]>;

export type ProgramName = keyof typeof PROGRAMS;

/** Those for pictures between two frames. */
export type BetweenProgram = 'coded' | 'choose' | 'trust' | 'between';

/** Those that only films with an enlarger need. */
const ENLARGING: readonly string[] = ['deviation', 'convolved', 'mixed', 'detailAcross', 'detailDown'];

/** The programs that a film needs. */
export function programsFor(enlarges: boolean): ProgramName[] {
  return (Object.keys(PROGRAMS) as ProgramName[]).filter((name) => enlarges || !ENLARGING.includes(name));
}

/** Parameters of a program as the shaders have them: that many vectors of four reals. */
export const PARAMETER_VECTORS = 5;

/** Parameters as they are handed to a shader: what is not given is 0. */
export function paddedParameters(parameters: readonly number[]): Float32Array<ArrayBuffer> {
  const vectors = new Float32Array(4 * PARAMETER_VECTORS);
  vectors.set(parameters);
  return vectors;
}

/** A rectangle of a texture in its pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One program that is run. */
export interface Pass {
  readonly program: ProgramName;
  readonly inputs: readonly Texture[];
  /** At most 4 * PARAMETER_VECTORS, in the order in which gpuPlaneSampler.ts writes and the shaders read them. */
  readonly parameters: readonly number[];
  readonly target: Texture | 'canvas';
  /** What is computed of the target; all of it by default. The rest is undefined then. */
  readonly region?: Region;
}

export interface SamplingDevice {
  readonly api: 'webgpu' | 'webgl2';
  /** What draws: words for people. */
  readonly name: string;
  /** Largest width and height of a texture. */
  readonly maxSide: number;
  /** Fulfilled with the reason once the device is lost, other than by `close`. */
  readonly lost: Promise<string>;
  /** False once it is lost or closed: calls do nothing then, and `read` is rejected. */
  readonly usable: boolean;
  createTexture(width: number, height: number, format: TextureFormat): Texture;
  freeTexture(texture: Texture): void;
  /** Fills the upper lines of a texture; they are copied at once. */
  upload(texture: Texture, samples: Float32Array, lines: number): void;
  /** Runs passes in their order; does not wait for them. The canvas takes the size that is given. */
  run(passes: readonly Pass[], canvasSize?: { readonly width: number; readonly height: number }): void;
  /**
   * The codes of a texture, lines tightly packed.
   *
   * @throws EngineError `ENGINE_FAILED` if the device is lost
   */
  read(texture: Texture): Promise<Uint8Array>;
  close(): void;
}
