// The latents of a node from a stream (twin: runtime/entropy/latentCoder.ts).
#pragma once
#include <cstdlib>
#include "contextNet.h"
#include "latentBlocks.h"
#include "memoryBlock.h"

namespace weft {
namespace WEFT_ISA {

static_assert(BLOCK_WIDTH == RUN, "a run is a row of a block");

// A plane of integers with a border of zeros and rows of whole blocks.
class PaddedPlane {
 public:
  static constexpr int BORDER = 2;
  PaddedPlane(int width, int height)
      : width(width), height(height), blocksWide((width + BLOCK_WIDTH - 1) / BLOCK_WIDTH),
        blocksHigh((height + BLOCK_HEIGHT - 1) / BLOCK_HEIGHT), stride(blocksWide * BLOCK_WIDTH + 2 * BORDER),
        values_(size_t(stride) * size_t(height + 2 * BORDER) * sizeof(int16_t)), origin_(values_.at<int16_t>() + BORDER * stride + BORDER),
        blocks(size_t(blocksWide) * blocksHigh) {}
  WEFT_INLINE int16_t* row(int y) { return origin_ + ptrdiff_t(y) * stride; }
  WEFT_INLINE const int16_t* row(int y) const { return origin_ + ptrdiff_t(y) * stride; }
  // The blocks that are not all zero; all are afterwards.
  PlaneLatents takeOut() {
    PlaneLatents out;
    for (int by = 0, at = 0; occupied && by < blocksHigh; by++)
      for (int bx = 0; bx < blocksWide; bx++, at++)
        if (blocks[at]) {
          takeBlock(bx, by, out);
          blocks[at] = 0;
        }
    occupied = false;
    return out;
  }

 private:
  void takeBlock(int bx, int by, PlaneLatents& out) {
    int16_t block[BLOCK_LATENTS] = {};
    int any = 0;
    for (int y = 0; y < BLOCK_HEIGHT && by * BLOCK_HEIGHT + y < height; y++) {
      int16_t* from = row(by * BLOCK_HEIGHT + y) + bx * BLOCK_WIDTH;
      for (int x = 0; x < BLOCK_WIDTH; x++) {
        any |= block[y * BLOCK_WIDTH + x] = from[x];
        from[x] = 0;
      }
    }
    if (!any) return;
    out.blocks.push_back(uint32_t(by * blocksWide + bx));
    out.values.insert(out.values.end(), block, block + BLOCK_LATENTS);
  }

 public:
  const int width, height, blocksWide, blocksHigh, stride;

 private:
  MemoryBlock values_;
  int16_t* origin_;

 public:
  std::vector<uint8_t> blocks;  // 1: set
  bool occupied = false;
};

// A run reads whole blocks: its own plane two columns and rows away, planes of its size one away; from the parent, whose blocks cover
// twice as much, one away on its half of the run.
constexpr int CONTEXT_REACH = 2;
static_assert(CONTEXT_REACH <= PaddedPlane::BORDER, "the context of the first latent of a plane lies in its border");
static_assert(RUN % 4 == 0, "a run has whole parents and grandparents");

// Adaptive states of one stream; all its nodes share them.
struct StreamStates {
  AdaptiveBit planes[CONTEXT_NETS * MAX_INNOVATION_LEVELS * 2];
  AdaptiveBit blocks[CONTEXT_NETS * BLOCK_CONTEXTS];
};

// The planes that the context of a latent is read from; null where there is none.
struct ContextSources {
  PaddedPlane* own;
  const PaddedPlane *parent, *grandparent, *companion1, *companion2;
};

static WEFT_INLINE int magnitude(int v) { return v < 0 ? -v : v; }
static WEFT_INLINE int signedInput(int q) { return 4 * std::min(std::max(q, -SIGNED_LIMIT), SIGNED_LIMIT); }

// What is known of a run of latents before its first one is read.
struct RunContext {
  int32_t pairs[EARLY_PAIRS][RUN];
  int32_t near[RUN], wide[RUN];  // sums of magnitudes without those to the west
  bool quiet;                    // every early input is zero
};

class LatentDecoder {
 public:
  LatentDecoder(const SegmentSpec& segment, const EntropyTables& tables, const LaplaceTables& laplace)
      : segment_(segment), logarithm_(tables.logarithm.data()), laplace_(laplace) {}

