import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  DECODER_ENGINE_CHOICES,
  DECODER_ENGINE_NAMES,
  type DecoderEngineChoice,
  openDecoderEngine,
} from '../../runtime/engine/registry.js';
import { open } from '../../runtime/film/film.js';
import { ReferenceDecoderEngine } from '../../runtime/reference/referenceDecoderEngine.js';
import { builtInstructionSets } from '../nativeEngine.js';
import { filmOf } from './contractFilms.js';

const isBuilt = builtInstructionSets('runtime').length > 0;
const threads = 1;
afterEach(() => vi.unstubAllEnvs());

describe('the registry of engines', () => {
  it('names what can be asked for, the preferred one first', () => {
    expect(DECODER_ENGINE_NAMES).toEqual(['native', 'wasm', 'reference']);
    expect(DECODER_ENGINE_CHOICES).toEqual(['auto', ...DECODER_ENGINE_NAMES]);
  });

  it.each(DECODER_ENGINE_NAMES.filter((name) => isBuilt || name !== 'native'))('opens %s', async (name) => {
    const engine = await openDecoderEngine(name, { threads });
    expect(engine.name).toBe(name);
    engine.close();
    const film = await open(filmOf({ drawing: 'sparse' }, 6), { engine: name, threads });
    expect(film.engine).toBe(name);
    film.close();
  });

  it.runIf(isBuilt)('takes the native engine by itself', async () => {
    const film = await open(filmOf({ drawing: 'sparse' }, 6));
    expect(film.engine).toBe('native');
    film.close();
  });

  it('does without an engine that does not run here, unless it was asked for', async () => {
    vi.stubEnv('WEFT_ISA', 'none');
    expect((await openDecoderEngine('auto', { threads })).name).toBe('wasm');
    await expect(openDecoderEngine('native', { threads })).rejects.toMatchObject({
      name: 'EngineError',
      code: 'ENGINE_MISSING',
      path: 'options.engine',
    });
  });

  it('refuses other names, even beside an engine of the caller', async () => {
    const refusal = {
      name: 'UsageError',
      code: 'OPTION_RANGE',
      hint: 'Use auto, native, wasm or reference.',
      path: 'options.engine',
      range: 'auto, native, wasm, reference',
    };
    const engine = 'toString' as DecoderEngineChoice;
    await expect(openDecoderEngine(engine, { threads })).rejects.toMatchObject(refusal);
    const decoder = new ReferenceDecoderEngine();
    const bytes = filmOf({ drawing: 'sparse' }, 6);
    await expect(open(bytes, { engine, decoder })).rejects.toMatchObject(refusal);
  });
});
