// The same engine in double precision: what finite differences are compared with.
#define WEFT_ISA exact
#define WEFT_LANES 4
#define WEFT_REAL double
#include "enlargerGradient.h"
#include "segment.h"

namespace weft {
std::unique_ptr<TrainingSegment> makeTrainingSegmentExact(const SegmentConfig& config) {
  return std::make_unique<exact::Segment>(config);
}
double enlargerGradientExact(const EnlargerBatch& batch, double* gradient) {
  return exact::gradientOfEnlarger(batch, gradient);
}
}  // namespace weft
