// Motion fields on the 1/8 grid, their quadratic B-spline interpolation, and motion-compensated sampling
// (FORMAT.md, "Motion").
#pragma once
#include "pyramid.h"

namespace weft {
namespace WEFT_ISA {

// A cell of the motion grid is so many pixels wide and high.
constexpr int CELL = MOTION_GRID_PX;
// Place of a displacement among the components of a motion field.
constexpr int displacement(int reference, int axis) { return COMPONENTS_PER_REFERENCE * reference + axis; }

constexpr int SPLINE_TAPS = 3, SPLINE_REACH = SPLINE_TAPS / 2;
// Weight of the grid value before (0), at (1) or behind (2) the nearest one; f: distance behind that, -1/2..1/2.
template <class Number> static WEFT_INLINE constexpr Number splineWeight(int tap, Number f) {
  const auto& p = SPLINE_POLYNOMIALS[tap];
  return real(p[0]) + f * (real(p[1]) + f * real(p[2]));
}

// Weights of the three grid values around a cell for each of its eight pixels.
struct SplineWeights {
  real w[SPLINE_TAPS][CELL];
  constexpr SplineWeights() : w{} {
    for (int k = 0; k < SPLINE_TAPS; k++)
      for (int i = 0; i < CELL; i++) w[k][i] = splineWeight(k, (real(i) + real(0.5)) / CELL - real(0.5));
  }
};
constexpr SplineWeights SPLINE;

// The eight pixels of a cell.
typedef real v8 __attribute__((vector_size(8 * sizeof(real))));
static WEFT_INLINE v8 load8(const real* p) { v8 v; std::memcpy(&v, p, sizeof v); return v; }

// The spline's weights as whole vectors: of each grid value for the pixels of LANES / CELL cells, or of a part of one.
struct SplineVectors {
  static constexpr int STEP = LANES > CELL ? LANES : CELL;
  alignas(64) real w[3][STEP];
  constexpr SplineVectors() : w{} {
    for (int k = 0; k < 3; k++)
      for (int i = 0; i < STEP; i++) w[k][i] = SPLINE.w[k][i % CELL];
  }
};
constexpr SplineVectors SPLINE_VECTORS;

// Each of LANES / CELL values CELL times, or one value; loaded one by one, since they were just stored.
static WEFT_INLINE vf cellLanes(const real* values) {
#if WEFT_LANES == 16
  const v8 a = values[0] - v8{}, b = values[1] - v8{};
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#else
  return splat(values[0]);
#endif
}

// A row of the motion grid on the stack, with the cells beside it that the spline reads and room for whole vectors.
constexpr int GRID_ROW_LEFT = 16, GRID_ROW_RIGHT = 48;
constexpr int MAX_GRID_ROW = (MAX_SIDE_PX + CELL - 1) / CELL;
constexpr int GRID_ROW_SAMPLES = GRID_ROW_LEFT + MAX_GRID_ROW + GRID_ROW_RIGHT;
// Whole vectors are stored; the last cells of a step of the spline read their neighbours.
static_assert(SPLINE_REACH <= GRID_ROW_LEFT && pastEnd(LANES) + SPLINE_REACH <= GRID_ROW_RIGHT, "a row of the grid fits on the stack");
static_assert(pastEnd(SplineVectors::STEP / CELL) + SPLINE_REACH <= 2, "splineRow repeats the last cell twice");
// What splineRow writes past the width: whole cells, and whole steps.
constexpr int PAST_SPLINE = pastEnd(SplineVectors::STEP);

// One row of a grid component at pixel row y: out[x], x in 0..width-1 (written up to the next multiple of 8 and of LANES).
static inline void splineRow(const Plane& grid, int y, int width, real* out) {
  alignas(CACHE_LINE) real buffer[GRID_ROW_SAMPLES];
  real* t = buffer + GRID_ROW_LEFT;
  const int j = y / CELL, phase = y % CELL, cells = (width + CELL - 1) / CELL;
  const real *a = grid.row(clampIndex(j - 1, grid.h)), *b = grid.row(j), *c = grid.row(clampIndex(j + 1, grid.h));
  const vf wa = splat(SPLINE.w[0][phase]), wb = splat(SPLINE.w[1][phase]), wc = splat(SPLINE.w[2][phase]);
  for (int i = 0; i < grid.w; i += LANES) store(t + i, wa * load(a + i) + wb * load(b + i) + wc * load(c + i));
  t[-1] = t[0];
  t[grid.w] = t[grid.w + 1] = t[grid.w - 1];
  for (int i = 0; i < cells; i += SplineVectors::STEP / CELL) {
    const vf v[3] = {cellLanes(t + i - 1), cellLanes(t + i), cellLanes(t + i + 1)};
    for (int p = 0; p < SplineVectors::STEP; p += LANES)
      store(out + i * CELL + p, load(SPLINE_VECTORS.w[0] + p) * v[0] + load(SPLINE_VECTORS.w[1] + p) * v[1] + load(SPLINE_VECTORS.w[2] + p) * v[2]);
  }
}

struct CubicWeights {
  vf w[4];
};
// Cubic convolution (Keys, 1981) and its slopes.
static WEFT_INLINE CubicWeights cubicWeights(vf f) {
  constexpr real a = real(CUBIC_SHARPNESS);
  const vf f2 = f * f, f3 = f2 * f;
  return {{-2 * a * f2 + a * (f + f3), 1 - (a + 3) * f2 + (a + 2) * f3, -a * f + (2 * a + 3) * f2 - (a + 2) * f3, a * (f2 - f3)}};
}
static WEFT_INLINE CubicWeights cubicSlopes(vf f) {
  constexpr real a = real(CUBIC_SHARPNESS);
  const vf f2 = f * f;
  return {{-4 * a * f + a + 3 * a * f2, 3 * (a + 2) * f2 - 2 * (a + 3) * f, -a + 2 * (2 * a + 3) * f - 3 * (a + 2) * f2,
           -3 * a * f2 + 2 * a * f}};
}

// Reading at any place: coordinates are clamped to CUBIC_LIMIT_BEFORE before the first sample .. CUBIC_LIMIT_BEHIND behind the last one, of which
// the four taps lie CUBIC_BEFORE before .. CUBIC_BEHIND behind the sample on their left.
constexpr int CUBIC_TAPS = 4, CUBIC_BEFORE = 1, CUBIC_BEHIND = 2;
// Outermost samples that weigh something, before the first and behind the last.
constexpr int SAMPLED_BEFORE = CUBIC_LIMIT_BEFORE + CUBIC_BEFORE, SAMPLED_BEHIND = CUBIC_LIMIT_BEHIND + CUBIC_BEHIND;
static_assert(CUBIC_BEFORE + 1 + CUBIC_BEHIND == CUBIC_TAPS, "the taps lie around the place");
static_assert(SAMPLED_BEFORE <= MARGIN_X && SAMPLED_BEHIND <= EXTENDED_RIGHT, "columns that are read repeat the border");
static_assert(SAMPLED_BEFORE <= MARGIN_Y && SAMPLED_BEHIND <= MARGIN_Y, "rows that are read repeat the border");
// A vector is loaded around each tap of one of its lanes: the other lanes, which weigh nothing, may lie a vector further out. To the
// left they end in what follows the row above and is never read for its value; the highest row has one above it.
static_assert(pastEnd(LANES) + SAMPLED_BEFORE <= MARGIN_X + MARGIN_RIGHT - EXTENDED_RIGHT, "weightless reads end behind the row above");
static_assert(SAMPLED_BEFORE + 1 <= MARGIN_Y, "the highest row that is read has one above it");
static_assert(pastEnd(LANES) + SAMPLED_BEHIND <= EXTENDED_RIGHT, "vectors to the right read the repeated border");

// Where a vector of samples lies: column (less the lane's number) and row of the first of its 4x4 taps, clamped so that all
// taps are in the margins, and the fractions.
struct SamplePlace {
  vi column, row;
  vf fx, fy;
};

static WEFT_INLINE SamplePlace samplePlace(const Plane& p, int x, int y, vf dx, vf dy) {
  const vf px = maximum(minimum(dx + toReal(iota() + x), splat(real(p.w - 1 + CUBIC_LIMIT_BEHIND))), splat(-CUBIC_LIMIT_BEFORE));
  const vf py = maximum(minimum(dy + real(y), splat(real(p.h - 1 + CUBIC_LIMIT_BEHIND))), splat(-CUBIC_LIMIT_BEFORE));
  const vf bx = floorOf(px), by = floorOf(py);
  return {toInt(bx) - (iota() + CUBIC_BEFORE), toInt(by) - CUBIC_BEFORE, px - bx, py - by};
}

// Lanes whose taps lie in one patch of rows of consecutive samples: those of a smooth field differ by one column and one row at
// most. Lanes that are a column (row) further have their weights moved by one.
struct Patch {
  ptrdiff_t start;   // of the first tap of lane 0, from the origin
  vi right, below;   // 1 in lanes that are one column or row further
  vi inside;         // lanes of this patch
  bool whole;        // all lanes
};

// The value of the first of some lanes, or one less if another of them has that.
static WEFT_INLINE intr firstOf(unsigned lanes, vi value) {
  alignas(64) intr values[LANES];
  std::memcpy(values, &value, sizeof value);
  const intr first = values[__builtin_ctz(lanes)];
  return lanes & nonzeroLanes(value == splatInt(first - 1)) ? first - 1 : first;
}

template <int taps> using Taps = std::integral_constant<int, taps>;

// Calls body(columns, rows, patch) for patches that hold every lane once; numbers of taps are constants of 4 or 5.
template <class Body> static WEFT_INLINE void forEachPatch(const Plane& p, const SamplePlace& s, const Body& body) {
  const vi columns = s.column ^ splatInt(s.column[0]), rows = s.row ^ splatInt(s.row[0]), none{};
  if (!nonzeroLanes(columns | rows))
    return body(Taps<4>{}, Taps<4>{}, Patch{ptrdiff_t(s.row[0]) * p.stride + s.column[0], none, none, none, true});
  for (unsigned rest = ALL_LANES; rest;) {
    const intr column = firstOf(rest, s.column), row = firstOf(rest, s.row);
    const vi right = s.column - column, below = s.row - row;
    const unsigned outside = nonzeroLanes((right | below) & -2), inside = rest & ~outside;
    const Patch patch{ptrdiff_t(row) * p.stride + column, right, below, lanesOf(inside), inside == ALL_LANES};
    if (!(nonzeroLanes(below) & inside)) body(Taps<5>{}, Taps<4>{}, patch);
    else if (!(nonzeroLanes(right) & inside)) body(Taps<4>{}, Taps<5>{}, patch);
    else body(Taps<5>{}, Taps<5>{}, patch);
    rest = rest & ~inside;
  }
}

// Weights of 4 or 5 taps: those of some lanes move one tap on.
template <int taps> static WEFT_INLINE void spread(const CubicWeights& w, vi moved, vf (&out)[taps]) {
  for (int i = 0; i < taps; i++) {
    const vf here = i < 4 ? w.w[i] : vf{}, before = i > 0 ? w.w[i - 1] : vf{};
    out[i] = taps == 4 ? here : select(moved != 0, before, here);
  }
}
// Down, lanes outside of the patch weigh nothing.
template <int taps> static WEFT_INLINE void spreadDown(const CubicWeights& w, const Patch& patch, vf (&out)[taps]) {
  spread(w, patch.below, out);
  if (!patch.whole)
    for (vf& weight : out) weight = select(patch.inside, weight, vf{});
}

// What the row below will read first: rows of several planes are too many streams for the processor to foresee.
static WEFT_INLINE void prefetchRow(const real* samples) {
  __builtin_prefetch(samples);
  __builtin_prefetch(samples + LANES);
}

template <int taps> static WEFT_INLINE vf weighted(const vf (&w)[taps], const real* samples) {
  vf v = w[0] * load(samples);
  for (int i = 1; i < taps; i++) v += w[i] * load(samples + i);
  return v;
}

// Samples of several planes of one size at the same place.
template <int planes>
static WEFT_INLINE void sampleCubic(const Plane* const (&from)[planes], const SamplePlace& place, vf (&out)[planes]) {
  const CubicWeights wx = cubicWeights(place.fx), wy = cubicWeights(place.fy);
  for (vf& v : out) v = vf{};
  forEachPatch(*from[0], place, [&](auto columns, auto rows, const Patch& patch) {
    vf x[decltype(columns)::value], y[decltype(rows)::value];
    spread(wx, patch.right, x);
    spreadDown(wy, patch, y);
    for (int p = 0; p < planes; p++) {
      const real* row = from[p]->origin + patch.start;
      for (int r = 0; r < decltype(rows)::value; r++, row += from[p]->stride) out[p] += y[r] * weighted(x, row);
      prefetchRow(row + from[p]->stride);
    }
  });
}

static WEFT_INLINE vf sigmoid(vf v) { return 1 / (1 + exp2Of(v * real(-1.4426950408889634))); }

// Displacements (px), light and blend weights of one row of luma, or of chroma; readable PAST_END past the width.
class MotionRows {
 public:
  static constexpr int PAST_END = 2 * 16 + CELL;
  explicit MotionRows(int width) : rows_(width + PAST_END, MOTION_COMPONENTS) {
    for (int c = 0; c < MOTION_COMPONENTS; c++) d[c] = rows_.row(c);
  }
  real* d[MOTION_COMPONENTS];  // by component; beta as the weight of reference 0
  bool light = false;          // the light changes
  bool holds(int component) const { return light || component != LIGHT; }

