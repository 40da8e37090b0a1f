// The engine in single precision, for the instruction set of this build.
#include "instructionSet.h"
#include "analysis.h"

namespace weft {
std::unique_ptr<SegmentEngine> makeSegment(const SegmentConfig& config) {
  return std::make_unique<WEFT_ISA::Segment>(config);
}
}  // namespace weft
