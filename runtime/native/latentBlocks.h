// Latents of one plane as they are kept: only the blocks that hold something.
#pragma once
#include <cstdint>
#include <vector>
#include "fieldConstants.h"
#include "simd.h"

namespace weft {
namespace WEFT_ISA {

constexpr int BLOCK_LATENTS = BLOCK_WIDTH * BLOCK_HEIGHT;

static inline int blocksAcross(int width) { return (width + BLOCK_WIDTH - 1) / BLOCK_WIDTH; }
static inline int blocksDown(int height) { return (height + BLOCK_HEIGHT - 1) / BLOCK_HEIGHT; }

// Blocks of one decoded plane that hold a latent other than zero.
struct PlaneLatents {
  std::vector<uint32_t> blocks;  // number in raster order
  std::vector<int16_t> values;   // 8 rows of 16 each
  bool empty() const { return blocks.empty(); }
};
using NodeLatents = std::vector<PlaneLatents>;

}  // namespace WEFT_ISA
}  // namespace weft
