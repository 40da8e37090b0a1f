/**
 * The programs for WebGPU. Formulas are those of runtime/reference/{plane,spatialSampler,enlarger}.ts, sample by sample;
 * glslShaders.ts has the same for WebGL2, function by function.
 */

import { SPLINE_CENTRES } from '../field/constants.js';
import { BT709_FROM_BT2020, TRANSFER } from './colour.js';
import { NET_QUADS } from './enlargerNet.js';
import { PARAMETER_VECTORS, PROGRAMS, type ProgramName } from './samplingDevice.js';
import { shaderConstants } from './shaderConstants.js';
import type { ShaderSource } from './shaderSource.js';
import { BETWEEN_IN_WGSL } from './wgslBetween.js';

/** Names of the two stages in every module. */
export const WGSL_VERTEX_ENTRY = 'triangle';
export const WGSL_FRAGMENT_ENTRY = 'pixel';

/** A triangle over all of the target. */
const VERTEX = `
@vertex fn ${WGSL_VERTEX_ENTRY}(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
  return vec4f(vec2f(f32(i & 1u), f32(i >> 1u)) * 4.0 - 1.0, 0.0, 1.0);
}
`;

/** Parameters, and planes at whole and at real places. */
const READING = `
@group(0) @binding(0) var<uniform> parameters: array<vec4f, ${PARAMETER_VECTORS}>;

fn sampleAt(plane: texture_2d<f32>, at: vec2i) -> f32 {
  return textureLoad(plane, at, 0).r;
}

fn endOf(plane: texture_2d<f32>) -> vec2i {
  return vec2i(textureDimensions(plane)) - 1;
}

fn cubicWeights(f: f32) -> vec4f {
  const a = CUBIC_SHARPNESS;
  return vec4f(
    a * f * (1.0 + f * (f - 2.0)),
    1.0 + f * f * ((a + 2.0) * f - (a + 3.0)),
    f * (f * (2.0 * a + 3.0 - (a + 2.0) * f) - a),
    a * f * f * (1.0 - f),
  );
}

fn cubic(plane: texture_2d<f32>, at: vec2f) -> f32 {
  let last = endOf(plane);
  let place = clamp(at, vec2f(-CUBIC_LIMIT_BEFORE), vec2f(last) + CUBIC_LIMIT_BEHIND);
  let start = floor(place);
  let across = cubicWeights(place.x - start.x);
  let down = cubicWeights(place.y - start.y);
  let columns = clamp(i32(start.x) + vec4i(-1, 0, 1, 2), vec4i(0), vec4i(last.x));
  let rows = clamp(i32(start.y) + vec4i(-1, 0, 1, 2), vec4i(0), vec4i(last.y));
  var sum = 0.0;
  for (var j = 0; j < 4; j++) {
    sum += down[j] * dot(across, vec4f(
      sampleAt(plane, vec2i(columns.x, rows[j])),
      sampleAt(plane, vec2i(columns.y, rows[j])),
      sampleAt(plane, vec2i(columns.z, rows[j])),
      sampleAt(plane, vec2i(columns.w, rows[j])),
    ));
  }
  return sum;
}
`;

const WEIGHING = `
fn weighAcross(plane: texture_2d<f32>, weights: texture_2d<f32>, taps: i32, at: vec2i) -> f32 {
  var sum = 0.0;
  for (var i = 0; i < taps; i++) {
    let tap = textureLoad(weights, vec2i(i, at.x), 0).rg;
    sum += tap.g * sampleAt(plane, vec2i(i32(tap.r), at.y));
  }
  return sum;
}

fn weighDown(plane: texture_2d<f32>, weights: texture_2d<f32>, taps: i32, at: vec2i) -> f32 {
  if (taps == 0) {
    return sampleAt(plane, at);
  }
  var sum = 0.0;
  for (var i = 0; i < taps; i++) {
    let tap = textureLoad(weights, vec2i(i, at.y), 0).rg;
    sum += tap.g * sampleAt(plane, vec2i(at.x, i32(tap.r)));
  }
  return sum;
}
`;

