// The motion grid, and reading planes at any place (FORMAT.md, "Motion").
#pragma once
#include "pyramid.h"

namespace weft {
namespace WEFT_ISA {

// A cell of the motion grid is so many pixels wide and high.
constexpr int CELL = MOTION_GRID_PX;
// Place of a displacement among the components of a motion field.
constexpr int displacement(int reference, int axis) { return COMPONENTS_PER_REFERENCE * reference + axis; }

struct CubicWeights {
  vf w[4];
};
// Cubic convolution (Keys, 1981).
static WEFT_INLINE CubicWeights cubicWeights(vf f) {
  constexpr real a = real(CUBIC_SHARPNESS);
  const vf f2 = f * f, f3 = f2 * f;
  return {{-2 * a * f2 + a * (f + f3), 1 - (a + 3) * f2 + (a + 2) * f3, -a * f + (2 * a + 3) * f2 - (a + 2) * f3, a * (f2 - f3)}};
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

}  // namespace WEFT_ISA
}  // namespace weft
