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
      const v8 v = load8(g), a = v * load8(SPLINE.w[0]), b = v * load8(SPLINE.w[1]), c = v * load8(SPLINE.w[2]);
      for (int k = 0; k < 4; k++) {
        s0 += a[k] + a[k + 4];
        s1 += b[k] + b[k + 4];
        s2 += c[k] + c[k + 4];
      }
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

// As sumRows, with a second set of row weights.
static WEFT_INLINE void sumRows2(const Plane& p, const SamplePlace& s, const CubicWeights& wy, const CubicWeights& sy, vf columns[4],
                                 vf slopes[4]) {
  if (s.contiguous) {
    sumRows(p, s, wy, columns);
    sumRows(p, s, sy, slopes);
    return;
  }
  alignas(64) real lanes[4 * LANES], slopeLanes[4 * LANES];
  const LaneWeights w(wy), t(sy);
  const LaneOffsets offset(firstTap(p, s));
  for (int i = 0; i < LANES; i++) {
    const real* q = p.origin + offset.at[i];
    v4 v{}, u{};
    for (int r = 0; r < 4; r++) {
      const v4 row = load4(q + ptrdiff_t(r) * p.stride);
      v += w.w[r][i] * row;
      u += t.w[r][i] * row;
    }
    store4(lanes + 4 * i, v);
    store4(slopeLanes + 4 * i, u);
  }
  transpose4(lanes, columns);
  transpose4(slopeLanes, slopes);
}

struct SampleGradient {
  vf value, byX, byY;
};

static WEFT_INLINE SampleGradient sampleCubicGradient(const Plane& p, const SamplePlace& s) {
  const CubicWeights wx = cubicWeights(s.fx);
  vf columns[4], slopes[4];
  sumRows2(p, s, cubicWeights(s.fy), cubicSlopes(s.fy), columns, slopes);
  return {dot4(columns, wx), dot4(columns, cubicSlopes(s.fx)), dot4(slopes, wx)};
}

// Adds v moved up by some lanes; what leaves at the top goes to the bottom of `high`.
template <int lanes> static WEFT_INLINE void addShifted(vf v, vf& low, vf& high) {
  const vf zero{};
#if WEFT_LANES == 16
  if constexpr (lanes == 1) {
    low += __builtin_shufflevector(zero, v, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    high += __builtin_shufflevector(v, zero, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  } else if constexpr (lanes == 2) {
    low += __builtin_shufflevector(zero, v, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
    high += __builtin_shufflevector(v, zero, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
  } else {
    low += __builtin_shufflevector(zero, v, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
    high += __builtin_shufflevector(v, zero, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
  }
#else
  for (int i = 0; i + lanes < LANES; i++) low[i + lanes] += v[i];
  for (int i = 0; i < lanes; i++) high[i] += v[LANES - lanes + i];
#endif
}

// Adds the gradient g by the samples to the plane that they were taken from.
static WEFT_INLINE void scatterCubic(const Plane& gp, const SamplePlace& s, vf g) {
  const CubicWeights wx = cubicWeights(s.fx), wy = cubicWeights(s.fy);
  if (s.contiguous) {
    real* base = gp.row(int(s.iy[0]) - 1) + s.ix[0] - 1;
    for (int r = 0; r < 4; r++) {
      const vf row = wy.w[r] * g;
      real* q = base + ptrdiff_t(r) * gp.stride;
      vf low = wx.w[0] * row, high{};
      addShifted<1>(wx.w[1] * row, low, high);
      addShifted<2>(wx.w[2] * row, low, high);
      addShifted<3>(wx.w[3] * row, low, high);
      store(q, load(q) + low);
      v4 rest;
      std::memcpy(&rest, &high, sizeof rest);
      store4(q + LANES, load4(q + LANES) + rest);
    }
    return;
  }
  CubicWeights scaled;
  for (int r = 0; r < 4; r++) scaled.w[r] = wy.w[r] * g;
  const LaneWeights rows(scaled), columns(wx);
  const LaneOffsets offset(firstTap(gp, s));
  // Neighbouring lanes overlap in memory: visiting every fourth one lets a store settle before it is read again.
  for (int k = 0; k < LANES; k++) {
    const int i = k * 4 % LANES + k * 4 / LANES;
    const v4 w{columns.w[0][i], columns.w[1][i], columns.w[2][i], columns.w[3][i]};
    real* q = gp.origin + offset.at[i];
    for (int r = 0; r < 4; r++) {
      real* at = q + ptrdiff_t(r) * gp.stride;
      store4(at, load4(at) + rows.w[r][i] * w);
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
      const SamplePlace place = samplePlace(references[r], x, y, load(m.d[2 * r] + x), load(m.d[2 * r + 1] + x));
      const vf part = g * weight[r];
      s[r] = sampleCubicGradient(references[r], place);
      if (gReferences[r].origin) scatterCubic(gReferences[r], place, part);
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
    const vf scale = splat(c == 4 ? real(0.25) : real(0.125));
    const real beyond = gChroma.d[c][chromaWidth - 1] * scale[0];
    for (int x = 0; x < chromaWidth; x += LANES) {
      const vf g = scale * load(gChroma.d[c] + x);
      for (MotionRows* rows : {&ga, &gb}) {
        real* p = rows->d[c] + 2 * x;
        vf even, odd;
        loadDeinterleaved(p, even, odd);
        storeInterleaved(p, even + g, odd + g);
      }
    }
    if (width % 2 == 0) continue;  // the last column stands for two
    ga.d[c][width - 1] += beyond;
    gb.d[c][width - 1] += beyond;
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

static inline void predictAdjoint(RowTeam& pool, const Plane references[3][2], int count, const Plane grids[5], bool halved,
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
