/** An engine whose every latent is 7. */
import { createReferenceDecoderEngine } from '../../../dist-test/runtime/reference/referenceDecoderEngine.js';

export function createDecoderEngine() {
  const sound = createReferenceDecoderEngine({ threads: 1 });
  return {
    name: 'reference',
    lookahead: 0,
    latents: async (task) => (await sound.latents(task)).map((node) => node.fill(7)),
    bits: (task) => sound.bits(task),
    bake: (task) => sound.bake(task),
    close() {},
  };
}
