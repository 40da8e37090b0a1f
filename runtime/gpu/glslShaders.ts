/**
 * The programs for WebGL2. Formulas are those of runtime/reference/{plane,spatialSampler,enlarger}.ts, sample by sample;
 * wgslShaders.ts has the same for WebGPU, function by function.
 */

import { SPLINE_CENTRES } from '../field/constants.js';
import { BT709_FROM_BT2020, TRANSFER } from './colour.js';
import { NET_QUADS } from './enlargerNet.js';
import { BETWEEN_IN_GLSL } from './glslBetween.js';
import { PARAMETER_VECTORS, PROGRAMS, type ProgramName } from './samplingDevice.js';
import { shaderConstants } from './shaderConstants.js';
import type { ShaderSource } from './shaderSource.js';

/** A triangle over all of the target. */
export const GLSL_VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0);
}
`;

/** Parameters, and planes at whole and at real places. */
const READING = `
uniform vec4 parameters[${PARAMETER_VECTORS}];

float sampleAt(sampler2D plane, ivec2 at) {
  return texelFetch(plane, at, 0).r;
}

vec4 cubicWeights(float f) {
  const float a = CUBIC_SHARPNESS;
  return vec4(
    a * f * (1.0 + f * (f - 2.0)),
    1.0 + f * f * ((a + 2.0) * f - (a + 3.0)),
    f * (f * (2.0 * a + 3.0 - (a + 2.0) * f) - a),
    a * f * f * (1.0 - f)
  );
}

float cubic(sampler2D plane, vec2 at) {
  ivec2 last = textureSize(plane, 0) - 1;
  vec2 place = clamp(at, vec2(-CUBIC_LIMIT_BEFORE), vec2(last) + CUBIC_LIMIT_BEHIND);
  vec2 start = floor(place);
  vec4 across = cubicWeights(place.x - start.x);
  vec4 down = cubicWeights(place.y - start.y);
  ivec4 columns = clamp(int(start.x) + ivec4(-1, 0, 1, 2), 0, last.x);
  ivec4 rows = clamp(int(start.y) + ivec4(-1, 0, 1, 2), 0, last.y);
  float sum = 0.0;
  for (int j = 0; j < 4; j++) {
    sum += down[j] * dot(across, vec4(
      sampleAt(plane, ivec2(columns.x, rows[j])),
      sampleAt(plane, ivec2(columns.y, rows[j])),
      sampleAt(plane, ivec2(columns.z, rows[j])),
      sampleAt(plane, ivec2(columns.w, rows[j]))
    ));
  }
  return sum;
}
`;

const WEIGHING = `
float weighAcross(sampler2D plane, sampler2D weights, int taps, ivec2 at) {
  float sum = 0.0;
  for (int i = 0; i < taps; i++) {
    vec2 tap = texelFetch(weights, ivec2(i, at.x), 0).rg;
    sum += tap.g * sampleAt(plane, ivec2(int(tap.r), at.y));
  }
  return sum;
}

float weighDown(sampler2D plane, sampler2D weights, int taps, ivec2 at) {
  if (taps == 0) return sampleAt(plane, at);
  float sum = 0.0;
  for (int i = 0; i < taps; i++) {
    vec2 tap = texelFetch(weights, ivec2(i, at.y), 0).rg;
    sum += tap.g * sampleAt(plane, ivec2(at.x, int(tap.r)));
  }
  return sum;
}
`;

/** The weights of the enlarger, as enlargerNet.ts lays them out, and the film's samples in a texture of some of its rows. */
const NET = `
layout(std140) uniform Net {
  vec4 net[${NET_QUADS}];
};

mat4 netMatrix(int i) {
  return mat4(net[i], net[i + 1], net[i + 2], net[i + 3]);
}

ivec2 insideFilm(sampler2D plane, ivec2 at) {
  int last = textureSize(plane, 0).x - 1;
  return clamp(at, ivec2(0, int(parameters[0].z)), ivec2(last, int(parameters[0].w)));
}
`;

/** Four samples in a row, and what they weigh for the splines of an output. */
const SPLINES = `
mat4 fourOf(sampler2D plane, ivec2 at, ivec2 stride) {
  return mat4(
    texelFetch(plane, at, 0),
    texelFetch(plane, at + stride, 0),
    texelFetch(plane, at + 2 * stride, 0),
    texelFetch(plane, at + 3 * stride, 0)
  );
}

vec4 splineWeights(int spline, int place) {
  return texelFetch(weights, ivec2(spline, place), 0);
}

int firstLine(int place) {
  return int(splineWeights(${SPLINE_CENTRES.length}, place).r);
}
`;

/** colour.ts says what this is. */
const COLOURS = `
vec3 screenCurve(vec3 linear) {
  vec3 curved = SRGB_SCALE * pow(max(linear, vec3(0.0)), vec3(SRGB_EXPONENT)) - SRGB_OFFSET;
  return mix(linear * SRGB_SLOPE, curved, greaterThan(linear, vec3(SRGB_LINEAR_BELOW)));
}

vec3 pqNits(vec3 signal) {
  vec3 e = pow(max(signal, vec3(0.0)), vec3(1.0 / PQ_M2));
  return PQ_NITS * pow(max(e - PQ_C1, vec3(0.0)) / (PQ_C2 - PQ_C3 * e), vec3(1.0 / PQ_M1));
}

vec3 hlgNits(vec3 signal) {
  vec3 e = max(signal, vec3(0.0));
  vec3 scene = mix(e * e / 3.0, (exp((e - HLG_C) / HLG_A) + HLG_B) / 12.0, greaterThan(e, vec3(0.5)));
  float luminance = dot(scene, vec3(RED_2020, GREEN_2020, BLUE_2020));
  return PEAK_NITS * pow(max(luminance, 1e-6), HLG_GAMMA - 1.0) * scene;
}

