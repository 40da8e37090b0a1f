/** Sampling on WebGPU, by fragment shaders as on WebGL2. */

import { type Canvas, gpuLost, gpuMissing, resizeCanvas } from './canvas.js';
import {
  PARAMETER_VECTORS,
  type Pass,
  PROGRAMS,
  type ProgramName,
  paddedParameters,
  programsFor,
  type SamplingDevice,
  type Texture,
  type TextureFormat,
} from './samplingDevice.js';
import { WGSL_FRAGMENT_ENTRY, WGSL_VERTEX_ENTRY, wgslModule } from './wgslShaders.js';

// TypeScript's DOM has the types of WebGPU, but not the numbers of its flags.
type Flags<Name extends string> = Readonly<Record<Name, number>>;
declare const GPUBufferUsage: Flags<'UNIFORM' | 'COPY_DST' | 'MAP_READ'>;
declare const GPUTextureUsage: Flags<'TEXTURE_BINDING' | 'COPY_DST' | 'COPY_SRC' | 'RENDER_ATTACHMENT'>;
declare const GPUShaderStage: Flags<'FRAGMENT'>;
declare const GPUMapMode: Flags<'READ'>;

interface GpuTexture extends Texture {
  readonly texture: GPUTexture;
  readonly view: GPUTextureView;
}

const FORMATS: Readonly<Record<TextureFormat, GPUTextureFormat>> = {
  plane: 'r32float',
  pairs: 'rg32float',
  quads: 'rgba32float',
  codes: 'r8unorm',
};

/** Bytes of a real, and between two places in the buffer of parameters. */
const REAL_BYTES = 4;
const PARAMETERS_STRIDE = 256;
/** Passes whose parameters are in that buffer at once. */
const PASSES_AT_ONCE = 64;
/** Lines of a texture are copied to a buffer at multiples of this. */
const ROW_ALIGNMENT = 256;

/** What is drawn into by each program: a format of ours, or the canvas's. */
const TARGETS: Readonly<Record<ProgramName, TextureFormat | 'canvas'>> = {
  coded: 'pairs',
  choose: 'pairs',
  trust: 'quads',
  between: 'plane',
  across: 'plane',
  codes: 'codes',
  show: 'canvas',
  deviation: 'plane',
  convolved: 'quads',
  mixed: 'quads',
  detailAcross: 'quads',
  detailDown: 'plane',
};

/** Whether the processor plays the adapter; browsers say it in either of two places. */
export function isSoftware(adapter: GPUAdapter): boolean {
  const { isFallbackAdapter } = adapter as { readonly isFallbackAdapter?: boolean };
  return adapter.info?.isFallbackAdapter ?? isFallbackAdapter ?? false;
}

/** @throws EngineError `ENGINE_MISSING` if there is no adapter */
export async function webgpuAdapter(): Promise<GPUAdapter> {
  const { gpu } = navigator as { readonly gpu?: GPU };
  if (!gpu) throw gpuMissing('This browser has no WebGPU, or has it on secure pages only.');
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (!adapter) throw gpuMissing('WebGPU finds no GPU that it can use.');
  return adapter;
}

/**
 * @param adapter not used before
 * @param net of the film's enlarger, as enlargerNet.ts has it, if it has one
 * @throws EngineError `ENGINE_MISSING` if the adapter gives no device, or the canvas no context
 */
export async function createWebgpuDevice(
  canvas: Canvas,
  adapter: GPUAdapter,
  net?: Float32Array<ArrayBuffer>,
): Promise<SamplingDevice> {
  const { maxTextureDimension2D } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxTextureDimension2D } }).catch((cause) => {
    throw gpuMissing('WebGPU gives no access to the GPU.', cause);
  });
  device.pushErrorScope('validation');
  const format = navigator.gpu.getPreferredCanvasFormat();
  const pipelines = createPipelines(device, format, programsFor(net !== undefined));
  const error = await device.popErrorScope();
  // Only now, as a canvas that has once given a context of WebGPU gives no other.
  const context = error ? null : (canvas.getContext('webgpu') as GPUCanvasContext | null);
  if (!context) {
    device.destroy();
    throw gpuMissing(`WebGPU cannot draw here${error ? `: ${error.message}` : ''}.`);
  }
  context.configure({ device, format, alphaMode: 'opaque' });
  return new WebgpuDevice(canvas, context, device, pipelines, nameOf(adapter), net);
}

