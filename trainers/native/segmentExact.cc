// The same engine in double precision: what finite differences are compared with.
#define WEFT_ISA exact
#define WEFT_LANES 4
#define WEFT_REAL double
#include "analysis.h"

namespace weft {
std::unique_ptr<SegmentEngine> makeSegmentExact(const SegmentConfig& config) {
  return std::make_unique<exact::Segment>(config);
}
}  // namespace weft
