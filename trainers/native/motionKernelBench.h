// The kernels of motion compensation in the bench.
#pragma once
#include "kernelBench.h"
#include "overlappedPredictionGradient.h"

namespace weft {
namespace WEFT_ISA {

inline void KernelBench::prediction() {
  constexpr int GW = W / CELL, GH = H / CELL;
  PlaneBuffer reference[2] = {{W, H}, {W, H}}, grid[MOTION_COMPONENTS], out(W, H), g(W, H), gReference[2] = {{W, H}, {W, H}}, gGrid[MOTION_COMPONENTS];
  Plane references[1][2], gReferences[1][2], target, gTarget, grids[MOTION_COMPONENTS], gGrids[MOTION_COMPONENTS];
  for (int r = 0; r < 2; r++) {
    fill(reference[r], -128, 127);
    extendPlane(reference[r]);
    references[0][r] = reference[r];
    gReferences[0][r] = gReference[r];
  }
  for (int c = 0; c < MOTION_COMPONENTS; c++) {
    for (PlaneBuffer* p : {&grid[c], &gGrid[c]}) p->allocate(GW, GH);
    fillMotion(grid[c]);
    grids[c] = grid[c];
    gGrids[c] = gGrid[c];
  }
  fill(g, -1, 1);
  target = out;
  gTarget = g;
  CellBand cells(W);
  const auto overBands = [&](const auto& body) {
    for (int y = 0; y < H; y = CellBand::end(y)) {
      cells.load(grids, 2, CellBand::of(y), y > 0);
      body(CellBand::of(y), y, std::min(H, CellBand::end(y)));
    }
  };
  const auto forward = [&] { overBands([&](int band, int y0, int y1) { predictRows<CELL, 1>(references, 2, cells, band, y0, y1, BLACK[0], &target); }); };
  const auto here = [&](int c, int x, int y) { return double(grid[c].row(y)[x]); };
  forward();
  measure("prediction", H * predictionOperations(2, 1, W), difference(out, [&](int x, int y) { return plainPrediction(reference, x, y, GW, GH, here); }), forward);

  const auto backward = [&] {
    overBands([&](int band, int y0, int y1) { predictRowsAdjoint<CELL, 1>(references, gReferences, 2, cells, band, y0, y1, BLACK[0], &gTarget, gGrids); });
  };
  backward();
  // Along one direction of all components of all cells, and one of all samples.
  PlaneBuffer moved[MOTION_COMPONENTS], direction(W, H);
  double analytic = 0, numeric = 0, size = 0;
  for (int c = 0; c < MOTION_COMPONENTS; c++) {
    moved[c].allocate(GW, GH);
    fill(moved[c], -1, 1);
    for (int y = 0; y < GH; y++)
      for (int x = 0; x < GW; x++) {
        const double part = double(gGrid[c].row(y)[x]) * moved[c].row(y)[x];
        analytic += part;
        size += part * part;
      }
  }
  const double step = 1e-4;
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++) {
      double value[2];
      for (int s = 0; s < 2; s++)
        value[s] = plainPrediction(reference, x, y, GW, GH, [&](int c, int i, int j) { return here(c, i, j) + (s ? -step : step) * moved[c].row(j)[i]; });
      numeric += double(g.row(y)[x]) * (value[0] - value[1]) / (2 * step);
    }
  double error = relative(analytic, numeric, std::sqrt(size));
  fill(direction, -1, 1);
  extendPlane(direction);
  double bySamples = 0, expected = 0;
  for (int r = 0; r < 2; r++)
    for (int y = 0; y < H; y++)
      for (int x = -RECEIVED_X; x < W + RECEIVED_X; x++) bySamples += double(gReference[r].row(y)[x]) * direction.row(y)[clampIndex(x, W)];
  // The prediction is linear in the samples, but for black.
  PlaneBuffer nothing[2] = {{W, H}, {W, H}}, both[2] = {{W, H}, {W, H}};
  for (PlaneBuffer& p : both)
    for (int y = 0; y < H; y++) std::memcpy(p.row(y), direction.row(y), W * sizeof(real));
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++)
      expected += double(g.row(y)[x]) * (plainPrediction(both, x, y, GW, GH, here) - plainPrediction(nothing, x, y, GW, GH, here));
  error = std::max(error, relative(bySamples, expected, sizeOf(g) * 0.5));
  measure("prediction gradient", H * predictionGradientOperations(2, 1, W, true), error, backward);
}

}  // namespace WEFT_ISA
}  // namespace weft
