// Gradient of the prediction of a node by its references and by the motion of the cells.
#pragma once
#include <utility>
#include "overlappedPrediction.h"

namespace weft {
namespace WEFT_ISA {

// Sum over the lanes, by halves.
template <class Vector> static WEFT_INLINE real spanSum(Vector v) {
  constexpr int lanes = int(sizeof v / sizeof(real));
  if constexpr (lanes == 1) {
    return v[0];
  } else {
    typename SpanOf<lanes / 2>::type half[2];
    std::memcpy(half, &v, sizeof v);
    return spanSum(half[0] + half[1]);
  }
}

// Lanes of every plane moved to the right, around its end.
template <int width, int by, class Vector, size_t... lanes> static WEFT_INLINE Vector rotated(Vector v, std::index_sequence<lanes...>) {
  return __builtin_shufflevector(v, v, int(lanes / width * width + (lanes % width + width - by) % width)...);
}
template <int width, int planes, int by> static WEFT_INLINE Span<width, planes> rotated(Span<width, planes> v) {
  return rotated<width, by>(v, std::make_index_sequence<width * planes>());
}
// The first lanes of every plane.
constexpr int TAIL = CUBIC_TAPS;
template <int width, int planes, size_t... lanes> static WEFT_INLINE Span<TAIL, planes> tailOf(Span<width, planes> v, std::index_sequence<lanes...>) {
  if constexpr (width == TAIL) return v;
  else return __builtin_shufflevector(v, v, int(lanes / TAIL * width + lanes % TAIL)...);
}

// 1 in the lanes that stay in their span when they move that far to the right.
template <int width, int planes> struct Staying {
  alignas(CACHE_LINE) real w[CUBIC_TAPS][width * planes];
  constexpr Staying() : w{} {
    for (int by = 0; by < CUBIC_TAPS; by++)
      for (int i = 0; i < width * planes; i++) w[by][i] = i % width >= by;
  }
};
template <int width, int planes> constexpr Staying<width, planes> STAYING;

constexpr TapPolynomial TAP_SLOPES = {{TAP_WEIGHTS.c[1], 2 * TAP_WEIGHTS.c[2], 3 * TAP_WEIGHTS.c[3], {}}};

// Adjoint of the taps across: a span of gradients goes to a span from the first tap's place on, and to the few samples behind it.
template <int width, int planes> struct SpreadTaps {
  Span<width, planes> first[CUBIC_TAPS], second[CUBIC_TAPS];
  SpreadTaps(TapWeights taps, real share) {
    taps *= share;
    for (int i = 0; i < CUBIC_TAPS; i++) {
      Span<width, planes> staying;
      std::memcpy(&staying, STAYING<width, planes>.w[i], sizeof staying);
      first[i] = taps[i] * staying;
      second[i] = taps[i] - first[i];
    }
  }
  WEFT_INLINE void add(Span<width, planes> v, const SpanRows<width, planes>& out) const {
    const Span<width, planes> one = rotated<width, planes, 1>(v), two = rotated<width, planes, 2>(v), three = rotated<width, planes, 3>(v);
    out.store(0, out.load(0) + (first[0] * v + first[1] * one) + (first[2] * two + first[3] * three));
    SpanRows<TAIL, planes> behind;
    for (int p = 0; p < planes; p++) behind.row[p] = out.row[p] + width;
    const Span<width, planes> rest = second[1] * one + (second[2] * two + second[3] * three);
    behind.store(0, behind.load(0) + tailOf<width, planes>(rest, std::make_index_sequence<TAIL * planes>()));
  }
};

// Sums over samples of their gradients times their value, and times the value's derivatives by the displacement; by lane.
template <class Vector> struct SampleDerivatives {
  Vector value{}, byX{}, byY{};
};

// Adjoint of sampleDisplaced. gradients: of all its rows. Adds `share` of them to what they were read from, if `back` has an origin.
template <int width, int height, int planes>
static WEFT_INLINE void displacedAdjoint(const Plane* const (&from)[planes], const Plane* const (&back)[planes], int column, int row, const CellTaps& taps,
                                         const Span<width, planes>* gradients, real share, SampleDerivatives<Span<width, planes>>& sums) {
  using Vector = Span<width, planes>;
  const TapWeights x = taps.x, y = taps.y, slopeX = TAP_SLOPES.at(taps.fx), slopeY = TAP_SLOPES.at(taps.fy);
  constexpr int rows = height + CUBIC_TAPS - 1;
  // What the taps down, and their slopes, spread to the rows that are read.
  alignas(CACHE_LINE) Vector spread[rows], slope[rows];
  Vector above[CUBIC_TAPS - 1] = {};
#pragma GCC unroll 16
  for (int r = 0; r < rows; r++) {
    const Vector own = r < height ? gradients[r] : Vector{};
    spread[r] = (y[0] * own + y[1] * above[0]) + (y[2] * above[1] + y[3] * above[2]);
    slope[r] = (slopeY[0] * own + slopeY[1] * above[0]) + (slopeY[2] * above[1] + slopeY[3] * above[2]);
    above[2] = above[1];
    above[1] = above[0];
    above[0] = own;
  }
  Vector byTap[CUBIC_TAPS] = {}, slopeByTap[CUBIC_TAPS] = {};
#pragma GCC unroll 1
  for (int r = 0; r < rows; r++) {
    const SpanRows<width, planes> in(from, clampIndex(row + r, from[0]->h), column);
    for (int i = 0; i < CUBIC_TAPS; i++) {
      const Vector sample = in.load(i);
      byTap[i] += spread[r] * sample;
      slopeByTap[i] += slope[r] * sample;
    }
  }
  if (back[0]->origin) {
    const SpreadTaps<width, planes> across(x, share);
#pragma GCC unroll 1
    for (int r = 0; r < rows; r++) across.add(spread[r], SpanRows<width, planes>(back, clampIndex(row + r, back[0]->h), column));
  }
  for (int i = 0; i < CUBIC_TAPS; i++) {
    sums.value += x[i] * byTap[i];
    sums.byX += slopeX[i] * byTap[i];
    sums.byY += x[i] * slopeByTap[i];
  }
}

// Adjoint of predictRows: g is the gradient by the rows y0 .. y1 - 1 of the predicted planes. Adds to the gradients by the references
// (where their origin is set) and by the grids (the light's without origin if it does not change).
template <int side, int planes>
static inline void predictRowsAdjoint(const Plane (*references)[2], const Plane (*gReferences)[2], int count, const CellBand& cells, int band, int y0, int y1,
                                      real black, const Plane* g, const Plane grids[MOTION_COMPONENTS]) {
  using Vector = PieceSpan<side, planes>;
  constexpr int piece = PIECE<side, planes>, pieces = PIECES<side, planes>;
  constexpr real scale = real(side) / CELL;
  const ReferencePlanes<planes> from(references), back(gReferences);
  const Plane* to[planes];
  for (int p = 0; p < planes; p++) to[p] = &g[p];
  const int top = band * side - side / 2, r0 = y0 - top, r1 = y1 - top, width = g[0].w;
  for (int x = 0; x < cells.across(); x++) {
    const int x0 = x * side - side / 2;
    alignas(CACHE_LINE) real inside[WINDOW<side>];
    const real* across = WEIGHTS_ACROSS<side>.of(x, cells.across());
    for (int i = 0; i < WINDOW<side>; i++) inside[i] = x0 + i < 0 || x0 + i >= width ? 0 : across[i];
    alignas(CACHE_LINE) Vector received[pieces][side] = {}, weighted[pieces][side];
    for (int r = r0; r < r1; r++)
      for (int k = 0; k < pieces; k++) received[k][r] = repeated<piece, planes>(inside + k * piece) * SpanRows<piece, planes>(to, top + r, x0).load(k * piece);
    for (int below = 0; below < 2; below++) {
      const CellMotion& cell = cells.cell(x, below);
      for (int k = 0; k < pieces; k++)
        for (int r = 0; r < side; r++) weighted[k][r] = WEIGHTS_DOWN<side>.w[below][r] * received[k][r];
      const int cy = clampIndex(band - 1 + below, grids[0].h);
      const auto addTo = [&](int component, Vector v) { grids[component].row(cy)[x] += spanSum(v); };
      Vector value[2] = {};
      for (int n = 0; n < count; n++) {
        const CellTaps& taps = cell.tapsOf<side>(n);
        const DisplacedWindow<WINDOW<side>, side> at(*from.of[n][0], x0, top, taps);
        const real share = cell.weight[n] * (1 + cell.light);
        if (below) {
          prefetchBelow<side, planes>(from.of[n], at.column, at.row);
          if (back.of[n][0]->origin) prefetchBelow<side, planes>(back.of[n], at.column, at.row);
        }
        SampleDerivatives<Vector> sums;
        for (int k = 0; k < pieces; k++)
          displacedAdjoint<piece, side>(from.of[n], back.of[n], at.column + k * piece, at.row, taps, weighted[k], share, sums);
        value[n] = sums.value;
        addTo(displacement(n, 0), scale * share * sums.byX);
        addTo(displacement(n, 1), scale * share * sums.byY);
      }
      const real first = cell.weight[0], second = cell.weight[1];
      if (count == 2) addTo(BETA, (1 + cell.light) * first * second * (value[0] - value[1]));
      if (!cells.light) continue;
      Vector lit = first * value[0] + second * value[1];
      for (int k = 0; k < pieces && black != 0; k++)
        for (int r = r0; r < r1; r++) lit -= black * weighted[k][r];
      addTo(LIGHT, lit);
    }
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
