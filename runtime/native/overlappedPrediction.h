// Prediction of a node from its references: every cell of the motion grid predicts what is around it, and a sample is the bilinear
// mean of the predictions of the four cells whose centres lie around it (FORMAT.md, "Motion").
#pragma once
#include <algorithm>
#include <utility>
#include <vector>
#include "motion.h"

namespace weft {
namespace WEFT_ISA {

// Samples side by side, of one plane or of both of chroma.
template <int lanes> struct SpanOf {
  typedef real type __attribute__((vector_size(lanes * sizeof(real))));
};
template <int width, int planes = 1> using Span = typename SpanOf<width * planes>::type;

// Rows of planes of one size, from some column on.
template <int width, int planes> struct SpanRows {
  real* row[planes];
  SpanRows(const Plane* const (&p)[planes], int y, int x) {
    for (int i = 0; i < planes; i++) row[i] = p[i]->row(y) + x;
  }
  SpanRows() = default;
  WEFT_INLINE Span<width, planes> load(int x) const {
    if constexpr (planes == 1) {
      Span<width> v;
      std::memcpy(&v, row[0] + x, sizeof v);
      return v;
    } else {
      Span<width> a, b;
      std::memcpy(&a, row[0] + x, sizeof a);
      std::memcpy(&b, row[1] + x, sizeof b);
      return joined(a, b, std::make_index_sequence<2 * width>());
    }
  }
  WEFT_INLINE void store(int x, Span<width, planes> v) const {
    for (int i = 0; i < planes; i++) std::memcpy(row[i] + x, reinterpret_cast<const real*>(&v) + i * width, width * sizeof(real));
  }

 private:
  template <size_t... lanes> static WEFT_INLINE Span<width, planes> joined(Span<width> a, Span<width> b, std::index_sequence<lanes...>) {
    static_assert(planes == 2, "pairs");
    return __builtin_shufflevector(a, b, int(lanes)...);
  }
};

// The same samples for every plane.
template <int width, int planes> static WEFT_INLINE Span<width, planes> repeated(const real* values) {
  Span<width, planes> v;
  for (int p = 0; p < planes; p++) std::memcpy(reinterpret_cast<real*>(&v) + p * width, values, width * sizeof(real));
  return v;
}

static WEFT_INLINE vf sigmoid(vf v) { return 1 / (1 + exp2Of(v * -LOG2E)); }

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
  real weight[2];  // of the references: 1 and nothing of a single one
  real light;
  CellTaps taps[2], halfTaps[2];  // by reference, in planes of full and half size
  template <int side> const CellTaps& tapsOf(int reference) const { return side == CELL ? taps[reference] : halfTaps[reference]; }
};

// Two rows of cells: between the rows of their centres lies a band of samples that both predict. Above the first centres and below the
// last ones both are the same row.
class CellBand {
 public:
  explicit CellBand(int width) {
    for (auto& row : cells_) row.resize(size_t(width + CELL - 1) / CELL);
  }
  // The band that a luma row lies in, and the first luma row of the next one.
  static int of(int y) { return (y + CELL / 2) / CELL; }
  static int end(int y) { return of(y) * CELL + CELL / 2; }

  // grids: the light's without origin if it does not change. follows: the band above was loaded before, of the same grids.
  void load(const Plane grids[MOTION_COMPONENTS], int references, int band, bool follows) {
    if (follows) std::swap(cells_[0], cells_[1]);
    else loadCells(grids, references, band - 1, cells_[0]);
    loadCells(grids, references, band, cells_[1]);
    light = grids[LIGHT].origin;
  }
  int across() const { return int(cells_[0].size()); }
  const CellMotion& cell(int x, int below) const { return cells_[below][x]; }
  bool light = false;  // changes

