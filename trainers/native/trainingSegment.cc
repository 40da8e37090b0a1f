// The engine in single precision, for the instruction set of this build.
#include "instructionSet.h"
#include "segment.h"

namespace weft {
std::unique_ptr<TrainingSegment> makeTrainingSegment(const SegmentConfig& config) {
  return std::make_unique<WEFT_ISA::Segment>(config);
}
}  // namespace weft
