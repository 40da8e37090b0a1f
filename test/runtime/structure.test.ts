import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANCHOR_DISTANCES, MAX_SEGMENT_FRAMES } from '../../runtime/field/constants.js';
import {
  type AnchorGrid,
  type FieldNode,
  linkAfter,
  segmentStructure,
  stretchCount,
} from '../../runtime/field/structure.js';
import { anchorGrids } from './anchorGrids.js';

/** Every number of frames up to beyond two of the longest distances, where the pattern repeats, and the longest segments. */
const uniform: AnchorGrid[] = ANCHOR_DISTANCES.flatMap((anchorDistance) =>
  [...Array.from({ length: 70 }, (_, i) => i + 1), MAX_SEGMENT_FRAMES - 1, MAX_SEGMENT_FRAMES].map(
    (frames) => ({
      ...{ frames, anchorDistance },
      firstAnchor: 1 + ((frames - 1) % anchorDistance),
    }),
  ),
);
/** Every distance followed by every other, at every length of the last stretch. */
const mixed: AnchorGrid[] = ANCHOR_DISTANCES.flatMap((anchorDistance) =>
  Array.from({ length: 32 }, (_, i) => ({
    ...{ frames: 66 + i, anchorDistance },
    ...{
      firstAnchor: 1 + (i % anchorDistance),
      laterDistances: [ANCHOR_DISTANCES[i % 6]!, 32 / anchorDistance],
    },
  })),
);
const cases = [...uniform, ...mixed];

/** Every frame exactly once, references before their users, motion predicted from nodes before. */
function expectOrder(nodes: readonly FieldNode[], frames: number): void {
  expect(nodes.map((node) => node.frame).sort((a, b) => a - b)).toEqual([...Array(frames).keys()]);
  const wrong = nodes.filter(({ depth, refs, motion }, i) => {
    const count = i === 0 ? 0 : depth === 1 ? 1 : 2;
    const before = [...refs, ...motion.map((prediction) => prediction?.node ?? 0)];
    return refs.length !== count || motion.length !== count || before.some((node) => node >= i);
  });
  expect(wrong).toEqual([]);
}

/** All neighbours are linked by a motion field. */
function expectLinks(nodes: readonly FieldNode[]): void {
  for (let frame = 0; frame < nodes.length - 1; frame++) {
    const { carrier, other, field, carrierIsLater } = linkAfter(nodes, frame);
    const linked = nodes[carrier]!.refs[field] === other;
    const [earlier, later] = carrierIsLater ? [other, carrier] : [carrier, other];
    if (linked && nodes[earlier]!.frame === frame && nodes[later]!.frame === frame + 1) continue;
    expect.fail(`frames ${frame} and ${frame + 1} of ${nodes.length}`);
  }
}

/** Of a constant velocity, the motion of every node is predicted as it is. */
function expectPredictions(nodes: readonly FieldNode[]): void {
  const velocity = 3;
  const fieldOf = (node: FieldNode, ref: number): number =>
    velocity * (nodes[node.refs[ref]!]!.frame - node.frame);
  for (const node of nodes) {
    for (const [ref, prediction] of node.motion.entries()) {
      if (!prediction) continue;
      const predicted = prediction.scale * fieldOf(nodes[prediction.node]!, prediction.field);
      if (Math.abs(predicted - fieldOf(node, ref)) > 1e-9) expect(predicted).toBe(fieldOf(node, ref));
    }
  }
}

describe('segment structure', () => {
  it('has every frame exactly once, references before their users', () => {
    for (const grid of cases) expectOrder(segmentStructure(grid), grid.frames);
  });

  it('links all neighbours by a motion field', () => {
    for (const grid of cases) expectLinks(segmentStructure(grid));
  });

  it('predicts constant velocity exactly', () => {
    for (const grid of cases) expectPredictions(segmentStructure(grid));
  });

  it('has all of that wherever the anchors are', () => {
    fc.assert(
      fc.property(anchorGrids(), (grid) => {
        const nodes = segmentStructure(grid);
        expectOrder(nodes, grid.frames);
        expectLinks(nodes);
        expectPredictions(nodes);
      }),
      { numRuns: 50 },
    );
  });

  it('is the one of the specification for 6 frames, anchors 4 apart', () => {
    const nodes = segmentStructure({ frames: 6, anchorDistance: 4 });
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

  it('begins its anchors where it is told', () => {
    const anchors = (firstAnchor: number): number[] =>
      segmentStructure({ frames: 20, anchorDistance: 8, firstAnchor })
        .filter((node) => node.depth === 1)
        .map((node) => node.frame);
    expect(anchors(8)).toEqual([8, 16, 19]);
    expect(anchors(3)).toEqual([3, 11, 19]);
  });

  it('has the anchors of every stretch as far apart as it says', () => {
    const anchors = segmentStructure({ frames: 97, anchorDistance: 32, laterDistances: [8, 16] })
      .filter((node) => node.depth === 1)
      .map((node) => node.frame);
    expect(anchors).toEqual([32, 40, 48, 56, 64, 80, 96]);
    expect(stretchCount(97)).toBe(3);
  });

  it.each([
    [33, [8]],
    [34, []],
    [66, [8]],
    [66, [8, 3]],
  ])('refuses %i frames with later distances %j', (frames, laterDistances) => {
    expect(() => segmentStructure({ frames, anchorDistance: 8, laterDistances })).toThrow(
      expect.objectContaining({ code: 'ANCHOR_DISTANCE' }),
    );
  });

  it.each([
    [0, 4, 4, 'SEGMENT_FRAMES'],
    [257, 4, 4, 'SEGMENT_FRAMES'],
    [8, 3, 3, 'ANCHOR_DISTANCE'],
    [8, 0, 0, 'ANCHOR_DISTANCE'],
    [8, 4, 5, 'FIRST_ANCHOR'],
    [8, 4, 0, 'FIRST_ANCHOR'],
  ])('refuses %i frames with anchors %i apart from %i on', (frames, anchorDistance, firstAnchor, code) => {
    expect(() => segmentStructure({ frames, anchorDistance, firstAnchor })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
