// Prediction of a node from its references: every cell of the motion grid predicts what is around it, and a sample is the bilinear
// mean of the predictions of the four cells whose centres lie around it (FORMAT.md, "Motion").
#pragma once
#include <cmath>
#include <vector>
#include "motion.h"

namespace weft {
namespace WEFT_ISA {

// Samples between the centres of two cells, side by side, of one plane or of both of chroma.
template <int lanes> struct SpanOf {
  typedef real type __attribute__((vector_size(lanes * sizeof(real))));
};
template <int side, int planes = 1> using Span = typename SpanOf<side * planes>::type;

// Rows of planes of one size, from some column on.
template <int side, int planes> struct SpanRows {
  real* row[planes];
  SpanRows(const Plane* const (&p)[planes], int y, int x) {
    for (int i = 0; i < planes; i++) row[i] = p[i]->row(y) + x;
  }
  SpanRows() = default;
  WEFT_INLINE Span<side, planes> load(int x) const {
    if constexpr (planes == 1) {
      Span<side> v;
      std::memcpy(&v, row[0] + x, sizeof v);
      return v;
    } else {
      Span<side> a, b;
      std::memcpy(&a, row[0] + x, sizeof a);
      std::memcpy(&b, row[1] + x, sizeof b);
      static_assert(side == 4 && planes == 2, "pairs are of chroma");
      return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
    }
  }
  WEFT_INLINE void store(int x, Span<side, planes> v) const {
    for (int i = 0; i < planes; i++) std::memcpy(row[i] + x, reinterpret_cast<const real*>(&v) + i * side, side * sizeof(real));
  }
};

static WEFT_INLINE vf sigmoid(vf v) { return 1 / (1 + exp2Of(v * real(-1.4426950408889634))); }

// What a cell predicts with: displacements towards its references in luma pixels, their weights, and the light.
struct CellMotion {
  real d[2][2];    // by reference and axis
  real weight[2];  // 1 and nothing of a single reference
  real light;
  bool operator==(const CellMotion& o) const {
    return d[0][0] == o.d[0][0] && d[0][1] == o.d[0][1] && d[1][0] == o.d[1][0] && d[1][1] == o.d[1][1] && weight[0] == o.weight[0] && light == o.light;
  }
};

// The quads between the centres of two rows of cells; those at the edges lie between a cell and itself.
class QuadRow {
 public:
  explicit QuadRow(int width) {
    for (auto& row : cells_) row.resize(size_t(width + CELL - 1) / CELL + 2);
  }
  // The row of quads that a luma row lies in, and the first luma row of the next one.
  static int of(int y) { return (y + CELL / 2) / CELL; }
  static int end(int y) { return of(y) * CELL + CELL / 2; }

  // grids: the light's without origin if it does not change.
  void load(const Plane grids[MOTION_COMPONENTS], int references, int quad) {
    const int w = grids[0].w, h = grids[0].h;
    for (int below = 0; below < 2; below++)
      for (int x = -1; x <= w; x++) cells_[below][x + 1] = cellOf(grids, references, clampIndex(x, w), clampIndex(quad - 1 + below, h));
    light = grids[LIGHT].origin;
  }
  const CellMotion& cell(int quad, int right, int below) const { return cells_[below][quad + right]; }
  bool light = false;  // changes