  // False if the stream is damaged. Calls motionRead() between the motion and the innovation, of which the first comes first.
  template <class MotionRead>
  bool decodeNode(const NodeSpec& node, StreamStates& states, RangeDecoder& decoder, NodeLatents& out, const MotionRead& motionRead) {
    const auto& specs = segment_.planes[node.references];
    auto& planes = planesFor(node.references);
    bool sound = true;
    for (size_t i = 0; i < specs.size() && sound; i++) {
      if (specs[i].kind == INNOVATION && (i == 0 || specs[i - 1].kind == MOTION)) motionRead();
      sound = decodePlane(specs[i], int(i), planes, std::min(node.depth, DEPTH_ROWS - 1), states, decoder);
    }
    out.resize(specs.size());
    for (size_t i = 0; i < specs.size(); i++) out[i] = planes[i].takeOut();
    return sound;
  }

 private:
  std::vector<PaddedPlane>& planesFor(int references) {
    auto& planes = planes_[references];
    if (planes.empty())
      for (const auto& s : segment_.planes[references]) planes.emplace_back(s.width, s.height);
    return planes;
  }

  bool decodePlane(const LatentPlaneSpec& spec, int index, std::vector<PaddedPlane>& planes, int depthRow, StreamStates& states,
                   RangeDecoder& decoder) {
    const auto plane = [&](int i) { return i < 0 ? nullptr : &planes[i]; };
    const ContextSources sources{&planes[index], plane(spec.parent), plane(spec.grandparent), plane(spec.companion1),
                                 plane(spec.companion2)};
    const int above = !sources.parent || sources.parent->occupied;
    if (!states.planes[(spec.net * 7 + std::min(spec.level, 6)) * 2 + above].read(decoder)) return true;
    sources.own->occupied = true;
    readBlockFlags(*sources.own, sources.parent, states.blocks + spec.net * BLOCK_CONTEXTS, decoder);
    const ContextNet net(segment_.contexts[spec.net], spec.biasRow, depthRow);
    return readLatents(sources, net, decoder);
  }

  static void readBlockFlags(PaddedPlane& own, const PaddedPlane* parent, AdaptiveBit* bits, RangeDecoder& decoder) {
    auto& blocks = own.blocks;
    if (blocks.size() == 1) {
      blocks[0] = 1;
      return;
    }
    for (int by = 0, at = 0; by < own.blocksHigh; by++)
      for (int bx = 0; bx < own.blocksWide; bx++, at++) {
        const int left = bx ? blocks[at - 1] : 0, top = by ? blocks[at - own.blocksWide] : 0;
        const int above = parent ? parent->blocks[(by >> 1) * parent->blocksWide + (bx >> 1)] : 0;
        blocks[at] = uint8_t(bits[left + 2 * top + 4 * above].read(decoder));
      }
  }

  bool readLatents(const ContextSources& sources, const ContextNet& net, RangeDecoder& decoder) const {
    PaddedPlane& own = *sources.own;
    RangeDecoder local = decoder;  // stays in registers
    RunContext context;
    for (int y = 0; y < own.height; y++)
      for (int bx = 0; bx < own.blocksWide; bx++) {
        if (!own.blocks[(y / BLOCK_HEIGHT) * own.blocksWide + bx]) continue;
        const int x = bx * BLOCK_WIDTH;
        prepareRun(sources, x, y, context);
        if (!readRun(own.row(y) + x, std::min(BLOCK_WIDTH, own.width - x), context, net, local)) return false;
      }
    decoder = local;
    return true;
  }

  WEFT_INLINE bool readRun(int16_t* q, int count, const RunContext& context, const ContextNet& net, RangeDecoder& decoder) const {
    int west = q[-1], west2 = q[-2];
    for (int i = 0; i < count; i++) {
      const int near = logarithm_[std::min(context.near[i] + 2 * magnitude(west), MAGNITUDE_LIMIT)];
      const int wide = logarithm_[std::min(context.wide[i] + magnitude(west2), MAGNITUDE_LIMIT)];
      int location16, scaleIndex;
      const EarlySums sums = context.quiet ? net.rest() : net.early(context.pairs, i);
      net.evaluate(sums, signedInput(west), near, wide, location16, scaleIndex);
      int32_t value;
      if (!readLaplace(decoder, laplace_, location16, scaleIndex, value)) return false;
      q[i] = int16_t(value);
      west2 = west;
      west = value;
    }
    return true;
  }