/** The weights of the enlarger, as enlargerNet.ts lays them out, and the film's samples in a texture of some of its rows. */
const NET = `
fn netMatrix(i: i32) -> mat4x4f {
  return mat4x4f(net[i], net[i + 1], net[i + 2], net[i + 3]);
}

fn insideFilm(plane: texture_2d<f32>, at: vec2i) -> vec2i {
  return clamp(at, vec2i(0, i32(parameters[0].z)), vec2i(endOf(plane).x, i32(parameters[0].w)));
}
`;

/** Four samples in a row, and what they weigh for the splines of an output. */
const SPLINES = `
fn fourOf(plane: texture_2d<f32>, at: vec2i, stride: vec2i) -> mat4x4f {
  return mat4x4f(
    textureLoad(plane, at, 0),
    textureLoad(plane, at + stride, 0),
    textureLoad(plane, at + 2 * stride, 0),
    textureLoad(plane, at + 3 * stride, 0),
  );
}

fn splineWeights(spline: i32, place: i32) -> vec4f {
  return textureLoad(weights, vec2i(spline, place), 0);
}

fn firstLine(place: i32) -> i32 {
  return i32(splineWeights(${SPLINE_CENTRES.length}, place).r);
}
`;

/** colour.ts says what this is. */
const COLOURS = `
fn screenCurve(linear: vec3f) -> vec3f {
  let curved = SRGB_SCALE * pow(max(linear, vec3f(0.0)), vec3f(SRGB_EXPONENT)) - SRGB_OFFSET;
  return select(linear * SRGB_SLOPE, curved, linear > vec3f(SRGB_LINEAR_BELOW));
}

fn pqNits(signal: vec3f) -> vec3f {
  let e = pow(max(signal, vec3f(0.0)), vec3f(1.0 / PQ_M2));
  return PQ_NITS * pow(max(e - PQ_C1, vec3f(0.0)) / (PQ_C2 - PQ_C3 * e), vec3f(1.0 / PQ_M1));
}

fn hlgNits(signal: vec3f) -> vec3f {
  let e = max(signal, vec3f(0.0));
  let scene = select(e * e / 3.0, (exp((e - HLG_C) / HLG_A) + HLG_B) / 12.0, e > vec3f(0.5));
  let luminance = dot(scene, vec3f(RED_2020, GREEN_2020, BLUE_2020));
  return PEAK_NITS * pow(max(luminance, 1e-6), HLG_GAMMA - 1.0) * scene;
}

fn toScreen(signal: vec3f, transfer: i32) -> vec3f {
  if (transfer == ${TRANSFER.display}) {
    return signal;
  }
  var nits = hlgNits(signal);
  if (transfer == ${TRANSFER.pq}) {
    nits = pqNits(signal);
  }
  let light = max(nits / WHITE_NITS * mat3x3f(${BT709_FROM_BT2020.flat().join(', ')}), vec3f(0.0));
  let most = max(light.r, max(light.g, light.b));
  let white = PEAK_NITS / WHITE_NITS;
  return screenCurve(min(light * (1.0 + most / (white * white)) / (1.0 + most), vec3f(1.0)));
}
`;

