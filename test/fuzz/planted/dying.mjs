/** An engine that takes its process along, as a bad memory access would. */
import process from 'node:process';

async function die() {
  process.kill(process.pid, 'SIGSEGV');
  await new Promise(() => setInterval(() => {}, 1000));
}

export function createDecoderEngine() {
  return { name: 'reference', lookahead: 0, latents: die, bits: die, bake: die, close() {} };
}
