// Motion fields on the 1/8 grid, their quadratic B-spline interpolation, and motion-compensated sampling
// (FORMAT.md, "Motion").
#pragma once
#include "pyramid.h"
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace weft {
namespace WEFT_ISA {

constexpr int CELL = 8;

// Weights of the three grid values around a cell for each of its eight pixels.
struct SplineWeights {
  real w[3][CELL];
  constexpr SplineWeights() : w{} {
    for (int i = 0; i < CELL; i++) {
      const real f = (real(i) - real(3.5)) / 8;
      w[0][i] = real(0.5) * (real(0.5) - f) * (real(0.5) - f);
      w[1][i] = real(0.75) - f * f;
      w[2][i] = real(0.5) * (real(0.5) + f) * (real(0.5) + f);
    }
  }
};
constexpr SplineWeights SPLINE;

// The eight pixels of a cell.
typedef real v8 __attribute__((vector_size(8 * sizeof(real))));
static WEFT_INLINE v8 load8(const real* p) { v8 v; std::memcpy(&v, p, sizeof v); return v; }

// One row of a grid component at pixel row y: out[x], x in 0..width-1 (written up to the next multiple of 8).
static inline void splineRow(const Plane& grid, int y, int width, real* out) {
  alignas(64) static thread_local real buffer[2048 + 64];
  real* t = buffer + 16;
  const int j = y / CELL, phase = y % CELL, cells = (width + CELL - 1) / CELL;
  const real *a = grid.row(clampIndex(j - 1, grid.h)), *b = grid.row(j), *c = grid.row(clampIndex(j + 1, grid.h));
  const real wa = SPLINE.w[0][phase], wb = SPLINE.w[1][phase], wc = SPLINE.w[2][phase];
  for (int i = 0; i < grid.w; i++) t[i] = wa * a[i] + wb * b[i] + wc * c[i];
  t[-1] = t[0];
  t[grid.w] = t[grid.w - 1];
  const v8 w0 = load8(SPLINE.w[0]), w1 = load8(SPLINE.w[1]), w2 = load8(SPLINE.w[2]);
  for (int i = 0; i < cells; i++) {
    const v8 v = w0 * t[i - 1] + w1 * t[i] + w2 * t[i + 1];
    std::memcpy(out + i * CELL, &v, sizeof v);
  }
}

static WEFT_INLINE bool allTrue(vi mask) {
#if defined(__AVX512F__) && WEFT_LANES == 16
  return _mm512_cmpeq_epi32_mask(bitCast<__m512i>(mask), _mm512_setzero_si512()) == 0;
#elif defined(__AVX2__) && WEFT_LANES == 8
  return _mm256_movemask_epi8(bitCast<__m256i>(mask)) == -1;
#else
  intr all = -1;
  for (int i = 0; i < LANES; i++) all &= mask[i];
  return all != 0;
#endif
}

struct CubicWeights {
  vf w[4];
};
static WEFT_INLINE CubicWeights cubicWeights(vf f) {
  const vf f2 = f * f, f3 = f2 * f;
  return {{f2 - real(0.5) * (f + f3), 1 - real(2.5) * f2 + real(1.5) * f3, real(0.5) * f + 2 * f2 - real(1.5) * f3,
           real(0.5) * (f3 - f2)}};
}
static WEFT_INLINE CubicWeights cubicSlopes(vf f) {
  const vf f2 = f * f;
  return {{2 * f - real(0.5) - real(1.5) * f2, real(4.5) * f2 - 5 * f, real(0.5) + 4 * f - real(4.5) * f2,
           real(1.5) * f2 - f}};
}

// Where a vector of samples lies: whole positions (clamped so that every tap is in the margins) and fractions.
struct SamplePlace {
  vi ix, iy;
  vf fx, fy;
  bool contiguous;  // one row, consecutive columns: taps are plain loads
};

static WEFT_INLINE SamplePlace samplePlace(const Plane& p, int x, int y, vf dx, vf dy) {
  SamplePlace s;
  const vf px = maximum(minimum(dx + toReal(iota() + x), splat(real(p.w + 1))), splat(-3));
  const vf py = maximum(minimum(dy + real(y), splat(real(p.h + 1))), splat(-3));
  const vf bx = floorOf(px), by = floorOf(py);
  s.fx = px - bx;
  s.fy = py - by;
  s.ix = toInt(bx);
  s.iy = toInt(by);
  s.contiguous = allTrue((s.ix - iota() == splatInt(s.ix[0])) & (s.iy == splatInt(s.iy[0])));
  return s;
}

// Four neighbouring samples of one lane.
typedef real v4 __attribute__((vector_size(4 * sizeof(real))));
static WEFT_INLINE v4 load4(const real* p) { v4 v; std::memcpy(&v, p, sizeof v); return v; }
static WEFT_INLINE void store4(real* p, v4 v) { std::memcpy(p, &v, sizeof v); }

// From four values for each lane, lane after lane, to a vector for each of the four.
static WEFT_INLINE void transpose4(const real* in, vf out[4]) {
#if WEFT_LANES == 16
  const vf a = load(in), b = load(in + 16), c = load(in + 32), d = load(in + 48);
  const vf ab01 = __builtin_shufflevector(a, b, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const vf cd01 = __builtin_shufflevector(c, d, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const vf ab23 = __builtin_shufflevector(a, b, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
  const vf cd23 = __builtin_shufflevector(c, d, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
  out[0] = __builtin_shufflevector(ab01, cd01, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
  out[1] = __builtin_shufflevector(ab01, cd01, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  out[2] = __builtin_shufflevector(ab23, cd23, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
  out[3] = __builtin_shufflevector(ab23, cd23, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
#else
  for (int c = 0; c < 4; c++)
    for (int i = 0; i < LANES; i++) out[c][i] = in[4 * i + c];
#endif
}

// The weights of each lane in memory, for code that goes lane by lane.
struct LaneWeights {
  alignas(64) real w[4][LANES];
  explicit WEFT_INLINE LaneWeights(const CubicWeights& weights) {
    for (int i = 0; i < 4; i++) store(w[i], weights.w[i]);
  }
};

struct LaneOffsets {
  alignas(64) intr at[LANES];
  explicit WEFT_INLINE LaneOffsets(vi offset) { std::memcpy(at, &offset, sizeof offset); }
};

static WEFT_INLINE vi firstTap(const Plane& p, const SamplePlace& s) { return (s.iy - 1) * p.stride + s.ix - 1; }

// Columns of the 4x4 samples around each place, summed over rows with the weights wy.
static WEFT_INLINE void sumRows(const Plane& p, const SamplePlace& s, const CubicWeights& wy, vf columns[4]) {
  if (s.contiguous) {
    const real* base = p.row(int(s.iy[0]) - 1) + s.ix[0] - 1;
    for (int c = 0; c < 4; c++) {
      columns[c] = wy.w[0] * load(base + c);
      for (int r = 1; r < 4; r++) columns[c] += wy.w[r] * load(base + ptrdiff_t(r) * p.stride + c);
    }
    return;
  }
  alignas(64) real lanes[4 * LANES];
  const LaneWeights w(wy);
  const LaneOffsets offset(firstTap(p, s));
  for (int i = 0; i < LANES; i++) {
    const real* q = p.origin + offset.at[i];
    v4 v = w.w[0][i] * load4(q);
    for (int r = 1; r < 4; r++) v += w.w[r][i] * load4(q + ptrdiff_t(r) * p.stride);
    store4(lanes + 4 * i, v);
  }
  transpose4(lanes, columns);
}

static WEFT_INLINE vf dot4(const vf a[4], const CubicWeights& w) {
  return a[0] * w.w[0] + a[1] * w.w[1] + a[2] * w.w[2] + a[3] * w.w[3];
}

static WEFT_INLINE vf sampleCubic(const Plane& p, int x, int y, vf dx, vf dy) {
  const SamplePlace s = samplePlace(p, x, y, dx, dy);
  vf columns[4];
  sumRows(p, s, cubicWeights(s.fy), columns);
  return dot4(columns, cubicWeights(s.fx));
}

static WEFT_INLINE vf sigmoid(vf v) { return 1 / (1 + exp2Of(v * real(-1.4426950408889634))); }

// Displacements (px) and blend weights of one luma row and, through them, of chroma.
struct MotionRows {
  static constexpr int WIDTH = 16384 + 64;
  real d[5][WIDTH];  // dx0 dy0 dx1 dy1 weight-of-reference-0
};

// Repeats the last value, so that the last vector of a row is as smooth as the others.
static inline void padRow(real* row, int width) {
  for (int x = width; x < width + LANES; x++) row[x] = row[width - 1];
}

static inline void motionRows(const Plane grids[5], int components, int width, int y, MotionRows& rows) {
  const int written = (width + CELL - 1) / CELL * CELL;
  for (int c = 0; c < components; c++) {
    splineRow(grids[c], y, width, rows.d[c]);
    padRow(rows.d[c], written);
  }
  if (components == 5)
    for (int x = 0; x < width; x += LANES) store(rows.d[4] + x, sigmoid(load(rows.d[4] + x)));
}

// Halves two luma rows to chroma (4:2:0); displacements are halved in length too.
static inline void chromaMotionRows(const MotionRows& a, const MotionRows& b, int components, int width, int chromaWidth,
                                    MotionRows& out) {
  for (int c = 0; c < components; c++) {
    const real scale = c == 4 ? real(0.25) : real(0.125);
    for (int x = 0; x < chromaWidth; x += LANES) {
      vf evenA, oddA, evenB, oddB;
      loadDeinterleaved(a.d[c] + 2 * x, evenA, oddA);
      loadDeinterleaved(b.d[c] + 2 * x, evenB, oddB);
      store(out.d[c] + x, scale * (evenA + oddA + evenB + oddB));
    }
    if (width % 2) out.d[c][chromaWidth - 1] = 2 * scale * (a.d[c][width - 1] + b.d[c][width - 1]);
    padRow(out.d[c], chromaWidth);
  }
}

// One row of the prediction from one or two references.
static inline void predictRow(const Plane* references, int count, const MotionRows& m, int y, const Plane& out) {
  for (int x = 0; x < out.w; x += LANES) {
    vf v = sampleCubic(references[0], x, y, load(m.d[0] + x), load(m.d[1] + x));
    if (count == 2) {
      const vf other = sampleCubic(references[1], x, y, load(m.d[2] + x), load(m.d[3] + x));
      v = other + load(m.d[4] + x) * (v - other);
    }
    store(out.row(y) + x, v);
  }
}

// references[plane][reference]: extended planes; out: the prediction's three planes.
static inline void predict(RowTeam& pool, const Plane references[3][2], int count, const Plane grids[5], bool halved,
                           const Plane out[3]) {
  const int components = count == 2 ? 5 : 2, w = out[0].w, h = out[0].h;
  overRows(pool, h, w, 2, [&](int y0, int y1, int) {
    static thread_local MotionRows a, b, chroma;
    for (int y = y0; y < y1; y += 2) {
      const bool pair = y + 1 < h;
      motionRows(grids, components, w, y, a);
      predictRow(references[0], count, a, y, out[0]);
      if (pair) {
        motionRows(grids, components, w, y + 1, b);
        predictRow(references[0], count, b, y + 1, out[0]);
      }
      if (halved) {
        chromaMotionRows(a, pair ? b : a, components, w, out[1].w, chroma);
        for (int p = 1; p < 3; p++) predictRow(references[p], count, chroma, y / 2, out[p]);
      } else {
        for (int p = 1; p < 3; p++) {
          predictRow(references[p], count, a, y, out[p]);
          if (pair) predictRow(references[p], count, b, y + 1, out[p]);
        }
      }
    }
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
