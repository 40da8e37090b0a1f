/**
 * The order of symbols of a node. One routine serves the counter, the writer and the reader: the rate that the encoder
 * estimates is the rate that the file has.
 */

import { UsageError } from '../errors.js';
import {
  BLOCK_CONTEXTS,
  BLOCK_WIDTH,
  CONTEXT_NETS,
  DEPTH_ROWS,
  LARGEST_VALUE,
  MAX_INNOVATION_LEVELS,
} from '../field/constants.js';
import type { FilmNets } from '../field/nets.js';
import { type LatentPlane, latentCount } from '../field/shape.js';
import { AdaptiveBits } from './adaptiveBit.js';
import { ContextNet, magnitudeInput, signedInput } from './contextNet.js';
import { readLaplace, writeLaplace } from './laplaceCoder.js';
import { PaddedPlane } from './paddedPlane.js';
import { BitCounter, type RangeDecoder, type SymbolSink } from './rangeCoder.js';

/** Adaptive states of one stream; all nodes of the stream share them. */
export class StreamStates {
  readonly planes = new AdaptiveBits(CONTEXT_NETS.length * MAX_INNOVATION_LEVELS * 2);
  readonly blocks = new AdaptiveBits(CONTEXT_NETS.length * BLOCK_CONTEXTS);
}

/**
 * Sends the latents of one node to `sink`.
 *
 * @param latents every plane of `planes` in order, row-major, |q| <= 32767
 * @param planes from `latentPlanes`
 * @param depth depth of the node in its segment
 * @param states of the stream so far; updated
 * @param afterPlane called behind the last symbol of every plane
 * @throws UsageError `LATENTS_LENGTH` or `LATENT_RANGE`
 */
export function encodeNode(
  latents: Int32Array,
  planes: readonly LatentPlane[],
  depth: number,
  nets: FilmNets,
  states: StreamStates,
  sink: SymbolSink,
  afterPlane?: (plane: LatentPlane) => void,
): void {
  checkLatents(latents, planes);
  codeNode(paddedPlanes(latents, planes), planes, depth, nets, states, new LatentWriter(sink), afterPlane);
}

/** What the latents of one node take in their stream. */
export interface NodeBits {
  readonly motion: number;
  readonly innovation: number;
}

/** Exact length in bits of what `encodeNode` would send, with its errors. */
export function countNodeBits(
  latents: Int32Array,
  planes: readonly LatentPlane[],
  depth: number,
  nets: FilmNets,
  states: StreamStates,
): NodeBits {
  const counter = new BitCounter();
  let motion = 0;
  encodeNode(latents, planes, depth, nets, states, counter, (plane) => {
    if (plane.kind === 'motion') motion = counter.total;
  });
  return { motion, innovation: counter.total - motion };
}

function paddedPlanes(latents: Int32Array, planes: readonly LatentPlane[]): PaddedPlane[] {
  return planes.map((plane) => {
    const values = new PaddedPlane(plane.width, plane.height);
    values.load(latents, plane.offset);
    return values;
  });
}

/**
 * Reads the latents of one node: the twin of `encodeNode`.
 *
 * @returns every plane of `planes` in order, row-major
 * @throws FormatError `LATENT_RANGE` if the stream is damaged
 */
export function decodeNode(
  planes: readonly LatentPlane[],
  depth: number,
  nets: FilmNets,
  states: StreamStates,
  decoder: RangeDecoder,
): Int32Array {
  const padded = planes.map((plane) => new PaddedPlane(plane.width, plane.height));
  codeNode(padded, planes, depth, nets, states, new LatentReader(decoder));
  const latents = new Int32Array(latentCount(planes));
  for (const [index, plane] of planes.entries()) {
    if (padded[index]!.occupied) padded[index]!.store(latents, plane.offset);
  }
  return latents;
}

/**
 * Exact length in bits of the plane and block flags of one node: what the latents themselves cost is left out.
 *
 * @param states of the stream so far; updated
 */
export function countFlagBits(
  latents: Int32Array,
  planes: readonly LatentPlane[],
  states: StreamStates,
): number {
  const counter = new BitCounter();
  codeFlags(paddedPlanes(latents, planes), planes, states, new LatentWriter(counter), () => undefined);
  return counter.total;
}

