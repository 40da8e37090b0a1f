// What the field's definition in TypeScript (runtime/field) tells the native code: nodes, latent planes, nets.
#pragma once
#include <cstdint>
#include <vector>

namespace weft {

// One node of a segment's structure, in coding order (runtime/field/structure.ts).
struct NodeSpec {
  int frame, depth, references, reference[2], motionNode[2], motionField[2];
  double motionScale[2];
};

// One latent plane of a node (runtime/field/shape.ts); indexes of planes are -1 where there is none.
struct LatentPlaneSpec {
  int kind, component, level, width, height, net, biasRow, parent, grandparent, companion1, companion2;
};
constexpr int MOTION = 0, INNOVATION = 1;

// The grids and nodes of one segment.
struct FieldSpec {
  int width, height;
  bool halvedChroma;
  std::vector<NodeSpec> nodes;
  std::vector<LatentPlaneSpec> planes[3];  // by number of references
};

// Q8 weights of one context net, shapes as in runtime/field/tensors.ts.
struct ContextNetSpec {
  std::vector<int32_t> w1, b1, w2, lin, bias, depth;
};

// Weights of one synthesis net.
struct SynthesisNetSpec {
  std::vector<float> w1, b1, conv, chromaW1, chromaB1, chromaW2, chromaLinear;
};

}  // namespace weft
