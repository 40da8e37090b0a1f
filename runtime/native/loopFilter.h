// The filter of a baked plane (FORMAT.md, "Filter"): every sample moves by clipped differences to its neighbours. Neighbours
// outside of the plane do not count. What one of two neighbours gains, the other loses: each pair is worked out once.
#pragma once
#include <iterator>
#include <utility>
#include "plane.h"

namespace weft {
namespace WEFT_ISA {

constexpr int CLIP_COUNT = int(std::size(FILTER_CLIPS)), FILTER_WEIGHTS = FILTER_RINGS * CLIP_COUNT, FILTER_REACH = 2;
constexpr int FILTER_PAIR_COUNT = FILTER_RINGS * int(std::size(FILTER_NEIGHBOURS[0])) / 2;

static_assert(FILTER_REACH <= MARGIN_X && pastEnd(LANES) + FILTER_REACH <= MARGIN_RIGHT, "neighbours outside are memory; they do not count");

// From the upper sample to the lower one, or from left to right.
struct FilterPair {
  int dx, dy, ring;
};
struct FilterPairs {
  FilterPair at[FILTER_PAIR_COUNT];
  constexpr FilterPairs() : at{} {
    int count = 0;
    for (int ring = 0; ring < FILTER_RINGS; ring++)
      for (const auto& [dx, dy] : FILTER_NEIGHBOURS[ring])
        if (dy > 0 || (dy == 0 && dx > 0)) at[count++] = {dx, dy, ring};
  }
};
constexpr FilterPairs FILTER_PAIRS;

// Calls body(i) for every pair, i a constant.
template <class Body, size_t... pairs> static WEFT_INLINE void forFilterPairs(const Body& body, std::index_sequence<pairs...>) {
  (body(std::integral_constant<int, int(pairs)>()), ...);
}
template <class Body> static WEFT_INLINE void forFilterPairs(const Body& body) { forFilterPairs(body, std::make_index_sequence<FILTER_PAIR_COUNT>()); }

// All lanes that are inside with their neighbour.
static WEFT_INLINE vi insideOf(int x, int width) {
  const vi at = iota() + intr(x);
  return (at >= 0) & (at < width);
}

// Rows of what the first of two samples gains from the other, by pair, for as long as a lower one needs them.
class FilterExchange {
 public:
  explicit FilterExchange(int width) : rows_(width + LANES, ROWS) {}

  // Rows y0 .. y1 - 1 of planes of one size. between.of<i, counted, edge>(x, y, inside): what the samples from x of row y gain from their
  // partners in pair i, nothing where these are not inside (if edge); counted: not again for the rows below alone. start(x, y): what the
  // samples begin with; use(x, y, samples): what they come to.
  template <class Between, class Start, class Use> void run(const Plane& size, int y0, int y1, const Between& between, const Start& start, const Use& use) {
    for (int y = y0 - FILTER_REACH; y < y0; y++) {
      if (y >= 0) gains<false>(size, y, between, start);
      else clearLower(y);
    }
    for (int y = y0; y < y1; y++) {
      gains<true>(size, y, between, start);
      for (int x = 0; x < size.w; x += LANES) {
        vf v = load(rows_.row(KEPT) + x);
        forFilterPairs([&](auto i) WEFT_INLINE_BODY {
          constexpr FilterPair n = FILTER_PAIRS.at[i];
          v -= load(row(i, y - n.dy) + x - n.dx);
        });
        use(x, y, v);
      }
    }
  }

 private:
  // A row for every pair and row that it reaches down to, and one for what the samples have so far.
  static constexpr int SLOTS = FILTER_REACH + 1, KEPT = FILTER_PAIR_COUNT * SLOTS, ROWS = KEPT + 1;
  real* row(int pair, int y) const { return rows_.row(pair * SLOTS + (y + SLOTS) % SLOTS); }

  void clearLower(int y) {
    forFilterPairs([&](auto i) WEFT_INLINE_BODY { std::memset(row(i, y) - FILTER_REACH, 0, size_t(rows_.w + FILTER_REACH) * sizeof(real)); });
  }

  // counted: not only for the rows below.
  template <bool counted, class Between, class Start> void gains(const Plane& size, int y, const Between& between, const Start& start) {
    real* rows[FILTER_PAIR_COUNT];
    for (int i = 0; i < FILTER_PAIR_COUNT; i++) rows[i] = row(i, y);
    const auto vectors = [&](int from, int to, auto edge) WEFT_INLINE_BODY {
      for (int x = from; x < to; x += LANES) {
        vf kept = counted ? start(x, y) : vf{};
        forFilterPairs([&](auto i) WEFT_INLINE_BODY {
          constexpr FilterPair n = FILTER_PAIRS.at[i];
          if (!counted && n.dy == 0) return;
          if (edge.value && y + n.dy >= size.h) return;
          const vi inside = edge.value ? insideOf(x, size.w) & insideOf(x + n.dx, size.w) : vi{};
          const vf gain = between.template of<i, counted, edge.value>(x, y, inside);
          kept += gain;
          store(rows[i] + x, gain);
        });
        if (counted) store(rows_.row(KEPT) + x, kept);
      }
    };
    const int end = int(roundedUp(size_t(size.w), LANES));
    const int whole = y + FILTER_REACH < size.h ? std::max(LANES, (size.w - FILTER_REACH) / LANES * LANES) : LANES;
    vectors(0, LANES, std::true_type());
    vectors(LANES, whole, std::false_type());
    vectors(whole, end, std::true_type());
    // Partners on the left read one vector further.
    for (real* r : rows) store(r + end, vf{});
  }

  PlaneBuffer rows_;
};

// Weights of a plane's filter, in all lanes.
struct FilterTaps {
  explicit FilterTaps(const real* weights) {
    for (int i = 0; i < FILTER_WEIGHTS; i++) w[i] = splat(weights[i]);
  }
  vf w[FILTER_WEIGHTS];
};
static WEFT_INLINE vf clipOf(int clip) { return splat(real(FILTER_CLIPS[clip])); }

// See FilterExchange::run.
struct FilterGain {
  const Plane& plane;
  const FilterTaps taps;
  template <int i, bool counted, bool edge> WEFT_INLINE vf of(int x, int y, vi inside) const {
    constexpr FilterPair n = FILTER_PAIRS.at[i];
    const vf d = load(plane.row(y + n.dy) + x + n.dx) - load(plane.row(y) + x), size = absolute(d);
    vf gain{};
    for (int c = 0; c < CLIP_COUNT; c++) gain += taps.w[n.ring * CLIP_COUNT + c] * minimum(size, clipOf(c));
    gain = flipped(gain, d);
    return edge ? select(inside, gain, vf{}) : gain;
  }
};

// Rows y0 .. y1 - 1 of the filtered plane.
static inline void filterBand(const Plane& plane, int y0, int y1, const real* weights, FilterExchange& exchange, const Plane& out) {
  exchange.run(
      plane, y0, y1, FilterGain{plane, FilterTaps(weights)}, [&](int x, int y) { return load(plane.row(y) + x); },
      [&](int x, int y, vf v) { store(out.row(y) + x, v); });
}

}  // namespace WEFT_ISA
}  // namespace weft
