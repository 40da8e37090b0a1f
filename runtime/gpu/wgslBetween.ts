/**
 * The programs between two frames for WebGPU. Formulas are those of runtime/reference/{motion,trajectories,temporalSampler}.ts;
 * glslBetween.ts has the same for WebGL2, function by function.
 */

import type { BetweenProgram } from './samplingDevice.js';
import type { ShaderSource } from './shaderSource.js';

/**
 * The cells around a place: the first column and row of them, the last ones, and how much both weigh. These are exact relative to
 * themselves: a choice may see in a cell that weighs next to nothing what is best by far.
 */
const CELLS = `
struct Cells {
  first: vec2i,
  last: vec2i,
  firstWeight: vec2f,
  lastWeight: vec2f,
}

fn cellsAround(cell: vec2i, moved: vec2f) -> Cells {
  let end = endOf(motion);
  let place = clamp(moved, vec2f(-cell) - GRID_LIMIT, vec2f(end - cell) + GRID_LIMIT);
  let start = floor(place);
  let first = cell + vec2i(start);
  return Cells(clamp(first, vec2i(0), end), clamp(first + 1, vec2i(0), end), start + 1.0 - place, place - start);
}

fn cellOf(cells: Cells, k: i32) -> vec2i {
  return vec2i(select(cells.last.x, cells.first.x, (k & 1) == 0), select(cells.last.y, cells.first.y, (k >> 1) == 0));
}

fn weightOf(cells: Cells, k: i32) -> f32 {
  let across = select(cells.lastWeight.x, cells.firstWeight.x, (k & 1) == 0);
  let down = select(cells.lastWeight.y, cells.firstWeight.y, (k >> 1) == 0);
  return across * down;
}

fn meanOf(cells: Cells) -> vec2f {
  var mean = vec2f(0.0);
  for (var k = 0; k < 4; k++) {
    mean += weightOf(cells, k) * textureLoad(motion, cellOf(cells, k), 0).rg;
  }
  return mean;
}
`;

/** The cells of the coded motion around where what is in a cell half way was in the carrier: at its centre, the mean is its own. */
const CODED = `
fn codedAround(cell: vec2i) -> Cells {
  return cellsAround(cell, -0.5 / MOTION_GRID_PX * textureLoad(motion, cell, 0).rg);
}
`;

/** All places of a cell lie alike between samples: lines are filtered across once, eight samples at a time, then down. */
const SPANS = `
struct Span {
  left: vec4f,
  right: vec4f,
}

fn spanAt(plane: texture_2d<f32>, x: i32, y: i32, across: vec4f) -> Span {
  let last = endOf(plane);
  let row = clamp(y, 0, last.y);
  var samples: array<f32, 11>;
  for (var i = 0; i < 11; i++) {
    samples[i] = sampleAt(plane, vec2i(clamp(x - 1 + i, 0, last.x), row));
  }
  var span: Span;
  for (var i = 0; i < 4; i++) {
    span.left += across[i] * vec4f(samples[i], samples[i + 1], samples[i + 2], samples[i + 3]);
    span.right += across[i] * vec4f(samples[i + 4], samples[i + 5], samples[i + 6], samples[i + 7]);
  }
  return span;
}

struct CellReader {
  start: vec2i,
  across: vec4f,
  down: vec4f,
}

// What lies between samples is not added to where the cell is: it would lose bits.
fn readerAt(plane: texture_2d<f32>, corner: vec2f, moved: vec2f) -> CellReader {
  let end = vec2f(endOf(plane)) + CUBIC_LIMIT_BEHIND;
  let place = clamp(moved, -CUBIC_LIMIT_BEFORE - MOTION_GRID_PX - corner, end - corner);
  let start = floor(place);
  return CellReader(vec2i(corner + start), cubicWeights(place.x - start.x), cubicWeights(place.y - start.y));
}

fn lineOf(plane: texture_2d<f32>, reader: CellReader, line: i32) -> Span {
  return spanAt(plane, reader.start.x, reader.start.y + line, reader.across);
}

fn downwards(a: Span, b: Span, c: Span, d: Span, w: vec4f) -> Span {
  return Span(
    w.x * a.left + w.y * b.left + w.z * c.left + w.w * d.left,
    w.x * a.right + w.y * b.right + w.z * c.right + w.w * d.right,
  );
}

// Mean square of the difference that a cell half way sees along a displacement.
fn squaresAlong(moved: vec2f, cell: vec2i) -> f32 {
  let corner = vec2f(cell) * MOTION_GRID_PX;
  let p = readerAt(carrier, corner, -0.5 * moved);
  let q = readerAt(other, corner, 0.5 * moved);
  var a: Span;
  var b: Span;
  var c: Span;
  var e: Span;
  var f: Span;
  var g: Span;
  var sum = vec4f(0.0);
  // The first three rounds only fetch what lies above: so the code of a fetch is there once.
  for (var y = -3; y < i32(MOTION_GRID_PX); y++) {
    let d = lineOf(carrier, p, y + 2);
    let h = lineOf(other, q, y + 2);
    if (y >= 0) {
      let one = downwards(a, b, c, d, p.down);
      let two = downwards(e, f, g, h, q.down);
      let left = one.left - two.left;
      let right = one.right - two.right;
      sum += left * left + right * right;
    }
    a = b;
    b = c;
    c = d;
    e = f;
    f = g;
    g = h;
  }
  return dot(sum, vec4f(1.0)) / (MOTION_GRID_PX * MOTION_GRID_PX);
}
`;

