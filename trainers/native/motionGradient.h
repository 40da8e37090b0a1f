// Gradients of motion-compensated prediction.
#pragma once
#include "motion.h"
#include "shifts.h"

namespace weft {
namespace WEFT_ISA {

// Value of a vector of samples and its derivatives by the place.
struct SampleGradient {
  vf value, byX, byY;
};

// Weights of the taps of a patch and their slopes.
template <int columns, int rows> struct PatchWeights {
  vf x[columns], y[rows], slopeX[columns], slopeY[rows];
  WEFT_INLINE PatchWeights(const SamplePlace& place, const Patch& patch) {
    spread(cubicWeights(place.fx), patch.right, x);
    spread(cubicSlopes(place.fx), patch.right, slopeX);
    spreadDown(cubicWeights(place.fy), patch, y);
    spreadDown(cubicSlopes(place.fy), patch, slopeY);
  }
};

template <int columns, int rows>
static WEFT_INLINE void addSampleGradient(const real* row, ptrdiff_t stride, const PatchWeights<columns, rows>& w, SampleGradient& s) {
  for (int r = 0; r < rows; r++, row += stride) {
    vf samples[columns];
    for (int i = 0; i < columns; i++) samples[i] = loadOnce(row + i);
    vf value = w.x[0] * samples[0], slope = w.slopeX[0] * samples[0];
    for (int i = 1; i < columns; i++) {
      value += w.x[i] * samples[i];
      slope += w.slopeX[i] * samples[i];
    }
    s.value += w.y[r] * value;
    s.byX += w.y[r] * slope;
    s.byY += w.slopeY[r] * value;
  }
  prefetchRow(row + stride);
}

// Gradients are scattered as samples are read, and ShiftedSum writes SHIFTED_SUM_PAST more; zeros where no lane weighs.
static_assert(LANES - 1 + SHIFTED_SUM_PAST + CUBIC_LIMIT_BEHIND - CUBIC_BEFORE <= MARGIN_RIGHT, "scattered vectors end in the margin");
static_assert(CUBIC_TAPS <= SHIFTED_SUM_PAST, "a fifth tap is a shift by four lanes");

// Adds the gradient g by the samples to the plane that they were taken from.
template <int columns, int rows>
static WEFT_INLINE void scatter(real* row, ptrdiff_t stride, const PatchWeights<columns, rows>& w, vf g) {
  vf across[columns];
  for (int i = 0; i < columns; i++) across[i] = w.x[i] * g;
  for (int r = 0; r < rows; r++, row += stride) {
    ShiftedSum sum;
    sum.add<0>(across[0] * w.y[r]);
    sum.add<1>(across[1] * w.y[r]);
    sum.add<2>(across[2] * w.y[r]);
    sum.add<3>(across[3] * w.y[r]);
    if constexpr (columns == 5) sum.add<4>(across[columns - 1] * w.y[r]);
    sum.addTo(row);
  }
  prefetchRow(row + stride);
}

// One row of planes that share their displacements: gRows are the gradients by the prediction. Adds to the references'
// gradients (where their origin is set) and writes (or adds to) the gradient by the displacements, the blend weight and the light.
template <int planes, bool add>
static inline void predictRowAdjoint(const Plane references[planes][2], const Plane gReferences[planes][2], int count,
                                     const MotionRows& m, int y, const real* const gRows[planes], int width, MotionRows& gm) {
  const vi lane = iota();
  const auto put = [](real* out, vf v) { store(out, add ? load(out) + v : v); };
  gm.light = m.light;
  // Vectors side by side overlap where they scatter: every second one first, so that a store settles before it is read again.
  for (int half = 0; half < 2; half++)
    for (int x = half * LANES; x < width; x += 2 * LANES) {
      vf weight[2] = {splat(1), splat(0)}, g[planes], difference{};
      for (int p = 0; p < planes; p++) g[p] = select((lane + x) < width, load(gRows[p] + x), splat(0));
      if (count == 2) {
        weight[0] = load(m.d[BETA] + x);
        weight[1] = 1 - weight[0];
      }
      vf byLight{};
      if (m.light)
        for (int p = 0; p < planes; p++) byLight -= blackOf<planes> * g[p];
      const vf light = m.light ? 1 + load(m.d[LIGHT] + x) : splat(1);
      for (int r = 0; r < count; r++) {
        const SamplePlace place = samplePlace(references[0][r], x, y, load(m.d[displacement(r, 0)] + x), load(m.d[displacement(r, 1)] + x));
        const bool scattered = gReferences[0][r].origin;
        vf gx{}, gy{};
        forEachPatch(references[0][r], place, [&](auto columns, auto rows, const Patch& patch) {
          const PatchWeights<decltype(columns)::value, decltype(rows)::value> w(place, patch);
          for (int p = 0; p < planes; p++) {
            const Plane& from = references[p][r];
            SampleGradient s{};
            addSampleGradient(from.origin + patch.start, from.stride, w, s);
            const vf lit = light * g[p], part = lit * weight[r];
            gx += part * s.byX;
            gy += part * s.byY;
            difference += r ? -lit * s.value : lit * s.value;
            if (m.light) byLight += g[p] * weight[r] * s.value;
            if (scattered) scatter(gReferences[p][r].origin + patch.start, from.stride, w, part);
          }
        });
        put(gm.d[displacement(r, 0)] + x, gx);
        put(gm.d[displacement(r, 1)] + x, gy);
      }
      if (count == 2) put(gm.d[BETA] + x, difference);
      if (m.light) put(gm.d[LIGHT] + x, byLight);
    }
}

// Adds a chroma row's gradient by displacement to the two luma rows that it averages (4:2:0).
static inline void chromaMotionRowsAdjoint(const MotionRows& gChroma, int components, int width, int chromaWidth,
                                           MotionRows& ga, MotionRows& gb) {
  for (int c = 0; c < components; c++) {
    if (!gChroma.holds(c)) continue;
    const vf scale = splat(chromaShare(c));
    const real beyond = gChroma.d[c][chromaWidth - 1] * scale[0];
    for (int x = 0; x < chromaWidth; x += LANES) {
      const vf g = scale * load(gChroma.d[c] + x);
      for (MotionRows* rows : {&ga, &gb}) {
        real* p = rows->d[c] + 2 * x;
        vf even, odd;
        loadDeinterleaved(p, even, odd);
        storeInterleaved(p, even + g, odd + g);
      }
    }
    if (width % 2 == 0) continue;  // the last column stands for two
    ga.d[c][width - 1] += beyond;
    gb.d[c][width - 1] += beyond;
  }
}

// Adjoint of the splines: gradients by pixel, summed down over the rows of a cell before they are summed across.
class SplineAdjoint {
 public:
  explicit SplineAdjoint(int width) : width_(int(roundedUp(size_t(width), CELL * LANES))), sums_(width_, MOTION_COMPONENTS * SPLINE_TAPS) {}

