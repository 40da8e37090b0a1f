/** The engines that can train, which of them are there, and which one to take. */

import { EngineError } from '../runtime/errors.js';
import { nativeEngine } from './native/nativeEngine.js';
import { loadNativeTrainer } from './native/trainerAddon.js';
import { findTfjs } from './tfjs/devices.js';
import type { FoundEngine, TrainingEngine } from './trainingEngine.js';

/** Names that a caller may ask for. */
export const ENGINE_NAMES = ['native', 'tfjs', 'tfjs-gpu', 'tfjs-webgpu'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** What is known of an engine on this machine. */
export interface EngineReport {
  readonly name: EngineName;
  readonly available: boolean;
  /** Of an engine that is there: what it is, and what it computes on. */
  readonly version?: string;
  readonly device?: string;
  /** Of one that is not: why, and what to do. */
  readonly reason?: string;
  readonly hint?: string;
}

const finders: Readonly<Record<EngineName, () => Promise<FoundEngine>>> = {
  native: async () => {
    const trainer = loadNativeTrainer();
    const open = async (): Promise<TrainingEngine> => nativeEngine(trainer);
    return { version: trainer.instructionSet, device: 'processor', software: false, open };
  },
  tfjs: () => findTfjs('tfjs'),
  'tfjs-gpu': () => findTfjs('tfjs-gpu'),
  'tfjs-webgpu': () => findTfjs('tfjs-webgpu'),
};

/** Engines from the one that `auto` likes best: by their speed (docs/lab). */
const PREFERENCE: readonly EngineName[] = ['native', 'tfjs-gpu', 'tfjs-webgpu', 'tfjs'];

/**
 * The engine of that name; `auto` takes the native engine, where there is none CUDA, then a real WebGPU adapter, then TensorFlow.js
 * on the processor.
 *
 * @param log told when the choice is a slow one
 * @throws EngineError `ENGINE_MISSING` if it is not there
 */
export async function openEngine(
  name: EngineName | 'auto',
  log?: (line: string) => void,
): Promise<TrainingEngine> {
  if (name !== 'auto') return (await finders[name]()).open();
  for (const candidate of PREFERENCE) {
    const found = await finders[candidate]().catch(ignoreMissing);
    if (!found || found.software) continue;
    if (candidate !== 'native') {
      log?.(`No native engine: training with TensorFlow.js (${found.device}), hundreds of times slower.`);
    }
    return found.open();
  }
  throw new EngineError('No engine can train on this machine.', {
    code: 'ENGINE_MISSING',
    hint: 'Run weft doctor; it says what each engine needs.',
  });
}

/** All engines, whether they are there, and else why not. */
export async function reportEngines(): Promise<EngineReport[]> {
  const reports: EngineReport[] = [];
  for (const name of ENGINE_NAMES) {
    try {
      const { version, device, software } = await finders[name]();
      const note = software ? ' (emulated: taken only when it is asked for)' : '';
      reports.push({ name, available: true, version, device: device + note });
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      reports.push({ name, available: false, reason: error.message, hint: error.hint });
    }
  }
  return reports;
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof EngineError)) throw error;
}