export const BETWEEN_IN_WGSL: Readonly<Record<BetweenProgram, ShaderSource>> = {
  coded: {
    parts: [CELLS, CODED],
    main: `
  return vec4f(meanOf(codedAround(at)), 0.0, 0.0);`,
  },
  choose: {
    parts: [CELLS, CODED, SPANS],
    main: `
  let cells = codedAround(at);
  let coded = meanOf(cells);
  let end = endOf(motion);
  // Four that are coded, then all around: 5, 7, 9 and 11 are the neighbours.
  var moved: array<vec2f, 13>;
  var weights: array<f32, 13>;
  var costs: array<f32, 13>;
  for (var k = 0; k < 13; k++) {
    if (k < 4) {
      moved[k] = textureLoad(motion, cellOf(cells, k), 0).rg;
      weights[k] = weightOf(cells, k);
    } else {
      let beside = clamp(at + vec2i((k - 4) % 3, (k - 4) / 3) - 1, vec2i(0), end);
      moved[k] = textureLoad(halfWay, beside, 0).rg;
      weights[k] = 1.0;
    }
  }
  var least = 1e9;
  for (var k = 0; k < 13; k++) {
    // Those that are alike are compared once, as the last of them.
    for (var j = k + 1; j < 13; j++) {
      if (weights[k] == 0.0 || any(moved[j] != moved[k])) {
        continue;
      }
      weights[j] += weights[k];
      weights[k] = 0.0;
    }
    if (weights[k] == 0.0) {
      continue;
    }
    var away = abs(moved[k] - coded);
    var cost = sqrt(squaresAlong(moved[k], at)) + CODED_PRICE * min(away.x + away.y, CODED_LIMIT_PX);
    for (var j = 5; j < 13; j += 2) {
      away = abs(moved[k] - moved[j]);
      cost += NEIGHBOUR_PRICE * min(away.x + away.y, NEIGHBOUR_LIMIT_PX);
    }
    costs[k] = cost;
    least = min(least, cost);
  }
  var sum = vec2f(0.0);
  var total = 0.0;
  for (var k = 0; k < 13; k++) {
    if (weights[k] == 0.0) {
      continue;
    }
    let weight = weights[k] * exp(CHOICE_SHARPNESS * (least - costs[k]));
    sum += weight * moved[k];
    total += weight;
  }
  return vec4f(sum / total, 0.0, 0.0);`,
  },
  trust: {
    parts: [SPANS],
    main: `
  let moved = textureLoad(halfWay, at, 0).rg;
  // At rest, then along the trajectory.
  var means: array<f32, 2>;
  for (var i = 0; i < 2; i++) {
    if (i == 1 && all(moved == vec2f(0.0))) {
      means[1] = means[0];
    } else {
      means[i] = squaresAlong(select(moved, vec2f(0.0), i == 0), at);
    }
  }
  let doubt = TRUST_HANDICAP * means[1] / (means[0] + TRUST_FLOOR);
  return vec4f(moved, 1.0 / (1.0 + doubt * doubt), 0.0);`,
  },
  between: {
    parts: [CELLS],
    main: `
  let elapsed = parameters[0].x;
  let side = parameters[0].y;
  let scale = side / MOTION_GRID_PX;
  // What speeds up is behind the middle of its way at half of the time.
  let bend = scale * elapsed * (1.0 - elapsed) / 2.0;
  let here = vec2f(at);
  // Where what is here now is half way: one step of a fixed-point iteration.
  let place = (here + 0.5) / side - 0.5;
  let since = (elapsed - 0.5) / MOTION_GRID_PX * meanOf(cellsAround(vec2i(0), place));
  let cells = cellsAround(vec2i(0), place - since);
  // How far each cell moves, and how far it is beside a straight way now.
  var ways: array<vec4f, 4>;
  var weights: array<f32, 4>;
  var believed = 0.0;
  for (var k = 0; k < 4; k++) {
    let cell = textureLoad(motion, cellOf(cells, k), 0);
    ways[k] = vec4f(scale * cell.rg, bend * textureLoad(acceleration, cellOf(cells, k), 0).rg);
    weights[k] = weightOf(cells, k) * cell.b;
    believed += weights[k];
  }
  let atRest = mix(sampleAt(carrier, at), sampleAt(other, at), elapsed);
  var sum = (1.0 - believed) * atRest;
  for (var k = 0; k < 4; k++) {
    let way = ways[k];
    // Cells that move alike are read once, by the last of them.
    var later = false;
    for (var j = k + 1; j < 4; j++) {
      if (later || any(ways[j] != way)) {
        continue;
      }
      weights[j] += weights[k];
      later = true;
    }
    if (later || weights[k] == 0.0) {
      continue;
    }
    if (all(way == vec4f(0.0))) {
      sum += weights[k] * atRest;
      continue;
    }
    let back = cubic(carrier, here + (way.zw - elapsed * way.xy));
    let on = cubic(other, here + (way.zw + (1.0 - elapsed) * way.xy));
    sum += weights[k] * mix(back, on, elapsed);
  }
  return vec4f(sum);`,
  },
};
