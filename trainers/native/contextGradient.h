// The context network and the Laplace rate in floating point, with gradients: what FORMAT.md ("Context network")
// defines in integers, evaluated on a block of latents at once.
#pragma once
#include "plane.h"

namespace weft {
namespace WEFT_ISA {

constexpr int BLOCK_W = 16, BLOCK_H = 8, BLOCK_SIZE = BLOCK_W * BLOCK_H;
constexpr int CONTEXT_INPUTS = 12, CONTEXT_HIDDEN = 8;
constexpr int VECTORS_PER_ROW = BLOCK_W / LANES, VECTORS_PER_BLOCK = VECTORS_PER_ROW * BLOCK_H;
constexpr real LN2 = real(0.69314718055994531), LOG2E = real(1.4426950408889634);

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
  vf w1[CONTEXT_HIDDEN][CONTEXT_INPUTS], b1[CONTEXT_HIDDEN], w2[2][CONTEXT_HIDDEN], linear[2][CONTEXT_INPUTS], bias[2];
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
  return maximum(minimum(q, splat(15)), splat(-15)) * real(0.25);
}
static WEFT_INLINE vf insideClip(vf q) { return select(absolute(q) < 15, splat(real(0.25)), splat(0)); }

// log2(1 + n) / 2 with n clipped to 255; `slope` is its derivative.
static WEFT_INLINE vf halfLog(vf n, vf& slope) {
  const vf one = n + 1;
  slope = select(n < 255, splat(real(0.5) * LOG2E) / one, splat(0));
  return log2Of(minimum(one, splat(256))) * real(0.5);
}

static WEFT_INLINE void addTo(real* p, vf v) { store(p, load(p) + v); }

static WEFT_INLINE vf toGrid(vf v, int steps) { return roundOf(v * real(steps)) / real(steps); }

struct LatentRate {
  vf nats, byValue, byLocation, byLogScale;
};

// Laplace code length of the unit interval around q, in nats, and its gradient; log2Scale is clipped to the table's range.
static WEFT_INLINE LatentRate laplaceRate(vf q, vf location, vf log2Scale) {
  const vi below = log2Scale < -4, above = log2Scale > real(11.5);
  const vf s = maximum(minimum(log2Scale, splat(real(11.5))), splat(-4));
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
  const vf sign = signOf(difference);
  LatentRate rate;
  rate.nats = select(outer, outerNats, innerNats);
  rate.byValue = byD * sign;
  rate.byLocation = -rate.byValue;
  // Outside the table's range only a gradient that leads back passes.
  const vf byLogScale = -byR * r * LN2;
  rate.byLogScale = select((below & (byLogScale > 0)) | (above & (byLogScale < 0)), splat(0), byLogScale);
  return rate;
}

// Adds weight * d(nats)/d. to the gradients of one 16x8 block at (x0, y0); returns the block's nats.
// With `backward` false only the rate is computed, and as the file will have it: inputs, hidden units, location and scale on
// the grids of the integer network.
template <bool backward>
static real contextBlock(const ContextPlanes& q, const ContextPlanes& g, const ContextWeights& net, ContextAccumulator& acc,
                         int x0, int y0, real weight) {
  vf X[CONTEXT_INPUTS][VECTORS_PER_BLOCK], H[CONTEXT_HIDDEN][VECTORS_PER_BLOCK], DH[CONTEXT_HIDDEN][VECTORS_PER_BLOCK];
  vf DO[2][VECTORS_PER_BLOCK];
  vf total{};
  const int rows = q.own.h - y0 < BLOCK_H ? q.own.h - y0 : BLOCK_H;
  const vi lane = iota();
  int count = 0;
  for (int r = 0; r < rows; r++) {
    const int y = y0 + r, py = y >> 1, pyOuter = py + (y & 1 ? 1 : -1), gy = y >> 2;
    for (int x = x0; x < x0 + BLOCK_W && x < q.own.w; x += LANES, count++) {
      const int v = count, px = x >> 1, gx = x >> 2;
      const real *r0 = q.own.row(y) + x, *r1 = q.own.row(y - 1) + x, *r2 = q.own.row(y - 2) + x;
      const vf W = load(r0 - 1), N = load(r1), NW = load(r1 - 1), NE = load(r1 + 1), WW = load(r0 - 2), NN = load(r2);
      const vf NWW = load(r1 - 2), NEE = load(r1 + 2), NNW = load(r2 - 1), NNE = load(r2 + 1);
      const vf parentNear = load(q.parent.row(py) + px - 1);
      const vf P = duplicateLanes(load(q.parent.row(py) + px)), PX = duplicateOuter(parentNear);
      const vf PY = duplicateLanes(load(q.parent.row(pyOuter) + px));
      const vf G = quadruple(load(q.grandparent.row(gy) + gx));
      const real *c0 = q.companion1.row(y) + x, *d0 = q.companion2.row(y) + x;
      const int cs = q.companion1.stride, ds = q.companion2.stride;
      const vf C = load(c0), CW = load(c0 - 1), CE = load(c0 + 1), CN = load(c0 - cs), CS = load(c0 + cs);
      const vf D = load(d0), DW = load(d0 - 1), DE = load(d0 + 1), DN = load(d0 - ds), DS = load(d0 + ds);
      vf slope[6], x12[CONTEXT_INPUTS];
      x12[0] = clippedQuarter(W);
      x12[1] = clippedQuarter(N);
      x12[2] = clippedQuarter(NW);
      x12[3] = clippedQuarter(NE);
      x12[4] = clippedQuarter(P);
      x12[5] = clippedQuarter(C);
      x12[6] = halfLog(2 * absolute(W) + 2 * absolute(N) + absolute(NW) + absolute(NE), slope[0]);
      x12[7] = halfLog(absolute(WW) + absolute(NN) + absolute(NWW) + absolute(NEE) + absolute(NNW) + absolute(NNE), slope[1]);
      x12[8] = halfLog(2 * absolute(P) + absolute(PX) + absolute(PY), slope[2]);
      x12[9] = halfLog(2 * absolute(G), slope[3]);
      x12[10] = halfLog(2 * absolute(C) + absolute(CW) + absolute(CE) + absolute(CN) + absolute(CS), slope[4]);
      x12[11] = halfLog(2 * absolute(D) + absolute(DW) + absolute(DE) + absolute(DN) + absolute(DS), slope[5]);
      if constexpr (!backward)
        for (int j = 6; j < CONTEXT_INPUTS; j++) x12[j] = toGrid(x12[j], 16);
      vf location = splat(net.bias[0]), scale = splat(net.bias[1]);
      if (net.depthBias) {
        location += net.depthBias[0];
        scale += net.depthBias[1];
      }
      for (int j = 0; j < CONTEXT_INPUTS; j++) {
        location += net.linear[j] * x12[j];
        scale += net.linear[CONTEXT_INPUTS + j] * x12[j];
      }
      vf hidden[CONTEXT_HIDDEN];
      for (int k = 0; k < CONTEXT_HIDDEN; k++) {
        vf h = splat(net.b1[k]);
        for (int j = 0; j < CONTEXT_INPUTS; j++) h += net.w1[k * CONTEXT_INPUTS + j] * x12[j];
        hidden[k] = maximum(backward ? h : floorOf(h * 16) * real(0.0625), splat(0));
        location += net.w2[k] * hidden[k];
        scale += net.w2[CONTEXT_HIDDEN + k] * hidden[k];
      }
      if constexpr (!backward) {
        location = toGrid(location, 16);
        scale = toGrid(scale, 8);
      }
      LatentRate rate = laplaceRate(load(r0), location, scale);
      // Each of the 33 symbols has at least one part in 65536.
      if constexpr (!backward) rate.nats = -LN2 * log2Of(exp2Of(-LOG2E * rate.nats) * real(65503.0 / 65536) + real(1.0 / 65536));
      const vf valid = select((lane + x) < q.own.w, splat(1), splat(0));
      total += rate.nats * valid;
      if constexpr (backward) {
        const vf factor = valid * weight;
        const vf dl = rate.byLocation * factor, dsc = rate.byLogScale * factor;
        DO[0][v] = dl;
        DO[1][v] = dsc;
        for (int j = 0; j < CONTEXT_INPUTS; j++) X[j][v] = x12[j];
        for (int k = 0; k < CONTEXT_HIDDEN; k++) {
          H[k][v] = hidden[k];
          DH[k][v] = select(hidden[k] > 0, net.w2[k] * dl + net.w2[CONTEXT_HIDDEN + k] * dsc, splat(0));
        }
        vf dx[CONTEXT_INPUTS];
        for (int j = 0; j < CONTEXT_INPUTS; j++) {
          vf d = net.linear[j] * dl + net.linear[CONTEXT_INPUTS + j] * dsc;
          for (int k = 0; k < CONTEXT_HIDDEN; k++) d += net.w1[k * CONTEXT_INPUTS + j] * DH[k][v];
          dx[j] = d;
        }
        for (int i = 0; i < 6; i++) dx[6 + i] *= slope[i];
        real *g0 = g.own.row(y) + x, *g1 = g.own.row(y - 1) + x, *g2 = g.own.row(y - 2) + x;
        addTo(g0, rate.byValue * factor);
        addTo(g0 - 1, dx[0] * insideClip(W) + 2 * dx[6] * signOf(W));
        addTo(g0 - 2, dx[7] * signOf(WW));
        addTo(g1, dx[1] * insideClip(N) + 2 * dx[6] * signOf(N));
        addTo(g1 - 1, dx[2] * insideClip(NW) + dx[6] * signOf(NW));
        addTo(g1 + 1, dx[3] * insideClip(NE) + dx[6] * signOf(NE));
        addTo(g1 - 2, dx[7] * signOf(NWW));
        addTo(g1 + 2, dx[7] * signOf(NEE));
        addTo(g2, dx[7] * signOf(NN));
        addTo(g2 - 1, dx[7] * signOf(NNW));
        addTo(g2 + 1, dx[7] * signOf(NNE));
        alignas(64) real spread[4][LANES];
        store(spread[0], dx[4] * insideClip(P) + 2 * dx[8] * signOf(P));
        store(spread[1], dx[8] * signOf(PX));
        store(spread[2], dx[8] * signOf(PY));
        store(spread[3], 2 * dx[9] * signOf(G));
        if (g.parent.origin) {
          real *p0 = g.parent.row(py) + px, *pOuter = g.parent.row(pyOuter) + px;
          for (int i = 0; i < LANES / 2; i++) {
            p0[i] += spread[0][2 * i] + spread[0][2 * i + 1];
            p0[i - 1] += spread[1][2 * i];
            p0[i + 1] += spread[1][2 * i + 1];
            pOuter[i] += spread[2][2 * i] + spread[2][2 * i + 1];
          }
        }
        if (g.grandparent.origin) {
          real* p = g.grandparent.row(gy) + gx;
          for (int i = 0; i < LANES / 4; i++)
            p[i] += spread[3][4 * i] + spread[3][4 * i + 1] + spread[3][4 * i + 2] + spread[3][4 * i + 3];
        }
        if (g.companion1.origin) {
          real* p = g.companion1.row(y) + x;
          addTo(p, dx[5] * insideClip(C) + 2 * dx[10] * signOf(C));
          addTo(p - 1, dx[10] * signOf(CW));
          addTo(p + 1, dx[10] * signOf(CE));
          addTo(p - cs, dx[10] * signOf(CN));
          addTo(p + cs, dx[10] * signOf(CS));
        }
        if (g.companion2.origin) {
          real* p = g.companion2.row(y) + x;
          addTo(p, 2 * dx[11] * signOf(D));
          addTo(p - 1, dx[11] * signOf(DW));
          addTo(p + 1, dx[11] * signOf(DE));
          addTo(p - ds, dx[11] * signOf(DN));
          addTo(p + ds, dx[11] * signOf(DS));
        }
      }
    }
  }
  if constexpr (backward) {
    for (int k = 0; k < CONTEXT_HIDDEN; k += 2) {
      vf a[2][CONTEXT_INPUTS] = {}, b[2] = {};
      for (int v = 0; v < count; v++) {
        const vf h0 = DH[k][v], h1 = DH[k + 1][v];
        b[0] += h0;
        b[1] += h1;
        for (int j = 0; j < CONTEXT_INPUTS; j++) {
          a[0][j] += h0 * X[j][v];
          a[1][j] += h1 * X[j][v];
        }
      }
      for (int i = 0; i < 2; i++) {
        acc.b1[k + i] += b[i];
        for (int j = 0; j < CONTEXT_INPUTS; j++) acc.w1[k + i][j] += a[i][j];
      }
    }
    for (int m = 0; m < 2; m++) {
      vf l[CONTEXT_INPUTS] = {}, w[CONTEXT_HIDDEN] = {}, b{};
      for (int v = 0; v < count; v++) {
        const vf d = DO[m][v];
        b += d;
        for (int j = 0; j < CONTEXT_INPUTS; j++) l[j] += d * X[j][v];
        for (int k = 0; k < CONTEXT_HIDDEN; k++) w[k] += d * H[k][v];
      }
      acc.bias[m] += b;
      for (int j = 0; j < CONTEXT_INPUTS; j++) acc.linear[m][j] += l[j];
      for (int k = 0; k < CONTEXT_HIDDEN; k++) acc.w2[m][k] += w[k];
    }
  }
  return sum(total);
}

}  // namespace WEFT_ISA
}  // namespace weft
