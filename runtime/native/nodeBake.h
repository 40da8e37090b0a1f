// From the latents of a node to its motion field and picture planes (reference: runtime/reference/nodeBake.ts).
// Everything at full size happens in one pass over the rows: warp, pyramids' last doubling, synthesis, sum.
#pragma once
#include <memory>
#include "latentRows.h"
#include "motion.h"
#include "rowTeam.h"
#include "synthesis.h"

namespace weft {
namespace WEFT_ISA {

constexpr real CODES_PER_UNIT = 32;
constexpr int DOUBLING_EASE = 4;  // a doubled sample costs this much less than a synthesized one
constexpr int MAX_LEVELS = 7, MAX_MOTION_COMPONENTS = 5;

// A node ready for sampling: planes in codes minus 128, displacements in luma pixels on the 1/8 grid.
struct BakedNode {
  PlaneBuffer picture[3], motion[MAX_MOTION_COMPONENTS];
  bool hasPicture = false, hasMotion = false;
};

static inline int motionComponents(const NodeSpec& node) {
  return node.references == 0 ? 0 : node.references == 1 ? 2 : MAX_MOTION_COMPONENTS;
}

// fine = up2(coarse), shared over the team.
static inline void doublePlane(RowTeam& team, const Plane& coarse, const Plane& fine) {
  team.overRows(fine.h, fine.w / DOUBLING_EASE, 2, [&](int y0, int y1, int) { upsampleRows(coarse, fine, nullptr, y0, y1); });
}

// Sum of a pyramid's levels down to `lowest`; each level is allocated on first use.
class LevelSums {
 public:
  // False if all levels are empty; else level `lowest` holds the sum.
  bool collapse(RowTeam& team, const LatentRows* levels, const Plane* sizes, int count, int lowest) {
    bool any = false;
    for (int l = count - 1; l >= lowest; l--) {
      PlaneBuffer& out = at(l, sizes[l]);
      if (any) doublePlane(team, planes_[l + 1], out);
      else if (!levels[l].empty()) out.clear();
      levels[l].addTo(out);
      any |= !levels[l].empty();
    }
    return any;
  }
  PlaneBuffer& at(int level, const Plane& size) {
    PlaneBuffer& p = planes_[level];
    if (!p.allocated()) p.allocate(size.w, size.h);
    return p;
  }

 private:
  PlaneBuffer planes_[MAX_LEVELS];
};

// Rows that one thread works on.
struct RowScratch {
  explicit RowScratch(int width) : block(width + 64, 11), motion(new MotionRows[3]) {}
  // 0..3 luma groups, 4..5 luma innovation, 6..9 chroma inputs (6 and 8 also outputs), 10 always zero.
  PlaneBuffer block;
  std::unique_ptr<MotionRows[]> motion;
  ChannelRing ring;

  real* row(int i) const { return block.row(i); }
  // A plane that has this row everywhere.
  Plane view(int i, int w, int h) const {
    Plane p;
    p.origin = row(i);
    p.w = w;
    p.h = h;
    return p;
  }
};
constexpr int GROUP_ROW = 0, INNOVATION_ROW = 4, CHROMA_ROW = 6, ZERO_ROW = 10;

class NodeBaker {
 public:
  NodeBaker(const SegmentSpec& spec, RowTeam& team) : spec_(spec), team_(team) {
    int* first = &planeIndex_[0][0][0][0];
    std::fill(first, first + sizeof planeIndex_ / sizeof(int), -1);
    for (int variant = 0; variant < 3; variant++)
      for (size_t p = 0; p < spec.planes[variant].size(); p++) addPlane(variant, int(p));
    for (int n = 0; n < 2; n++) {
      synthesis_[n] = spec.synthesis[n];
      SynthesisNetSpec& s = synthesis_[n];
      nets_[n] = {s.w1.data(), s.b1.data(), s.conv.data(), s.chromaW1.data(), s.chromaB1.data(), s.chromaW2.data(), s.chromaLinear.data()};
    }
  }

  Plane planeSize(int p) const { return p == 0 ? levels_[0][0] : levels_[1][0]; }

