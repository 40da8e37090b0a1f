// Prediction of a node from its references: every cell of the motion grid predicts what is around it, and a sample is the bilinear
// mean of the predictions of the four cells whose centres lie around it (FORMAT.md, "Motion").
#pragma once
#include <algorithm>
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

// Weights of the taps around a place.
typedef real TapWeights __attribute__((vector_size(CUBIC_TAPS * sizeof(real))));
// A polynomial of the distance behind the sample on the place's left, for every tap.
struct TapPolynomial {
  TapWeights c[4];
  WEFT_INLINE TapWeights at(real f) const { return c[0] + f * (c[1] + f * (c[2] + f * c[3])); }
};
constexpr real SHARP = real(CUBIC_SHARPNESS);
constexpr TapPolynomial TAP_WEIGHTS = {{{0, 1, 0, 0}, {SHARP, 0, -SHARP, 0}, {-2 * SHARP, -(SHARP + 3), 2 * SHARP + 3, SHARP}, {SHARP, SHARP + 2, -(SHARP + 2), -SHARP}}};

// A displacement of a cell's samples: by whole samples, and the taps for the rest.
struct CellTaps {
  int column, row;
  real fx, fy;
  TapWeights x, y;

  // Whole samples up to where all that is read lies in the margins, however large the picture.
  static CellTaps of(real dx, real dy) {
    CellTaps t;
    t.column = whole(dx, t.fx);
    t.row = whole(dy, t.fy);
    t.x = TAP_WEIGHTS.at(t.fx);
    t.y = TAP_WEIGHTS.at(t.fy);
    return t;
  }

 private:
  static int whole(real d, real& fraction) {
    constexpr real limit = 4 * MAX_SIDE_PX;
    d = !(d > -limit) ? -limit : d < limit ? d : limit;  // what is no number, too
    int at = int(d);
    at -= real(at) > d;
    fraction = d - real(at);
    return at;
  }
};

// What a cell predicts with.
struct CellMotion {
  real d[2][2];    // displacements towards its references in luma pixels, by reference and axis
  real weight[2];  // of the references: 1 and nothing of a single one
  real light;
  CellTaps taps[2], halfTaps[2];  // by reference, in planes of full and half size
  bool operator==(const CellMotion& o) const {
    return std::memcmp(d, o.d, sizeof d) == 0 && weight[0] == o.weight[0] && light == o.light;
  }
  template <int side> const CellTaps& tapsOf(int reference) const { return side == CELL ? taps[reference] : halfTaps[reference]; }
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

  // grids: the light's without origin if it does not change. follows: the row of quads above was loaded before, of the same grids.
  void load(const Plane grids[MOTION_COMPONENTS], int references, int quad, bool follows) {
    if (follows) std::swap(cells_[0], cells_[1]);
    else loadCells(grids, references, quad - 1, cells_[0]);
    loadCells(grids, references, quad, cells_[1]);
    light = grids[LIGHT].origin;
  }
  const CellMotion& cell(int quad, int right, int below) const { return cells_[below][quad + right]; }
  bool light = false;  // changes

