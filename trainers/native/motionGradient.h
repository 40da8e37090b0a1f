// Gradients of motion-compensated prediction.
#pragma once
#include "motion.h"

namespace weft {
namespace WEFT_ISA {

// Adds the adjoint of splineRow: a row of gradients by pixel to the gradient of the grid.
static inline void splineRowAdjoint(const real* gRow, int y, int width, const Plane& gGrid) {
  alignas(64) static thread_local real buffer[2048 + 64];
  real* t = buffer + 16;
  const int j = y / CELL, phase = y % CELL, cells = (width + CELL - 1) / CELL, gw = gGrid.w;
  for (int i = -1; i <= gw; i++) t[i] = 0;
  for (int i = 0; i < cells; i++) {
    const int n = width - i * CELL < CELL ? width - i * CELL : CELL;
    const real* g = gRow + i * CELL;
    real s0 = 0, s1 = 0, s2 = 0;
    if (n == CELL) {
      for (int k = 0; k < CELL; k++) s0 += SPLINE.w[0][k] * g[k];
      for (int k = 0; k < CELL; k++) s1 += SPLINE.w[1][k] * g[k];
      for (int k = 0; k < CELL; k++) s2 += SPLINE.w[2][k] * g[k];
    } else {
      for (int k = 0; k < n; k++) {
        s0 += SPLINE.w[0][k] * g[k];
        s1 += SPLINE.w[1][k] * g[k];
        s2 += SPLINE.w[2][k] * g[k];
      }
    }
    t[i - 1] += s0;
    t[i] += s1;
    t[i + 1] += s2;
  }
  t[0] += t[-1];
  t[gw - 1] += t[gw];
  real *a = gGrid.row(clampIndex(j - 1, gGrid.h)), *b = gGrid.row(j), *c = gGrid.row(clampIndex(j + 1, gGrid.h));
  const real wa = SPLINE.w[0][phase], wb = SPLINE.w[1][phase], wc = SPLINE.w[2][phase];
  for (int i = 0; i < gw; i++) {
    a[i] += wa * t[i];
    b[i] += wb * t[i];
    c[i] += wc * t[i];
  }
}

static WEFT_INLINE void scatterAdd(real* base, vi offset, vf v) {
  for (int i = 0; i < LANES; i++) base[offset[i]] += v[i];
}

struct SampleGradient {
  vf value, byX, byY;
};

// Samples a reference and, where gReference is given, adds the gradient g (by the sample) to it.
static WEFT_INLINE SampleGradient sampleCubicGradient(const Plane& p, int x, int y, vf dx, vf dy) {
  const SamplePlace s = samplePlace(p, x, y, dx, dy);
  const CubicWeights wx = cubicWeights(s.fx), wy = cubicWeights(s.fy), sx = cubicSlopes(s.fx), sy = cubicSlopes(s.fy);
  vf rows[4] = {}, slopes[4] = {};
  forTaps(p, s, [&](int r, int c, vf v) {
    rows[r] += wx.w[c] * v;
    slopes[r] += sx.w[c] * v;
  });
  SampleGradient out{};
  for (int r = 0; r < 4; r++) {
    out.value += wy.w[r] * rows[r];
    out.byX += wy.w[r] * slopes[r];
    out.byY += sy.w[r] * rows[r];
  }
  return out;
}

static WEFT_INLINE void scatterCubic(const Plane& gp, int x, int y, vf dx, vf dy, vf g) {
  const SamplePlace s = samplePlace(gp, x, y, dx, dy);
  const CubicWeights wx = cubicWeights(s.fx), wy = cubicWeights(s.fy);
  if (s.contiguous) {
    real* base = gp.row(int(s.iy[0]) - 1) + s.ix[0] - 1;
    for (int r = 0; r < 4; r++) {
      const vf row = wy.w[r] * g;
      for (int c = 0; c < 4; c++) {
        real* q = base + ptrdiff_t(r) * gp.stride + c;
        store(q, load(q) + wx.w[c] * row);
      }
    }
  } else {
    const vi offset = (s.iy - 1) * gp.stride + s.ix - 1;
    for (int r = 0; r < 4; r++) {
      const vf row = wy.w[r] * g;
      for (int c = 0; c < 4; c++) scatterAdd(gp.origin, offset + (r * gp.stride + c), wx.w[c] * row);
    }
  }
}

// One row: g is the gradient by the prediction. Adds to the references' gradients (where their origin is set) and
// writes (chroma: adds to) the gradient by the displacements and the blend weight.
template <bool add>
static inline void predictRowAdjoint(const Plane* references, const Plane* gReferences, int count, const MotionRows& m,
                                     int y, const real* gRow, int width, MotionRows& gm) {
  const vi lane = iota();
  for (int x = 0; x < width; x += LANES) {
    const vf g = select((lane + x) < width, load(gRow + x), splat(0));
    SampleGradient s[2];
    vf weight[2] = {splat(1), splat(0)};
    if (count == 2) {
      weight[0] = load(m.d[4] + x);
      weight[1] = 1 - weight[0];
    }
    for (int r = 0; r < count; r++) {
      const vf dx = load(m.d[2 * r] + x), dy = load(m.d[2 * r + 1] + x), part = g * weight[r];
      s[r] = sampleCubicGradient(references[r], x, y, dx, dy);
      if (gReferences[r].origin) scatterCubic(gReferences[r], x, y, dx, dy, part);
      vf gx = part * s[r].byX, gy = part * s[r].byY;
      if (add) {
        gx += load(gm.d[2 * r] + x);
        gy += load(gm.d[2 * r + 1] + x);
      }
      store(gm.d[2 * r] + x, gx);
      store(gm.d[2 * r + 1] + x, gy);
    }
    if (count == 2) {
      vf gw = g * (s[0].value - s[1].value);
      if (add) gw += load(gm.d[4] + x);
      store(gm.d[4] + x, gw);
    }
  }
}

// Adds a chroma row's gradient by displacement to the two luma rows that it averages (4:2:0).
static inline void chromaMotionRowsAdjoint(const MotionRows& gChroma, int components, int width, int chromaWidth,
                                           MotionRows& ga, MotionRows& gb) {
  for (int c = 0; c < components; c++) {
    const real scale = c == 4 ? real(0.25) : real(0.125);
    for (int x = 0; x < chromaWidth; x++) {
      const int x0 = 2 * x, x1 = x0 + 1 < width ? x0 + 1 : x0;
      const real g = scale * gChroma.d[c][x];
      ga.d[c][x0] += g;
      ga.d[c][x1] += g;
      gb.d[c][x0] += g;
      gb.d[c][x1] += g;
    }
  }
}

// From the gradient by blend weights to the gradient by logits, then onto the grids.
static inline void motionRowsAdjoint(const MotionRows& rows, MotionRows& g, int components, int width, int y,
                                     const Plane gGrids[5]) {
  if (components == 5)
    for (int x = 0; x < width; x++) g.d[4][x] *= rows.d[4][x] * (1 - rows.d[4][x]);
  for (int c = 0; c < components; c++) splineRowAdjoint(g.d[c], y, width, gGrids[c]);
}

// Planes that a thread adds to on its own, so that threads never write the same sample.
struct PredictionGradient {
  Plane references[3][2];  // origin null: constant reference
  Plane grids[5];
};

static inline void predictAdjoint(ThreadPool& pool, const Plane references[3][2], int count, const Plane grids[5], bool halved,
                                  const Plane gPrediction[3], const PredictionGradient* perThread) {
  const int components = count == 2 ? 5 : 2, w = gPrediction[0].w, h = gPrediction[0].h, cw = gPrediction[1].w;
  overRows(pool, h, w, 2, [&](int y0, int y1, int thread) {
    static thread_local MotionRows a, b, chroma, ga, gb, gc;
    const PredictionGradient& out = perThread[thread];
    for (int y = y0; y < y1; y += 2) {
      const bool pair = y + 1 < h;
      motionRows(grids, components, w, y, a);
      predictRowAdjoint<false>(references[0], out.references[0], count, a, y, gPrediction[0].row(y), w, ga);
      if (pair) {
        motionRows(grids, components, w, y + 1, b);
        predictRowAdjoint<false>(references[0], out.references[0], count, b, y + 1, gPrediction[0].row(y + 1), w, gb);
      }
      if (halved) {
        chromaMotionRows(a, pair ? b : a, components, w, cw, chroma);
        predictRowAdjoint<false>(references[1], out.references[1], count, chroma, y / 2, gPrediction[1].row(y / 2), cw, gc);
        predictRowAdjoint<true>(references[2], out.references[2], count, chroma, y / 2, gPrediction[2].row(y / 2), cw, gc);
        chromaMotionRowsAdjoint(gc, components, w, cw, ga, pair ? gb : ga);
      } else {
        for (int p = 1; p < 3; p++) {
          predictRowAdjoint<true>(references[p], out.references[p], count, a, y, gPrediction[p].row(y), w, ga);
          if (pair) predictRowAdjoint<true>(references[p], out.references[p], count, b, y + 1, gPrediction[p].row(y + 1), w, gb);
        }
      }
      motionRowsAdjoint(a, ga, components, w, y, out.grids);
      if (pair) motionRowsAdjoint(b, gb, components, w, y + 1, out.grids);
    }
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
