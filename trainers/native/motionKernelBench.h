// The kernels of motion compensation in the bench.
#pragma once
#include "kernelBench.h"

namespace weft {
namespace WEFT_ISA {

inline void KernelBench::sampling() {
  PlaneBuffer reference[2] = {{W, H}, {W, H}}, grid[MOTION_COMPONENTS], out(W, H), g(W, H), gReference[2] = {{W, H}, {W, H}};
  std::vector<MotionRows> rows = motionOf(H), gMotion = motionOf(H);
  Plane references[1][2], gReferences[1][2], grids[MOTION_COMPONENTS];
  for (int r = 0; r < 2; r++) {
    fill(reference[r], -128, 127);
    extendPlane(reference[r]);
    references[0][r] = reference[r];
    gReferences[0][r] = gReference[r];
  }
  for (int c = 0; c < MOTION_COMPONENTS; c++) {
    grid[c].allocate(W / CELL, H / CELL);
    fillMotion(grid[c]);
    grids[c] = grid[c];
  }
  for (int y = 0; y < H; y++) motionRows(grids, MOTION_COMPONENTS, W, y, rows[y]);
  fill(g, -1, 1);
  const Plane target = out;
  const auto predicted = [&](int x, int y) {
    const MotionRows& m = rows[y];
    double at[MOTION_COMPONENTS];
    for (int c = 0; c < MOTION_COMPONENTS; c++) at[c] = m.d[c][x];
    return plainPrediction(reference, x, y, at);
  };
  const auto forward = [&] { for (int y = 0; y < H; y++) predictRow<1>(references, 2, rows[y], y, &target); };
  forward();
  measure("sampling", H * samplingOperations(2, 1, W), difference(out, predicted), forward);

  const auto backward = [&] {
    for (int y = 0; y < H; y++) {
      const real* row[1] = {g.row(y)};
      predictRowAdjoint<1, false>(references, gReferences, 2, rows[y], y, row, W, gMotion[y]);
    }
  };
  backward();
  // Along one direction of all displacements and weights, and one of all samples.
  double analytic = 0, numeric = 0, size = 0;
  PlaneBuffer direction(W, H);
  fill(direction, -1, 1);
  extendPlane(direction);
  const double step = 1e-4;
  for (int y = 8; y < H - 8; y++)
    for (int x = 16; x < W - 16; x++) {
      double d[MOTION_COMPONENTS], value[2];
      for (int c = 0; c < MOTION_COMPONENTS; c++) {
        d[c] = uniform(-1, 1);
        const double part = double(gMotion[y].d[c][x]) * d[c];
        analytic += part;
        size += part * part;
      }
      for (int side = 0; side < 2; side++) {
        double at[MOTION_COMPONENTS];
        for (int c = 0; c < MOTION_COMPONENTS; c++) at[c] = rows[y].d[c][x] + (side ? -step : step) * d[c];
        value[side] = plainPrediction(reference, x, y, at);
      }
      numeric += double(g.row(y)[x]) * (value[0] - value[1]) / (2 * step);
    }
  double error = relative(analytic, numeric, std::sqrt(size));
  double bySamples = 0, expected = 0;
  for (int r = 0; r < 2; r++) {
    for (int y = -5; y < H + 5; y++)
      for (int x = -8; x < W + 8; x++) bySamples += double(gReference[r].row(y)[x]) * direction.row(y)[x];
    for (int y = 0; y < H; y++)
      for (int x = 0; x < W; x++) {
        const MotionRows& m = rows[y];
        const double w = (1 + double(m.d[LIGHT][x])) * (r ? 1 - double(m.d[BETA][x]) : double(m.d[BETA][x]));
        expected += double(g.row(y)[x]) * w * plainSample(direction, x + double(m.d[displacement(r, 0)][x]), y + double(m.d[displacement(r, 1)][x]));
      }
  }
  error = std::max(error, relative(bySamples, expected, sizeOf(g) * 0.5));
  measure("sampling gradient", H * samplingGradientOperations(2, 1, W, true), error, backward);
}

inline void KernelBench::splines() {
  PlaneBuffer grid[MOTION_COMPONENTS], gGrid[MOTION_COMPONENTS];
  Plane grids[MOTION_COMPONENTS], gGrids[MOTION_COMPONENTS];
  for (int c = 0; c < MOTION_COMPONENTS; c++) {
    grid[c].allocate(W / CELL, H / CELL);
    gGrid[c].allocate(W / CELL, H / CELL);
    fill(grid[c], -2, 2);
    grids[c] = grid[c];
    gGrids[c] = gGrid[c];
  }
  std::vector<MotionRows> rows = motionOf(H), g = motionOf(H);
  const auto forward = [&] { for (int y = 0; y < H; y++) motionRows(grids, MOTION_COMPONENTS, W, y, rows[y]); };
  forward();
  double worst = 0, analytic = 0, expected = 0, size = 0;
  for (int y = 0; y < H; y++)
    for (int c = 0; c < MOTION_COMPONENTS; c++)
      for (int x = 0; x < W; x++) {
        const double v = plainSpline(grid[c], x, y), e = c == BETA ? 1 / (1 + std::exp(-v)) : v;
        worst = std::max(worst, std::fabs(e - rows[y].d[c][x]));
        g[y].d[c][x] = real(uniform(-1, 1));
        const double part = double(g[y].d[c][x]) * (c == BETA ? e * (1 - e) : 1);
        expected += part * v;
        size += part * part;
      }
  measure("motion spline", H * splineOperations(2, true, W), worst / 2, forward);
  SplineAdjoint adjoint(W);
  const auto backward = [&] {
    adjoint.begin(gGrids, MOTION_COMPONENTS);
    for (int y = 0; y < H; y += 2) adjoint.add(&rows[y], &g[y], 2, W, y);
    adjoint.flush();
  };
  backward();
  for (int c = 0; c < MOTION_COMPONENTS; c++) analytic += product(gGrid[c], grid[c]);
  measure("motion spline gradient", double(W) * H * (MOTION_COMPONENTS * SPLINE_ACROSS + 3), relative(analytic, expected, std::sqrt(size)), backward);
}

}  // namespace WEFT_ISA
}  // namespace weft
