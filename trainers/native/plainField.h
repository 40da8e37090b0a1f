// The field in plain double precision, sample by sample, as FORMAT.md writes it: what kernels are compared with.
#pragma once
#include <cmath>
#include <initializer_list>
#include <vector>
#include "contextGradient.h"
#include "loopFilter.h"
#include "overlappedPrediction.h"
#include "synthesis.h"

namespace weft {
namespace WEFT_ISA {

inline double plainAt(const Plane& p, int x, int y) { return p.row(clampIndex(y, p.h))[clampIndex(x, p.w)]; }

// Kernel of cubic convolution.
inline double plainCubic(double d) {
  const double a = CUBIC_SHARPNESS;
  d = std::fabs(d);
  if (d >= 2) return 0;
  return d < 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((d - 5) * d + 8) * a * d - 4 * a;
}

inline double plainSample(const Plane& p, double x, double y) {
  x = std::fmax(-CUBIC_LIMIT_BEFORE, std::fmin(p.w - 1 + CUBIC_LIMIT_BEHIND, x));
  y = std::fmax(-CUBIC_LIMIT_BEFORE, std::fmin(p.h - 1 + CUBIC_LIMIT_BEHIND, y));
  const int column = int(std::floor(x)), row = int(std::floor(y));
  double v = 0;
  for (int j = row - 1; j <= row + 2; j++)
    for (int i = column - 1; i <= column + 2; i++) v += plainCubic(y - j) * plainCubic(x - i) * plainAt(p, i, j);
  return v;
}

// Luma at (x, y) from two references, by the components of all cells: motion(component, column, row) on a grid of w x h.
template <class Motion> double plainPrediction(const PlaneBuffer reference[2], int x, int y, int w, int h, const Motion& motion) {
  const double gx = (x + 0.5) / CELL - 0.5, gy = (y + 0.5) / CELL - 0.5;
  const int column = int(std::floor(gx)), row = int(std::floor(gy));
  double total = 0;
  for (int j = row; j <= row + 1; j++)
    for (int i = column; i <= column + 1; i++) {
      const auto at = [&](int component) { return double(motion(component, clampIndex(i, w), clampIndex(j, h))); };
      double sample[2];
      for (int r = 0; r < 2; r++) sample[r] = plainSample(reference[r], x + at(displacement(r, 0)), y + at(displacement(r, 1)));
      const double first = 1 / (1 + std::exp(-at(BETA))), blend = first * sample[0] + (1 - first) * sample[1];
      total += (1 - std::fabs(gx - i)) * (1 - std::fabs(gy - j)) * (blend + at(LIGHT) * (blend - BLACK[0]));
    }
  return total;
}

// Sample of the plane of twice the size.
inline double plainDouble(const Plane& coarse, int x, int y) {
  const auto weight = [](int fine, int source) {
    const int k = fine % 2 ? fine / 2 + UP_REACH - source : source - fine / 2 + UP_REACH;
    return k < 0 || k >= UP_COUNT ? 0 : DOUBLING_TAPS[k];
  };
  double v = 0;
  for (int j = y / 2 - UP_REACH; j <= y / 2 + UP_REACH; j++)
    for (int i = x / 2 - UP_REACH; i <= x / 2 + UP_REACH; i++) v += weight(y, j) * weight(x, i) * plainAt(coarse, i, j);
  return v;
}

// Sample of the filtered plane of w x h samples; at(x, y) and weight(ring, clip) give what is filtered, and by what.
template <class At, class Weight> double plainFilter(int w, int h, int x, int y, const At& at, const Weight& weight) {
  double v = at(x, y);
  for (int ring = 0; ring < FILTER_RINGS; ring++)
    for (const auto& [dx, dy] : FILTER_NEIGHBOURS[ring]) {
      if (x + dx < 0 || x + dx >= w || y + dy < 0 || y + dy >= h) continue;
      const double d = at(x + dx, y + dy) - at(x, y);
      for (int c = 0; c < CLIP_COUNT; c++) v += weight(ring, c) * std::fmax(-FILTER_CLIPS[c], std::fmin(FILTER_CLIPS[c], d));
    }
  return v;
}

struct PlainLuma {
  const Plane* groups[LUMA_INPUTS];
  std::vector<real> w1, b1, conv;

