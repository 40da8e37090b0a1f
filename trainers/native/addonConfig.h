// What TypeScript hands to the trainer (trainers/native/trainerAddon.ts), read field by field by their names.
#pragma once
#include <algorithm>
#include "addonSupport.h"
#include "trainingSegment.h"

namespace weft {

inline AdamConstants adamConstants(const Napi::Object& o) {
  return {realOf(o, "gradientShare"), realOf(o, "squareShare"), realOf(o, "epsilon")};
}

inline SparseConstants sparseConstants(const Napi::Object& o) {
  SparseConstants c{};
  c.rounds = intOf(o, "rounds");
  c.iterations = intOf(o, "iterations");
  c.powerIterations = intOf(o, "powerIterations");
  c.eigenvalueMargin = realOf(o, "eigenvalueMargin");
  c.leastDirection = realOf(o, "leastDirection");
  c.firstScale = realOf(o, "firstScale");
  c.leastScale = realOf(o, "leastScale");
  c.parentWeight = realOf(o, "parentWeight");
  return c;
}

inline FitConstants fitConstants(const Napi::Object& o) {
  return {intOf(o, "sweeps"), realOf(o, "leastMagnitude"), realOf(o, "coarsestMagnitude"), realOf(o, "leastResponse")};
}

inline StartConstants startConstants(const Napi::Object& o) {
  StartConstants c{};
  c.motionPrice = realOf(o, "motionPrice");
  c.lightPrice = realOf(o, "lightPrice");
  c.motionThreshold = realOf(o, "motionThreshold");
  c.anchorThreshold = realOf(o, "anchorThreshold");
  c.leafThreshold = realOf(o, "leafThreshold");
  c.slopeWeight = realOf(o, "slopeWeight");
  c.flatWeight = realOf(o, "flatWeight");
  c.anchorMatchShare = realOf(o, "anchorMatchShare");
  c.leafMatchShare = realOf(o, "leafMatchShare");
  c.leastLimit = realOf(o, "leastLimit");
  c.lightNoise = realOf(o, "lightNoise");
  c.lightMeanShare = realOf(o, "lightMeanShare");
  c.lightLimit = realOf(o, "lightLimit");
  c.betaPrice = realOf(o, "betaPrice");
  c.largestBeta = realOf(o, "largestBeta");
  c.water = realOf(o, "water");
  return c;
}

inline SearchConstants searchConstants(const Napi::Object& o) {
  SearchConstants c{};
  c.windowPx = intOf(o, "windowPx");
  c.levels = intOf(o, "levels");
  c.levelsLeftOut = intOf(o, "levelsLeftOut");
  c.rounds = intOf(o, "rounds");
  c.firstReachPx = intOf(o, "firstReachPx");
  c.reachPx = intOf(o, "reachPx");
  c.halvings = intOf(o, "halvings");
  c.wholeBonusPx = realOf(o, "wholeBonusPx");
  c.smoothness = realOf(o, "smoothness");
  c.smoothnessByRoot = realOf(o, "smoothnessByRoot");
  c.longestPenaltyPx = realOf(o, "longestPenaltyPx");
  c.predictionWeight = realOf(o, "predictionWeight");
  c.largestLight = realOf(o, "largestLight");
  c.flatDeviation = realOf(o, "flatDeviation");
  c.unlitShare = realOf(o, "unlitShare");
  if (c.windowPx != SEARCH_WINDOW) throw Napi::RangeError::New(o.Env(), "windowPx: the kernels are built for " + std::to_string(SEARCH_WINDOW));
  return c;
}

// EngineConstants of trainers/trainingConstants.ts.
inline EngineConstants engineConstants(const Napi::Object& o) {
  const auto part = [&](const char* name) { return o.Get(name).As<Napi::Object>(); };
  return {adamConstants(part("latentAdam")), adamConstants(part("netAdam")), intOf(o, "weightCellPx"), realOf(o, "motionByLevel"),
          sparseConstants(part("sparse")), fitConstants(part("fit")), startConstants(part("start")), searchConstants(part("search"))};
}

inline NetLayout netLayout(const Napi::Object& o) {
  NetLayout layout{};
  for (uint32_t i = 0; i < 3; i++) {
    const auto c = objectOf(o, "contexts", i);
    layout.context[i] = {intOf(c, "w1"), intOf(c, "b1"), intOf(c, "w2"), intOf(c, "linear"), intOf(c, "bias"), intOf(c, "depth")};
  }
  for (uint32_t i = 0; i < 2; i++) {
    const auto s = objectOf(o, "syntheses", i);
    layout.synthesis[i] = {intOf(s, "w1"), intOf(s, "b1"), intOf(s, "conv"), intOf(s, "chromaW1"),
                           intOf(s, "chromaB1"), intOf(s, "chromaW2"), intOf(s, "chromaLinear"), intOf(s, "gain")};
  }
  layout.motionGain = intOf(o, "motionGain");
  layout.filters = intOf(o, "filters");
  layout.count = intOf(o, "count");
  return layout;
}

template <size_t count> void readNumbers(const Napi::Object& o, const char* name, double (&out)[count]) {
  const auto numbers = doublesOf(o.Get(name));
  if (numbers.size() != count) throw Napi::RangeError::New(o.Env(), std::string(name) + ": " + std::to_string(count) + " numbers");
  std::copy(numbers.begin(), numbers.end(), out);
}

// TrainingSegmentConfig.
inline SegmentConfig segmentConfig(const Napi::Object& o) {
  SegmentConfig c{};
  readField(o, c);
  c.threads = intOf(o, "threads");
  c.seed = numberOf(o, "seed").Uint32Value();
  for (uint32_t references = 0; references < 3; references++) c.steps[references] = doublesOf(elementOf(o, "steps", references));
  readNumbers(o, "depthScale", c.depthScale);
  readNumbers(o, "lossWeights", c.lossWeights);
  c.layout = netLayout(o.Get("layout").As<Napi::Object>());
  c.constants = engineConstants(o.Get("constants").As<Napi::Object>());
  return c;
}

// StepOptions of trainers/trainingStep.ts.
inline StepOptions stepOptions(const Napi::Object& o) {
  StepOptions step{};
  step.lambda = realOf(o, "lambda");
  step.netRate = realOf(o, "netRate");
  step.netLambda = realOf(o, "netLambda");
  return step;
}

// LatentOptions of trainers/trainingStep.ts.
inline LatentOptions latentOptions(const Napi::Object& o) {
  return {realOf(o, "temperature"), realOf(o, "noise"), realOf(o, "latentRate"), realOf(o, "motionRate")};
}

}  // namespace weft
