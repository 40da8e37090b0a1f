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

// gOut: gradient by the filtered plane, zero right of it. Writes row y of the gradient by the unfiltered one. A pair of samples moves both by the
// same slope, so the adjoint reads neighbours as the filter does.
static inline void filterRowAdjoint(const Plane& plane, const Plane& gOut, int y, const real* weights, real* out, FilterAccumulator& acc) {
  const FilterRows rows(plane, y), g(gOut, y);
  overFilterVectors(rows, plane.w, [&](int x, auto edge) {
    const vf centre = load(rows[0] + x);
    const vf own = load(g[0] + x);
    vf sums[FILTER_WEIGHTS] = {}, moved = own;
    for (const FilterNeighbour& n : FILTER_NEIGHBOURHOOD.at) {
      if (edge.value && !rows[n.dy]) continue;
      const vf d = differenceTo<edge.value>(n, rows, centre, x, plane.w), size = absolute(d);
      vf slope{};
      for (int c = 0; c < CLIP_COUNT; c++) {
        const int i = n.ring * CLIP_COUNT + c;
        sums[i] += clipped(d, c);
        slope += select(size < real(FILTER_CLIPS[c]), splat(weights[i]), splat(0));
      }
      const vf change = slope * (load(g[n.dy] + x + n.dx) - own);
      moved += edge.value && n.dx ? select(insideOf(x + n.dx, plane.w), change, splat(0)) : change;
    }
    for (int i = 0; i < FILTER_WEIGHTS; i++) acc.weights[i] += own * sums[i];
    store(out + x, edge.value ? select(insideOf(x, plane.w), moved, splat(0)) : moved);
  });
}

}  // namespace WEFT_ISA
}  // namespace weft
