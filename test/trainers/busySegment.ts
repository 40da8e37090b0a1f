/** A segment for comparing gradients. */

import { fieldShape, latentPlanes } from '../../runtime/field/shape.js';
import { priorValues } from '../../runtime/field/tensors.js';
import type { Chroma } from '../../runtime/picture/picture.js';
import { errorWeights } from '../../trainers/errorWeights.js';
import { createNativeSegment } from '../../trainers/native/nativeEngine.js';
import { loadNativeTrainer } from '../../trainers/native/trainerAddon.js';
import { lossWeights, TUNES } from '../../trainers/rateControl.js';
import type { LatentOptions, StepOptions } from '../../trainers/trainingStep.js';
import { movingTexture, seededNumbers, syntheticFilm } from './syntheticFilm.js';

export const LAMBDA = 20;
/** A step without noise; no gradient depends on the rates and on the price of the nets. */
export const STEP: StepOptions & LatentOptions = {
  ...{ lambda: LAMBDA, temperature: 0.35, noise: 0 },
  ...{ latentRate: 0, motionRate: 0, netRate: 0, netLambda: 0 },
};
export const SIZES = [
  { width: 37, height: 29, frames: 5, anchorDistance: 4 },
  { width: 66, height: 64, frames: 3, anchorDistance: 2 },
];

/** A segment with every part switched on: latents in all planes, motion, blending, nets away from the prior. */
export function busySegment(size: (typeof SIZES)[number], chroma: Chroma) {
  const random = seededNumbers(42);
  const { width, height, frames, anchorDistance } = size;
  const description = {
    ...{ width, height, chroma, frames, anchorDistance },
    ...{ baseExponent: 28, depthOffset: [0, 0, 1, 2, 3] },
    lossWeights: lossWeights({ width, height, chroma }, TUNES.psnr),
  };
  const segment = createNativeSegment(loadNativeTrainer('exact'), description, { threads: 2, seed: 1 });
  const film = syntheticFilm({ width, height, frames, chroma }, movingTexture);
  const weights = errorWeights(film.all, { ...TUNES.psnr, masking: 0.4 })!;
  const shape = fieldShape(width, height, chroma);
  const latents = segment.nodes.map((node, index) => {
    segment.native.setSource(index, ...film.all[node.frame]!.planes, weights[node.frame]);
    const planes = latentPlanes(shape, node.refs.length);
    const values = new Float64Array(segment.native.latents(index).length);
    for (const p of planes) {
      for (let i = 0; i < p.width * p.height; i++) values[p.offset + i] = (random() - 0.5) * 5;
    }
    segment.native.setContinuousLatents(index, values);
    return { planes, values };
  });
  const nets = Float64Array.from(priorValues(), (value) => value + (random() - 0.5) * 0.1);
  return { segment, film, weights, latents, nets, random };
}
