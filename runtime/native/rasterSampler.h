// Planes to 8-bit pictures on any raster (reference: runtime/reference/spatialSampler.ts, which makes the weights).
#pragma once
#include <memory>
#include "decoderEngine.h"
#include "gather.h"
#include "motion.h"
#include "rowTeam.h"

namespace weft {
namespace WEFT_ISA {

typedef uint8_t bytes __attribute__((vector_size(WEFT_LANES)));

// Codes minus 128 to codes: nearest, halves up, 0..255; what is not a number gives 0, as in a Uint8Array.
static inline void storeCodes(const real* row, int width, uint8_t* out) {
  for (int x = 0; x < width; x += LANES) {
    const vf v = minimum(maximum(load(row + x) + (CODE_OFFSET + real(0.5)), splat(0)), splat(MAX_CODE));
    const bytes b = __builtin_convertvector(toInt(v), bytes);
    std::memcpy(out + x, &b, size_t(std::min(LANES, width - x)));
  }
}

// An axis for the horizontal pass: taps major, so that a vector of outputs shares its loads of weights.
class RowKernel {
 public:
  explicit RowKernel(const AxisSpec& axis)
      : outputs(axis.outputs), taps_(axis.taps), padded_((axis.outputs + LANES - 1) / LANES * LANES),
        indexes_(size_t(padded_) * axis.taps), weights_(size_t(padded_) * axis.taps) {
    for (int u = 0; u < outputs; u++)
      for (int i = 0; i < taps_; i++) {
        indexes_[size_t(i) * padded_ + u] = axis.indexes[size_t(u) * taps_ + i];
        weights_[size_t(i) * padded_ + u] = axis.weights[size_t(u) * taps_ + i];
      }
    first_ = *std::min_element(axis.indexes.begin(), axis.indexes.end());
    last_ = *std::max_element(axis.indexes.begin(), axis.indexes.end());
  }
  // Source samples that are read at all: first()..last().
  int first() const { return first_; }
  int last() const { return last_; }
  void apply(const real* in, real* out) const {
    for (int u = 0; u < outputs; u += LANES) {
      vf sum{};
      for (int i = 0; i < taps_; i++) {
        vi index;
        std::memcpy(&index, &indexes_[size_t(i) * padded_ + u], sizeof index);
        sum += load(&weights_[size_t(i) * padded_ + u]) * gatherSamples(in, index);
      }
      store(out + u, sum);
    }
  }
  const int outputs;

 private:
  const int taps_, padded_;
  int first_, last_;
  std::vector<intr> indexes_;
  std::vector<real> weights_;
};

class Raster final : public RasterEngine {
 public:
  explicit Raster(const RasterSpec& spec) : identity(spec.identity) {
    for (int i = 0; i < 2; i++) {
      across_.emplace_back(spec.axes[2 * i]);
      down_.push_back(spec.axes[2 * i + 1]);
    }
  }

  void sample(RowTeam& team, const Plane planes[3], uint8_t* const out[3]) const {
    for (int p = 0; p < 3; p++) {
      if (identity) copy(team, planes[p], out[p]);
      else resample(team, planes[p], across_[p > 0], down_[p > 0], out[p]);
    }
  }

  const bool identity;

 private:
  static void copy(RowTeam& team, const Plane& in, uint8_t* out) {
    team.overFreeRows(in.h, in.w, 1, [&](int y0, int y1, int) {
      for (int y = y0; y < y1; y++) storeCodes(in.row(y), in.w, out + size_t(y) * in.w);
    });
  }

  // What mixRows writes past the last column that is read, and apply and storeCodes past the last output.
  static constexpr int PAST_COLUMN = 2 * LANES, PAST_ROW = LANES;
  static_assert(pastEnd(LANES) <= PAST_COLUMN && pastEnd(LANES) <= PAST_ROW, "whole vectors");

  // Down first: whole vectors of neighbouring columns; then across, within the cache.
  static void resample(RowTeam& team, const Plane& in, const RowKernel& across, const AxisSpec& down, uint8_t* out) {
    const int width = across.outputs;
    team.overFreeRows(down.outputs, width, 1, [&](int y0, int y1, int) {
      std::vector<real> column(size_t(in.w) + PAST_COLUMN), row(size_t(width) + PAST_ROW);
      for (int y = y0; y < y1; y++) {
        mixRows(in, down, y, across.first(), across.last() + 1, column.data());
        across.apply(column.data(), row.data());
        storeCodes(row.data(), width, out + size_t(y) * width);
      }
    });
  }

  static void mixRows(const Plane& in, const AxisSpec& down, int y, int x0, int x1, real* out) {
    const int32_t* index = &down.indexes[size_t(y) * down.taps];
    const float* weight = &down.weights[size_t(y) * down.taps];
    for (int x = x0; x < x1; x += LANES) {
      vf sum{};
      for (int i = 0; i < down.taps; i++) sum += real(weight[i]) * load(in.row(index[i]) + x);
      store(out + x, sum);
    }
  }

  std::vector<RowKernel> across_;
  std::vector<AxisSpec> down_;
};

}  // namespace WEFT_ISA
}  // namespace weft