  // nodes: those that the motion is predicted from have their motion.
  void bakeMotion(int index, const NodeLatents& latents, std::vector<BakedNode>& nodes) {
    const NodeSpec& node = spec_.nodes[index];
    BakedNode& out = nodes[index];
    out.hasMotion = true;
    for (int c = 0; c < motionComponents(node); c++) {
      PlaneBuffer& field = out.motion[c];
      field.allocate(motionLevels_[0].w, motionLevels_[0].h);
      LatentRows levels[MAX_LEVELS];
      rowsOf(index, MOTION, c, latents, levels);
      if (motionSums_.collapse(team_, levels, motionLevels_, motionLevelCount_, 0))
        addScaled(motionSums_.at(0, motionLevels_[0]), 1, field);
      const int r = c / 2;
      if (c < 4 && node.motionNode[r] >= 0)
        addScaled(nodes[node.motionNode[r]].motion[2 * node.motionField[r] + c % 2], real(node.motionScale[r]), field);
      extendPlane(field);
    }
  }

  // nodes: the references have their pictures and the node its motion.
  void bakePicture(int index, const NodeLatents& latents, std::vector<BakedNode>& nodes) {
    BakedNode& out = nodes[index];
    for (int p = 0; p < 3; p++) {
      const Plane size = planeSize(p);
      if (!out.picture[p].allocated()) out.picture[p].allocate(size.w, size.h);
    }
    Pass pass = preparePass(index, latents, nodes);
    while (int(scratch_.size()) < team_.threads()) scratch_.push_back(std::make_unique<RowScratch>(spec_.width));
    team_.overRows(spec_.height, spec_.width, 2, [&](int y0, int y1, int t) { bakeRows(pass, *scratch_[t], y0, y1); });
    for (auto& p : pass.picture) extendRows(p);
    out.hasPicture = true;
  }

 private:
  // What the row pass of one node reads and writes.
  struct Pass {
    int references, components;
    Plane picture[3], reference[3][2], motion[MAX_MOTION_COMPONENTS];
    const SynthesisWeights* net;
    bool luma, chroma;                 // innovation other than zero
    LatentRows finest[3];
    Plane lumaHalf[3];                 // groups 1..3 on the grid of level 1; no origin: zero
    Plane chromaHalf[2];
  };

  void addPlane(int variant, int p) {
    const auto& s = spec_.planes[variant][p];
    planeIndex_[variant][s.kind][s.component][s.level] = p;
    Plane size;
    size.w = s.width;
    size.h = s.height;
    if (s.kind == MOTION) {
      motionLevels_[s.level] = size;
      motionLevelCount_ = std::max(motionLevelCount_, s.level + 1);
    } else {
      const int chroma = s.component > 0;
      levels_[chroma][s.level] = size;
      levelCount_[chroma] = std::max(levelCount_[chroma], s.level + 1);
    }
  }

  void rowsOf(int index, int kind, int component, const NodeLatents& latents, LatentRows* out) const {
    const int variant = spec_.nodes[index].references;
    for (int l = 0; l < MAX_LEVELS; l++) {
      const int p = planeIndex_[variant][kind][component][l];
      if (p < 0) continue;
      const auto& s = spec_.planes[variant][p];
      out[l] = LatentRows(latents[p], s.width, s.height, real(spec_.steps[index][p]));
    }
  }

  static void addScaled(const Plane& in, real gain, const Plane& out) {
    for (int y = 0; y < in.h; y++)
      for (int x = 0; x < in.w; x++) out.row(y)[x] += gain * in.row(y)[x];
  }

  Pass preparePass(int index, const NodeLatents& latents, std::vector<BakedNode>& nodes) {
    const NodeSpec& node = spec_.nodes[index];
    Pass pass{};
    pass.references = node.references;
    pass.components = motionComponents(node);
    for (int p = 0; p < 3; p++) {
      pass.picture[p] = nodes[index].picture[p];
      for (int r = 0; r < node.references; r++) pass.reference[p][r] = nodes[node.reference[r]].picture[p];
    }
    for (int c = 0; c < pass.components; c++) pass.motion[c] = nodes[index].motion[c];
    pass.net = &nets_[node.depth ? 1 : 0];
    prepareLuma(index, latents, pass);
    pass.chroma = pass.luma;
    for (int c = 0; c < 2; c++) prepareChroma(index, c, latents, pass);
    return pass;
  }

