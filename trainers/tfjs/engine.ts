/** TensorFlow.js with one of its backends as a training engine. */

import * as tf from '@tensorflow/tfjs';
import { EngineError } from '../../runtime/errors.js';
import { loadNativeTrainer, type NativeTrainer } from '../native/trainerAddon.js';
import type { TrainingEngine } from '../trainingEngine.js';
import { enlargerGradient } from './enlarger.js';
import { openGpu } from './gpu.js';
import { TfjsSegment } from './segment.js';

/** Names as in the file's header. */
export type TfjsEngineName = 'tfjs' | 'tfjs-gpu' | 'tfjs-webgpu';

/** Loads a backend; resolves with its name among TensorFlow.js's and with what throws if its device has failed since. */
type Loader = () => Promise<{ backend: string; check: () => void }>;

const loaders: Readonly<Record<TfjsEngineName, Loader>> = {
  tfjs: async () => {
    await import('@tensorflow/tfjs-backend-wasm');
    return { backend: 'wasm', check: () => undefined };
  },
  'tfjs-gpu': async () => ({ backend: 'tensorflow', check: () => undefined }),
  'tfjs-webgpu': loadWebGpu,
};

/** Opens a backend that was found. It becomes TensorFlow.js's own, of which a process has one at a time. */
export async function openTfjs(name: TfjsEngineName): Promise<TrainingEngine> {
  tf.env().set('PROD', true); // without its notices and its own checks of every argument
  const { backend, check } = await loaders[name]();
  await useBackend(backend);
  return {
    name,
    chunkPixels: 0,
    async createSegment(description, nodes, options) {
      await useBackend(backend);
      return new TfjsSegment(description, nodes, { ...options, native: nativeTrainer(), check });
    },
    async enlargerGradient(batch, gradient) {
      await useBackend(backend);
      const error = await enlargerGradient(batch, gradient);
      check();
      return error;
    },
  };
}

function nativeTrainer(): NativeTrainer | undefined {
  try {
    return loadNativeTrainer();
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

async function useBackend(name: string): Promise<void> {
  if (tf.getBackend() === name || (await tf.setBackend(name))) return;
  throw new EngineError(`TensorFlow.js's backend ${name} does not start.`, {
    code: 'ENGINE_FAILED',
    hint: 'Train with --engine native.',
  });
}

async function loadWebGpu(): ReturnType<Loader> {
  await openGpu();
  await import('@tensorflow/tfjs-backend-webgpu');
  await useBackend('webgpu');
  let failure: string | undefined;
  const { device } = tf.backend() as tf.KernelBackend & { device: WebGpuDevice };
  device.onuncapturederror = ({ error }) => {
    failure ??= error.message;
  };
  const check = (): void => {
    if (failure === undefined) return;
    throw new EngineError(`The GPU reported an error: ${failure}`, {
      code: 'ENGINE_FAILED',
      hint: 'Update its driver, or train with --engine native.',
    });
  };
  return { backend: 'webgpu', check };
}

/** What is used of the device of TensorFlow.js's WebGPU backend. */
interface WebGpuDevice {
  onuncapturederror: ((event: { error: { message: string } }) => void) | null;
}