/** What the routine does with a symbol: a writer sends what it is given, a reader ignores it and returns what it read. */
interface LatentPort {
  flag(bits: AdaptiveBits, context: number, value: number): number;
  latent(value: number, location16: number, scaleIndex: number): number;
}

class LatentWriter implements LatentPort {
  readonly #sink: SymbolSink;

  constructor(sink: SymbolSink) {
    this.#sink = sink;
  }

  flag(bits: AdaptiveBits, context: number, value: number): number {
    bits.write(context, value, this.#sink);
    return value;
  }

  latent(value: number, location16: number, scaleIndex: number): number {
    writeLaplace(this.#sink, value, location16, scaleIndex);
    return value;
  }
}

class LatentReader implements LatentPort {
  readonly #decoder: RangeDecoder;

  constructor(decoder: RangeDecoder) {
    this.#decoder = decoder;
  }

  flag(bits: AdaptiveBits, context: number): number {
    return bits.read(context, this.#decoder);
  }

  latent(_value: number, location16: number, scaleIndex: number): number {
    return readLaplace(this.#decoder, location16, scaleIndex);
  }
}

function codeNode(
  values: readonly PaddedPlane[],
  planes: readonly LatentPlane[],
  depth: number,
  nets: FilmNets,
  states: StreamStates,
  port: LatentPort,
  afterPlane?: (plane: LatentPlane) => void,
): void {
  const depthRow = Math.min(depth, DEPTH_ROWS - 1);
  codeFlags(
    values,
    planes,
    states,
    port,
    (own, plane) => {
      const sources: ContextSources = {
        own,
        parent: values[plane.parent],
        grandparent: values[plane.grandparent],
        companion1: values[plane.companion1],
        companion2: values[plane.companion2],
      };
      codeLatents(sources, new ContextNet(nets.contexts[plane.net], plane.biasRow, depthRow), port);
    },
    afterPlane,
  );
}

/** Codes the flags of every plane, and calls `latents` after those of a plane that holds any. */
function codeFlags(
  values: readonly PaddedPlane[],
  planes: readonly LatentPlane[],
  states: StreamStates,
  port: LatentPort,
  latents: (own: PaddedPlane, plane: LatentPlane) => void,
  afterPlane?: (plane: LatentPlane) => void,
): void {
  for (const [index, plane] of planes.entries()) {
    const own = values[index]!;
    const parent = values[plane.parent];
    const nonemptyAbove = parent === undefined || parent.occupied ? 1 : 0;
    const context = (plane.net * MAX_INNOVATION_LEVELS + plane.level) * 2 + nonemptyAbove;
    own.occupied = port.flag(states.planes, context, own.occupied ? 1 : 0) === 1;
    if (own.occupied) {
      codeBlockFlags(own, parent, plane.net, states.blocks, port);
      latents(own, plane);
    }
    afterPlane?.(plane);
  }
}

function codeBlockFlags(
  own: PaddedPlane,
  parent: PaddedPlane | undefined,
  net: number,
  bits: AdaptiveBits,
  port: LatentPort,
): void {
  const { blocksWide, blocksHigh, blocks } = own;
  if (blocks.length === 1) {
    blocks[0] = 1;
    return;
  }
  for (let by = 0, at = 0; by < blocksHigh; by++) {
    for (let bx = 0; bx < blocksWide; bx++, at++) {
      const left = bx > 0 ? blocks[at - 1]! : 0;
      const top = by > 0 ? blocks[at - blocksWide]! : 0;
      const above = parent ? parent.blocks[(by >> 1) * parent.blocksWide + (bx >> 1)]! : 0;
      blocks[at] = port.flag(bits, net * BLOCK_CONTEXTS + left + 2 * top + 4 * above, blocks[at]!);
    }
  }
}

/** The planes that the context of a latent is read from. */
interface ContextSources {
  readonly own: PaddedPlane;
  readonly parent: PaddedPlane | undefined;
  readonly grandparent: PaddedPlane | undefined;
  readonly companion1: PaddedPlane | undefined;
  readonly companion2: PaddedPlane | undefined;
}

function codeLatents(sources: ContextSources, net: ContextNet, port: LatentPort): void {
  const { own } = sources;
  for (let y = 0; y < own.height; y++) {
    const blockRow = (y >> 3) * own.blocksWide;
    for (let bx = 0; bx < own.blocksWide; bx++) {
      if (own.blocks[blockRow + bx] === 0) continue;
      const end = Math.min(own.width, (bx + 1) * BLOCK_WIDTH);
      for (let x = bx * BLOCK_WIDTH; x < end; x++) {
        const at = own.index(x, y);
        readContext(sources, x, y, at, net);
        own.values[at] = port.latent(own.values[at]!, net.location16, net.scaleIndex);
      }
    }
  }
}

/** Fills the inputs of the net and evaluates it; the order of the inputs is that of FORMAT.md. */
function readContext(sources: ContextSources, x: number, y: number, at: number, net: ContextNet): void {
  const { own, parent, grandparent, companion1, companion2 } = sources;
  const v = own.values;
  const inputs = net.inputs;
  const n = at - own.stride;
  const nn = n - own.stride;
  const near = 2 * abs(v[at - 1]!) + 2 * abs(v[n]!) + abs(v[n - 1]!) + abs(v[n + 1]!);
  const wide =
    abs(v[at - 2]!) + abs(v[nn]!) + abs(v[n - 2]!) + abs(v[n + 2]!) + abs(v[nn - 1]!) + abs(v[nn + 1]!);
  let parentValue = 0;
  let above = 0;
  if (parent) {
    const p = parent.index(x >> 1, y >> 1);
    const u = parent.values;
    parentValue = u[p]!;
    const sideways = u[p + (x & 1 ? 1 : -1)]!;
    const upright = u[p + (y & 1 ? parent.stride : -parent.stride)]!;
    above = 2 * abs(parentValue) + abs(sideways) + abs(upright);
  }
  const far = grandparent ? 2 * abs(grandparent.values[grandparent.index(x >> 2, y >> 2)]!) : 0;
  const c1 = companion1 ? crossMagnitude(companion1, at) : 0;
  const c2 = companion2 ? crossMagnitude(companion2, at) : 0;
  if ((near | wide | above | far | c1 | c2) === 0) {
    net.rest();
    return;
  }
  inputs[0] = signedInput(v[at - 1]!);
  inputs[1] = signedInput(v[n]!);
  inputs[2] = signedInput(v[n - 1]!);
  inputs[3] = signedInput(v[n + 1]!);
  inputs[4] = signedInput(parentValue);
  inputs[5] = companion1 ? signedInput(companion1.values[at]!) : 0;
  inputs[6] = magnitudeInput(near);
  inputs[7] = magnitudeInput(wide);
  inputs[8] = magnitudeInput(above);
  inputs[9] = magnitudeInput(far);
  inputs[10] = magnitudeInput(c1);
  inputs[11] = magnitudeInput(c2);
  net.evaluate();
}

/** Twice the magnitude at `at` plus its four neighbours'. Companions share the grid, hence the index. */
function crossMagnitude(plane: PaddedPlane, at: number): number {
  const v = plane.values;
  return (
    2 * abs(v[at]!) +
    abs(v[at - 1]!) +
    abs(v[at + 1]!) +
    abs(v[at - plane.stride]!) +
    abs(v[at + plane.stride]!)
  );
}

function abs(value: number): number {
  return value < 0 ? -value : value;
}

function checkLatents(latents: Int32Array, planes: readonly LatentPlane[]): void {
  const expected = latentCount(planes);
  if (latents.length !== expected) {
    throw new UsageError(`A node has ${expected} latents, not ${latents.length}.`, {
      code: 'LATENTS_LENGTH',
      hint: 'Lay the latents out as latentPlanes says.',
      path: 'latents.length',
      value: latents.length,
      range: String(expected),
    });
  }
  for (let i = 0; i < latents.length; i++) {
    const value = latents[i]!;
    if (value > LARGEST_VALUE || value < -LARGEST_VALUE) {
      throw new UsageError(`The latent ${value} at ${i} is out of range.`, {
        code: 'LATENT_RANGE',
        hint: 'Use a larger quantization step.',
        path: `latents.${i}`,
        value,
        range: `-${LARGEST_VALUE}..${LARGEST_VALUE}`,
      });
    }
  }
}
