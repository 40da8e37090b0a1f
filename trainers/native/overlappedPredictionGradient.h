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
template <int side, int by, class Vector, size_t... lanes> static WEFT_INLINE Vector rotated(Vector v, std::index_sequence<lanes...>) {
  return __builtin_shufflevector(v, v, int(lanes / side * side + (lanes % side + side - by) % side)...);
}
template <int side, int planes, int by> static WEFT_INLINE Span<side, planes> rotated(Span<side, planes> v) {
  return rotated<side, by>(v, std::make_index_sequence<side * planes>());
}

// 1 in the lanes that stay in their span when they move that far to the right.
template <int side, int planes> struct Staying {
  alignas(CACHE_LINE) real w[CUBIC_TAPS][side * planes];
  constexpr Staying() : w{} {
    for (int by = 0; by < CUBIC_TAPS; by++)
      for (int i = 0; i < side * planes; i++) w[by][i] = i % side >= by;
  }
};
template <int side, int planes> constexpr Staying<side, planes> STAYING;

constexpr TapPolynomial TAP_SLOPES = {{TAP_WEIGHTS.c[1], 2 * TAP_WEIGHTS.c[2], 3 * TAP_WEIGHTS.c[3], {}}};

// Adjoint of the taps across: a span of gradients goes to two spans, from the first tap's place on.
template <int side, int planes> struct SpreadTaps {
  Span<side, planes> first[CUBIC_TAPS], second[CUBIC_TAPS];
  SpreadTaps(TapWeights taps, real share) {
    taps *= share;
    for (int i = 0; i < CUBIC_TAPS; i++) {
      Span<side, planes> staying;
      std::memcpy(&staying, STAYING<side, planes>.w[i], sizeof staying);
      first[i] = taps[i] * staying;
      second[i] = taps[i] - first[i];
    }
  }
  WEFT_INLINE void add(Span<side, planes> v, const SpanRows<side, planes>& out) const {
    const Span<side, planes> one = rotated<side, planes, 1>(v), two = rotated<side, planes, 2>(v), three = rotated<side, planes, 3>(v);
    out.store(0, out.load(0) + (first[0] * v + first[1] * one) + (first[2] * two + first[3] * three));
    out.store(side, out.load(side) + second[1] * one + (second[2] * two + second[3] * three));
  }
};

// Sums over a quad of its gradients times its value, and times the value's derivatives by the displacement; by lane.
template <class Vector> struct QuadDerivatives {
  Vector value, byX, byY;
};

// gradients: of all rows of the quad. Adds `share` of them to what they were read from, if `back` has an origin.
template <int side, int planes>
static WEFT_INLINE QuadDerivatives<Span<side, planes>> quadAdjoint(const Plane* const (&from)[planes], const Plane* const (&back)[planes], const DisplacedQuad<side>& at,
                                                                   const CellTaps& taps, const Span<side, planes>* gradients, real share) {
  using Vector = Span<side, planes>;
  const TapWeights x = taps.x, y = taps.y, slopeX = TAP_SLOPES.at(taps.fx), slopeY = TAP_SLOPES.at(taps.fy);
  constexpr int rows = side + CUBIC_TAPS - 1;
  // What the taps down, and their slopes, spread to the rows that are read.
  alignas(CACHE_LINE) Vector spread[rows], slope[rows];
  Vector above[CUBIC_TAPS - 1] = {};
#pragma GCC unroll 16
  for (int r = 0; r < rows; r++) {
    const Vector own = r < side ? gradients[r] : Vector{};
    spread[r] = (y[0] * own + y[1] * above[0]) + (y[2] * above[1] + y[3] * above[2]);
    slope[r] = (slopeY[0] * own + slopeY[1] * above[0]) + (slopeY[2] * above[1] + slopeY[3] * above[2]);
    above[2] = above[1];
    above[1] = above[0];
    above[0] = own;
  }
  Vector byTap[CUBIC_TAPS] = {}, slopeByTap[CUBIC_TAPS] = {};
#pragma GCC unroll 1
  for (int r = 0; r < rows; r++) {
    const SpanRows<side, planes> in(from, clampIndex(at.row + r, from[0]->h), at.column);
    for (int i = 0; i < CUBIC_TAPS; i++) {
      const Vector sample = in.load(i);
      byTap[i] += spread[r] * sample;
      slopeByTap[i] += slope[r] * sample;
    }
  }
  if (back[0]->origin) {
    const SpreadTaps<side, planes> across(x, share);
#pragma GCC unroll 1
    for (int r = 0; r < rows; r++) across.add(spread[r], SpanRows<side, planes>(back, clampIndex(at.row + r, back[0]->h), at.column));
  }
  QuadDerivatives<Vector> sums{};
  for (int i = 0; i < CUBIC_TAPS; i++) {
    sums.value += x[i] * byTap[i];
    sums.byX += slopeX[i] * byTap[i];
    sums.byY += x[i] * slopeByTap[i];
  }
  return sums;
}

