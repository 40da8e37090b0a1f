// The decoder for the instruction set of this build.
#if defined(__AVX512F__)
#define WEFT_ISA avx512
#define WEFT_LANES 16
#elif defined(__AVX2__)
#define WEFT_ISA avx2
#define WEFT_LANES 8
#else
#define WEFT_ISA portable
#define WEFT_LANES 4
#endif
#define WEFT_REAL float
#include "segmentDecoder.h"

namespace weft {
std::unique_ptr<DecoderEngine> makeDecoder(int threads, const EntropyTables& tables, size_t keptBytes) {
  return std::make_unique<WEFT_ISA::Decoder>(threads, tables, keptBytes);
}
}  // namespace weft
