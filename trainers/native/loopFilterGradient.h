// Gradient of the filter of a plane.
#pragma once
#include "loopFilter.h"

namespace weft {
namespace WEFT_ISA {

// Sums of the gradient by the weights, by lane.
struct FilterAccumulator {
  vf weights[FILTER_WEIGHTS] = {};
  void addTo(real* gradient) const {
    for (int i = 0; i < FILTER_WEIGHTS; i++) gradient[i] += sum(weights[i]);
  }
};

// See FilterExchange::run. A pair of samples moves both by the same slope, so their gradients are exchanged as the samples are.
struct FilterGradientGain {
  const Plane &plane, &g;
  const FilterTaps taps;
  vf* sums;
  template <int i, bool counted, bool edge> WEFT_INLINE vf of(int x, int y, vi inside) const {
    constexpr FilterPair n = FILTER_PAIRS.at[i];
    const vf d = load(plane.row(y + n.dy) + x + n.dx) - load(plane.row(y) + x), size = absolute(d);
    const vf change = load(g.row(y + n.dy) + x + n.dx) - load(g.row(y) + x), e = edge ? select(inside, change, vf{}) : change;
    const vf byClip = flipped(e, d);
    vf gain{};
    for (int c = 0; c < CLIP_COUNT; c++) {
      const int k = n.ring * CLIP_COUNT + c;
      if (counted) sums[k] -= byClip * minimum(size, clipOf(c));
      gain += taps.w[k] * select(size < clipOf(c), e, vf{});
    }
    return gain;
  }
};

// gOut: gradient by the filtered plane, zero right of it. Writes rows y0 .. y1 - 1 of the gradient by the unfiltered one.
static inline void filterBandAdjoint(const Plane& plane, const Plane& gOut, int y0, int y1, const real* weights, FilterExchange& exchange, const Plane& out,
                                     FilterAccumulator& acc) {
  FilterAccumulator sums = acc;
  exchange.run(
      plane, y0, y1, FilterGradientGain{plane, gOut, FilterTaps(weights), sums.weights}, [&](int x, int y) { return load(gOut.row(y) + x); },
      [&](int x, int y, vf v) { store(out.row(y) + x, select(insideOf(x, plane.w), v, vf{})); });
  acc = sums;
}

}  // namespace WEFT_ISA
}  // namespace weft
