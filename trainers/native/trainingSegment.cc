// The engine, for the instruction set of this build.
#include "instructionSet.h"
#include "enlargerGradient.h"
#include "segment.h"

namespace weft {
std::unique_ptr<TrainingSegment> makeTrainingSegment(const SegmentConfig& config) {
  return std::make_unique<WEFT_ISA::Segment>(config);
}
double enlargerGradient(const EnlargerBatch& batch, double* gradient) {
  return WEFT_ISA::gradientOfEnlarger(batch, gradient);
}
}  // namespace weft
