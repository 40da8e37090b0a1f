// Gradient of the prediction of a node by its references and by the motion of the cells.
#pragma once
#include "overlappedPrediction.h"

namespace weft {
namespace WEFT_ISA {

template <class Vector> static WEFT_INLINE real spanSum(Vector v) {
  real total = 0;
  for (size_t i = 0; i < sizeof v / sizeof(real); i++) total += v[i];
  return total;
}

// Calls use(row and column within the quad, column and row on the grid) for the cells of a part.
template <class Use> static WEFT_INLINE void forEachCell(const QuadPart& part, int quad, int quadRow, const Plane& grid, const Use& use) {
  for (int down = 0; down < 2; down++)
    for (int right = 0; right < 2; right++)
      if (part.down[down] && part.across[right]) use(down, right, clampIndex(quad - 1 + right, grid.w), clampIndex(quadRow - 1 + down, grid.h));
}

// Adds what a quad's samples received to the samples that they were read from. A row is spread across when all of them are spread
// down, because a store that is read again at an overlapping place stalls.
template <int side, int planes> class QuadScatter {
 public:
  // received: rows r0 .. r1 - 1 of the quad.
  void add(const Plane* const (&g)[planes], const DisplacedQuad<side>& at, const Span<side, planes>* received, int r0, int r1) {
    const TapWeights x = tapWeights(at.fx), y = tapWeights(at.fy);
    for (int r = r0; r < r1 + CUBIC_TAPS - 1; r++) {
      Span<side, planes> v{};
      for (int i = 0; i < CUBIC_TAPS; i++)
        if (r - i >= r0 && r - i < r1) v += y.w[i] * received[r - i];
      spread(r).store(0, v);
    }
    for (int r = r0; r < r1 + CUBIC_TAPS - 1; r++) {
      const SpanRows<side, planes> out(g, clampIndex(at.row + r, g[0]->h), at.column), in = spread(r);
      for (int first = 0; first < side + CUBIC_TAPS - 1; first += side) {
        Span<side, planes> v = out.load(first);
        for (int i = 0; i < CUBIC_TAPS; i++)
          if (first - i > -side && first - i < side) v += x.w[i] * in.load(first - i);
        out.store(first, v);
      }
    }
  }

 private:
  // Zeros before and behind a row, as many as keep it aligned.
  static constexpr int PADDING = 8;
  static_assert(CUBIC_TAPS - 1 <= PADDING, "taps past the ends read zeros");
  SpanRows<side, planes> spread(int r) {
    SpanRows<side, planes> rows;
    for (int p = 0; p < planes; p++) rows.row[p] = rows_[r][p] + PADDING;
    return rows;
  }
  alignas(CACHE_LINE) real rows_[side + CUBIC_TAPS - 1][planes][side + 2 * PADDING] = {};
};

// Adjoint of predictRows: g is the gradient by the rows y0 .. y1 - 1 of the predicted planes. Adds to the gradients by the references
// (where their origin is set) and by the grids (the light's without origin if it does not change).
template <int side, int planes>
static inline void predictRowsAdjoint(const Plane (*references)[2], const Plane (*gReferences)[2], int count, const QuadRow& quads, int quadRow, int y0, int y1,
                                      real black, const Plane* g, QuadScatter<side, planes>& scatter, const Plane grids[MOTION_COMPONENTS]) {
  using Vector = Span<side, planes>;
  constexpr real scale = real(side) / CELL;
  const ReferencePlanes<planes> from(references), back(gReferences);
  const Plane* to[planes];
  for (int p = 0; p < planes; p++) to[p] = &g[p];
  const int top = quadRow * side - side / 2, r0 = y0 - top, r1 = y1 - top, width = g[0].w;
  const Vector sides[2] = {quadWeights<side, planes>(0), quadWeights<side, planes>(1)};
  for (int quad = 0, x0 = -side / 2; x0 < width; quad++, x0 += side) {
    Vector received[side];
    for (int r = r0; r < r1; r++) {
      received[r] = SpanRows<side, planes>(to, top + r, x0).load(0);
      if (x0 >= 0 && x0 + side <= width) continue;
      for (int i = 0; i < side * planes; i++)
        if (x0 + i % side < 0 || x0 + i % side >= width) received[r][i] = 0;
    }
    const QuadParts parts = partsOf(quads, quad);
    for (int k = 0; k < parts.count; k++) {
      const QuadPart& part = parts.part[k];
      const CellMotion& cell = *part.cell;
      const Vector across = weightAcross<side, planes>(part);
      real byValue[2][2][2] = {};  // by cell down, across, and reference
      for (int n = 0; n < count; n++) {
        const DisplacedQuad<side> at(*from.of[n][0], x0, top, scale * cell.d[n][0], scale * cell.d[n][1]);
        const TapWeights x = tapWeights(at.fx), y = tapWeights(at.fy), slopeX = tapSlopes(at.fx), slopeY = tapSlopes(at.fy);
        Vector values[side + CUBIC_TAPS - 1], slopes[side + CUBIC_TAPS - 1];
        for (int r = r0; r < r1 + CUBIC_TAPS - 1; r++) {
          const SpanRows<side, planes> rows(from.of[n], clampIndex(at.row + r, from.of[n][0]->h), at.column);
          values[r] = tapsAcross(x, rows);
          slopes[r] = tapsAcross(slopeX, rows);
        }
        Vector value[2]{}, byX[2]{}, byY[2]{};  // sums by row of cells
        for (int r = r0; r < r1; r++) {
          const Vector v = received[r] * tapsDown(y, values + r);
          const Vector dx = received[r] * tapsDown(y, slopes + r);
          const Vector dy = received[r] * tapsDown(slopeY, values + r);
          const real below = QUAD_WEIGHTS<side>.w[r];
          for (int down = 0; down < 2; down++) {
            if (!part.down[down]) continue;
            const real w = down ? below : 1 - below;
            value[down] += w * v;
            byX[down] += w * dx;
            byY[down] += w * dy;
          }
        }
        const real share = cell.weight[n] * (1 + cell.light);
        forEachCell(part, quad, quadRow, grids[0], [&](int down, int right, int cx, int cy) {
          grids[displacement(n, 0)].row(cy)[cx] += scale * share * spanSum(sides[right] * byX[down]);
          grids[displacement(n, 1)].row(cy)[cx] += scale * share * spanSum(sides[right] * byY[down]);
          byValue[down][right][n] = spanSum(sides[right] * value[down]);
        });
        if (!back.of[n][0]->origin) continue;
        Vector spreadRows[side];
        for (int r = r0; r < r1; r++) spreadRows[r] = across * (share * weightDown<side>(part, r) * received[r]);
        scatter.add(back.of[n], at, spreadRows, r0, r1);
      }
      forEachCell(part, quad, quadRow, grids[0], [&](int down, int right, int cx, int cy) {
        const real *v = byValue[down][right], first = cell.weight[0], second = cell.weight[1];
        if (count == 2) grids[BETA].row(cy)[cx] += (1 + cell.light) * first * second * (v[0] - v[1]);
        if (!quads.light) return;
        Vector total{};
        for (int r = r0; r < r1 && black != 0; r++) total += (down ? QUAD_WEIGHTS<side>.w[r] : 1 - QUAD_WEIGHTS<side>.w[r]) * received[r];
        grids[LIGHT].row(cy)[cx] += first * v[0] + second * v[1] - black * spanSum(sides[right] * total);
      });
    }
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