// Adjoint of predictRows: g is the gradient by the rows y0 .. y1 - 1 of the predicted planes. Adds to the gradients by the references
// (where their origin is set) and by the grids (the light's without origin if it does not change).
template <int side, int planes>
static inline void predictRowsAdjoint(const Plane (*references)[2], const Plane (*gReferences)[2], int count, const QuadRow& quads, int quadRow, int y0, int y1,
                                      real black, const Plane* g, const Plane grids[MOTION_COMPONENTS]) {
  using Vector = Span<side, planes>;
  constexpr real scale = real(side) / CELL;
  const ReferencePlanes<planes> from(references), back(gReferences);
  const Plane* to[planes];
  for (int p = 0; p < planes; p++) to[p] = &g[p];
  const int top = quadRow * side - side / 2, r0 = y0 - top, r1 = y1 - top, width = g[0].w;
  const Vector sides[2] = {quadWeights<side, planes>(0), quadWeights<side, planes>(1)};
  for (int quad = 0, x0 = -side / 2; x0 < width; quad++, x0 += side) {
    alignas(CACHE_LINE) Vector received[side], weighted[side];
    if (r0 > 0 || r1 < side) std::fill(received, received + side, Vector{});
    for (int r = r0; r < r1; r++) {
      received[r] = SpanRows<side, planes>(to, top + r, x0).load(0);
      if (x0 >= 0 && x0 + side <= width) continue;
      for (int i = 0; i < side * planes; i++)
        if (x0 + i % side < 0 || x0 + i % side >= width) received[r][i] = 0;
    }
    for (int down = 0; down < 2; down++) {
      // Two cells side by side that predict alike are sampled once.
      const bool alike = quads.cell(quad, 0, down) == quads.cell(quad, 1, down);
      for (int right = 0; right < (alike ? 1 : 2); right++) {
        const CellMotion& cell = quads.cell(quad, right, down);
        for (int r = 0; r < side; r++) {
          weighted[r] = ROW_WEIGHTS<side>.w[down][r] * received[r];
          if (!alike) weighted[r] *= sides[right];
        }
        const int cy = clampIndex(quadRow - 1 + down, grids[0].h);
        // Adds the sum of a vector to a component of the cell's motion, or of both cells'.
        const auto addTo = [&](int component, Vector v) {
          if (!alike) grids[component].row(cy)[clampIndex(quad - 1 + right, grids[0].w)] += spanSum(v);
          for (int edge = 0; edge < 2 && alike; edge++) grids[component].row(cy)[clampIndex(quad - 1 + edge, grids[0].w)] += spanSum(sides[edge] * v);
        };
        Vector value[2] = {};
        for (int n = 0; n < count; n++) {
          const CellTaps& taps = cell.tapsOf<side>(n);
          const DisplacedQuad<side> at(*from.of[n][0], x0, top, taps);
          const real share = cell.weight[n] * (1 + cell.light);
          const auto sums = quadAdjoint<side, planes>(from.of[n], back.of[n], at, taps, weighted, share);
          value[n] = sums.value;
          addTo(displacement(n, 0), scale * share * sums.byX);
          addTo(displacement(n, 1), scale * share * sums.byY);
        }
        const real first = cell.weight[0], second = cell.weight[1];
        if (count == 2) addTo(BETA, (1 + cell.light) * first * second * (value[0] - value[1]));
        if (!quads.light) continue;
        Vector lit = first * value[0] + second * value[1];
        for (int r = r0; r < r1 && black != 0; r++) lit -= black * weighted[r];
        addTo(LIGHT, lit);
      }
    }
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
