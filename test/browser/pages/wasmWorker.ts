import { open } from '../../../runtime/film/film.js';
import { openWasmDecoderEngine } from '../../../runtime/wasm/wasmDecoderEngine.js';

/** What a worker makes of a film. */
export interface Decoded {
  /** Which build, with how many threads. */
  readonly version: string;
  readonly latents: Int32Array[];
  /** Codes of all planes, of the pictures at twice the film's rate. */
  readonly pictures: Uint8Array[];
  /** Planes of the frames, motion and its acceleration, as a GPU is given them. */
  readonly planes: Float32Array[];
}

async function decode(bytes: Uint8Array, threads: number): Promise<Decoded> {
  const decoder = await openWasmDecoderEngine({ threads });
  const film = await open(bytes, { decoder });
  const pictures: Uint8Array[] = [];
  const [count, seconds] = film.info.rate;
  for await (const { planes } of film.frames({ fps: [2 * count, seconds] })) pictures.push(...planes);
  const planes: Float32Array[] = [];
  for (let frame = 0; frame < film.info.frames; frame++) {
    const { planes: ofFrame, link } = await film.framePlanes(frame);
    const { motion = [], acceleration = [] } = link ?? {};
    planes.push(...[...ofFrame, ...motion, ...acceleration].map(({ samples }) => samples));
  }
  const latents = await film.decodeSegmentLatents(0);
  film.close();
  return { version: decoder.version, latents, pictures, planes };
}

addEventListener('message', async ({ data }) => {
  try {
    postMessage(await decode(data.bytes, data.threads));
  } catch (error) {
    // An error that nothing catches is one of the worker.
    setTimeout(() => {
      throw error;
    });
  }
});
