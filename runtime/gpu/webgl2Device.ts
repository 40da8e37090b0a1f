/** Sampling on WebGL2, with floats as targets of what is drawn. */

import { type Canvas, gpuLost, gpuMissing, resizeCanvas } from './canvas.js';
import { GLSL_VERTEX, glslFragment } from './glslShaders.js';
import {
  type Pass,
  PROGRAMS,
  type ProgramName,
  paddedParameters,
  programsFor,
  type SamplingDevice,
  type Texture,
  type TextureFormat,
} from './samplingDevice.js';

interface GlTexture extends Texture {
  readonly texture: WebGLTexture;
  /** What draws into it; there from the first time on. */
  framebuffer?: WebGLFramebuffer;
}

interface GlProgram {
  readonly program: WebGLProgram;
  readonly parameters: WebGLUniformLocation | null;
}

/** Internal format, format and type of the samples. Codes have four channels, which every WebGL2 reads back. */
const FORMATS = {
  plane: ['R32F', 'RED'],
  pairs: ['RG32F', 'RG'],
  quads: ['RGBA32F', 'RGBA'],
  codes: ['RGBA8', 'RGBA'],
} as const satisfies Record<TextureFormat, unknown>;

const CODES_CHANNELS = 4;

/** Nothing but the colours of the canvas is needed, and these at once. */
const ATTRIBUTES: WebGLContextAttributes = { alpha: false, antialias: false, depth: false, stencil: false };

/**
 * @param net of the film's enlarger, as enlargerNet.ts has it, if it has one
 * @throws EngineError `ENGINE_MISSING` if the canvas gives no WebGL2 that draws floats
 */
export function createWebgl2Device(canvas: Canvas, net?: Float32Array<ArrayBuffer>): SamplingDevice {
  const gl = canvas.getContext('webgl2', ATTRIBUTES) as WebGL2RenderingContext | null;
  if (!gl) throw gpuMissing('WebGL2 is not to be had here.');
  if (!gl.getExtension('EXT_color_buffer_float')) {
    throw gpuMissing('WebGL2 cannot draw floats here (EXT_color_buffer_float is missing).');
  }
  return new Webgl2Device(gl, canvas, net);
}

class Webgl2Device implements SamplingDevice {
  readonly api = 'webgl2';
  readonly name: string;
  readonly maxSide: number;
  readonly lost: Promise<string>;
  readonly #gl: WebGL2RenderingContext;
  readonly #canvas: Canvas;
  readonly #programs: Readonly<Record<ProgramName, GlProgram>>;
  readonly #textures = new Set<GlTexture>();
  #usable = true;
  #lose: (reason: string) => void = () => {};

