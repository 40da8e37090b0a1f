// Numbers that training was tuned with, as TypeScript hands them over: fields, meanings and values are in
// trainers/trainingConstants.ts.
#pragma once

namespace weft {

struct AdamConstants {
  double gradientShare, squareShare, epsilon;
};

struct SparseConstants {
  int rounds, iterations, powerIterations;
  double eigenvalueMargin, leastDirection, firstScale, leastScale, parentWeight;
};

struct FitConstants {
  int sweeps;
  double leastMagnitude, coarsestMagnitude, leastResponse;
};

struct StartConstants {
  double motionPrice, lightPrice, motionThreshold, anchorThreshold, leafThreshold, slopeWeight, flatWeight, anchorMatchShare, leafMatchShare, leastLimit;
  double lightNoise, lightMeanShare, lightLimit, betaPrice, largestBeta, water;
};

struct SearchConstants {
  int windowPx, levels, levelsLeftOut, rounds, firstReachPx, reachPx, halvings;
  double wholeBonusPx, smoothness, smoothnessByRoot, longestPenaltyPx, predictionWeight;
  double largestLight, flatDeviation, unlitShare;
};

struct EngineConstants {
  AdamConstants latentAdam, netAdam;
  int weightCellPx;
  double motionByLevel;
  SparseConstants sparse;
  FitConstants fit;
  StartConstants start;
  SearchConstants search;
};

// Samples of the window that block matching compares (motionSearch.h): its loops are unrolled, so that `windowPx` can be no other.
constexpr int SEARCH_WINDOW = 16;

}  // namespace weft
