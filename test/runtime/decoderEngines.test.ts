import process from 'node:process';
import { loadNativeRuntime } from '../../runtime/native/decoderAddon.js';
import { NativeDecoderEngine } from '../../runtime/native/nativeDecoderEngine.js';
import { ReferenceDecoderEngine } from '../../runtime/reference/referenceDecoderEngine.js';
import { compileDecoder, DecoderMachine } from '../../runtime/wasm/decoderModule.js';
import { WasmDecoderEngine } from '../../runtime/wasm/wasmDecoderEngine.js';
import { builtInstructionSets } from '../nativeEngine.js';
import { contractWithoutPictures, decoderContract } from './decoderContract.js';

// A build that is forced is tested alone.
if (!process.env.WEFT_ISA)
  contractWithoutPictures('the reference engine', () => new ReferenceDecoderEngine());

if (!process.env.WEFT_ISA) {
  for (const threads of [1, 2]) {
    const module = await compileDecoder(threads > 1);
    const create = () => new WasmDecoderEngine(new DecoderMachine(module, threads));
    decoderContract(`the wasm engine, ${threads} threads`, create);
  }
}

for (const set of builtInstructionSets('runtime')) {
  for (const threads of [1, 2]) {
    const title = `the native engine, ${set}, ${threads === 1 ? 'one thread' : `${threads} threads`}`;
    decoderContract(title, () => new NativeDecoderEngine(loadNativeRuntime(set), threads));
  }
}
