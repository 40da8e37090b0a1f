/**
 * The programs between two frames for WebGL2. Formulas are those of runtime/reference/{motion,trajectories,temporalSampler}.ts;
 * wgslBetween.ts has the same for WebGPU, function by function.
 */

import type { BetweenProgram } from './samplingDevice.js';
import type { ShaderSource } from './shaderSource.js';

/**
 * The cells around a place: the first column and row of them, the last ones, and how much both weigh. These are exact relative to
 * themselves: a choice may see in a cell that weighs next to nothing what is best by far.
 */
const CELLS = `
struct Cells {
  ivec2 first;
  ivec2 last;
  vec2 firstWeight;
  vec2 lastWeight;
};

Cells cellsAround(ivec2 cell, vec2 moved) {
  ivec2 end = textureSize(motion, 0) - 1;
  vec2 place = clamp(moved, vec2(-cell) - GRID_LIMIT, vec2(end - cell) + GRID_LIMIT);
  vec2 start = floor(place);
  ivec2 first = cell + ivec2(start);
  return Cells(clamp(first, ivec2(0), end), clamp(first + 1, ivec2(0), end), start + 1.0 - place, place - start);
}

ivec2 cellOf(Cells cells, int k) {
  return ivec2((k & 1) == 0 ? cells.first.x : cells.last.x, (k >> 1) == 0 ? cells.first.y : cells.last.y);
}

float weightOf(Cells cells, int k) {
  float across = (k & 1) == 0 ? cells.firstWeight.x : cells.lastWeight.x;
  float down = (k >> 1) == 0 ? cells.firstWeight.y : cells.lastWeight.y;
  return across * down;
}

vec2 meanOf(Cells cells) {
  vec2 mean = vec2(0.0);
  for (int k = 0; k < 4; k++) mean += weightOf(cells, k) * texelFetch(motion, cellOf(cells, k), 0).rg;
  return mean;
}
`;

/** The cells of the coded motion around where what is in a cell half way was in the carrier: at its centre, the mean is its own. */
const CODED = `
Cells codedAround(ivec2 cell) {
  return cellsAround(cell, -0.5 / MOTION_GRID_PX * texelFetch(motion, cell, 0).rg);
}
`;

/** All places of a cell lie alike between samples: lines are filtered across once, eight samples at a time, then down. */
const SPANS = `
struct Span {
  vec4 left;
  vec4 right;
};

Span spanAt(sampler2D plane, int x, int y, vec4 across) {
  ivec2 last = textureSize(plane, 0) - 1;
  int row = clamp(y, 0, last.y);
  float samples[11];
  for (int i = 0; i < 11; i++) samples[i] = sampleAt(plane, ivec2(clamp(x - 1 + i, 0, last.x), row));
  Span span = Span(vec4(0.0), vec4(0.0));
  for (int i = 0; i < 4; i++) {
    span.left += across[i] * vec4(samples[i], samples[i + 1], samples[i + 2], samples[i + 3]);
    span.right += across[i] * vec4(samples[i + 4], samples[i + 5], samples[i + 6], samples[i + 7]);
  }
  return span;
}

struct CellReader {
  ivec2 start;
  vec4 across;
  vec4 down;
};

// What lies between samples is not added to where the cell is: it would lose bits.
CellReader readerAt(sampler2D plane, vec2 corner, vec2 moved) {
  vec2 end = vec2(textureSize(plane, 0) - 1) + CUBIC_LIMIT_BEHIND;
  vec2 place = clamp(moved, -CUBIC_LIMIT_BEFORE - MOTION_GRID_PX - corner, end - corner);
  vec2 start = floor(place);
  return CellReader(ivec2(corner + start), cubicWeights(place.x - start.x), cubicWeights(place.y - start.y));
}

Span lineOf(sampler2D plane, CellReader reader, int line) {
  return spanAt(plane, reader.start.x, reader.start.y + line, reader.across);
}

Span downwards(Span a, Span b, Span c, Span d, vec4 w) {
  return Span(
    w.x * a.left + w.y * b.left + w.z * c.left + w.w * d.left,
    w.x * a.right + w.y * b.right + w.z * c.right + w.w * d.right
  );
}

// Mean square of the difference that a cell half way sees along a displacement.
float squaresAlong(vec2 moved, ivec2 cell) {
  vec2 corner = vec2(cell) * MOTION_GRID_PX;
  CellReader p = readerAt(carrier, corner, -0.5 * moved);
  CellReader q = readerAt(other, corner, 0.5 * moved);
  Span a, b, c, e, f, g;
  vec4 sum = vec4(0.0);
  // The first three rounds only fetch what lies above: so the code of a fetch is there once.
  for (int y = -3; y < int(MOTION_GRID_PX); y++) {
    Span d = lineOf(carrier, p, y + 2);
    Span h = lineOf(other, q, y + 2);
    if (y >= 0) {
      Span one = downwards(a, b, c, d, p.down);
      Span two = downwards(e, f, g, h, q.down);
      vec4 left = one.left - two.left;
      vec4 right = one.right - two.right;
      sum += left * left + right * right;
    }
    a = b;
    b = c;
    c = d;
    e = f;
    f = g;
    g = h;
  }
  return dot(sum, vec4(1.0)) / (MOTION_GRID_PX * MOTION_GRID_PX);
}
`;