 private:
  static CellMotion cellOf(const Plane grids[MOTION_COMPONENTS], int references, int x, int y) {
    CellMotion m{};
    for (int r = 0; r < references; r++)
      for (int axis = 0; axis < 2; axis++) m.d[r][axis] = grids[displacement(r, axis)].row(y)[x];
    m.weight[0] = references > 1 ? sigmoid(splat(grids[BETA].row(y)[x]))[0] : 1;
    m.weight[1] = 1 - m.weight[0];
    m.light = grids[LIGHT].origin ? grids[LIGHT].row(y)[x] : 0;
    return m;
  }
  std::vector<CellMotion> cells_[2];
};

// Weight of the cell behind the samples between two centres; once for each plane.
template <int side, int planes = 1> struct QuadWeights {
  alignas(CACHE_LINE) real w[side * planes];
  constexpr QuadWeights() : w{} {
    for (int i = 0; i < side * planes; i++) w[i] = (real(i % side) + real(0.5)) / side;
  }
};
template <int side, int planes = 1> constexpr QuadWeights<side, planes> QUAD_WEIGHTS;
// Of the cells before (0) or behind (1).
template <int side, int planes> static WEFT_INLINE Span<side, planes> quadWeights(int behind) {
  Span<side, planes> v;
  std::memcpy(&v, QUAD_WEIGHTS<side, planes>.w, sizeof v);
  return behind ? v : 1 - v;
}

// Cells of a quad that predict alike, as those of a part of the picture that stands still do: they are sampled once.
struct QuadPart {
  const CellMotion* cell;
  bool across[2], down[2];  // which columns and rows of cells
};
struct QuadParts {
  QuadPart part[4];
  int count;
};
static inline QuadParts partsOf(const QuadRow& row, int quad) {
  const CellMotion* c[2][2];
  for (int below = 0; below < 2; below++)
    for (int right = 0; right < 2; right++) c[below][right] = &row.cell(quad, right, below);
  const bool across = *c[0][0] == *c[0][1] && *c[1][0] == *c[1][1], down = *c[0][0] == *c[1][0] && *c[0][1] == *c[1][1];
  QuadParts parts{};
  for (int below = 0; below < (down ? 1 : 2); below++)
    for (int right = 0; right < (across ? 1 : 2); right++)
      parts.part[parts.count++] = {c[below][right], {!right, right || across}, {!below, below || down}};
  return parts;
}

// The weights of a part's cells: across, and in a row.
template <int side, int planes> static WEFT_INLINE Span<side, planes> weightAcross(const QuadPart& part) {
  return part.across[0] && part.across[1] ? 1 - Span<side, planes>{} : quadWeights<side, planes>(part.across[1]);
}
template <int side> static WEFT_INLINE real weightDown(const QuadPart& part, int row) {
  if (part.down[0] && part.down[1]) return 1;
  return part.down[1] ? QUAD_WEIGHTS<side>.w[row] : 1 - QUAD_WEIGHTS<side>.w[row];
}

// Weights of the taps around a place, or their slopes; f: distance behind the sample on its left.
struct TapWeights {
  real w[CUBIC_TAPS];
};
static WEFT_INLINE TapWeights tapWeights(real f) {
  constexpr real a = real(CUBIC_SHARPNESS);
  const real g = 1 - f;
  const auto near = [](real s) { return 1 + s * s * (-(a + 3) + (a + 2) * s); };
  return {{a * f * g * g, near(f), near(g), a * f * f * g}};
}
static WEFT_INLINE TapWeights tapSlopes(real f) {
  constexpr real a = real(CUBIC_SHARPNESS);
  const real g = 1 - f;
  const auto near = [](real s) { return s * (-2 * (a + 3) + 3 * (a + 2) * s); };
  return {{a * g * (g - 2 * f), near(f), -near(g), a * f * (2 * g - f)}};
}

// Where the samples of a quad are read when all are displaced alike. Places far outside are moved to where all taps read the border.
template <int side> struct DisplacedQuad {
  int column, row;  // of the first tap of the first sample of row 0 of the quad
  real fx, fy;
  DisplacedQuad(const Plane& p, int x0, int y0, real dx, real dy) {
    column = place(dx, x0, p.w, fx);
    row = place(dy, y0, p.h, fy);
  }

 private:
  static constexpr int OUTSIDE = side + CUBIC_TAPS;
  static int place(real d, int first, int length, real& fraction) {
    const real limit = 4 * MAX_SIDE_PX;
    d = std::fmin(std::fmax(d, -limit), limit);
    const real whole = std::floor(d);
    fraction = d - whole;
    const int at = first + int(whole) - CUBIC_BEFORE;
    return at < -OUTSIDE ? -OUTSIDE : at > length + side ? length + side : at;
  }
};
static_assert(CELL / 2 <= MARGIN_X && CELL - 1 <= EXTENDED_RIGHT, "quads at the edges are written into the margins, which are renewed behind them");
static_assert(CELL + CUBIC_TAPS <= MARGIN_X, "columns that are read repeat the border");
static_assert(2 * CELL + CUBIC_TAPS <= EXTENDED_RIGHT, "columns behind the last one, too");

template <int side, int planes> static WEFT_INLINE Span<side, planes> tapsAcross(const TapWeights& t, const SpanRows<side, planes>& rows) {
  Span<side, planes> v = t.w[0] * rows.load(0);
  for (int i = 1; i < CUBIC_TAPS; i++) v += t.w[i] * rows.load(i);
  return v;
}
template <class Vector> static WEFT_INLINE Vector tapsDown(const TapWeights& t, const Vector* rows) {
  Vector v = t.w[0] * rows[0];
  for (int i = 1; i < CUBIC_TAPS; i++) v += t.w[i] * rows[i];
  return v;
}

// Calls use(row, value) for rows r0 .. r1 - 1 of a displaced quad.
template <int side, int planes, class Use>
static WEFT_INLINE void sampleQuad(const Plane* const (&from)[planes], const DisplacedQuad<side>& at, int r0, int r1, const Use& use) {
  const TapWeights x = tapWeights(at.fx), y = tapWeights(at.fy);
  Span<side, planes> across[side + CUBIC_TAPS - 1];
  for (int r = r0; r < r1 + CUBIC_TAPS - 1; r++) across[r] = tapsAcross(x, SpanRows<side, planes>(from, clampIndex(at.row + r, from[0]->h), at.column));
  for (int r = r0; r < r1; r++) use(r, tapsDown(y, across + r));
}

// Planes of one size of both references, or of their gradients.
template <int planes> struct ReferencePlanes {
  const Plane* of[2][planes];
  ReferencePlanes(const Plane (*first)[2]) {
    for (int r = 0; r < 2; r++)
      for (int p = 0; p < planes; p++) of[r][p] = &first[p][r];
  }
};

// Rows y0 .. y1 - 1 of planes of one size, all between the same rows of centres. side: samples between two centres.
template <int side, int planes>
static inline void predictRows(const Plane (*references)[2], int count, const QuadRow& quads, int quadRow, int y0, int y1, real black, const Plane* out) {
  using Vector = Span<side, planes>;
  constexpr real scale = real(side) / CELL;
  const ReferencePlanes<planes> from(references);
  const Plane* to[planes];
  for (int p = 0; p < planes; p++) to[p] = &out[p];
  const int top = quadRow * side - side / 2, r0 = y0 - top, r1 = y1 - top;
  for (int quad = 0, x0 = -side / 2; x0 < out[0].w; quad++, x0 += side) {
    const QuadParts parts = partsOf(quads, quad);
    Vector sum[side];
    for (int i = 0; i < parts.count; i++) {
      const QuadPart& part = parts.part[i];
      const CellMotion& cell = *part.cell;
      const Vector weight = weightAcross<side, planes>(part);
      Vector of[side];
      for (int r = 0; r < count; r++) {
        const DisplacedQuad<side> at(*from.of[r][0], x0, top, scale * cell.d[r][0], scale * cell.d[r][1]);
        const real share = cell.weight[r] * (1 + cell.light);
        sampleQuad<side, planes>(from.of[r], at, r0, r1, [&](int row, Vector value) {
          if (r == 0) of[row] = share * value;
          else of[row] += share * value;
        });
      }
      const real offset = cell.light * black;
      for (int row = r0; row < r1; row++) {
        const Vector v = weight * (weightDown<side>(part, row) * (of[row] - offset));
        sum[row] = i == 0 ? v : sum[row] + v;
      }
    }
    for (int row = r0; row < r1; row++) SpanRows<side, planes>(to, top + row, x0).store(0, sum[row]);
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
