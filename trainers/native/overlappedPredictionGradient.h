// Gradient of the prediction of a node by its references and by the motion of the cells.
#pragma once
#include "overlappedPrediction.h"

namespace weft {
namespace WEFT_ISA {

template <int side> static WEFT_INLINE real spanSum(Span<side> v) {
  real total = 0;
  for (int i = 0; i < side; i++) total += v[i];
  return total;
}

// Sums of the gradients by a quad's samples times its values and their derivatives by the place, for one row of cells.
template <int side> struct QuadSums {
  Span<side> value{}, byX{}, byY{};
};

// Adds what a quad's samples received to the samples that they were read from. A row is spread across when all of them are spread
// down, because a store that is read again at an overlapping place stalls.
template <int side> class QuadScatter {
 public:
  // received: rows r0 .. r1 - 1 of the quad.
  void add(const Plane& g, const DisplacedQuad<side>& at, const Span<side>* received, int r0, int r1) {
    const TapWeights x = tapWeights(at.fx), y = tapWeights(at.fy);
    for (int r = r0; r < r1 + CUBIC_TAPS - 1; r++) {
      Span<side> v{};
      for (int i = 0; i < CUBIC_TAPS; i++)
        if (r - i >= r0 && r - i < r1) v += y.w[i] * received[r - i];
      storeSpan<side>(rows_[r] + PADDING, v);
    }
    for (int r = r0; r < r1 + CUBIC_TAPS - 1; r++) {
      real* out = g.row(clampIndex(at.row + r, g.h)) + at.column;
      for (int first = 0; first < side + CUBIC_TAPS - 1; first += side) {
        Span<side> v = loadSpan<side>(out + first);
        for (int i = 0; i < CUBIC_TAPS; i++)
          if (first - i > -side && first - i < side) v += x.w[i] * loadSpan<side>(rows_[r] + PADDING + first - i);
        storeSpan<side>(out + first, v);
      }
    }
  }

 private:
  static constexpr int PADDING = 8;
  static_assert(CUBIC_TAPS - 1 <= PADDING, "zeros before and behind");
  alignas(CACHE_LINE) real rows_[side + CUBIC_TAPS - 1][side + 2 * PADDING] = {};
};

// Adjoint of predictRows: g is the gradient by the rows y0 .. y1 - 1 of the predicted plane. Adds to the gradients by the references
// (where their origin is set) and by the grids (the light's without origin if it does not change).
template <int side>
static inline void predictRowsAdjoint(const Plane references[2], const Plane gReferences[2], int count, const QuadRow& quads, int quadRow, int y0, int y1,
                                      real black, const Plane& g, QuadScatter<side>& scatter, const Plane grids[MOTION_COMPONENTS]) {
  constexpr real scale = real(side) / CELL;
  const int top = quadRow * side - side / 2, r0 = y0 - top, r1 = y1 - top;
  for (int quad = 0, x0 = -side / 2; x0 < g.w; quad++, x0 += side) {
    Span<side> received[side];
    for (int r = r0; r < r1; r++) {
      received[r] = loadSpan<side>(g.row(top + r) + x0);
      if (x0 >= 0 && x0 + side <= g.w) continue;
      for (int i = 0; i < side; i++)
        if (x0 + i < 0 || x0 + i >= g.w) received[r][i] = 0;
    }
    const QuadParts parts = partsOf(quads, quad);
    for (int k = 0; k < parts.count; k++) {
      const QuadPart& part = parts.part[k];
      const CellMotion& cell = *part.cell;
      const Span<side> across = weightAcross<side>(part);
      Span<side> weighted[side];
      for (int r = r0; r < r1; r++) weighted[r] = across * (weightDown<side>(part, r) * received[r]);
      const Span<side> behind = loadSpan<side>(QUAD_WEIGHTS<side>.w), sides[2] = {1 - behind, behind};
      real byValue[2][2][2] = {}, total[2][2] = {};  // by cell down, across, and reference
      for (int n = 0; n < count; n++) {
        const DisplacedQuad<side> at(references[n], x0, top, scale * cell.d[n][0], scale * cell.d[n][1]);
        const TapWeights x = tapWeights(at.fx), y = tapWeights(at.fy), slopeX = tapSlopes(at.fx), slopeY = tapSlopes(at.fy);
        Span<side> values[side + CUBIC_TAPS - 1], slopes[side + CUBIC_TAPS - 1];
        for (int r = r0; r < r1 + CUBIC_TAPS - 1; r++) {
          const real* row = references[n].row(clampIndex(at.row + r, references[n].h)) + at.column;
          values[r] = tapsAcross<side>(x, row);
          slopes[r] = tapsAcross<side>(slopeX, row);
        }
        QuadSums<side> sums[2];
        for (int r = r0; r < r1; r++) {
          const Span<side> v = received[r] * tapsDown<side>(y, values + r);
          const Span<side> dx = received[r] * tapsDown<side>(y, slopes + r);
          const Span<side> dy = received[r] * tapsDown<side>(slopeY, values + r);
          const real below = QUAD_WEIGHTS<side>.w[r];
          for (int down = 0; down < 2; down++) {
            if (!part.down[down]) continue;
            const real w = down ? below : 1 - below;
            sums[down].value += w * v;
            sums[down].byX += w * dx;
            sums[down].byY += w * dy;
          }
        }
        const real share = cell.weight[n] * (1 + cell.light);
        for (int down = 0; down < 2; down++)
          for (int right = 0; right < 2; right++) {
            if (!part.down[down] || !part.across[right]) continue;
            const int cx = clampIndex(quad - 1 + right, grids[0].w), cy = clampIndex(quadRow - 1 + down, grids[0].h);
            grids[displacement(n, 0)].row(cy)[cx] += scale * share * spanSum<side>(sides[right] * sums[down].byX);
            grids[displacement(n, 1)].row(cy)[cx] += scale * share * spanSum<side>(sides[right] * sums[down].byY);
            byValue[down][right][n] = spanSum<side>(sides[right] * sums[down].value);
          }
        if (!gReferences[n].origin) continue;
        Span<side> back[side];
        for (int r = r0; r < r1; r++) back[r] = share * weighted[r];
        scatter.add(gReferences[n], at, back, r0, r1);
      }
      if (black != 0 && quads.light)
        for (int down = 0; down < 2; down++)
          for (int right = 0; right < 2; right++)
            for (int r = r0; r < r1 && part.down[down] && part.across[right]; r++)
              total[down][right] += (down ? QUAD_WEIGHTS<side>.w[r] : 1 - QUAD_WEIGHTS<side>.w[r]) * spanSum<side>(sides[right] * received[r]);
      for (int down = 0; down < 2; down++)
        for (int right = 0; right < 2; right++) {
          if (!part.down[down] || !part.across[right]) continue;
          const int cx = clampIndex(quad - 1 + right, grids[0].w), cy = clampIndex(quadRow - 1 + down, grids[0].h);
          const real *v = byValue[down][right], first = cell.weight[0], second = cell.weight[1];
          if (count == 2) grids[BETA].row(cy)[cx] += (1 + cell.light) * first * second * (v[0] - v[1]);
          if (grids[LIGHT].origin) grids[LIGHT].row(cy)[cx] += first * v[0] + second * v[1] - black * total[down][right];
        }
    }
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
