// What the residuals of a cell would cost, with one or another prediction.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include "overlappedPrediction.h"

namespace weft {
namespace WEFT_ISA {

// The cosine transform of a cell of luma.
class CellSpectrum {
 public:
  static constexpr int SIDE = CELL;
  CellSpectrum() = default;
  explicit CellSpectrum(const real (&samples)[SIDE][SIDE]) {
    const Cosines& cosines = Cosines::all();
    real down[SIDE][SIDE] = {};
    for (int k = 0; k < SIDE; k++)
      for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) down[k][x] += cosines.w[k][y] * samples[y][x];
    for (int y = 0; y < SIDE; y++)
      for (int x = 0; x < SIDE; x++)
        for (int k = 0; k < SIDE; k++) at_[y][k] += cosines.across[x][k] * down[y][x];
  }
  real at(int y, int x) const { return at_[y][x]; }
  CellSpectrum meanAlone() const {
    CellSpectrum mean;
    mean.at_[0][0] = at_[0][0];
    return mean;
  }

 private:
  struct Cosines {
    real w[SIDE][SIDE], across[SIDE][SIDE];  // by frequency and sample, and the other way round
    Cosines() {
      for (int k = 0; k < SIDE; k++)
        for (int x = 0; x < SIDE; x++) w[k][x] = across[x][k] = real(std::sqrt((k ? 2.0 : 1.0) / SIDE) * std::cos((x + 0.5) * k * std::acos(-1.0) / SIDE));
    }
    static const Cosines& all() {
      static const Cosines cosines;
      return cosines;
    }
  };
  real at_[SIDE][SIDE] = {};
};

// Of the source of a cell and some predictions of it.
template <int predictions> class CellCosts {
 public:
  // weight: of squared errors. water: what a squared coefficient must exceed to be worth bits.
  CellCosts(const CellSpectrum& source, const CellSpectrum (&predicted)[predictions], double weight, double water) : weight_(weight), water_(water) {
    for (int y = 0; y < CELL; y++)
      for (int x = 0; x < CELL; x++) {
        Band& band = bands_[bandOf(std::max(x, y))];
        real at[predictions + 1] = {source.at(y, x)};
        for (int i = 0; i < predictions; i++) at[i + 1] = predicted[i].at(y, x);
        for (int i = 0; i <= predictions; i++)
          for (int j = 0; j <= predictions; j++) band.products[i][j] += double(at[i]) * at[j];
        band.count++;
      }
  }

  // With the predictions' weighted sum in the lowest bands alone, however many suit it best: what of a prediction is wrong is no worse
  // than nothing. Squared error where that is not worth bits; above, it grows with the logarithm, as bits do.
  double cost(const double (&weights)[predictions]) const {
    // Bands with the prediction less bands without it, from the lowest up, at least.
    double without = 0, difference = 0, least = 0;
    for (int b = 0; b < BANDS; b++) {
      const double none[predictions] = {};
      const double with = costOf(bands_[b], weights), own = costOf(bands_[b], none);
      without += own;
      difference += with - own;
      if (b == 0) least = difference;
      least = std::fmin(least, difference);
    }
    return without + least;
  }

 private:
  // Octaves of frequencies, from the mean up.
  static constexpr int BANDS = MOTION_LUMA_LEVEL + 1;
  static int bandOf(int frequency) {
    int band = 0;
    for (; frequency > 0; frequency >>= 1) band++;
    return band;
  }
  static_assert(CELL == 1 << (BANDS - 1), "the highest frequencies have a band");
  struct Band {
    double count = 0, products[predictions + 1][predictions + 1] = {};
  };
  double costOf(const Band& band, const double (&weights)[predictions]) const {
    double by[predictions + 1] = {1}, error = 0;
    for (int i = 0; i < predictions; i++) by[i + 1] = -weights[i];
    for (int i = 0; i <= predictions; i++)
      for (int j = 0; j <= predictions; j++) error += by[i] * by[j] * band.products[i][j];
    const double variance = weight_ * std::fmax(error, 0) / band.count;
    return band.count * (variance < water_ ? variance : water_ * (1 + std::log(variance / water_)));
  }
  Band bands_[BANDS];
  double weight_, water_;
};

// The value that costs least among zero, the largest, its halves down to one, and their negatives; and what a squared difference from it
// costs.
struct CellChoice {
  double value = 0, weight = std::numeric_limits<double>::infinity();
  template <class CostOf> CellChoice(const CostOf& cost, double largest) {
    const double none = cost(0);
    double best = none;
    for (double size = largest; size >= 1; size /= 2)
      for (const double other : {-size, size}) {
        const double c = cost(other);
        weight = std::fmin(weight, (c - none) / (other * other));
        if (c < best) best = c, value = other;
      }
    if (value != 0) weight = (none - best) / (value * value);
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
