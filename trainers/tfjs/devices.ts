/** What TensorFlow.js can compute on here. It is loaded only where an engine is opened. */

import { createRequire } from 'node:module';
import { EngineError } from '../../runtime/errors.js';
import type { FoundEngine } from '../trainingEngine.js';
import type { TfjsEngineName } from './engine.js';
import { type GpuAdapter, probeGpu } from './gpu.js';

const CUDA_PACKAGE = '@tensorflow/tfjs-node-gpu';

const finders: Readonly<Record<TfjsEngineName, () => Promise<GpuAdapter>>> = {
  tfjs: async () => ({ device: 'processor, WebAssembly', software: false }),
  'tfjs-gpu': findCuda,
  'tfjs-webgpu': probeGpu,
};

/** @throws EngineError `ENGINE_MISSING` with the reason */
export async function findTfjs(name: TfjsEngineName): Promise<FoundEngine> {
  const { version } = createRequire(import.meta.url)('@tensorflow/tfjs/package.json') as { version: string };
  return {
    ...(await finders[name]()),
    version: `TensorFlow.js ${version}`,
    open: async () => (await import('./engine.js')).openTfjs(name),
  };
}

async function findCuda(): Promise<GpuAdapter> {
  const hint = `Install CUDA and cuDNN, then run npm install ${CUDA_PACKAGE}; it downloads TensorFlow.`;
  try {
    createRequire(import.meta.url).resolve(CUDA_PACKAGE);
    await import(CUDA_PACKAGE);
  } catch (cause) {
    const message = `${CUDA_PACKAGE} does not load.`;
    throw new EngineError(message, { code: 'ENGINE_MISSING', hint, cause });
  }
  const tf = await import('@tensorflow/tfjs');
  const backend = tf.findBackend('tensorflow') as { isUsingGpuDevice?: boolean } | null;
  if (backend?.isUsingGpuDevice) return { device: 'CUDA', software: false };
  throw new EngineError(`${CUDA_PACKAGE} finds no CUDA device.`, { code: 'ENGINE_MISSING', hint });
}