  // Groups 1 to 3 up to half size; the last doubling is left to the row pass.
  void prepareLuma(int index, const NodeLatents& latents, Pass& pass) {
    LatentRows levels[MAX_LEVELS];
    rowsOf(index, INNOVATION, 0, latents, levels);
    pass.luma = !levels[0].empty();
    pass.finest[0] = std::move(levels[0]);
    const auto take = [&](int group, PlaneBuffer& half) {
      pass.lumaHalf[group - 1] = half;
      pass.luma = true;
    };
    if (!levels[1].empty()) {
      PlaneBuffer& one = half_[0].at(1, levels_[0][1]);
      one.clear();
      levels[1].addTo(one);
      take(1, one);
    }
    if (levelCount_[0] > 2 && !levels[2].empty()) {
      PlaneBuffer &two = half_[1].at(2, levels_[0][2]), &one = half_[1].at(1, levels_[0][1]);
      two.clear();
      levels[2].addTo(two);
      doublePlane(team_, two, one);
      take(2, one);
    }
    if (levelCount_[0] > 3 && half_[2].collapse(team_, levels, levels_[0], levelCount_[0], 3)) {
      PlaneBuffer &two = half_[2].at(2, levels_[0][2]), &one = half_[2].at(1, levels_[0][1]);
      doublePlane(team_, half_[2].at(3, levels_[0][3]), two);
      doublePlane(team_, two, one);
      take(3, one);
    }
  }

  void prepareChroma(int index, int c, const NodeLatents& latents, Pass& pass) {
    LatentRows levels[MAX_LEVELS];
    rowsOf(index, INNOVATION, 1 + c, latents, levels);
    if (levelCount_[1] > 1 && chromaSums_[c].collapse(team_, levels, levels_[1], levelCount_[1], 1))
      pass.chromaHalf[c] = chromaSums_[c].at(1, levels_[1][1]);
    pass.chroma |= !levels[0].empty() || pass.chromaHalf[c].origin;
    pass.finest[1 + c] = std::move(levels[0]);
  }

  void bakeRows(const Pass& pass, RowScratch& s, int y0, int y1) const {
    const int w = spec_.width, h = spec_.height;
    if (pass.luma) {
      luma(pass, s, y0 - 1);
      luma(pass, s, y0);
    }
    for (int k = 0; k < 2; k++) std::memset(s.row(INNOVATION_ROW + k), 0, size_t(w) * sizeof(real));
    for (int y = y0; y < y1; y += 2) {
      const int rows = y + 1 < h ? 2 : 1;
      for (int k = 0; k < rows; k++) lumaRow(pass, s, y + k, k);
      if (spec_.halvedChroma) {
        if (pass.references)
          chromaMotionRows(s.motion[0], s.motion[rows - 1], pass.components, w, pass.picture[1].w, s.motion[2]);
        chromaRow(pass, s, y / 2, s.motion[2], twoRows(s, y));
      } else {
        for (int k = 0; k < rows; k++) chromaRow(pass, s, y + k, s.motion[k], s.view(INNOVATION_ROW + k, w, h));
      }
    }
  }

  // The two innovation rows of the scratch as rows y and y + 1 of a plane.
  Plane twoRows(const RowScratch& s, int y) const {
    Plane p;
    p.w = spec_.width;
    p.h = spec_.height;
    p.stride = s.block.stride;
    p.origin = s.row(INNOVATION_ROW) - ptrdiff_t(y) * p.stride;
    return p;
  }

  // Row y of a group that is doubled from half size; the shared zero row where there is nothing.
  static Plane doubled(const Plane& half, const RowScratch& s, int row, int y, int w, int h) {
    if (!half.origin) return s.view(ZERO_ROW, w, h);
    const Plane view = s.view(row, w, h);
    upsampleRows(half, view, nullptr, y, y + 1);
    return view;
  }
  static Plane finest(const LatentRows& latents, const RowScratch& s, int row, int y, int w, int h) {
    if (latents.empty()) return s.view(ZERO_ROW, w, h);
    std::memset(s.row(row), 0, size_t(w) * sizeof(real));
    latents.addRow(y, s.row(row));
    return s.view(row, w, h);
  }

