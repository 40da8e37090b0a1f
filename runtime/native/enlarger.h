// What a film's enlarger adds to luma at a larger size (reference: runtime/reference/enlarger.ts). Features are made once at native
// size; then each row of outputs weighs those of the rows around it, which gives a line for each spline across.
#pragma once
#include <vector>
#include "decoderEngine.h"
#include "enlargerLayout.h"
#include "plane.h"
#include "rowTeam.h"

namespace weft {
namespace WEFT_ISA {

// Rows that the splines around a place reach; what a sample's mean and a layer reach on each side.
constexpr int SPLINE_ROWS = 4, MEAN_REACH = (ENLARGER_LINEAR_SIDE - 1) / 2, LAYER_REACH = (ENLARGER_SIDE - 1) / 2;

// Rows of features, those of a row behind each other.
class FeatureRows {
 public:
  void fit(int width, int height) {
    stride_ = int(roundedUp(size_t(width), ROW_ALIGN)) + ROW_ALIGN;
    rows_.fit(ENLARGER_FEATURES * stride_, height);
  }
  real* row(int y, int feature) const { return rows_.row(y) + feature * stride_; }

 private:
  static_assert(2 * LANES - 1 <= ROW_ALIGN + MARGIN_RIGHT, "whole vectors, two at a time");
  PlaneBuffer rows_;
  int stride_ = 0;
};

class FilmEnlarger {
 public:
  explicit FilmEnlarger(const EnlargementSpec& spec) : weights_(spec.values.begin(), spec.values.end()), down_(spec.down) {
    turn(spec, Layout::HIDDEN, Layout::TAPS, ENLARGER_CHANNELS);
    turn(spec, Layout::MIXED, ENLARGER_CHANNELS * Layout::TAPS, ENLARGER_CHANNELS);
    turn(spec, Layout::LINEAR, Layout::LINEAR_TAPS, ENLARGER_LINEAR);
    for (int i = Layout::KERNELS; i < Layout::COUNT; i++) weights_[i] *= real(CODES_PER_UNIT * spec.strength);
  }

  void makeFeatures(RowTeam& team, const Plane& luma, FeatureRows& features) const {
    features.fit(luma.w, luma.h);
    // A band begins with the rows around its first: bands of some rows at least.
    team.overFreeRows(luma.h, luma.w, LEAST_BAND, [&](int y0, int y1, int) {
      Band band(luma, y0);
      for (int y = y0; y < y1; y++) featureRow(band, y, features);
    });
  }

  // The lines of output row y, SPLINES of them, `stride` apart: samples x0 to x1, and up to two vectors behind.
  void lines(const FeatureRows& features, int y, int x0, int x1, real* out, int stride) const {
    int rows[SPLINE_ROWS], count = 0;
    real weights[SPLINE_ROWS][ENLARGER_FEATURES][SPLINES]{};
    for (int i = 0; i < SPLINES; i++)
      for (int tap = 0; tap < SPLINE_TAPS; tap++) {
        const size_t at = size_t(y) * down_.taps + size_t(i) * SPLINE_TAPS + tap;
        int place = 0;
        while (place < count && rows[place] != down_.indexes[at]) place++;
        if (place == count) rows[count++] = down_.indexes[at];
        for (int k = 0; k < ENLARGER_FEATURES; k++)
          for (int j = 0; j < SPLINES; j++) weights[place][k][j] += real(down_.weights[at]) * weights_[Layout::KERNELS + (k * SPLINES + i) * SPLINES + j];
      }
    for (int x = x0; x < x1; x += 2 * LANES) {
      vf sum[SPLINES][2]{};
      for (int r = 0; r < count; r++)
        WEFT_ROLLED
        for (int k = 0; k < ENLARGER_FEATURES; k++) {
          const real* row = features.row(rows[r], k) + x;
          const vf near = loadOnce(row), far = loadOnce(row + LANES);
          for (int j = 0; j < SPLINES; j++) {
            sum[j][0] += weights[r][k][j] * near;
            sum[j][1] += weights[r][k][j] * far;
          }
        }
      for (int j = 0; j < SPLINES; j++)
        for (int half = 0; half < 2; half++) store(out + size_t(j) * stride + x + half * LANES, sum[j][half]);
    }
  }

 private:
  static constexpr int LEAST_BAND = 16;

  using Layout = EnlargerLayout;

  // Weights of a tensor (outputs, each), to lie side by side for all outputs.
  void turn(const EnlargementSpec& spec, int first, int each, int outputs) {
    for (int o = 0; o < outputs; o++)
      for (int i = 0; i < each; i++) weights_[first + i * outputs + o] = spec.values[first + o * each + i];
  }

