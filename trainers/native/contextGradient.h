// The context network and the Laplace rate in floating point, with gradients: what FORMAT.md ("Context network")
// defines in integers, evaluated on a block of latents at once.
#pragma once
#include "latentBlocks.h"
#include "plane.h"
#include "shifts.h"

namespace weft {
namespace WEFT_ISA {

// Binary logarithms of the scales that the tables hold.
constexpr real MIN_LOG_SCALE = real(MIN_SCALE_INDEX) / EXPONENTS_PER_OCTAVE, MAX_LOG_SCALE = real(MAX_SCALE_INDEX) / EXPONENTS_PER_OCTAVE;
constexpr int VECTORS_PER_ROW = BLOCK_WIDTH / LANES, VECTORS_PER_BLOCK = VECTORS_PER_ROW * BLOCK_HEIGHT;
static_assert(BLOCK_WIDTH % LANES == 0, "a row of a block is whole vectors");
// Latents read, and their gradients are added to, two columns and rows away; of the last vector, and of shifted sums behind it.
constexpr int NEIGHBOUR_REACH = 2;
static_assert(NEIGHBOUR_REACH <= MARGIN_X && NEIGHBOUR_REACH <= MARGIN_Y, "neighbours before lie in the margin");
static_assert(LANES - 1 - NEIGHBOUR_REACH + SHIFTED_SUM_PAST <= MARGIN_RIGHT && pastEnd(LANES) + NEIGHBOUR_REACH <= MARGIN_RIGHT, "and behind");
constexpr real LN2 = real(0.69314718055994531);

// Weights of one context network; all point into the flat array of net weights (or of its gradient).
struct ContextWeights {
  real *w1, *b1, *w2, *linear, *bias, *depthBias;  // [8][12] [8] [2][8] [2][12] row of [2], row of [2] or null
};

// The planes that the contexts of one latent plane read; a missing one is a plane of zeros of the same size.
struct ContextPlanes {
  Plane own, parent, grandparent, companion1, companion2;
};

// Sums over lanes of what one block adds to the gradient of the weights.
struct ContextAccumulator {
  vf w1[HIDDEN_UNITS][CONTEXT_INPUTS], b1[HIDDEN_UNITS], w2[2][HIDDEN_UNITS], linear[2][CONTEXT_INPUTS], bias[2];
  void addTo(const ContextWeights& g) const {
    for (int k = 0; k < HIDDEN_UNITS; k++) {
      g.b1[k] += sum(b1[k]);
      for (int j = 0; j < CONTEXT_INPUTS; j++) g.w1[k * CONTEXT_INPUTS + j] += sum(w1[k][j]);
    }
    for (int m = 0; m < 2; m++) {
      for (int k = 0; k < HIDDEN_UNITS; k++) g.w2[m * HIDDEN_UNITS + k] += sum(w2[m][k]);
      for (int j = 0; j < CONTEXT_INPUTS; j++) g.linear[m * CONTEXT_INPUTS + j] += sum(linear[m][j]);
      const real b = sum(bias[m]);
      g.bias[m] += b;
      if (g.depthBias) g.depthBias[m] += b;
    }
  }
};

static WEFT_INLINE vf duplicateLanes(vf v) {  // 0 0 1 1 2 2 ...
#if WEFT_LANES == 16
  return __builtin_shufflevector(v, v, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
#elif WEFT_LANES == 8
  return __builtin_shufflevector(v, v, 0, 0, 1, 1, 2, 2, 3, 3);
#else
  return __builtin_shufflevector(v, v, 0, 0, 1, 1);
#endif
}
static WEFT_INLINE vf duplicateOuter(vf v) {  // read from one place to the left: 0 2 1 3 2 4 ...
#if WEFT_LANES == 16
  return __builtin_shufflevector(v, v, 0, 2, 1, 3, 2, 4, 3, 5, 4, 6, 5, 7, 6, 8, 7, 9);
#elif WEFT_LANES == 8
  return __builtin_shufflevector(v, v, 0, 2, 1, 3, 2, 4, 3, 5);
#else
  return __builtin_shufflevector(v, v, 0, 2, 1, 3);
#endif
}
static WEFT_INLINE vf quadruple(vf v) {  // 0 0 0 0 1 1 1 1 ...
#if WEFT_LANES == 16
  return __builtin_shufflevector(v, v, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
#elif WEFT_LANES == 8
  return __builtin_shufflevector(v, v, 0, 0, 0, 0, 1, 1, 1, 1);
#else
  return __builtin_shufflevector(v, v, 0, 0, 0, 0);
#endif
}

static WEFT_INLINE vf clippedQuarter(vf q) {
  return maximum(minimum(q, splat(SIGNED_LIMIT)), splat(-SIGNED_LIMIT)) * real(0.25);
}
static WEFT_INLINE vf insideClip(vf q) { return select(absolute(q) < SIGNED_LIMIT, splat(real(0.25)), splat(0)); }

// log2(1 + n) / 2 with n clipped to MAGNITUDE_LIMIT; `slope` is its derivative.
static WEFT_INLINE vf halfLog(vf n, vf& slope) {
  const vf one = n + 1;
  slope = select(n < MAGNITUDE_LIMIT, splat(real(0.5) * LOG2E) / one, splat(0));
  return log2Of(minimum(one, splat(MAGNITUDE_LIMIT + 1))) * real(0.5);
}

static WEFT_INLINE void addTo(real* p, vf v) { store(p, load(p) + v); }

static WEFT_INLINE vf toGrid(vf v, int steps) { return roundOf(v * real(steps)) / real(steps); }

struct LatentRate {
  vf nats, byValue, byLocation, byLogScale;
};

// Laplace code length of the unit interval around q, in nats, and its gradient; log2Scale is clipped to the table's range.
static WEFT_INLINE LatentRate laplaceRate(vf q, vf location, vf log2Scale) {
  const vi below = log2Scale < MIN_LOG_SCALE, above = log2Scale > MAX_LOG_SCALE;
  const vf s = maximum(minimum(log2Scale, splat(MAX_LOG_SCALE)), splat(MIN_LOG_SCALE));
  const vf r = exp2Of(-s);
  const vf difference = q - location, d = absolute(difference);
  const vf edge = exp2Of(-r * LOG2E), far = maximum(1 - edge, splat(real(1e-30)));
  const vf outerNats = (d - real(0.5)) * r - log2Of(far) * LN2 + LN2;
  const vf outerByR = (d - real(0.5)) - edge / far;
  const vf near = minimum(d, splat(real(0.5)));
  const vf e1 = exp2Of(-(near + real(0.5)) * r * LOG2E), e2 = exp2Of((near - real(0.5)) * r * LOG2E);
  const vf p = maximum(1 - real(0.5) * (e1 + e2), splat(real(1e-30)));
  const vf innerNats = -log2Of(p) * LN2;
  const vf innerByD = real(0.5) * r * (e2 - e1) / p;
  const vf innerByR = real(-0.5) * ((near + real(0.5)) * e1 + (real(0.5) - near) * e2) / p;
  const vi outer = d > real(0.5);
  const vf byD = select(outer, r, innerByD);
  const vf byR = select(outer, outerByR, innerByR);
  LatentRate rate;
  rate.nats = select(outer, outerNats, innerNats);
  rate.byValue = timesSign(byD, difference);
  rate.byLocation = -rate.byValue;
  // Outside the table's range only a gradient that leads back passes.
  const vf byLogScale = -byR * r * LN2;
  rate.byLogScale = select((below & (byLogScale > 0)) | (above & (byLogScale < 0)), splat(0), byLogScale);
  return rate;
}

// What the context of a vector of latents is made of.
struct Neighbourhood {
  vf west, north, northWest, northEast, farWest, farNorth, northFarWest, northFarEast, farNorthWest, farNorthEast;
  vf parent, parentBeside, parentBelow, grandparent;
  vf companion1[5], companion2[5];  // itself, west, east, north, south
  vf slopes[6];                     // of the logarithms
};

// Where a vector of latents reads: rows of its own plane and of those around it in the pyramid.
struct Place {
  int x, y, parentX, parentY, parentOuterY, grandparentX, grandparentY;
  Place(int column, int row)
      : x(column), y(row), parentX(column >> 1), parentY(row >> 1), parentOuterY((row >> 1) + (row & 1 ? 1 : -1)),
        grandparentX(column >> 2), grandparentY(row >> 2) {}
};

static WEFT_INLINE void loadCross(const Plane& p, const Place& at, vf out[5]) {
  const real* c = p.row(at.y) + at.x;
  out[0] = load(c);
  out[1] = load(c - 1);
  out[2] = load(c + 1);
  out[3] = load(c - p.stride);
  out[4] = load(c + p.stride);
}

static WEFT_INLINE vf crossSum(const vf c[5]) {
  return 2 * absolute(c[0]) + absolute(c[1]) + absolute(c[2]) + absolute(c[3]) + absolute(c[4]);
}

// Loads the neighbours and computes the twelve inputs of the network.
static WEFT_INLINE Neighbourhood loadContext(const ContextPlanes& q, const Place& at, vf inputs[CONTEXT_INPUTS]) {
  Neighbourhood n;
  const real *r0 = q.own.row(at.y) + at.x, *r1 = q.own.row(at.y - 1) + at.x, *r2 = q.own.row(at.y - 2) + at.x;
  n.west = load(r0 - 1);
  n.north = load(r1);
  n.northWest = load(r1 - 1);
  n.northEast = load(r1 + 1);
  n.farWest = load(r0 - 2);
  n.farNorth = load(r2);
  n.northFarWest = load(r1 - 2);
  n.northFarEast = load(r1 + 2);
  n.farNorthWest = load(r2 - 1);
  n.farNorthEast = load(r2 + 1);
  n.parent = duplicateLanes(load(q.parent.row(at.parentY) + at.parentX));
  n.parentBeside = duplicateOuter(load(q.parent.row(at.parentY) + at.parentX - 1));
  n.parentBelow = duplicateLanes(load(q.parent.row(at.parentOuterY) + at.parentX));
  n.grandparent = quadruple(load(q.grandparent.row(at.grandparentY) + at.grandparentX));
  loadCross(q.companion1, at, n.companion1);
  loadCross(q.companion2, at, n.companion2);
  const vf signedInputs[6] = {n.west, n.north, n.northWest, n.northEast, n.parent, n.companion1[0]};
  const vf sums[6] = {
      2 * absolute(n.west) + 2 * absolute(n.north) + absolute(n.northWest) + absolute(n.northEast),
      absolute(n.farWest) + absolute(n.farNorth) + absolute(n.northFarWest) + absolute(n.northFarEast) +
          absolute(n.farNorthWest) + absolute(n.farNorthEast),
      2 * absolute(n.parent) + absolute(n.parentBeside) + absolute(n.parentBelow),
      2 * absolute(n.grandparent),
      crossSum(n.companion1),
      crossSum(n.companion2)};
  for (int i = 0; i < 6; i++) {
    inputs[i] = clippedQuarter(signedInputs[i]);
    inputs[6 + i] = halfLog(sums[i], n.slopes[i]);
  }
  return n;
}

static WEFT_INLINE void addCross(const Plane& g, const Place& at, const vf c[5], vf bySum, vf bySigned) {
  if (!g.origin) return;
  real* p = g.row(at.y) + at.x;
  ShiftedSum row;
  row.add<0>(timesSign(bySum, c[1]));
  row.add<1>(bySigned + 2 * timesSign(bySum, c[0]));
  row.add<2>(timesSign(bySum, c[2]));
  row.addTo(p - 1);
  addTo(p - g.stride, timesSign(bySum, c[3]));
  addTo(p + g.stride, timesSign(bySum, c[4]));
}

// Lanes of the finer plane add up on those of the coarser one.
static WEFT_INLINE void addParents(const ContextPlanes& g, const Place& at, const Neighbourhood& n, vf byParent, vf bySum, vf byGrandparent) {
  if (g.parent.origin) {
    vf before, behind;
    deinterleave(timesSign(bySum, n.parentBeside), vf{}, before, behind);
    ShiftedSum row;
    row.add<0>(before);
    row.add<1>(pairSums(byParent + 2 * timesSign(bySum, n.parent)));
    row.add<2>(behind);
    row.addTo(g.parent.row(at.parentY) + at.parentX - 1);
    addTo(g.parent.row(at.parentOuterY) + at.parentX, pairSums(timesSign(bySum, n.parentBelow)));
  }
  if (g.grandparent.origin)
    addTo(g.grandparent.row(at.grandparentY) + at.grandparentX, pairSums(pairSums(2 * timesSign(byGrandparent, n.grandparent))));
}

// Adds the gradient by the latents and by the inputs to everything that they were computed from.
static WEFT_INLINE void addContext(const ContextPlanes& g, const Place& at, const Neighbourhood& n, vf byValue, const vf byInput[CONTEXT_INPUTS]) {
  vf bySum[6];
  for (int i = 0; i < 6; i++) bySum[i] = byInput[6 + i] * n.slopes[i];
  ShiftedSum own, above, wayAbove;
  own.add<0>(timesSign(bySum[1], n.farWest));
  own.add<1>(byInput[0] * insideClip(n.west) + 2 * timesSign(bySum[0], n.west));
  own.add<2>(byValue);
  own.addTo(g.own.row(at.y) + at.x - 2);
  above.add<0>(timesSign(bySum[1], n.northFarWest));
  above.add<1>(byInput[2] * insideClip(n.northWest) + timesSign(bySum[0], n.northWest));
  above.add<2>(byInput[1] * insideClip(n.north) + 2 * timesSign(bySum[0], n.north));
  above.add<3>(byInput[3] * insideClip(n.northEast) + timesSign(bySum[0], n.northEast));
  above.add<4>(timesSign(bySum[1], n.northFarEast));
  above.addTo(g.own.row(at.y - 1) + at.x - 2);
  wayAbove.add<0>(timesSign(bySum[1], n.farNorthWest));
  wayAbove.add<1>(timesSign(bySum[1], n.farNorth));
  wayAbove.add<2>(timesSign(bySum[1], n.farNorthEast));
  wayAbove.addTo(g.own.row(at.y - 2) + at.x - 1);
  addParents(g, at, n, byInput[4] * insideClip(n.parent), bySum[2], bySum[3]);
  addCross(g.companion1, at, n.companion1, bySum[4], byInput[5] * insideClip(n.companion1[0]));
  addCross(g.companion2, at, n.companion2, bySum[5], vf{});
}

// Output of the network for one vector. `integer`: on the grids of the integer network, as the file will have it.
struct ContextOutput {
  vf location, log2Scale, hidden[HIDDEN_UNITS];
};

template <bool integer> static WEFT_INLINE ContextOutput runContext(const ContextWeights& net, vf inputs[CONTEXT_INPUTS]) {
  if (integer)
    for (int j = 6; j < CONTEXT_INPUTS; j++) inputs[j] = toGrid(inputs[j], 16);
  ContextOutput out{splat(net.bias[0]), splat(net.bias[1]), {}};
  if (net.depthBias) {
    out.location += net.depthBias[0];
    out.log2Scale += net.depthBias[1];
  }
  for (int j = 0; j < CONTEXT_INPUTS; j++) {
    out.location += net.linear[j] * inputs[j];
    out.log2Scale += net.linear[CONTEXT_INPUTS + j] * inputs[j];
  }
  for (int k = 0; k < HIDDEN_UNITS; k++) {
    vf h = splat(net.b1[k]);
    for (int j = 0; j < CONTEXT_INPUTS; j++) h += net.w1[k * CONTEXT_INPUTS + j] * inputs[j];
    out.hidden[k] = maximum(integer ? floorOf(h * 16) * real(0.0625) : h, splat(0));
    out.location += net.w2[k] * out.hidden[k];
    out.log2Scale += net.w2[HIDDEN_UNITS + k] * out.hidden[k];
  }
  if (integer) {
    out.location = toGrid(out.location, 16);
    out.log2Scale = toGrid(out.log2Scale, 8);
  }
  return out;
}

// Inputs, hidden units and gradients of all vectors of a block, from which the gradient of the weights is summed at the end.
struct BlockRecord {
  vf inputs[CONTEXT_INPUTS][VECTORS_PER_BLOCK], hidden[HIDDEN_UNITS][VECTORS_PER_BLOCK];
  vf byHidden[HIDDEN_UNITS][VECTORS_PER_BLOCK], byOutput[2][VECTORS_PER_BLOCK];
  int count = 0;
};

// Takes the gradient by location and scale back to the inputs, and keeps what the weights need.
static WEFT_INLINE void backContext(const ContextWeights& net, const ContextOutput& out, const vf inputs[CONTEXT_INPUTS],
                                    vf byLocation, vf byLogScale, BlockRecord& record, vf byInput[CONTEXT_INPUTS]) {
  const int v = record.count++;
  record.byOutput[0][v] = byLocation;
  record.byOutput[1][v] = byLogScale;
  for (int k = 0; k < HIDDEN_UNITS; k++) {
    record.hidden[k][v] = out.hidden[k];
    record.byHidden[k][v] =
        select(out.hidden[k] > 0, net.w2[k] * byLocation + net.w2[HIDDEN_UNITS + k] * byLogScale, splat(0));
  }
  for (int j = 0; j < CONTEXT_INPUTS; j++) {
    record.inputs[j][v] = inputs[j];
    vf d = net.linear[j] * byLocation + net.linear[CONTEXT_INPUTS + j] * byLogScale;
    for (int k = 0; k < HIDDEN_UNITS; k++) d += net.w1[k * CONTEXT_INPUTS + j] * record.byHidden[k][v];
    byInput[j] = d;
  }
}

// Sums over the vectors of a block, two hidden units at a time so that the sums stay in registers.
static inline void addWeightGradients(const BlockRecord& r, ContextAccumulator& acc) {
  for (int k = 0; k < HIDDEN_UNITS; k += 2) {
    vf sums[2][CONTEXT_INPUTS] = {}, biases[2] = {};
    for (int v = 0; v < r.count; v++)
      for (int i = 0; i < 2; i++) {
        biases[i] += r.byHidden[k + i][v];
        for (int j = 0; j < CONTEXT_INPUTS; j++) sums[i][j] += r.byHidden[k + i][v] * r.inputs[j][v];
      }
    for (int i = 0; i < 2; i++) {
      acc.b1[k + i] += biases[i];
      for (int j = 0; j < CONTEXT_INPUTS; j++) acc.w1[k + i][j] += sums[i][j];
    }
  }
  for (int m = 0; m < 2; m++) {
    vf linear[CONTEXT_INPUTS] = {}, w2[HIDDEN_UNITS] = {}, bias{};
    for (int v = 0; v < r.count; v++) {
      const vf d = r.byOutput[m][v];
      bias += d;
      for (int j = 0; j < CONTEXT_INPUTS; j++) linear[j] += d * r.inputs[j][v];
      for (int k = 0; k < HIDDEN_UNITS; k++) w2[k] += d * r.hidden[k][v];
    }
    acc.bias[m] += bias;
    for (int j = 0; j < CONTEXT_INPUTS; j++) acc.linear[m][j] += linear[j];
    for (int k = 0; k < HIDDEN_UNITS; k++) acc.w2[m][k] += w2[k];
  }
}

// Each symbol of a table has at least one part in FREQUENCY_TOTAL.
static WEFT_INLINE vf withFloor(vf nats) {
  return -LN2 * log2Of(exp2Of(-LOG2E * nats) * real(double(FREQUENCY_TOTAL - LAPLACE_SYMBOLS) / FREQUENCY_TOTAL) + real(1.0 / FREQUENCY_TOTAL));
}

// Adds weight * d(nats)/d. to the gradients of one 16x8 block at (x0, y0); returns the block's nats.
// With `backward` false only the rate is computed, and as the file will have it.
template <bool backward>
static real contextBlock(const ContextPlanes& q, const ContextPlanes& g, const ContextWeights& net, ContextAccumulator& acc,
                         int x0, int y0, real weight) {
  BlockRecord record;
  vf total{};
  const int rows = q.own.h - y0 < BLOCK_HEIGHT ? q.own.h - y0 : BLOCK_HEIGHT;
  const vi lane = iota();
  for (int y = y0; y < y0 + rows; y++) {
    for (int x = x0; x < x0 + BLOCK_WIDTH && x < q.own.w; x += LANES) {
      const Place at(x, y);
      vf inputs[CONTEXT_INPUTS];
      const Neighbourhood n = loadContext(q, at, inputs);
      const ContextOutput out = runContext<!backward>(net, inputs);
      const LatentRate rate = laplaceRate(load(q.own.row(y) + x), out.location, out.log2Scale);
      const vf valid = select((lane + x) < q.own.w, splat(1), splat(0));
      total += (backward ? rate.nats : withFloor(rate.nats)) * valid;
      if constexpr (backward) {
        const vf factor = valid * weight;
        vf byInput[CONTEXT_INPUTS];
        backContext(net, out, inputs, rate.byLocation * factor, rate.byLogScale * factor, record, byInput);
        addContext(g, at, n, rate.byValue * factor, byInput);
      }
    }
  }
  if constexpr (backward) addWeightGradients(record, acc);
  return sum(total);
}

}  // namespace WEFT_ISA
}  // namespace weft