vec3 toScreen(vec3 signal, int transfer) {
  if (transfer == ${TRANSFER.display}) return signal;
  vec3 nits = transfer == ${TRANSFER.pq} ? pqNits(signal) : hlgNits(signal);
  vec3 light = max(nits / WHITE_NITS * mat3(${BT709_FROM_BT2020.flat().join(', ')}), vec3(0.0));
  float most = max(light.r, max(light.g, light.b));
  float white = PEAK_NITS / WHITE_NITS;
  return screenCurve(min(light * (1.0 + most / (white * white)) / (1.0 + most), vec3(1.0)));
}
`;

const SOURCES: Readonly<Record<ProgramName, ShaderSource>> = {
  ...BETWEEN_IN_GLSL,
  across: {
    parts: [WEIGHING],
    main: `
  result = vec4(weighAcross(plane, weights, int(parameters[0].x), at));`,
  },
  codes: {
    parts: [WEIGHING],
    main: `
  float value = weighDown(plane, weights, int(parameters[0].x), at);
  if (parameters[0].y > 0.0) value += sampleAt(detail, at);
  result = vec4(clamp(floor(value + CODE_OFFSET + 0.5), 0.0, MAX_CODE) / MAX_CODE);`,
  },
  show: {
    parts: [WEIGHING, COLOURS],
    main: `
  // The canvas counts its lines from below.
  at.y = int(parameters[3].w) - 1 - at.y;
  int chromaTaps = int(parameters[3].y);
  vec4 planes = vec4(
    weighDown(luma, lumaWeights, int(parameters[3].x), at),
    weighDown(cb, chromaWeights, chromaTaps, at),
    weighDown(cr, chromaWeights, chromaTaps, at),
    1.0
  );
  if (parameters[4].x > 0.0) planes.x += sampleAt(detail, at);
  vec3 signal = vec3(dot(parameters[0], planes), dot(parameters[1], planes), dot(parameters[2], planes));
  result = vec4(toScreen(signal, int(parameters[3].z)), 1.0);`,
  },
  deviation: {
    parts: [],
    main: `
  ivec2 here = at + ivec2(0, int(parameters[0].x));
  ivec2 last = textureSize(luma, 0) - 1;
  int reach = int(ENLARGER_LINEAR_SIDE) / 2;
  float sum = 0.0;
  for (int j = -reach; j <= reach; j++) {
    for (int i = -reach; i <= reach; i++) sum += sampleAt(luma, clamp(here + ivec2(i, j), ivec2(0), last));
  }
  float mean = sum / (ENLARGER_LINEAR_SIDE * ENLARGER_LINEAR_SIDE);
  result = vec4((sampleAt(luma, here) - mean) / CODES_PER_UNIT);`,
  },
  convolved: {
    parts: [NET],
    main: `
  int start = int(parameters[0].x);
  int reach = int(parameters[0].y);
  vec4 sum = net[start];
  for (int j = -reach; j <= reach; j++) {
    for (int i = -reach; i <= reach; i++) {
      start++;
      sum += net[start] * sampleAt(deviation, insideFilm(deviation, at + ivec2(i, j)));
    }
  }
  result = parameters[1].x > 0.0 ? max(sum, vec4(0.0)) : sum;`,
  },
  mixed: {
    parts: [NET],
    main: `
  int start = int(parameters[0].x);
  int reach = int(parameters[0].y);
  vec4 sum = net[start];
  start++;
  for (int j = -reach; j <= reach; j++) {
    for (int i = -reach; i <= reach; i++) {
      ivec2 tap = insideFilm(first, at + ivec2(i, j));
      sum += netMatrix(start) * texelFetch(first, tap, 0) + netMatrix(start + 4) * texelFetch(second, tap, 0);
      start += 8;
    }
  }
  result = max(sum, vec4(0.0));`,
  },
  detailAcross: {
    parts: [NET, SPLINES],
    main: `
  int start = int(parameters[0].x);
  ivec2 place = ivec2(firstLine(at.x), at.y);
  mat4 a = fourOf(first, place, ivec2(1, 0));
  mat4 b = fourOf(second, place, ivec2(1, 0));
  mat4 c = fourOf(third, place, ivec2(1, 0));
  vec4 sum = vec4(0.0);
  for (int spline = 0; spline < ${SPLINE_CENTRES.length}; spline++) {
    vec4 w = splineWeights(spline, at.x);
    sum += netMatrix(start) * (a * w) + netMatrix(start + 4) * (b * w) + netMatrix(start + 8) * (c * w);
    start += 12;
  }
  result = sum;`,
  },
  detailDown: {
    parts: [SPLINES],
    main: `
  ivec2 place = ivec2(at.x, firstLine(at.y) - int(parameters[0].y));
  mat4 lines = transpose(fourOf(first, place, ivec2(0, 1)));
  mat4 lastLines = transpose(fourOf(last, place, ivec2(0, 1)));
  float sum = dot(lines[0], splineWeights(0, at.y)) + dot(lines[1], splineWeights(1, at.y));
  sum += dot(lines[2], splineWeights(2, at.y)) + dot(lines[3], splineWeights(3, at.y));
  sum += dot(lastLines[0], splineWeights(4, at.y));
  result = vec4(parameters[0].x * sum);`,
  },
};

/** The fragment shader of a program. */
export function glslFragment(name: ProgramName): string {
  const { parts, main } = SOURCES[name];
  const inputs = PROGRAMS[name].map((input) => `uniform sampler2D ${input};`);
  return `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
${[shaderConstants('glsl'), ...inputs].join('\n')}
out vec4 result;
${[READING, ...parts].join('')}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);${main}
}
`;
}