  // Channel c at a pixel: 0 the sum of the groups, else a hidden unit. Offsets move groups and weights along a direction.
  template <class Group, class W1, class B1> double channel(int c, int x, int y, const Group& group, const W1& w, const B1& b) const {
    if (y < 0 || x < 0 || y >= groups[0]->h || x >= groups[0]->w) return 0;
    double s = c ? b(c - 1) : 0;
    for (int i = 0; i < LUMA_INPUTS; i++) s += (c ? w((c - 1) * LUMA_INPUTS + i) : 1) * group(i, x, y);
    return c ? std::fmax(0, s) - std::fmax(0, b(c - 1)) : s;
  }
  template <class Group, class W1, class B1, class Conv>
  double at(int x, int y, const Group& group, const W1& w, const B1& b, const Conv& k) const {
    double v = channel(0, x, y, group, w, b);
    for (int c = 0; c < CONV_PLANES; c++)
      for (int i = 0; i < CONV_TAPS; i++)
        v += k(c * CONV_TAPS + i) * channel(c, x + i % CONV_SIDE - CONVOLUTION_REACH, y + i / CONV_SIDE - CONVOLUTION_REACH, group, w, b);
    return v;
  }
  double at(int x, int y) const {
    return at(x, y, [&](int i, int u, int v) { return double(groups[i]->row(v)[u]); }, [&](int i) { return double(w1[i]); },
              [&](int i) { return double(b1[i]); }, [&](int i) { return double(conv[i]); });
  }
  // Error of the gradient of sum(gOut * out) along a random direction of all groups and weights, relative to its terms.
  template <class Random>
  double gradientError(const Plane& gOut, const PlaneBuffer* gGroups, std::initializer_list<const std::vector<real>*> gWeights, const Random& random) const {
    double analytic = 0, numeric = 0, size = 0;
    std::vector<std::vector<double>> direction, moved(LUMA_INPUTS);
    for (const auto* g : gWeights) {
      direction.emplace_back();
      for (real v : *g) {
        direction.back().push_back(0.1 * random());
        analytic += direction.back().back() * v;
        size += std::fabs(direction.back().back() * v);
      }
    }
    const int w = gOut.w;
    for (int i = 0; i < LUMA_INPUTS; i++)
      for (int y = 0; y < gOut.h; y++)
        for (int x = 0; x < w; x++) {
          moved[i].push_back(random());
          analytic += moved[i].back() * gGroups[i].row(y)[x];
        }
    const double h = 1e-7;
    for (int y = 0; y < gOut.h; y++)
      for (int x = 0; x < w; x++) {
        double side[2];
        for (int s = 0; s < 2; s++) {
          const double d = s ? -h : h;
          side[s] = at(x, y, [&](int i, int u, int v) { return groups[i]->row(v)[u] + d * moved[i][size_t(v) * w + u]; },
                       [&](int i) { return w1[i] + d * direction[0][i]; }, [&](int i) { return b1[i] + d * direction[1][i]; },
                       [&](int i) { return conv[i] + d * direction[2][i]; });
        }
        numeric += gOut.row(y)[x] * (side[0] - side[1]) / (2 * h);
      }
    return std::fabs(analytic - numeric) / std::fmax(size, 1e-30);
  }
};

// weights: w1, b1, w2, lin in a row.
// Where the tensors of the chroma net begin: w1, b1, w2, lin.
constexpr int CHROMA_B1 = HIDDEN_UNITS * CHROMA_INPUTS, CHROMA_W2 = CHROMA_B1 + HIDDEN_UNITS, CHROMA_LINEAR = CHROMA_W2 + 2 * HIDDEN_UNITS;

template <class Weights> void plainChroma(const double u[CHROMA_INPUTS], const Weights& weights, double out[2]) {
  for (int c = 0; c < 2; c++) {
    out[c] = u[2 * c] + u[2 * c + 1];
    for (int i = 0; i < CHROMA_INPUTS; i++) out[c] += weights[CHROMA_LINEAR + c * CHROMA_INPUTS + i] * u[i];
  }
  for (int k = 0; k < HIDDEN_UNITS; k++) {
    double s = weights[CHROMA_B1 + k];
    for (int i = 0; i < CHROMA_INPUTS; i++) s += weights[k * CHROMA_INPUTS + i] * u[i];
    const double h = std::fmax(0, s) - std::fmax(0, double(weights[CHROMA_B1 + k]));
    for (int c = 0; c < 2; c++) out[c] += weights[CHROMA_W2 + c * HIDDEN_UNITS + k] * h;
  }
}

inline double plainSoftRound(double y, double temperature) {
  const double base = std::floor(y) + 0.5;
  return base + 0.5 * std::tanh((y - base) / temperature) / std::tanh(0.5 / temperature);
}

// Nats of the unit interval around d under a Laplace distribution with scale 2^s, without the tables' floor.
inline double plainNats(double d, double s) {
  const double r = std::exp2(-std::fmin(std::fmax(s, MIN_LOG_SCALE), MAX_LOG_SCALE)), a = std::fabs(d);
  if (a > 0.5) return (a - 0.5) * r - std::log(0.5 * (1 - std::exp(-r)));
  return -std::log(1 - 0.5 * (std::exp(-(a + 0.5) * r) + std::exp((a - 0.5) * r)));
}

// Where the tensors of a context net begin: w1, b1, w2, lin, a row of bias, a row of depth.
constexpr int CONTEXT_B1 = HIDDEN_UNITS * CONTEXT_INPUTS, CONTEXT_W2 = CONTEXT_B1 + HIDDEN_UNITS, CONTEXT_LINEAR = CONTEXT_W2 + 2 * HIDDEN_UNITS;
constexpr int CONTEXT_BIAS = CONTEXT_LINEAR + 2 * CONTEXT_INPUTS, CONTEXT_DEPTH = CONTEXT_BIAS + 2;

// Nats of planes[0] (own; then parent, grandparent, companions) with latents and weights (w1, b1, w2, lin, bias, depth) moved by
// `step` along a direction.
inline double plainRate(const Plane planes[5], const std::vector<real>& weights, const std::vector<double>& direction,
                        const std::vector<std::vector<double>>& moved, double step) {
  const auto weight = [&](int i) { return weights[i] + step * direction[i]; };
  const auto latent = [&](int p, int x, int y) {
    const Plane& plane = planes[p];
    if (x < 0 || y < 0 || x >= plane.w || y >= plane.h) return 0.0;
    return plane.row(y)[x] + step * moved[p][size_t(y) * plane.w + x];
  };
  double total = 0;
  for (int y = 0; y < planes[0].h; y++)
    for (int x = 0; x < planes[0].w; x++) {
      const auto own = [&](int dx, int dy) { return latent(0, x + dx, y + dy); };
      const auto magnitude = [&](int dx, int dy) { return std::fabs(own(dx, dy)); };
      const auto cross = [&](int p) {
        return 2 * std::fabs(latent(p, x, y)) + std::fabs(latent(p, x - 1, y)) + std::fabs(latent(p, x + 1, y)) +
               std::fabs(latent(p, x, y - 1)) + std::fabs(latent(p, x, y + 1));
      };
      const int px = x >> 1, py = y >> 1;
      const double parent = latent(1, px, py);
      const double around = 2 * std::fabs(parent) + std::fabs(latent(1, px + (x & 1 ? 1 : -1), py)) + std::fabs(latent(1, px, py + (y & 1 ? 1 : -1)));
      const double linear[6] = {own(-1, 0), own(0, -1), own(-1, -1), own(1, -1), parent, latent(3, x, y)};
      const double sums[6] = {2 * magnitude(-1, 0) + 2 * magnitude(0, -1) + magnitude(-1, -1) + magnitude(1, -1),
                              magnitude(-2, 0) + magnitude(0, -2) + magnitude(-2, -1) + magnitude(2, -1) + magnitude(-1, -2) + magnitude(1, -2),
                              around, 2 * std::fabs(latent(2, x >> 2, y >> 2)), cross(3), cross(4)};
      double in[CONTEXT_INPUTS], out[2];
      for (int i = 0; i < 6; i++) {
        in[i] = std::fmin(std::fmax(linear[i], -SIGNED_LIMIT), SIGNED_LIMIT) / 4;
        in[6 + i] = 0.5 * std::log2(1 + std::fmin(sums[i], MAGNITUDE_LIMIT));
      }
      for (int m = 0; m < 2; m++) {
        out[m] = weight(CONTEXT_BIAS + m) + weight(CONTEXT_DEPTH + m);
        for (int j = 0; j < CONTEXT_INPUTS; j++) out[m] += weight(CONTEXT_LINEAR + m * CONTEXT_INPUTS + j) * in[j];
      }
      for (int k = 0; k < HIDDEN_UNITS; k++) {
        double h = weight(CONTEXT_B1 + k);
        for (int j = 0; j < CONTEXT_INPUTS; j++) h += weight(k * CONTEXT_INPUTS + j) * in[j];
        for (int m = 0; m < 2; m++) out[m] += weight(CONTEXT_W2 + m * HIDDEN_UNITS + k) * std::fmax(h, 0);
      }
      total += plainNats(own(0, 0) - out[0], out[1]);
    }
  return total;
}

}  // namespace WEFT_ISA
}  // namespace weft
