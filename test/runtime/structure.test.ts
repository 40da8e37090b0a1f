import { describe, expect, it } from 'vitest';
import {
  ANCHOR_DISTANCES,
  linkAfter,
  MAX_SEGMENT_FRAMES,
  segmentStructure,
} from '../../runtime/field/structure.js';

const cases = ANCHOR_DISTANCES.flatMap((distance) =>
  Array.from({ length: MAX_SEGMENT_FRAMES }, (_, i) => ({ frames: i + 1, distance })),
);

describe('segment structure', () => {
  it('has every frame exactly once, references before their users', () => {
    for (const { frames, distance } of cases) {
      const nodes = segmentStructure(frames, distance);
      expect(nodes.map((node) => node.frame).sort((a, b) => a - b)).toEqual([...Array(frames).keys()]);
      for (const [i, node] of nodes.entries()) {
        expect(node.refs.length).toBe(i === 0 ? 0 : node.depth === 1 ? 1 : 2);
        expect(node.motion.length).toBe(node.refs.length);
        for (const ref of node.refs) expect(ref).toBeLessThan(i);
      }
    }
  });

  it('links all neighbours by a motion field', () => {
    for (const { frames, distance } of cases) {
      const nodes = segmentStructure(frames, distance);
      for (let frame = 0; frame < frames - 1; frame++) {
        const link = linkAfter(nodes, frame);
        expect(nodes[link.carrier]!.refs[link.field]).toBe(link.other);
      }
    }
  });

  it('predicts constant velocity exactly', () => {
    const velocity = 3;
    for (const { frames, distance } of cases) {
      const nodes = segmentStructure(frames, distance);
      for (const node of nodes) {
        for (const [ref, prediction] of node.motion.entries()) {
          if (!prediction) continue;
          const source = nodes[prediction.node]!;
          const sourceTarget = nodes[source.refs[prediction.field]!]!;
          const sourceField = velocity * (sourceTarget.frame - source.frame);
          const own = velocity * (nodes[node.refs[ref]!]!.frame - node.frame);
          expect(prediction.scale * sourceField).toBeCloseTo(own, 9);
        }
      }
    }
  });

  it('is the one of the specification for 6 frames, anchors 4 apart', () => {
    const nodes = segmentStructure(6, 4);
    expect(nodes.map((n) => [n.frame, n.depth, [...n.refs]])).toEqual([
      [0, 0, []],
      [4, 1, [0]],
      [2, 2, [0, 1]],
      [1, 3, [0, 2]],
      [3, 3, [2, 1]],
      [5, 1, [1]],
    ]);
    expect(nodes[1]!.motion).toEqual([null]);
    expect(nodes[3]!.motion).toEqual([
      { node: 2, field: 0, scale: 0.5 },
      { node: 2, field: 0, scale: -0.5 },
    ]);
    expect(nodes[4]!.motion).toEqual([
      { node: 2, field: 1, scale: -0.5 },
      { node: 2, field: 1, scale: 0.5 },
    ]);
    expect(nodes[5]!.motion).toEqual([{ node: 1, field: 0, scale: 0.25 }]);
  });

  it.each([
    [0, 4, 'SEGMENT_FRAMES'],
    [65, 4, 'SEGMENT_FRAMES'],
    [8, 3, 'ANCHOR_DISTANCE'],
    [8, 0, 'ANCHOR_DISTANCE'],
  ])('refuses %i frames with anchors %i apart', (frames, distance, code) => {
    expect(() => segmentStructure(frames, distance)).toThrow(expect.objectContaining({ code }));
  });
});