  constructor(gl: WebGL2RenderingContext, canvas: Canvas, net: Float32Array<ArrayBuffer> | undefined) {
    this.#gl = gl;
    this.#canvas = canvas;
    this.name = nameOf(gl);
    this.maxSide = Math.min(gl.getParameter(gl.MAX_TEXTURE_SIZE), ...gl.getParameter(gl.MAX_VIEWPORT_DIMS));
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    canvas.addEventListener('webglcontextlost', this.#onLost);
    const vertex = compile(gl, gl.VERTEX_SHADER, GLSL_VERTEX);
    const linked = programsFor(net !== undefined).map((name) => [name, link(gl, vertex, name)] as const);
    this.#programs = Object.fromEntries(linked) as Record<ProgramName, GlProgram>;
    gl.disable(gl.DITHER);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.bindVertexArray(gl.createVertexArray());
    if (net) {
      // Programs have one block of uniforms at most: it is at place 0 in all of them.
      gl.bindBufferBase(gl.UNIFORM_BUFFER, 0, gl.createBuffer());
      gl.bufferData(gl.UNIFORM_BUFFER, net, gl.STATIC_DRAW);
    }
  }

  get usable(): boolean {
    return this.#usable && !this.#gl.isContextLost();
  }

  createTexture(width: number, height: number, format: TextureFormat): Texture {
    const gl = this.#gl;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl[FORMATS[format][0]], width, height);
    // Floats are not filtered: they would read as 0 if this were not said.
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    // Asked here, where it is rare, as the answer has to be waited for.
    if (gl.getError() === gl.OUT_OF_MEMORY) this.#fail('The GPU is out of memory.');
    const made: GlTexture = { width, height, format, texture };
    this.#textures.add(made);
    return made;
  }

  freeTexture(texture: Texture): void {
    const { texture: freed, framebuffer } = texture as GlTexture;
    this.#textures.delete(texture as GlTexture);
    this.#gl.deleteTexture(freed);
    if (framebuffer) this.#gl.deleteFramebuffer(framebuffer);
  }

  upload(texture: Texture, samples: Float32Array, lines: number): void {
    if (!this.usable) return;
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, (texture as GlTexture).texture);
    const format = gl[FORMATS[texture.format][1]];
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, texture.width, lines, format, gl.FLOAT, samples);
  }

  run(passes: readonly Pass[], canvasSize?: { readonly width: number; readonly height: number }): void {
    if (!this.usable) return;
    if (canvasSize) resizeCanvas(this.#canvas, canvasSize);
    for (const pass of passes) this.#runPass(pass);
  }

  #runPass({ program, inputs, parameters, target, region }: Pass): void {
    const gl = this.#gl;
    const { width, height } = target === 'canvas' ? this.#canvas : target;
    const { x, y, width: w, height: h } = region ?? { x: 0, y: 0, width, height };
    const used = this.#programs[program];
    gl.useProgram(used.program);
    for (const [i, input] of inputs.entries()) {
      gl.activeTexture(gl.TEXTURE0 + i);
      gl.bindTexture(gl.TEXTURE_2D, (input as GlTexture).texture);
    }
    gl.uniform4fv(used.parameters, paddedParameters(parameters));
    gl.bindFramebuffer(gl.FRAMEBUFFER, target === 'canvas' ? null : this.#framebufferOf(target as GlTexture));
    gl.viewport(0, 0, width, height);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(x, y, w, h);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  #framebufferOf(target: GlTexture): WebGLFramebuffer {
    if (target.framebuffer) return target.framebuffer;
    const gl = this.#gl;
    target.framebuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, target.framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, target.texture, 0);
    return target.framebuffer;
  }

  async read(texture: Texture): Promise<Uint8Array> {
    const gl = this.#gl;
    const { width, height } = texture;
    const codes = new Uint8Array(width * height * CODES_CHANNELS);
    if (this.usable) {
      gl.bindFramebuffer(gl.FRAMEBUFFER, this.#framebufferOf(texture as GlTexture));
      gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, codes);
    }
    if (!this.usable) throw gpuLost();
    const first = new Uint8Array(width * height);
    for (let i = 0; i < first.length; i++) first[i] = codes[i * CODES_CHANNELS]!;
    return first;
  }

  close(): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#canvas.removeEventListener('webglcontextlost', this.#onLost);
    for (const texture of this.#textures) this.freeTexture(texture);
    for (const { program } of Object.values(this.#programs)) this.#gl.deleteProgram(program);
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  readonly #onLost = (event: Event): void => {
    this.#fail((event as WebGLContextEvent).statusMessage || 'The browser has taken WebGL2 away.');
  };

  #fail(reason: string): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#lose(reason);
  }
}

function nameOf(gl: WebGL2RenderingContext): string {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  return String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}

function link(gl: WebGL2RenderingContext, vertex: WebGLShader, name: ProgramName): GlProgram {
  const program = gl.createProgram();
  const fragment = compile(gl, gl.FRAGMENT_SHADER, glslFragment(name));
  gl.attachShader(program, vertex);
  gl.attachShader(program, fragment);
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    const log = [gl.getShaderInfoLog(fragment), gl.getProgramInfoLog(program)].join(' ').trim();
    throw gpuMissing(`WebGL2 does not take the program ${name}${log && `: ${log}`}.`);
  }
  gl.deleteShader(fragment);
  gl.useProgram(program);
  for (const [i, input] of PROGRAMS[name].entries()) gl.uniform1i(gl.getUniformLocation(program, input), i);
  return { program, parameters: gl.getUniformLocation(program, 'parameters') };
}

function compile(gl: WebGL2RenderingContext, type: GLenum, source: string): WebGLShader {
  const shader = gl.createShader(type);
  if (!shader) throw gpuMissing('WebGL2 was lost while it was made ready.');
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  return shader;
}