  // The last rows of what features are made of, with their borders repeated to both sides.
  class RowRing {
   public:
    RowRing(int width, int planes, int first)
        : next(std::max(first, 0)), width_(width), planes_(planes), stride_(int(roundedUp(size_t(width), ROW_ALIGN)) + 2 * ROW_ALIGN),
          rows_(size_t(KEPT) * planes * stride_ + ROW_ALIGN) {}
    real* row(int y, int plane) { return &rows_[(size_t(y % KEPT) * planes_ + plane) * stride_ + ROW_ALIGN]; }
    void extend(int y) {
      for (int p = 0; p < planes_; p++) {
        real* samples = row(y, p);
        for (int i = 1; i <= MEAN_REACH; i++) {
          samples[-i] = samples[0];
          samples[width_ - 1 + i] = samples[width_ - 1];
        }
      }
    }
    int next;  // the first row that was not made yet

   private:
    static constexpr int KEPT = 8;
    static_assert(KEPT > 2 * (MEAN_REACH + LAYER_REACH), "all that a row of features is made of");
    const int width_, planes_, stride_;
    std::vector<real> rows_;
  };

  // A band of rows from y0 on.
  struct Band {
    Band(const Plane& of, int y0) : luma(of), sums(of.w, 1, 0), deviations(of.w, 1, y0 - MEAN_REACH), hidden(of.w, ENLARGER_CHANNELS, y0 - LAYER_REACH) {}
    int clamped(int y) const { return std::min(std::max(y, 0), luma.h - 1); }
    const Plane& luma;
    RowRing sums, deviations, hidden;
  };

  void featureRow(Band& band, int y, const FeatureRows& features) const {
    while (band.deviations.next <= band.clamped(y + MEAN_REACH)) deviationRow(band, band.deviations.next++);
    while (band.hidden.next <= band.clamped(y + LAYER_REACH)) hiddenRow(band, band.hidden.next++);
    real* out[ENLARGER_FEATURES];
    for (int k = 0; k < ENLARGER_FEATURES; k++) out[k] = features.row(y, k);
    convolvedRow<ENLARGER_CHANNELS, ENLARGER_CHANNELS, ENLARGER_SIDE, true>(band, band.hidden, &weights_[Layout::MIXED], &weights_[Layout::MIXED_BIAS], y, out);
    convolvedRow<1, ENLARGER_LINEAR, ENLARGER_LINEAR_SIDE, false>(band, band.deviations, &weights_[Layout::LINEAR], nullptr, y, out + ENLARGER_CHANNELS);
  }

  // Luma less its mean around, in units.
  static void deviationRow(Band& band, int y) {
    const int w = band.luma.w;
    real *sums = band.sums.row(0, 0), *out = band.deviations.row(y, 0);
    const real* rows[ENLARGER_LINEAR_SIDE];
    for (int j = 0; j < ENLARGER_LINEAR_SIDE; j++) rows[j] = band.luma.row(band.clamped(y + j - MEAN_REACH));
    for (int x = 0; x < w; x += LANES) {
      vf sum{};
      for (const real* row : rows) sum += load(row + x);
      store(sums + x, sum);
    }
    band.sums.extend(0);
    for (int x = 0; x < w; x += LANES) {
      vf sum{};
      for (int i = -MEAN_REACH; i <= MEAN_REACH; i++) sum += load(sums + x + i);
      store(out + x, (load(rows[MEAN_REACH] + x) - sum * (real(1) / Layout::LINEAR_TAPS)) * (real(1) / CODES_PER_UNIT));
    }
    band.deviations.extend(y);
  }

  void hiddenRow(Band& band, int y) const {
    real* out[ENLARGER_CHANNELS];
    for (int c = 0; c < ENLARGER_CHANNELS; c++) out[c] = band.hidden.row(y, c);
    convolvedRow<1, ENLARGER_CHANNELS, ENLARGER_SIDE, true>(band, band.deviations, &weights_[Layout::HIDDEN], &weights_[Layout::HIDDEN_BIAS], y, out);
    band.hidden.extend(y);
  }

  // Row y of some planes from rows around it.
  template <int inputs, int outputs, int side, bool rectified>
  static void convolvedRow(Band& band, RowRing& in, const real* weights, const real* bias, int y, real* const out[outputs]) {
    constexpr int reach = (side - 1) / 2;
    const real* rows[inputs][side];
    for (int c = 0; c < inputs; c++)
      for (int j = 0; j < side; j++) rows[c][j] = in.row(band.clamped(y + j - reach), c) - reach;
    for (int x = 0; x < band.luma.w; x += LANES) {
      vf sum[outputs];
      for (int o = 0; o < outputs; o++) sum[o] = splat(bias ? bias[o] : 0);
      const real* weight = weights;
      WEFT_ROLLED
      for (int c = 0; c < inputs; c++)
        WEFT_ROLLED
        for (int j = 0; j < side; j++)
          WEFT_ROLLED
          for (int i = 0; i < side; i++, weight += outputs) {
            const vf v = loadOnce(rows[c][j] + x + i);
            for (int o = 0; o < outputs; o++) sum[o] += weight[o] * v;
          }
      for (int o = 0; o < outputs; o++) store(out[o] + x, rectified ? maximum(sum[o], vf{}) : sum[o]);
    }
  }

  std::vector<real> weights_;  // of layers: those of all outputs side by side, for each tap of each input
  const AxisSpec down_;
};

}  // namespace WEFT_ISA
}  // namespace weft
