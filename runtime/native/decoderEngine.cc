// The decoder for the instruction set of this build.
#include "instructionSet.h"
#include "segmentDecoder.h"

namespace weft {
std::unique_ptr<DecoderEngine> makeDecoder(int threads, const EntropyTables& tables, size_t keptBytes) {
  return std::make_unique<WEFT_ISA::Decoder>(threads, tables, keptBytes);
}
}  // namespace weft
