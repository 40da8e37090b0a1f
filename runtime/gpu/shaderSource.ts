/** A program in a language of shaders, without what all programs share. */

export interface ShaderSource {
  /** Functions that it calls. */
  readonly parts: readonly string[];
  /** Makes the pixel `at`: fills `result` in GLSL, gives it back in WGSL. */
  readonly main: string;
}