export const BETWEEN_IN_GLSL: Readonly<Record<BetweenProgram, ShaderSource>> = {
  coded: {
    parts: [CELLS, CODED],
    main: `
  result = vec4(meanOf(codedAround(at)), 0.0, 0.0);`,
  },
  choose: {
    parts: [CELLS, CODED, SPANS],
    main: `
  Cells cells = codedAround(at);
  vec2 coded = meanOf(cells);
  ivec2 end = textureSize(motion, 0) - 1;
  // Four that are coded, then all around: 5, 7, 9 and 11 are the neighbours.
  vec2 moved[13];
  float weights[13];
  float costs[13];
  for (int k = 0; k < 13; k++) {
    ivec2 beside = clamp(at + ivec2((k - 4) % 3, (k - 4) / 3) - 1, ivec2(0), end);
    moved[k] = k < 4 ? texelFetch(motion, cellOf(cells, k), 0).rg : texelFetch(halfWay, beside, 0).rg;
    weights[k] = k < 4 ? weightOf(cells, k) : 1.0;
  }
  float least = 1e9;
  for (int k = 0; k < 13; k++) {
    // Those that are alike are compared once, as the last of them.
    for (int j = k + 1; j < 13; j++) {
      if (weights[k] == 0.0 || moved[j] != moved[k]) continue;
      weights[j] += weights[k];
      weights[k] = 0.0;
    }
    if (weights[k] == 0.0) continue;
    vec2 away = abs(moved[k] - coded);
    float cost = sqrt(squaresAlong(moved[k], at)) + CODED_PRICE * min(away.x + away.y, CODED_LIMIT_PX);
    for (int j = 5; j < 13; j += 2) {
      away = abs(moved[k] - moved[j]);
      cost += NEIGHBOUR_PRICE * min(away.x + away.y, NEIGHBOUR_LIMIT_PX);
    }
    costs[k] = cost;
    least = min(least, cost);
  }
  vec2 sum = vec2(0.0);
  float total = 0.0;
  for (int k = 0; k < 13; k++) {
    if (weights[k] == 0.0) continue;
    float weight = weights[k] * exp(CHOICE_SHARPNESS * (least - costs[k]));
    sum += weight * moved[k];
    total += weight;
  }
  result = vec4(sum / total, 0.0, 0.0);`,
  },
  trust: {
    parts: [SPANS],
    main: `
  vec2 moved = texelFetch(halfWay, at, 0).rg;
  // At rest, then along the trajectory.
  float means[2];
  for (int i = 0; i < 2; i++) {
    if (i == 1 && moved == vec2(0.0)) means[1] = means[0];
    else means[i] = squaresAlong(i == 0 ? vec2(0.0) : moved, at);
  }
  float doubt = TRUST_HANDICAP * means[1] / (means[0] + TRUST_FLOOR);
  result = vec4(moved, 1.0 / (1.0 + doubt * doubt), 0.0);`,
  },
  between: {
    parts: [CELLS],
    main: `
  float elapsed = parameters[0].x;
  float side = parameters[0].y;
  float scale = side / MOTION_GRID_PX;
  // What speeds up is behind the middle of its way at half of the time.
  float bend = scale * elapsed * (1.0 - elapsed) / 2.0;
  vec2 here = vec2(at);
  // Where what is here now is half way: one step of a fixed-point iteration.
  vec2 place = (here + 0.5) / side - 0.5;
  vec2 since = (elapsed - 0.5) / MOTION_GRID_PX * meanOf(cellsAround(ivec2(0), place));
  Cells cells = cellsAround(ivec2(0), place - since);
  // How far each cell moves, and how far it is beside a straight way now.
  vec4 ways[4];
  float weights[4];
  float believed = 0.0;
  for (int k = 0; k < 4; k++) {
    vec4 cell = texelFetch(motion, cellOf(cells, k), 0);
    ways[k] = vec4(scale * cell.rg, bend * texelFetch(acceleration, cellOf(cells, k), 0).rg);
    weights[k] = weightOf(cells, k) * cell.b;
    believed += weights[k];
  }
  float atRest = mix(sampleAt(carrier, at), sampleAt(other, at), elapsed);
  float sum = (1.0 - believed) * atRest;
  for (int k = 0; k < 4; k++) {
    vec4 way = ways[k];
    // Cells that move alike are read once, by the last of them.
    bool later = false;
    for (int j = k + 1; j < 4; j++) {
      if (later || ways[j] != way) continue;
      weights[j] += weights[k];
      later = true;
    }
    if (later || weights[k] == 0.0) continue;
    if (way == vec4(0.0)) {
      sum += weights[k] * atRest;
      continue;
    }
    float back = cubic(carrier, here + (way.zw - elapsed * way.xy));
    float on = cubic(other, here + (way.zw + (1.0 - elapsed) * way.xy));
    sum += weights[k] * mix(back, on, elapsed);
  }
  result = vec4(sum);`,
  },
};