 private:
  static void loadCells(const Plane grids[MOTION_COMPONENTS], int references, int y, std::vector<CellMotion>& cells) {
    for (size_t x = 0; x < cells.size(); x++) loadCell(grids, references, int(x), clampIndex(y, grids[0].h), cells[x]);
  }
  static void loadCell(const Plane grids[MOTION_COMPONENTS], int references, int x, int y, CellMotion& m) {
    for (int r = 0; r < references; r++) {
      const real dx = grids[displacement(r, 0)].row(y)[x], dy = grids[displacement(r, 1)].row(y)[x];
      m.taps[r] = CellTaps::of(dx, dy);
      m.halfTaps[r] = CellTaps::of(dx / 2, dy / 2);
    }
    m.weight[0] = references > 1 ? sigmoid(splat(grids[BETA].row(y)[x]))[0] : 1;
    m.weight[1] = 1 - m.weight[0];
    m.light = grids[LIGHT].origin ? grids[LIGHT].row(y)[x] : 0;
  }
  std::vector<CellMotion> cells_[2];
};

// What a cell predicts in a band: `side` samples before its centre and as many behind it. side: samples between two centres.
template <int side> constexpr int WINDOW = 2 * side;

// Weights of a cell across its window; before the first centre and behind the last one a cell is alone.
template <int side> struct WeightsAcross {
  alignas(CACHE_LINE) real w[2][2][WINDOW<side>];  // by: first cell, last cell
  constexpr WeightsAcross() : w{} {
    for (int first = 0; first < 2; first++)
      for (int last = 0; last < 2; last++)
        for (int i = 0; i < side; i++) {
          const real rising = (real(i) + real(0.5)) / side;
          w[first][last][i] = first ? 1 : rising;
          w[first][last][side + i] = last ? 1 : 1 - rising;
        }
  }
  const real* of(int x, int cells) const { return w[x == 0][x == cells - 1]; }
};
template <int side> constexpr WeightsAcross<side> WEIGHTS_ACROSS;
// Of the cells above (0) and below (1), by row of the band.
template <int side> struct WeightsDown {
  real w[2][side];
  constexpr WeightsDown() : w{} {
    for (int i = 0; i < side; i++) {
      w[1][i] = (real(i) + real(0.5)) / side;
      w[0][i] = 1 - w[1][i];
    }
  }
};
template <int side> constexpr WeightsDown<side> WEIGHTS_DOWN;

// Where a window of samples is read that are all displaced alike: row and column of the first tap of its first sample. Places far
// outside are moved to where all taps read the border.
template <int width, int height> struct DisplacedWindow {
  int column, row;
  DisplacedWindow(const Plane& p, int x0, int y0, const CellTaps& by) : column(place<width>(x0 + by.column, p.w)), row(place<height>(y0 + by.row, p.h)) {}

 private:
  template <int size> static int place(int at, int length) { return std::min(std::max(at - CUBIC_BEFORE, -(size + CUBIC_TAPS)), length); }
};
static_assert(CELL / 2 <= MARGIN_X && WINDOW<CELL> <= EXTENDED_RIGHT, "windows at the edges are written into the margins, which are renewed behind them");
static_assert(WINDOW<CELL> + CUBIC_TAPS <= MARGIN_X && WINDOW<CELL> + CUBIC_TAPS <= EXTENDED_RIGHT, "columns that are read repeat the border");

// Calls use(row, value) for `height` rows of samples that are displaced alike, from a column and a row on. Every row that is read adds to
// the four that it is a tap of.
template <int width, int height, int planes, class Use>
static WEFT_INLINE void sampleDisplaced(const Plane* const (&from)[planes], int column, int row, const CellTaps& taps, const Use& use) {
  constexpr int before = CUBIC_TAPS - 1;
  static_assert(before == 3, "three rows are begun");
  const auto rowsAt = [&](int r) WEFT_INLINE_BODY { return SpanRows<width, planes>(from, clampIndex(row + r, from[0]->h), column); };
  if (taps.fx == 0 && taps.fy == 0) {  // what stands still: samples as they are
    for (int r = 0; r < height; r++) use(r, rowsAt(r + CUBIC_BEFORE).load(CUBIC_BEFORE));
    return;
  }
  Span<width, planes> first{}, second{}, third{};
#pragma GCC unroll 16
  for (int r = 0; r < height + before; r++) {
    const auto rows = rowsAt(r);
    const auto across = (taps.x[0] * rows.load(0) + taps.x[1] * rows.load(1)) + (taps.x[2] * rows.load(2) + taps.x[3] * rows.load(3));
    if (r >= before) use(r - before, first + taps.y[3] * across);
    first = second + taps.y[2] * across;
    second = third + taps.y[1] * across;
    third = taps.y[0] * across;
  }
}
// The samples of a cell.
template <class Use> static WEFT_INLINE void sampleCell(const Plane& from, int x, int y, const CellTaps& taps, const Use& use) {
  const DisplacedWindow<CELL, CELL> at(from, x * CELL, y * CELL, taps);
  const Plane* const planes[1] = {&from};
  sampleDisplaced<CELL, CELL>(planes, at.column, at.row, taps, use);
}

// Planes of one size of both references, or of their gradients.
template <int planes> struct ReferencePlanes {
  const Plane* of[2][planes];
  ReferencePlanes(const Plane (*first)[2]) {
    for (int r = 0; r < 2; r++)
      for (int p = 0; p < planes; p++) of[r][p] = &first[p][r];
  }
};

// A window is worked on in pieces of one vector.
template <int side, int planes> constexpr int PIECE = std::min(WINDOW<side>, std::max(LANES / planes, 4));
template <int side, int planes> constexpr int PIECES = WINDOW<side> / PIECE<side, planes>;
template <int side, int planes> using PieceSpan = Span<PIECE<side, planes>, planes>;
// As many planes of chroma as fill a vector.
constexpr int CHROMA_AT_ONCE = LANES < CELL ? 1 : 2;

// The rows that the band above did not read, some cells ahead: too many streams for the processor to foresee.
template <int side, int planes> static WEFT_INLINE void prefetchBelow(const Plane* const (&from)[planes], int column, int row) {
  constexpr int ahead = 64;
  for (int p = 0; p < planes; p++)
    for (int r = CUBIC_TAPS - 1; r < side + CUBIC_TAPS - 1; r++) __builtin_prefetch(from[p]->row(clampIndex(row + r, from[p]->h)) + column + ahead);
}

// Rows y0 .. y1 - 1 of planes of one size, all of one band.
template <int side, int planes>
static inline void predictRows(const Plane (*references)[2], int count, const CellBand& cells, int band, int y0, int y1, real black, const Plane* out) {
  using Vector = PieceSpan<side, planes>;
  constexpr int piece = PIECE<side, planes>, pieces = PIECES<side, planes>, part = std::min(piece, side);
  const ReferencePlanes<planes> from(references);
  const int top = band * side - side / 2, r0 = y0 - top, r1 = y1 - top;
  // The second half of a window is the first of the next one's.
  alignas(CACHE_LINE) real carried[planes][side][side] = {};
  const auto store = [&](int x0, const real* window) WEFT_INLINE_BODY {
    for (int p = 0; p < planes; p++)
      for (int r = r0; r < r1; r++)
        for (int i = 0; i < side; i += part) {
          Span<part> sum, more{};
          std::memcpy(&sum, &carried[p][r][i], sizeof sum);
          const auto at = [&](int x) { return window + ((x / piece * side + r) * planes + p) * piece + x % piece; };
          if (window) std::memcpy(&more, at(i), sizeof more);
          sum += more;
          std::memcpy(out[p].row(top + r) + x0 + i, &sum, sizeof sum);
          if (window) std::memcpy(&carried[p][r][i], at(side + i), sizeof sum);
        }
  };
  for (int x = 0; x < cells.across(); x++) {
    const int x0 = x * side - side / 2;
    alignas(CACHE_LINE) Vector sum[pieces][side] = {};
    for (int below = 0; below < 2; below++) {
      const CellMotion& cell = cells.cell(x, below);
      const real* down = WEIGHTS_DOWN<side>.w[below];
      for (int n = 0; n < count; n++) {
        const CellTaps& taps = cell.tapsOf<side>(n);
        const DisplacedWindow<WINDOW<side>, side> at(*from.of[n][0], x0, top, taps);
        const real share = cell.weight[n] * (1 + cell.light);
        if (below) prefetchBelow<side, planes>(from.of[n], at.column, at.row);
        for (int k = 0; k < pieces; k++)
          sampleDisplaced<piece, side>(from.of[n], at.column + k * piece, at.row, taps,
                                       [&](int row, Vector value) WEFT_INLINE_BODY { sum[k][row] += share * down[row] * value; });
      }
      if (const real offset = cell.light * black; offset != 0)
        for (int k = 0; k < pieces; k++)
          for (int row = 0; row < side; row++) sum[k][row] -= down[row] * offset;
    }
    const real* across = WEIGHTS_ACROSS<side>.of(x, cells.across());
    for (int k = 0; k < pieces; k++) {
      const Vector weight = repeated<piece, planes>(across + k * piece);
      for (int row = 0; row < side; row++) sum[k][row] *= weight;
    }
    store(x0, reinterpret_cast<const real*>(sum));
  }
  store(cells.across() * side - side / 2, nullptr);
}

}  // namespace WEFT_ISA
}  // namespace weft