  // Channels of luma row y into the ring.
  void luma(const Pass& pass, RowScratch& s, int y) const {
    const int w = spec_.width, h = spec_.height;
    Plane groups[LUMA_GROUPS];
    const bool inside = y >= 0 && y < h;
    groups[0] = inside ? finest(pass.finest[0], s, GROUP_ROW, y, w, h) : s.view(ZERO_ROW, w, h);
    for (int g = 1; g < LUMA_GROUPS; g++) groups[g] = inside ? doubled(pass.lumaHalf[g - 1], s, GROUP_ROW + g, y, w, h) : groups[0];
    channelRow(groups, *pass.net, y, s.ring.at(y));
  }

  void lumaRow(const Pass& pass, RowScratch& s, int y, int k) const {
    const int w = spec_.width;
    predictedRow<1>(pass, 0, s.motion[k], y, [&] { motionRows(pass.motion, pass.components, w, y, s.motion[k]); });
    if (pass.luma) {
      luma(pass, s, y + 1);
      convolveRow(s.ring, *pass.net, y, w, s.row(INNOVATION_ROW + k));
      addCodes(s.row(INNOVATION_ROW + k), w, pass.picture[0].row(y));
    }
    extendRow(pass.picture[0].row(y), w);
  }

  void chromaRow(const Pass& pass, RowScratch& s, int y, const MotionRows& motion, const Plane& lumaInnovation) const {
    const int w = pass.picture[1].w, h = pass.picture[1].h;
    predictedRow<2>(pass, 1, motion, y, [] {});
    if (pass.chroma) {
      Plane inputs[4];
      for (int c = 0; c < 2; c++) {
        inputs[2 * c] = finest(pass.finest[1 + c], s, CHROMA_ROW + 2 * c, y, w, h);
        inputs[2 * c + 1] = doubled(pass.chromaHalf[c], s, CHROMA_ROW + 1 + 2 * c, y, w, h);
      }
      // Outputs take the place of the inputs: every vector is read before it is written.
      const Plane cb = s.view(CHROMA_ROW, w, h), cr = s.view(CHROMA_ROW + 2, w, h);
      synthesizeChromaRows(inputs, lumaInnovation, spec_.halvedChroma, *pass.net, cb, cr, y, y + 1);
      addCodes(cb.origin, w, pass.picture[1].row(y));
      addCodes(cr.origin, w, pass.picture[2].row(y));
    }
    for (int p = 1; p < 3; p++) extendRow(pass.picture[p].row(y), w);
  }

  template <int planes, class Motion>
  static WEFT_INLINE void predictedRow(const Pass& pass, int first, const MotionRows& motion, int y, const Motion& prepare) {
    const Plane* out = pass.picture + first;
    if (!pass.references) {
      for (int p = 0; p < planes; p++) std::memset(out[p].row(y), 0, size_t(out[p].w) * sizeof(real));
      return;
    }
    prepare();
    predictRow<planes>(pass.reference + first, pass.references, motion, y, out);
  }

  static void addCodes(const real* units, int w, real* out) {
    for (int x = 0; x < w; x++) out[x] += CODES_PER_UNIT * units[x];
  }

  static void extendRows(const Plane& p) {
    const size_t bytes = size_t(MARGIN_X + p.w + 36) * sizeof(real);
    for (int y = 1; y <= MARGIN_Y; y++) {
      std::memcpy(p.row(-y) - MARGIN_X, p.row(0) - MARGIN_X, bytes);
      std::memcpy(p.row(p.h - 1 + y) - MARGIN_X, p.row(p.h - 1) - MARGIN_X, bytes);
    }
  }

  const SegmentSpec& spec_;
  RowTeam& team_;
  int planeIndex_[3][2][MAX_MOTION_COMPONENTS][MAX_LEVELS];
  Plane levels_[2][MAX_LEVELS], motionLevels_[MAX_LEVELS];  // sizes only: luma, chroma; motion
  int levelCount_[2] = {}, motionLevelCount_ = 0;
  SynthesisNetSpec synthesis_[2];
  SynthesisWeights nets_[2];
  LevelSums half_[3], chromaSums_[2], motionSums_;
  std::vector<std::unique_ptr<RowScratch>> scratch_;
};

}  // namespace WEFT_ISA
}  // namespace weft
