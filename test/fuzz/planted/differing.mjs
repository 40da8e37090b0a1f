/** An engine whose every latent is 7. */
import { ReferenceSegmentDecoder } from '../../../dist-test/runtime/reference/segmentDecoder.js';

export function createSegmentDecoder() {
  const sound = new ReferenceSegmentDecoder();
  return {
    name: 'reference',
    lookahead: 0,
    latents: async (task) => (await sound.latents(task)).map((node) => node.fill(7)),
    bits: (task) => sound.bits(task),
    bake: (task) => sound.bake(task),
    close() {},
  };
}