 private:
  static void loadCells(const Plane grids[MOTION_COMPONENTS], int references, int y, std::vector<CellMotion>& cells) {
    const int w = grids[0].w;
    for (int x = 0; x < w; x++) loadCell(grids, references, x, clampIndex(y, grids[0].h), cells[x + 1]);
    cells[0] = cells[1];
    cells[w + 1] = cells[w];
  }
  static void loadCell(const Plane grids[MOTION_COMPONENTS], int references, int x, int y, CellMotion& m) {
    for (int r = 0; r < 2; r++) {
      for (int axis = 0; axis < 2; axis++) m.d[r][axis] = r < references ? grids[displacement(r, axis)].row(y)[x] : 0;
      if (r >= references) continue;
      m.taps[r] = CellTaps::of(m.d[r][0], m.d[r][1]);
      m.halfTaps[r] = CellTaps::of(m.d[r][0] / 2, m.d[r][1] / 2);
    }
    m.weight[0] = references > 1 ? sigmoid(splat(grids[BETA].row(y)[x]))[0] : 1;
    m.weight[1] = 1 - m.weight[0];
    m.light = grids[LIGHT].origin ? grids[LIGHT].row(y)[x] : 0;
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

// The weights of a part's cells: across, and by row.
template <int side, int planes> static WEFT_INLINE Span<side, planes> weightAcross(const QuadPart& part) {
  return part.across[0] && part.across[1] ? 1 - Span<side, planes>{} : quadWeights<side, planes>(part.across[1]);
}
template <int side> struct RowWeights {
  real w[3][side];  // of the cells above, of those below, of both together
  constexpr RowWeights() : w{} {
    for (int i = 0; i < side; i++) {
      w[0][i] = 1 - QUAD_WEIGHTS<side>.w[i];
      w[1][i] = QUAD_WEIGHTS<side>.w[i];
      w[2][i] = 1;
    }
  }
};
template <int side> constexpr RowWeights<side> ROW_WEIGHTS;
template <int side> static WEFT_INLINE const real* weightsDown(const QuadPart& part) {
  return ROW_WEIGHTS<side>.w[part.down[0] && part.down[1] ? 2 : part.down[1]];
}

// Where the samples of a quad are read when all are displaced alike: row and column of the first tap of its first sample. Places far
// outside are moved to where all taps read the border.
template <int side> struct DisplacedQuad {
  int column, row;
  DisplacedQuad(const Plane& p, int x0, int y0, const CellTaps& by) : column(place(x0 + by.column, p.w)), row(place(y0 + by.row, p.h)) {}

 private:
  static constexpr int OUTSIDE = side + CUBIC_TAPS;
  static int place(int at, int length) { return std::min(std::max(at - CUBIC_BEFORE, -OUTSIDE), length + side); }
};
static_assert(CELL / 2 <= MARGIN_X && CELL - 1 <= EXTENDED_RIGHT, "quads at the edges are written into the margins, which are renewed behind them");
static_assert(CELL + CUBIC_TAPS <= MARGIN_X, "columns that are read repeat the border");
static_assert(2 * CELL + CUBIC_TAPS <= EXTENDED_RIGHT, "columns behind the last one, too");

// Calls use(row, value) for all rows of a displaced quad. Every row that is read adds to the four that it is a tap of.
template <int side, int planes, class Use>
static WEFT_INLINE void sampleQuad(const Plane* const (&from)[planes], const DisplacedQuad<side>& at, const CellTaps& taps, const Use& use) {
  constexpr int before = CUBIC_TAPS - 1;
  static_assert(before == 3, "three rows are begun");
  Span<side, planes> first{}, second{}, third{};
#pragma GCC unroll 16
  for (int r = 0; r < side + before; r++) {
    const SpanRows<side, planes> rows(from, clampIndex(at.row + r, from[0]->h), at.column);
    const auto across = (taps.x[0] * rows.load(0) + taps.x[1] * rows.load(1)) + (taps.x[2] * rows.load(2) + taps.x[3] * rows.load(3));
    if (r >= before) use(r - before, first + taps.y[3] * across);
    first = second + taps.y[2] * across;
    second = third + taps.y[1] * across;
    third = taps.y[0] * across;
  }
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
  const ReferencePlanes<planes> from(references);
  const Plane* to[planes];
  for (int p = 0; p < planes; p++) to[p] = &out[p];
  const int top = quadRow * side - side / 2, r0 = y0 - top, r1 = y1 - top;
  for (int quad = 0, x0 = -side / 2; x0 < out[0].w; quad++, x0 += side) {
    const QuadParts parts = partsOf(quads, quad);
    alignas(CACHE_LINE) Vector sum[side] = {};
    for (int i = 0; i < parts.count; i++) {
      const QuadPart& part = parts.part[i];
      const CellMotion& cell = *part.cell;
      const Vector weight = weightAcross<side, planes>(part);
      const real* down = weightsDown<side>(part);
      for (int r = 0; r < count; r++) {
        const CellTaps& taps = cell.tapsOf<side>(r);
        const Vector share = cell.weight[r] * (1 + cell.light) * weight;
        sampleQuad<side, planes>(from.of[r], DisplacedQuad<side>(*from.of[r][0], x0, top, taps), taps,
                                 [&](int row, Vector value) WEFT_INLINE_BODY { sum[row] += down[row] * share * value; });
      }
      if (const real offset = cell.light * black; offset != 0)
        for (int row = 0; row < side; row++) sum[row] -= down[row] * offset * weight;
    }
    for (int row = r0; row < r1; row++) SpanRows<side, planes>(to, top + row, x0).store(0, sum[row]);
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
