/** WebGPU in Node, by the npm package `webgpu` (Dawn). */

import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { EngineError } from '../../runtime/errors.js';

/** A GPU that programs can be run on. */
export interface GpuAdapter {
  /** Vendor, architecture and model. */
  readonly device: string;
  /** True where the processor plays the GPU. */
  readonly software: boolean;
}

/** Parts of the package that are used here. */
interface WebGpuPackage {
  create(options: readonly string[]): unknown;
  readonly globals: Record<string, unknown>;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render/i;
const PROBE_MS = 20_000;
/** Prints what the adapter says of itself, or null. */
const PROBE = `
  const { create } = await import(process.argv[1]);
  const adapter = await create([]).requestAdapter();
  const { vendor, architecture, device, description } = adapter?.info ?? {};
  const fallback = adapter?.isFallbackAdapter ?? false;
  console.log(JSON.stringify(adapter && { fallback, words: [vendor, architecture, device, description] }));
  process.exit(0);
`;

let probed: Promise<GpuAdapter> | undefined;

/**
 * Looks for an adapter in a process of its own: drivers print what they like, and some fail for good.
 *
 * @throws EngineError `ENGINE_MISSING` without the package or without an adapter
 */
export function probeGpu(): Promise<GpuAdapter> {
  probed ??= findAdapter();
  return probed;
}

let opened: Promise<void> | undefined;

/** Makes `navigator.gpu` what it is in a browser, where TensorFlow.js looks for it. Once a process: it cannot be closed. */
export function openGpu(): Promise<void> {
  opened ??= installGpu();
  return opened;
}

async function installGpu(): Promise<void> {
  await probeGpu();
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  const { create, globals } = (await import(packageUrl())) as WebGpuPackage;
  Object.assign(globalThis, globals);
  const { navigator = {} } = globalThis as { navigator?: object };
  Object.defineProperty(navigator, 'gpu', { value: create([]), configurable: true });
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true, writable: true });
}

async function findAdapter(): Promise<GpuAdapter> {
  const args = ['--input-type=module', '-e', PROBE, packageUrl()];
  const env = { XDG_RUNTIME_DIR: tmpdir(), ...process.env };
  const run = promisify(execFile)(process.execPath, args, { env, timeout: PROBE_MS });
  const { stdout } = await run.catch((cause: unknown) => {
    throw missing('WebGPU fails on this machine.', 'Update the driver of the GPU.', cause);
  });
  const found = JSON.parse(stdout) as { fallback: boolean; words: string[] } | null;
  if (!found) {
    throw missing('WebGPU finds no adapter.', 'Install a Vulkan, Metal or Direct3D 12 driver for the GPU.');
  }
  const words = [...new Set(found.words.filter((word) => word !== ''))];
  return { device: words.join(', '), software: found.fallback || words.some((word) => SOFTWARE.test(word)) };
}

function packageUrl(): string {
  try {
    return pathToFileURL(createRequire(import.meta.url).resolve('webgpu')).href;
  } catch (cause) {
    const hint = 'Run npm install webgpu; it has binaries for Linux, macOS and Windows.';
    throw missing('The package webgpu is not installed.', hint, cause);
  }
}

function missing(message: string, hint: string, cause?: unknown): EngineError {
  return new EngineError(message, { code: 'ENGINE_MISSING', hint, cause });
}
