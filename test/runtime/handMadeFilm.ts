/** Films of a few latents that are set one by one, for tests that know what must be seen. */

import { writeNets } from '../../runtime/entropy/netCoder.js';
import { writeSegment } from '../../runtime/entropy/segmentCoder.js';
import { netsFromQuantized, priorTensors } from '../../runtime/field/nets.js';
import { fieldShape, latentCount, latentPlanes } from '../../runtime/field/shape.js';
import { segmentStructure } from '../../runtime/field/structure.js';
import { writeWeft } from '../../runtime/format/container.js';

/** Latents of one plane: "m0.0" is motion component 0 of level 0, "i1.2" Cb of level 2. Without `at` all of the plane. */
export interface SetLatents {
  readonly node: number;
  readonly plane: string;
  readonly at?: number;
  readonly q: number;
}

/** A film 16x16 at the prior, base step 32 codes, 10 frames a second, in one segment. */
export function handMadeFilm(frames: number, set: readonly SetLatents[]): Uint8Array {
  const shape = fieldShape(16, 16, '420');
  const nets = netsFromQuantized(priorTensors());
  const latents = segmentStructure({ frames, anchorDistance: 1 }).map((node, n) => {
    const planes = latentPlanes(shape, node.refs.length);
    const values = new Int32Array(latentCount(planes));
    for (const { plane, at, q } of set.filter((s) => s.node === n)) {
      const p = planes.find((p) => `${p.kind[0]}${p.component}.${p.level}` === plane)!;
      if (at === undefined) values.fill(q, p.offset, p.offset + p.width * p.height);
      else values[p.offset + at] = q;
    }
    return values;
  });
  const segment = writeSegment({ shape, nets, frames, anchorDistance: 1, baseExponent: 40, latents });
  const header = { width: 16, height: 16, rate: [10, 1] as [number, number], depthOffset: [0, 0, 0, 0, 0] };
  return writeWeft({ header, nets: writeNets(priorTensors()), segments: [{ frames, bytes: segment }] });
}
