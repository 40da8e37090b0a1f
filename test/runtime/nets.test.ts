import { describe, expect, it } from 'vitest';
import { countTensorBits, netsFromFile, readNets, writeNets } from '../../runtime/entropy/netCoder.js';
import { netsFromQuantized, priorTensors, quantizeTensor } from '../../runtime/field/nets.js';
import { CONTEXT_PRIOR } from '../../runtime/field/prior.js';
import { NET_TENSORS, NET_VALUE_COUNT, priorValues, tensorNamed } from '../../runtime/field/tensors.js';
import { crc32c } from '../../runtime/format/crc32c.js';
import { randomTensors } from './sampleSegments.js';

describe('net tensors', () => {
  it('are the ones of the specification', () => {
    expect(NET_TENSORS).toHaveLength(17 + 16 + 1 + 2);
    expect(NET_VALUE_COUNT).toBe(
      3 * (96 + 8 + 16 + 24) + 42 + 42 + 84 + 20 + 2 * (32 + 8 + 81 + 40 + 8 + 16 + 10 + 21) + 42 + 63,
    );
    expect(NET_TENSORS[0]!.name).toBe('ctx.intra.w1');
    expect(NET_TENSORS.at(-1)!.name).toBe('filter.c');
  });

  it('start from a prior that has not changed', () => {
    const prior = priorValues();
    expect(crc32c(new Uint8Array(prior.buffer)).toString(16)).toBe('de0b090e');
    // First value by hand: 12345 * 1664525 + 1013904223 mod 2^32 = 87628868 -> top byte 5 -> (5 - 128) >> 1 = -62.
    expect(prior[0]! * 256).toBe(-62);
    const lin = tensorNamed('ctx.motion.lin');
    const numbers = [...prior.subarray(lin.offset, lin.offset + lin.size)].map((v) => v * 256);
    expect(numbers).toEqual(CONTEXT_PRIOR['ctx.motion.lin']);
  });
});

describe('net coder', () => {
  it('returns random nets and counts what it writes', () => {
    for (let seed = 1; seed < 20; seed++) {
      const tensors = randomTensors(seed, seed === 5 ? 60 : 0.3);
      const bytes = writeNets(tensors);
      expect(readNets(bytes)).toEqual(tensors);
      expect(netsFromFile(bytes)).toEqual(netsFromQuantized(tensors));
      const bits = tensors.reduce((sum, tensor) => sum + countTensorBits(tensor), 0);
      expect(Math.abs(8 * bytes.length - bits)).toBeLessThan(bits * 0.01 + 32);
    }
  });

  it('needs 18 bytes for a film at the prior', () => {
    const bytes = writeNets(priorTensors());
    expect(bytes.length).toBeLessThanOrEqual(Math.ceil((NET_TENSORS.length * 4) / 8) + 1);
    expect(netsFromFile(bytes).values).toEqual(priorValues());
  });

  it('saturates context values at int16 and gains at 16', () => {
    const tensors = NET_TENSORS.map((tensor) => ({ k: 0, q: new Int32Array(tensor.size).fill(32767) }));
    const nets = netsFromQuantized(tensors);
    expect(Math.max(...nets.contexts[0].w1)).toBe(32767);
    expect(Math.max(...nets.motionGain)).toBe(16);
  });

  it('refuses tensors that do not fit and steps that do not exist', () => {
    const tensors = priorTensors();
    tensors[0] = { k: 9, q: new Int32Array(96) };
    expect(() => writeNets(tensors)).toThrow(expect.objectContaining({ code: 'NET_TENSOR' }));
    expect(() => writeNets([])).toThrow(expect.objectContaining({ code: 'NET_TENSOR' }));
  });

  it('quantizes to the nearest step', () => {
    const tensor = tensorNamed('syn.intra.c.lin');
    const values = Array.from({ length: tensor.size }, (_, i) => i / 7 - 0.6);
    const tensors = priorTensors();
    tensors[NET_TENSORS.indexOf(tensor)] = quantizeTensor(tensor, values, 6);
    const { lin } = netsFromQuantized(tensors).synthesis[0].chroma;
    for (const [i, value] of values.entries())
      expect(Math.abs(lin[i]! - value)).toBeLessThanOrEqual(1 / 128 + 1e-7);
  });
});