const SOURCES: Readonly<Record<ProgramName, ShaderSource>> = {
  ...BETWEEN_IN_WGSL,
  across: {
    parts: [WEIGHING],
    main: `
  return vec4f(weighAcross(plane, weights, i32(parameters[0].x), at));`,
  },
  codes: {
    parts: [WEIGHING],
    main: `
  var value = weighDown(plane, weights, i32(parameters[0].x), at);
  if (parameters[0].y > 0.0) {
    value += sampleAt(detail, at);
  }
  return vec4f(clamp(floor(value + CODE_OFFSET + 0.5), 0.0, MAX_CODE) / MAX_CODE);`,
  },
  show: {
    parts: [WEIGHING, COLOURS],
    main: `
  let chromaTaps = i32(parameters[3].y);
  var planes = vec4f(
    weighDown(luma, lumaWeights, i32(parameters[3].x), at),
    weighDown(cb, chromaWeights, chromaTaps, at),
    weighDown(cr, chromaWeights, chromaTaps, at),
    1.0,
  );
  if (parameters[4].x > 0.0) {
    planes.x += sampleAt(detail, at);
  }
  let signal = vec3f(dot(parameters[0], planes), dot(parameters[1], planes), dot(parameters[2], planes));
  return vec4f(toScreen(signal, i32(parameters[3].z)), 1.0);`,
  },
  deviation: {
    parts: [],
    main: `
  let here = at + vec2i(0, i32(parameters[0].x));
  let last = endOf(luma);
  let reach = i32(ENLARGER_LINEAR_SIDE) / 2;
  var sum = 0.0;
  for (var j = -reach; j <= reach; j++) {
    for (var i = -reach; i <= reach; i++) {
      sum += sampleAt(luma, clamp(here + vec2i(i, j), vec2i(0), last));
    }
  }
  let mean = sum / (ENLARGER_LINEAR_SIDE * ENLARGER_LINEAR_SIDE);
  return vec4f((sampleAt(luma, here) - mean) / CODES_PER_UNIT);`,
  },
  convolved: {
    parts: [NET],
    main: `
  var start = i32(parameters[0].x);
  let reach = i32(parameters[0].y);
  var sum = net[start];
  for (var j = -reach; j <= reach; j++) {
    for (var i = -reach; i <= reach; i++) {
      start++;
      sum += net[start] * sampleAt(deviation, insideFilm(deviation, at + vec2i(i, j)));
    }
  }
  return select(sum, max(sum, vec4f(0.0)), parameters[1].x > 0.0);`,
  },
  mixed: {
    parts: [NET],
    main: `
  var start = i32(parameters[0].x);
  let reach = i32(parameters[0].y);
  var sum = net[start];
  start++;
  for (var j = -reach; j <= reach; j++) {
    for (var i = -reach; i <= reach; i++) {
      let tap = insideFilm(first, at + vec2i(i, j));
      sum += netMatrix(start) * textureLoad(first, tap, 0) + netMatrix(start + 4) * textureLoad(second, tap, 0);
      start += 8;
    }
  }
  return max(sum, vec4f(0.0));`,
  },
  detailAcross: {
    parts: [NET, SPLINES],
    main: `
  var start = i32(parameters[0].x);
  let place = vec2i(firstLine(at.x), at.y);
  let a = fourOf(first, place, vec2i(1, 0));
  let b = fourOf(second, place, vec2i(1, 0));
  let c = fourOf(third, place, vec2i(1, 0));
  var sum = vec4f(0.0);
  for (var spline = 0; spline < ${SPLINE_CENTRES.length}; spline++) {
    let w = splineWeights(spline, at.x);
    sum += netMatrix(start) * (a * w) + netMatrix(start + 4) * (b * w) + netMatrix(start + 8) * (c * w);
    start += 12;
  }
  return sum;`,
  },
  detailDown: {
    parts: [SPLINES],
    main: `
  let place = vec2i(at.x, firstLine(at.y) - i32(parameters[0].y));
  let lines = transpose(fourOf(first, place, vec2i(0, 1)));
  let lastLines = transpose(fourOf(last, place, vec2i(0, 1)));
  var sum = dot(lines[0], splineWeights(0, at.y)) + dot(lines[1], splineWeights(1, at.y));
  sum += dot(lines[2], splineWeights(2, at.y)) + dot(lines[3], splineWeights(3, at.y));
  sum += dot(lastLines[0], splineWeights(4, at.y));
  return vec4f(parameters[0].x * sum);`,
  },
};

/** The module of a program, with both stages. */
export function wgslModule(name: ProgramName): string {
  const { parts, main } = SOURCES[name];
  const inputs = PROGRAMS[name].map(
    (input, i) => `@group(0) @binding(${i + 1}) var ${input}: texture_2d<f32>;`,
  );
  const net = `@group(0) @binding(${inputs.length + 1}) var<uniform> net: array<vec4f, ${NET_QUADS}>;`;
  return `${[shaderConstants('wgsl'), ...inputs, net].join('\n')}
${VERTEX}${[READING, ...parts].join('')}
@fragment fn ${WGSL_FRAGMENT_ENTRY}(@builtin(position) position: vec4f) -> @location(0) vec4f {
  let at = vec2i(position.xy);${main}
}
`;
}
