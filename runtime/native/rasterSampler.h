// Planes to 8-bit pictures on any raster (reference: runtime/reference/spatialSampler.ts, which makes the weights).
#pragma once
#include <memory>
#include "decoderEngine.h"
#include "enlarger.h"
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
      : outputs(axis.outputs), taps_(axis.taps), padded_(int(roundedUp(size_t(axis.outputs), LANES))),
        starts_(size_t(padded_ / LANES) * axis.taps), indexes_(size_t(padded_) * axis.taps), weights_(size_t(padded_) * axis.taps) {
    first_ = *std::min_element(axis.indexes.begin(), axis.indexes.end());
    last_ = *std::max_element(axis.indexes.begin(), axis.indexes.end());
    for (int u = 0; u < padded_; u += LANES)
      for (int i = 0; i < taps_; i++) placeTap(axis, u, i);
  }
  // Source samples that are read at all: first()..last().
  int first() const { return first_; }
  int last() const { return last_; }

  // The outputs from u on. lineOf(tap): the line that a tap reads.
  template <class LineOf> WEFT_INLINE vf at(int u, const LineOf& lineOf) const {
    vf sum{};
    for (int i = 0; i < taps_; i++) {
      vi index;
      std::memcpy(&index, &indexes_[size_t(i) * padded_ + u], sizeof index);
      const real* line = lineOf(i) + starts_[size_t(i) * (padded_ / LANES) + u / LANES];
      sum += load(&weights_[size_t(i) * padded_ + u]) * (close_ ? sampleClose(line, index) : gatherSamples(line, index));
    }
    return sum;
  }

  // Samples behind the last that is read, of a line for `at`.
  static constexpr int PAST_LINE = CLOSE;
  const int outputs;

 private:
  // A tap of the vector of outputs from u on: where its samples begin, and their places from there.
  void placeTap(const AxisSpec& axis, int u, int i) {
    const int end = std::min(u + LANES, outputs);
    int start = axis.indexes[size_t(u) * taps_ + i];
    for (int v = u; v < end; v++) start = std::min(start, axis.indexes[size_t(v) * taps_ + i]);
    starts_[size_t(i) * (padded_ / LANES) + u / LANES] = start;
    for (int v = u; v < end; v++) {
      const size_t from = size_t(v) * taps_ + i, to = size_t(i) * padded_ + v;
      indexes_[to] = axis.indexes[from] - start;
      weights_[to] = axis.weights[from];
      close_ = close_ && indexes_[to] < CLOSE;
    }
  }

  const int taps_, padded_;
  int first_, last_;
  bool close_ = true;  // whether the samples of every vector lie close together
  std::vector<int> starts_;
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
    if (!spec.enlargement) return;
    enlarger_ = std::make_unique<FilmEnlarger>(*spec.enlargement);
    splines_ = std::make_unique<RowKernel>(spec.enlargement->across);
  }

  // features: memory that may serve the next picture.
  void sample(RowTeam& team, const Plane planes[3], FeatureRows& features, uint8_t* const out[3]) const {
    if (enlarger_) enlarger_->makeFeatures(team, planes[0], features);
    for (int p = 0; p < 3; p++) {
      if (identity) copy(team, planes[p], out[p]);
      else resample(team, planes[p], across_[p > 0], down_[p > 0], p == 0 && enlarger_ ? &features : nullptr, out[p]);
    }
  }

  const bool identity;

 private:
  static void copy(RowTeam& team, const Plane& in, uint8_t* out) {
    team.overFreeRows(in.h, in.w, 1, [&](int y0, int y1, int) {
      for (int y = y0; y < y1; y++) storeCodes(in.row(y), in.w, out + size_t(y) * in.w);
    });
  }

  // What mixRows and the lines of features write past the last column, and what is read there; what storeCodes reads past an output.
  static constexpr int PAST_COLUMN = 2 * LANES + RowKernel::PAST_LINE, PAST_ROW = LANES;
  static_assert(pastEnd(2 * LANES) <= PAST_COLUMN && pastEnd(LANES) <= PAST_ROW, "whole vectors");

  // Down first: whole vectors of neighbouring columns; then across, within the cache.
  void resample(RowTeam& team, const Plane& in, const RowKernel& across, const AxisSpec& down, const FeatureRows* features, uint8_t* out) const {
    const int width = across.outputs, lineStride = in.w + PAST_COLUMN;
    team.overFreeRows(down.outputs, width, 1, [&](int y0, int y1, int) {
      std::vector<real> column(in.w + PAST_COLUMN), row(width + PAST_ROW), lines(features ? SPLINES * lineStride : 0);
      for (int y = y0; y < y1; y++) {
        mixRows(in, down, y, across.first(), across.last() + 1, column.data());
        for (int u = 0; u < width; u += LANES) store(&row[u], across.at(u, [&](int) WEFT_INLINE_BODY { return column.data(); }));
        if (features) addDetail(*features, y, lines.data(), lineStride, row.data());
        storeCodes(row.data(), width, out + size_t(y) * width);
      }
    });
  }

  // What the enlarger says of output row y. lines: room for one of each spline.
  void addDetail(const FeatureRows& features, int y, real* lines, int stride, real* row) const {
    enlarger_->lines(features, y, splines_->first(), splines_->last() + 1, lines, stride);
    for (int u = 0; u < splines_->outputs; u += LANES)
      store(row + u, load(row + u) + splines_->at(u, [&](int tap) WEFT_INLINE_BODY { return lines + tap / SPLINE_TAPS * stride; }));
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
  std::unique_ptr<const FilmEnlarger> enlarger_;
  std::unique_ptr<const RowKernel> splines_;
};

}  // namespace WEFT_ISA
}  // namespace weft
