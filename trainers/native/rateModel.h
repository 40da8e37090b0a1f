// The code length of a node's latents under the context networks, and its gradients.
#pragma once
#include "netWeights.h"
#include "trainedNode.h"
#include "trainingOperations.h"

namespace weft {
namespace WEFT_ISA {

class RateModel {
 public:
  // All must outlive this; the baker lends its clocks.
  RateModel(const SegmentConfig& config, RowTeam& team, const NodeBaker& baker, NetWeights& nets)
      : config_(config), team_(team), baker_(baker), nets_(nets), zero_(config.width, config.height) {
    for (int variant = 0; variant < 3; variant++) {
      Workspace& w = workspaces_[variant];
      w.gradients.resize(team.threads());
      for (const auto& spec : config.planes[variant]) {
        w.latents.emplace_back(spec.width, spec.height);
        for (auto& planes : w.gradients) planes.emplace_back(spec.width, spec.height);
      }
    }
  }

  // Nats of the node's rounded latents by kind (MOTION, INNOVATION), as the file will have them.
  void measure(const Node& node, double nats[2]) { run<false>(node, 0, nullptr, nats); }
  // Nats as training has them. Adds the gradient of weight * nats by the nets to `netGradients` (by thread), and leaves that by the
  // latents in `gradient`.
  void differentiate(const Node& node, double weight, std::vector<std::vector<real>>& netGradients, double nats[2]) {
    run<true>(node, weight, &netGradients, nats);
  }
  // What one thread summed of the gradient by the latents of a plane, of the node that was differentiated last; good in active
  // blocks only.
  const Plane& gradient(const Node& node, int thread, int plane) const {
    return workspaces_[node.spec.references].gradients[thread][plane];
  }

 private:
  // Dense planes of the latents and, by thread, of the gradient by them.
  struct Workspace {
    std::vector<DenseLatents> latents;
    std::vector<std::vector<PlaneBuffer>> gradients;
  };

  template <bool backward>
  void run(const Node& node, double weight, std::vector<std::vector<real>>* netGradients, double nats[2]) {
    const auto& specs = config_.planes[node.spec.references];
    const int threads = team_.threads();
    Workspace& workspace = workspaces_[node.spec.references];
    team_.overShares(int(specs.size()), 1, [&](int from, int to, int) {
      for (int p = from; p < to; p++) workspace.latents[p].fill(node.latents[p]);
    });
    if (backward)
      team_.overShares(threads, 1, [&](int from, int to, int) {
        for (int t = from; t < to; t++) clearGradients(node, workspace.gradients[t]);
      });
    std::vector<double> totals(2 * threads, 0.0);
    overFixedShares(team_, node.activeBlocks(), BLOCK_LATENTS, 1, [&](int from, int to, int t) {
      PartClock& clock = baker_.scratch(t).clock;
      clock.start();
      int first = 0;
      for (size_t p = 0; p < specs.size() && first < to; p++) {
        const LatentBlocks& blocks = node.latents[p];
        const int begin = std::max(0, from - first), end = std::min(blocks.count(), to - first);
        first += blocks.count();
        if (begin >= end) continue;
        const auto plane = [&](int index, bool gradient) {
          if (gradient) return index < 0 || node.latents[index].empty() ? Plane() : Plane(workspace.gradients[t][index]);
          return index < 0 ? Plane(zero_) : workspace.latents[index].plane();
        };
        const auto& s = specs[p];
        const ContextPlanes q{plane(int(p), false), plane(s.parent, false), plane(s.grandparent, false),
                              plane(s.companion1, false), plane(s.companion2, false)};
        ContextPlanes g{};
        if (backward)
          g = {plane(int(p), true), plane(s.parent, true), plane(s.grandparent, true), plane(s.companion1, true),
               plane(s.companion2, true)};
        const ContextWeights net = nets_.context(s, node.spec.depth);
        ContextAccumulator acc{};
        double sumOfNats = 0;
        for (int b = begin; b < end; b++)
          sumOfNats += contextBlock<backward>(q, g, net, acc, blocks.x0(b), blocks.y0(b), real(weight));
        totals[2 * t + s.kind] += sumOfNats;
        if (backward) acc.addTo(nets_.contextIn((*netGradients)[t], s, node.spec.depth));
      }
      clock.lap(RATE, (to - from) * BLOCK_LATENTS * CONTEXT_GRADIENT);
    });
    nats[0] = nats[1] = 0;
    for (int t = 0; t < threads; t++)
      for (int k = 0; k < 2; k++) nats[k] += totals[2 * t + k];
  }

  // In active blocks, where gradients are read.
  static void clearGradients(const Node& node, const std::vector<PlaneBuffer>& gradients) {
    for (size_t p = 0; p < node.latents.size(); p++)
      for (int b = 0; b < node.latents[p].count(); b++)
        forEachBlockRow(node.latents[p], b, gradients[p],
                        [](real* row, size_t, int) { std::memset(row, 0, BLOCK_WIDTH * sizeof(real)); });
  }

  const SegmentConfig& config_;
  RowTeam& team_;
  const NodeBaker& baker_;
  NetWeights& nets_;
  Workspace workspaces_[3];  // by number of references
  PlaneBuffer zero_;         // for planes that are not there
};

}  // namespace WEFT_ISA
}  // namespace weft