class WebgpuDevice implements SamplingDevice {
  readonly api = 'webgpu';
  readonly name: string;
  readonly maxSide: number;
  readonly lost: Promise<string>;
  readonly #canvas: Canvas;
  readonly #context: GPUCanvasContext;
  readonly #device: GPUDevice;
  readonly #pipelines: Readonly<Record<ProgramName, GPURenderPipeline>>;
  readonly #parameters: GPUBuffer;
  /** Of the enlarger; a quad that nobody reads without one. */
  readonly #net: GPUBuffer;
  #usable = true;

  constructor(
    canvas: Canvas,
    context: GPUCanvasContext,
    device: GPUDevice,
    pipelines: Readonly<Record<ProgramName, GPURenderPipeline>>,
    name: string,
    net = new Float32Array(4),
  ) {
    this.#canvas = canvas;
    this.#context = context;
    this.#device = device;
    this.#pipelines = pipelines;
    this.name = name;
    this.maxSide = device.limits.maxTextureDimension2D;
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    this.#parameters = device.createBuffer({ size: PASSES_AT_ONCE * PARAMETERS_STRIDE, usage });
    this.#net = device.createBuffer({ size: net.byteLength, usage });
    device.queue.writeBuffer(this.#net, 0, net);
    this.lost = new Promise((resolve) => {
      const lose = (reason: string): void => {
        if (!this.#usable) return;
        this.#usable = false;
        resolve(reason);
      };
      device.lost.then(({ message, reason }) => lose(message || `WebGPU has lost the GPU (${reason}).`));
      // Memory that runs out, above all. What is drawn behind such an error is wrong.
      device.addEventListener('uncapturederror', ({ error }) => lose(error.message));
    });
  }

  get usable(): boolean {
    return this.#usable;
  }

  createTexture(width: number, height: number, format: TextureFormat): Texture {
    const { TEXTURE_BINDING, COPY_DST, COPY_SRC, RENDER_ATTACHMENT } = GPUTextureUsage;
    const uses = {
      plane: COPY_DST | RENDER_ATTACHMENT,
      pairs: COPY_DST | RENDER_ATTACHMENT,
      quads: COPY_DST | RENDER_ATTACHMENT,
      codes: COPY_SRC | RENDER_ATTACHMENT,
    };
    const texture = this.#device.createTexture({
      size: { width, height },
      format: FORMATS[format],
      usage: TEXTURE_BINDING | uses[format],
    });
    const made: GpuTexture = { width, height, format, texture, view: texture.createView() };
    return made;
  }

  freeTexture(texture: Texture): void {
    (texture as GpuTexture).texture.destroy();
  }

  upload(texture: Texture, samples: Float32Array, lines: number): void {
    if (!this.#usable) return;
    const { width, format } = texture;
    const reals = format === 'quads' ? 4 : format === 'pairs' ? 2 : 1;
    this.#device.queue.writeTexture(
      { texture: (texture as GpuTexture).texture },
      samples as Float32Array<ArrayBuffer>,
      { bytesPerRow: width * reals * REAL_BYTES },
      { width, height: lines },
    );
  }

  run(passes: readonly Pass[], canvasSize?: { readonly width: number; readonly height: number }): void {
    if (!this.#usable) return;
    if (canvasSize) resizeCanvas(this.#canvas, canvasSize);
    for (let from = 0; from < passes.length; from += PASSES_AT_ONCE)
      this.#submit(passes.slice(from, from + PASSES_AT_ONCE));
  }

  #submit(passes: readonly Pass[]): void {
    this.#writeParameters(passes);
    const encoder = this.#device.createCommandEncoder();
    for (const [i, pass] of passes.entries()) this.#encode(encoder, pass, i * PARAMETERS_STRIDE);
    this.#device.queue.submit([encoder.finish()]);
  }

  #writeParameters(passes: readonly Pass[]): void {
    const stride = PARAMETERS_STRIDE / REAL_BYTES;
    const all = new Float32Array(passes.length * stride);
    for (const [i, { parameters }] of passes.entries()) all.set(paddedParameters(parameters), i * stride);
    this.#device.queue.writeBuffer(this.#parameters, 0, all);
  }