  // Starts on the grids of a node, those without origin left out; whatever is added goes there.
  void begin(const Plane* grids, int components) {
    components_ = components;
    for (int c = 0; c < components; c++) grids_[c] = grids[c];
    cell_ = -1;
  }
  // Adds the gradients of pixel rows y, which is even, and, if `rows` is 2, y + 1; `motion` holds the blend weights, whose gradient
  // becomes one by logits.
  void add(const MotionRows* motion, const MotionRows* g, int rows, int width, int y) {
    if (y / CELL != cell_) {
      flush();
      cell_ = y / CELL;
    }
    const int phase = y % CELL;
    const MotionRows &lower = g[rows - 1], &lowerMotion = motion[rows - 1];
    const vf second = splat(rows > 1 ? 1 : 0);
    const vi lane = iota();
    for (int c = 0; c < components_; c++) {
      if (!grids_[c].origin) continue;
      real *s0 = sums_.row(3 * c), *s1 = sums_.row(3 * c + 1), *s2 = sums_.row(3 * c + 2);
      for (int x = 0; x < width; x += LANES) {
        const vi valid = (lane + x) < width;
        vf u = select(valid, load(g[0].d[c] + x), splat(0)), v = select(valid, second * load(lower.d[c] + x), splat(0));
        if (c == BETA) {
          const vf a = load(motion[0].d[BETA] + x), b = load(lowerMotion.d[BETA] + x);
          u *= a * (1 - a);
          v *= b * (1 - b);
        }
        store(s0 + x, load(s0 + x) + SPLINE.w[0][phase] * u + SPLINE.w[0][phase + 1] * v);
        store(s1 + x, load(s1 + x) + SPLINE.w[1][phase] * u + SPLINE.w[1][phase + 1] * v);
        store(s2 + x, load(s2 + x) + SPLINE.w[2][phase] * u + SPLINE.w[2][phase + 1] * v);
      }
    }
  }
  void flush() {
    if (cell_ < 0) return;
    for (int c = 0; c < components_; c++)
      for (int r = 0; r < 3 && grids_[c].origin; r++) {
        real* s = sums_.row(3 * c + r);
        addAcross(s, grids_[c].row(clampIndex(cell_ - 1 + r, grids_[c].h)), grids_[c].w);
        std::memset(s, 0, size_t(width_) * sizeof(real));
      }
  }

 private:
  static_assert(SPLINE_REACH + LANES <= GRID_ROW_RIGHT, "a vector of cells and their neighbours fits behind the grid's row");

  // Adds a row of sums by pixel, CELL to a cell, to the grid values that each cell reads.
  static void addAcross(const real* s, real* out, int cells) {
    alignas(CACHE_LINE) real buffer[GRID_ROW_SAMPLES];
    real* t = buffer + GRID_ROW_LEFT;
    for (int i = -SPLINE_REACH; i < cells + SPLINE_REACH + LANES; i++) t[i] = 0;
    for (int i = 0; i < cells; i += LANES) {
      vf twos[2][4], fours[4][2], phase[CELL];
      for (int j = 0; j < 4; j++) loadDeinterleaved(s + i * CELL + 2 * j * LANES, twos[0][j], twos[1][j]);
      for (int k = 0; k < 2; k++)
        for (int j = 0; j < 2; j++) deinterleave(twos[k][2 * j], twos[k][2 * j + 1], fours[k][j], fours[k + 2][j]);
      for (int k = 0; k < 4; k++) deinterleave(fours[k][0], fours[k][1], phase[k], phase[k + 4]);
      for (int r = 0; r < 3; r++) {
        vf v = SPLINE.w[r][0] * phase[0];
        for (int k = 1; k < CELL; k++) v += SPLINE.w[r][k] * phase[k];
        store(t + i - 1 + r, load(t + i - 1 + r) + v);
      }
    }
    t[0] += t[-1];
    t[cells - 1] += t[cells];
    for (int i = 0; i < cells; i++) out[i] += t[i];
  }

  const int width_;
  PlaneBuffer sums_;
  Plane grids_[MOTION_COMPONENTS];
  int components_ = 0, cell_ = -1;
};

}  // namespace WEFT_ISA
}  // namespace weft
