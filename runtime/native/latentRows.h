// Dequantized latents of one plane, row by row, straight from their sparse blocks.
#pragma once
#include "latentBlocks.h"
#include "plane.h"

namespace weft {
namespace WEFT_ISA {

class LatentRows {
 public:
  LatentRows() = default;
  // blocks: numbers in raster order; values: 8 rows of 16 each, of a decoded or of a trained plane.
  LatentRows(const std::vector<uint32_t>& blocks, const int16_t* values, int width, int height, real step)
      : LatentRows(blocks, width, height, step) {
    integers_ = values;
  }
  LatentRows(const std::vector<uint32_t>& blocks, const real* values, int width, int height, real step)
      : LatentRows(blocks, width, height, step) {
    reals_ = values;
  }
  bool empty() const { return !blocks_ || blocks_->empty(); }

  // Adds row y; writes up to the end of the last block.
  void addRow(int y, real* out) const {
    if (empty()) return;
    const int by = y / BLOCK_HEIGHT;
    for (uint32_t i = starts_[by]; i < starts_[by + 1]; i++) {
      const size_t at = size_t(i) * BLOCK_LATENTS + size_t(y % BLOCK_HEIGHT) * BLOCK_WIDTH;
      real* o = out + ((*blocks_)[i] % blocksWide_) * BLOCK_WIDTH;
      if (integers_)
        for (int x = 0; x < BLOCK_WIDTH; x++) o[x] += step_ * real(integers_[at + x]);
      else
        for (int x = 0; x < BLOCK_WIDTH; x++) o[x] += step_ * reals_[at + x];
    }
  }
  void addTo(const Plane& plane) const {
    if (empty()) return;
    for (int y = 0; y < plane.h; y++) addRow(y, plane.row(y));
  }

 private:
  LatentRows(const std::vector<uint32_t>& blocks, int width, int height, real step)
      : blocks_(&blocks), blocksWide_(uint32_t(blocksAcross(width))), step_(step), starts_(size_t(blocksDown(height)) + 1) {
    for (uint32_t block : blocks) starts_[block / blocksWide_ + 1]++;
    for (size_t i = 1; i < starts_.size(); i++) starts_[i] += starts_[i - 1];
  }

  const std::vector<uint32_t>* blocks_ = nullptr;
  const int16_t* integers_ = nullptr;
  const real* reals_ = nullptr;
  uint32_t blocksWide_ = 1;
  real step_ = 0;
  std::vector<uint32_t> starts_;  // first block of each row of blocks
};

// Where a baker finds the latents of a node's plane, with their quantization step.
class LatentSource {
 public:
  virtual LatentRows rows(int node, int plane) const = 0;

 protected:
  ~LatentSource() = default;
};

}  // namespace WEFT_ISA
}  // namespace weft