  #encode(encoder: GPUCommandEncoder, pass: Pass, offset: number): void {
    const { program, target, region } = pass;
    const pipeline = this.#pipelines[program];
    const view =
      target === 'canvas' ? this.#context.getCurrentTexture().createView() : (target as GpuTexture).view;
    const encoded = encoder.beginRenderPass({
      colorAttachments: [{ view, loadOp: region ? 'load' : 'clear', storeOp: 'store' }],
    });
    encoded.setPipeline(pipeline);
    encoded.setBindGroup(0, this.#bindGroup(pipeline, pass), [offset]);
    if (region) encoded.setScissorRect(region.x, region.y, region.width, region.height);
    encoded.draw(3);
    encoded.end();
  }

  #bindGroup(pipeline: GPURenderPipeline, { inputs }: Pass): GPUBindGroup {
    const parameters = { buffer: this.#parameters, size: 4 * PARAMETER_VECTORS * REAL_BYTES };
    const views = inputs.map((input) => (input as GpuTexture).view);
    return this.#device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [parameters, ...views, { buffer: this.#net }].map((resource, binding) => ({
        binding,
        resource,
      })),
    });
  }

  async read(texture: Texture): Promise<Uint8Array> {
    if (!this.#usable) throw gpuLost();
    const { width, height } = texture;
    const bytesPerRow = Math.ceil(width / ROW_ALIGNMENT) * ROW_ALIGNMENT;
    const buffer = this.#device.createBuffer({
      size: bytesPerRow * height,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    const encoder = this.#device.createCommandEncoder();
    const from = { texture: (texture as GpuTexture).texture };
    encoder.copyTextureToBuffer(from, { buffer, bytesPerRow }, { width, height });
    this.#device.queue.submit([encoder.finish()]);
    await buffer.mapAsync(GPUMapMode.READ).catch((cause) => {
      throw gpuLost(cause);
    });
    const rows = new Uint8Array(buffer.getMappedRange());
    const codes = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) {
      codes.set(rows.subarray(y * bytesPerRow, y * bytesPerRow + width), y * width);
    }
    buffer.destroy();
    return codes;
  }

  close(): void {
    this.#usable = false;
    this.#context.unconfigure();
    // With all that was made of it.
    this.#device.destroy();
  }
}

function createPipelines(
  device: GPUDevice,
  canvasFormat: GPUTextureFormat,
  programs: readonly ProgramName[],
): Readonly<Record<ProgramName, GPURenderPipeline>> {
  const pipelines = programs.map((name) => {
    const target = TARGETS[name];
    const format = target === 'canvas' ? canvasFormat : FORMATS[target];
    return [name, createPipeline(device, name, format)] as const;
  });
  return Object.fromEntries(pipelines) as Record<ProgramName, GPURenderPipeline>;
}

function createPipeline(device: GPUDevice, name: ProgramName, format: GPUTextureFormat): GPURenderPipeline {
  const visibility = GPUShaderStage.FRAGMENT;
  const parameters: GPUBindGroupLayoutEntry = { binding: 0, visibility, buffer: { hasDynamicOffset: true } };
  const inputs = PROGRAMS[name].map(
    (_, i): GPUBindGroupLayoutEntry => ({
      binding: i + 1,
      visibility,
      texture: { sampleType: 'unfilterable-float' },
    }),
  );
  const net: GPUBindGroupLayoutEntry = { binding: inputs.length + 1, visibility, buffer: {} };
  const layout = device.createBindGroupLayout({ entries: [parameters, ...inputs, net] });
  const module = device.createShaderModule({ label: name, code: wgslModule(name) });
  return device.createRenderPipeline({
    label: name,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    vertex: { module, entryPoint: WGSL_VERTEX_ENTRY },
    fragment: { module, entryPoint: WGSL_FRAGMENT_ENTRY, targets: [{ format }] },
  });
}

function nameOf({ info }: GPUAdapter): string {
  const words = [info?.vendor, info?.architecture, info?.device, info?.description];
  return words.filter(Boolean).join(' ') || 'WebGPU';
}