 private:
  PlaneBuffer rows_;
};

static_assert(PAST_SPLINE <= MotionRows::PAST_END, "splineRow ends in a row of motion");
static_assert(pastEnd(CELL) + LANES <= MotionRows::PAST_END, "behind the last whole cell a vector is padded");
static_assert(PAST_DOUBLED <= MotionRows::PAST_END, "chroma reads pairs of vectors");

// Repeats the last value, so that the last vector of a row is as smooth as the others.
static inline void padRow(real* row, int width) {
  for (int x = width; x < width + LANES; x++) row[x] = row[width - 1];
}

// grids: the light's without origin if it does not change.
static inline void motionRows(const Plane grids[MOTION_COMPONENTS], int components, int width, int y, MotionRows& rows) {
  const int written = (width + CELL - 1) / CELL * CELL;
  rows.light = grids[LIGHT].origin;
  for (int c = 0; c < components; c++) {
    if (!rows.holds(c)) continue;
    splineRow(grids[c], y, width, rows.d[c]);
    padRow(rows.d[c], written);
  }
  if (components == MOTION_COMPONENTS)
    for (int x = 0; x < width; x += LANES) store(rows.d[BETA] + x, sigmoid(load(rows.d[BETA] + x)));
}

// What a chroma sample takes from each of the four luma pixels that it stands for: a quarter of light and weights, an eighth of
// displacements, which are twice as long in luma pixels.
constexpr real chromaShare(int component) { return component == LIGHT || component == BETA ? real(0.25) : real(0.125); }

// Halves two luma rows to chroma (4:2:0); displacements are halved in length too.
static inline void chromaMotionRows(const MotionRows& a, const MotionRows& b, int components, int width, int chromaWidth,
                                    MotionRows& out) {
  out.light = a.light;
  for (int c = 0; c < components; c++) {
    if (!a.holds(c)) continue;
    const real scale = chromaShare(c);
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

// Of the planes that predictRow works on at once: luma alone, or both of chroma.
template <int planes> constexpr real blackOf = BLACK[planes == 1 ? 0 : 1];

// One row of the prediction of `planes` planes that share their displacements, from one or two references each.
template <int planes>
static inline void predictRow(const Plane references[planes][2], int count, const MotionRows& m, int y, const Plane* out) {
  const Plane *first[planes], *second[planes];
  for (int p = 0; p < planes; p++) {
    first[p] = &references[p][0];
    second[p] = &references[p][1];
  }
  for (int x = 0; x < out[0].w; x += LANES) {
    vf v[planes], other[planes];
    sampleCubic(first, samplePlace(*first[0], x, y, load(m.d[displacement(0, 0)] + x), load(m.d[displacement(0, 1)] + x)), v);
    if (count == 2) {
      sampleCubic(second, samplePlace(*second[0], x, y, load(m.d[displacement(1, 0)] + x), load(m.d[displacement(1, 1)] + x)), other);
      const vf weight = load(m.d[BETA] + x);
      for (int p = 0; p < planes; p++) v[p] = other[p] + weight * (v[p] - other[p]);
    }
    if (m.light) {
      const vf light = load(m.d[LIGHT] + x);
      for (int p = 0; p < planes; p++) v[p] += light * (v[p] - blackOf<planes>);
    }
    for (int p = 0; p < planes; p++) store(out[p].row(y) + x, v[p]);
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