  void prepareRun(const ContextSources& s, int x, int y, RunContext& out) const {
    const int16_t *n = s.own->row(y - 1) + x, *nn = s.own->row(y - 2) + x;
    int32_t north[RUN + 2], parent[RUN] = {}, above[RUN] = {}, far[RUN] = {}, companion[RUN] = {}, c1[RUN] = {}, c2[RUN] = {};
    int any = 0;
    for (int i = 0; i < RUN + 2; i++) any |= north[i] = signedInput(n[i - 1]);
    for (int i = 0; i < RUN; i++) {
      out.near[i] = 2 * magnitude(n[i]) + magnitude(n[i - 1]) + magnitude(n[i + 1]);
      any |= out.wide[i] = magnitude(nn[i]) + magnitude(n[i - 2]) + magnitude(n[i + 2]) + magnitude(nn[i - 1]) + magnitude(nn[i + 1]);
    }
    if (s.parent && s.parent->occupied) any |= readParent(*s.parent, x, y, parent, above);
    if (s.grandparent && s.grandparent->occupied) any |= readGrandparent(*s.grandparent, x, y, far);
    if (s.companion1 && s.companion1->occupied) {
      any |= readCross(*s.companion1, x, y, c1);
      const int16_t* v = s.companion1->row(y) + x;
      for (int i = 0; i < RUN; i++) companion[i] = signedInput(v[i]);
    }
    if (s.companion2 && s.companion2->occupied) any |= readCross(*s.companion2, x, y, c2);
    out.quiet = any == 0;
    if (out.quiet) return;
    for (int i = 0; i < RUN; i++) {
      out.pairs[0][i] = pairOf(north[i + 1], north[i]);
      out.pairs[1][i] = pairOf(north[i + 2], signedInput(parent[i]));
      out.pairs[2][i] = pairOf(companion[i], logarithm_[std::min(above[i], MAGNITUDE_LIMIT)]);
      out.pairs[3][i] = pairOf(logarithm_[std::min(far[i], MAGNITUDE_LIMIT)], logarithm_[std::min(c1[i], MAGNITUDE_LIMIT)]);
      out.pairs[4][i] = logarithm_[std::min(c2[i], MAGNITUDE_LIMIT)];
    }
  }

  // Every parent serves two latents of a row; the one it shares an outer side with counts too.
  static int readParent(const PaddedPlane& plane, int x, int y, int32_t* value, int32_t* sum) {
    const int16_t* p = plane.row(y >> 1) + (x >> 1);
    const int16_t* vertical = plane.row((y >> 1) + (y & 1 ? 1 : -1)) + (x >> 1);
    int any = 0;
    for (int i = 0; i < RUN / 2; i++) {
      const int both = 2 * magnitude(p[i]) + magnitude(vertical[i]);
      value[2 * i] = value[2 * i + 1] = p[i];
      any |= sum[2 * i] = both + magnitude(p[i - 1]);
      any |= sum[2 * i + 1] = both + magnitude(p[i + 1]);
    }
    return any;
  }

  static int readGrandparent(const PaddedPlane& plane, int x, int y, int32_t* sum) {
    const int16_t* p = plane.row(y >> 2) + (x >> 2);
    int any = 0;
    for (int i = 0; i < RUN; i++) any |= sum[i] = 2 * magnitude(p[i >> 2]);
    return any;
  }

  static int readCross(const PaddedPlane& plane, int x, int y, int32_t* sum) {
    const int16_t *p = plane.row(y) + x, *a = plane.row(y - 1) + x, *b = plane.row(y + 1) + x;
    int any = 0;
    for (int i = 0; i < RUN; i++)
      any |= sum[i] = 2 * magnitude(p[i]) + magnitude(p[i - 1]) + magnitude(p[i + 1]) + magnitude(a[i]) + magnitude(b[i]);
    return any;
  }

  const SegmentSpec& segment_;
  const uint8_t* logarithm_;
  const LaplaceTables& laplace_;
  std::vector<PaddedPlane> planes_[3];  // by number of references; kept from node to node
};

}  // namespace WEFT_ISA
}  // namespace weft
