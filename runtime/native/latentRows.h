// Dequantized latents of one plane, row by row, straight from their sparse blocks.
#pragma once
#include "latentDecoder.h"
#include "plane.h"

namespace weft {
namespace WEFT_ISA {

class LatentRows {
 public:
  LatentRows() = default;
  LatentRows(const PlaneLatents& latents, int width, int height, real step)
      : latents_(&latents), blocksWide_((width + BLOCK_WIDTH - 1) / BLOCK_WIDTH), step_(step),
        starts_(size_t((height + BLOCK_HEIGHT - 1) / BLOCK_HEIGHT) + 1) {
    for (uint32_t block : latents.blocks) starts_[block / blocksWide_ + 1]++;
    for (size_t i = 1; i < starts_.size(); i++) starts_[i] += starts_[i - 1];
  }
  bool empty() const { return !latents_ || latents_->empty(); }

  // Adds row y; writes up to the end of the last block.
  void addRow(int y, real* out) const {
    if (empty()) return;
    const int by = y / BLOCK_HEIGHT;
    for (uint32_t i = starts_[by]; i < starts_[by + 1]; i++) {
      const int16_t* q = &latents_->values[size_t(i) * BLOCK_LATENTS + size_t(y % BLOCK_HEIGHT) * BLOCK_WIDTH];
      real* o = out + (latents_->blocks[i] % blocksWide_) * BLOCK_WIDTH;
      for (int x = 0; x < BLOCK_WIDTH; x++) o[x] += step_ * real(q[x]);
    }
  }
  void addTo(const Plane& plane) const {
    if (empty()) return;
    for (int y = 0; y < plane.h; y++) addRow(y, plane.row(y));
  }

 private:
  const PlaneLatents* latents_ = nullptr;
  uint32_t blocksWide_ = 1;
  real step_ = 0;
  std::vector<uint32_t> starts_;  // first block of each row of blocks
};

}  // namespace WEFT_ISA
}  // namespace weft
