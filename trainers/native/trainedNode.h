// A node in training: its latents, its source, and what later nodes leave for it.
#pragma once
#include "latents.h"
#include "nodeAdjoint.h"

namespace weft {
namespace WEFT_ISA {

// The memory of a bake's kept planes.
struct KeptBuffers {
  PlaneBuffer under, unfiltered[3];
  void allocate(const NodeBaker& baker) {
    under.allocate(baker.planeSize(1).w, baker.planeSize(1).h);
    for (int p = 0; p < 3; p++) unfiltered[p].allocate(baker.planeSize(p).w, baker.planeSize(p).h);
  }
  bool allocated() const { return under.allocated(); }
  KeptPlanes planes() const { return {under, {unfiltered[0], unfiltered[1], unfiltered[2]}}; }
};

struct Node {
  NodeSpec spec;
  std::vector<LatentBlocks> latents;  // by plane
  std::vector<uint8_t> source[3];
  std::vector<real> lumaWeights, chromaWeights;  // of squared errors
  ErrorWeights weights[3];
  std::vector<PlaneBuffer> gradient[3];  // by thread; only where another node refers to this one
  PlaneBuffer gMotion[MOTION_COMPONENTS];
  KeptBuffers kept;  // only where another node refers to this one
  int visits = 0;
  bool referred = false;

  int activeBlocks() const {
    int count = 0;
    for (auto& p : latents) count += p.count();
    return count;
  }
};

// Calls use(place among the node's latents, blocks, place in the blocks) for every latent of an active block. `planes`: the node's.
template <class Use> static void forEachLatent(const Node& node, const std::vector<LatentPlaneSpec>& planes, const Use& use) {
  size_t first = 0;
  for (size_t p = 0; p < planes.size(); p++) {
    const int w = planes[p].width, h = planes[p].height;
    const LatentBlocks& blocks = node.latents[p];
    for (int b = 0; b < blocks.count(); b++)
      for (int y = 0; y < BLOCK_HEIGHT; y++)
        for (int x = 0; x < BLOCK_WIDTH; x++) {
          const int px = blocks.x0(b) + x, py = blocks.y0(b) + y;
          if (px < w && py < h) use(first + size_t(py) * w + px, blocks, size_t(b) * BLOCK_LATENTS + y * BLOCK_WIDTH + x);
        }
    first += size_t(w) * h;
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
