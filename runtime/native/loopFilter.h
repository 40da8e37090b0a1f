// The filter of a baked plane (FORMAT.md, "Filter"): every sample moves by clipped differences to its neighbours. Neighbours
// outside of the plane do not count.
#pragma once
#include <iterator>
#include "plane.h"

namespace weft {
namespace WEFT_ISA {

constexpr int CLIP_COUNT = int(std::size(FILTER_CLIPS)), FILTER_WEIGHTS = FILTER_RINGS * CLIP_COUNT, FILTER_REACH = 2;

static_assert(FILTER_REACH <= MARGIN_X && pastEnd(LANES) + FILTER_REACH <= MARGIN_RIGHT, "neighbours outside are memory; they do not count");

struct FilterNeighbour {
  int dx, dy, ring;
};
// All neighbours, row by row.
struct FilterNeighbourhood {
  FilterNeighbour at[FILTER_RINGS * int(std::size(FILTER_NEIGHBOURS[0]))];
  constexpr FilterNeighbourhood() : at{} {
    int count = 0;
    for (int dy = -FILTER_REACH; dy <= FILTER_REACH; dy++)
      for (int dx = -FILTER_REACH; dx <= FILTER_REACH; dx++)
        for (int ring = 0; ring < FILTER_RINGS; ring++)
          for (const auto& neighbour : FILTER_NEIGHBOURS[ring])
            if (neighbour[0] == dx && neighbour[1] == dy) at[count++] = {dx, dy, ring};
  }
};
constexpr FilterNeighbourhood FILTER_NEIGHBOURHOOD;

// The rows around one row of a plane; null: outside.
struct FilterRows {
  FilterRows(const Plane& plane, int y) {
    for (int dy = -FILTER_REACH; dy <= FILTER_REACH; dy++) row[FILTER_REACH + dy] = y + dy >= 0 && y + dy < plane.h ? plane.row(y + dy) : nullptr;
  }
  WEFT_INLINE const real* operator[](int dy) const { return row[FILTER_REACH + dy]; }
  bool whole() const { return row[0] && row[2 * FILTER_REACH]; }
  const real* row[2 * FILTER_REACH + 1];
};

// All lanes that are inside with their neighbour.
static WEFT_INLINE vi insideOf(int x, int width) {
  const vi at = iota() + intr(x);
  return (at >= 0) & (at < width);
}

// Calls body(x, edge) for every vector of a row; `edge`: a neighbour of some lane may lie outside.
template <class Body> static WEFT_INLINE void overFilterVectors(const FilterRows& rows, int width, const Body& body) {
  for (int x = 0; x < width; x += LANES) {
    if (rows.whole() && x >= FILTER_REACH && x + LANES + FILTER_REACH <= width) body(x, std::false_type());
    else body(x, std::true_type());
  }
}

static WEFT_INLINE vf clipped(vf difference, int clip) {
  return minimum(maximum(difference, splat(-real(FILTER_CLIPS[clip]))), splat(real(FILTER_CLIPS[clip])));
}

// Difference to a neighbour; zero where that lies outside.
template <bool edge> static WEFT_INLINE vf differenceTo(const FilterNeighbour& n, const FilterRows& rows, vf centre, int x, int width) {
  if (edge && !rows[n.dy]) return splat(0);
  const vf d = load(rows[n.dy] + x + n.dx) - centre;
  return edge && n.dx ? select(insideOf(x + n.dx, width), d, splat(0)) : d;
}

// Row y of the filtered plane.
static inline void filterRow(const Plane& plane, int y, const real* weights, real* out) {
  const FilterRows rows(plane, y);
  overFilterVectors(rows, plane.w, [&](int x, auto edge) {
    const vf centre = load(rows[0] + x);
    vf sums[FILTER_WEIGHTS] = {};
    for (const FilterNeighbour& n : FILTER_NEIGHBOURHOOD.at) {
      const vf d = differenceTo<edge.value>(n, rows, centre, x, plane.w);
      for (int c = 0; c < CLIP_COUNT; c++) sums[n.ring * CLIP_COUNT + c] += clipped(d, c);
    }
    vf moved = centre;
    for (int i = 0; i < FILTER_WEIGHTS; i++) moved += weights[i] * sums[i];
    store(out + x, moved);
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
