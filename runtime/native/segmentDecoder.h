// A segment in decoding: all latents at once, then nodes as pictures ask for them.
#pragma once
#include <array>
#include <future>
#include <mutex>
#include "betweenFrames.h"
#include "latentDecoder.h"
#include "nodeBake.h"
#include "rasterSampler.h"

namespace weft {
namespace WEFT_ISA {

// The three planes of a picture that is no longer needed; their memory serves the next one.
using SparePicture = std::array<PlaneBuffer, 3>;
constexpr size_t MAX_SPARE_PICTURES = 4;

// What the segments of one film share. All but the tables belongs to whoever holds the mutex: one picture at a time.
struct Workshop {
  Workshop(int threads, const EntropyTables& tables, size_t kept) : team(threads), entropy(tables), laplace(tables), keptBytes(kept) {}
  RowTeam team;
  std::mutex mutex;
  const EntropyTables entropy;
  const LaplaceTables laplace;
  const size_t keptBytes;
  PlaneBuffer between[3], trust;
  std::vector<SparePicture> spare;
};

class Segment final : public DecodedSegment, private LatentSource {
 public:
  Segment(const SegmentSpec& spec, Workshop& workshop)
      : spec_(spec), workshop_(workshop), latents_(spec.nodes.size()), bits_(spec.nodes.size()), baked_(spec.nodes.size()), baker_(spec_, workshop.team, *this) {
    SynthesisWeights nets[2];
    for (int n = 0; n < 2; n++) {
      SynthesisNetSpec& s = spec_.synthesis[n];
      nets[n] = {s.w1.data(), s.b1.data(), s.conv.data(), s.chromaW1.data(), s.chromaB1.data(), s.chromaW2.data(), s.chromaLinear.data()};
    }
    baker_.setNets(nets[0], nets[1], spec_.filters.data());
  }

  // Streams are independent; each thread takes the next one that nobody has. What one throws (there is no memory left) is thrown
  // once all have ended.
  bool decode() override {
    std::atomic<size_t> next{0};
    std::atomic<bool> sound{true};
    const auto work = [&] {
      LatentDecoder decoder(spec_, workshop_.entropy, workshop_.laplace);
      for (size_t s; (s = next++) < spec_.streams.size() && sound;)
        if (!decodeStream(s, decoder)) sound = false;
    };
    std::vector<std::future<void>> helpers;
    const size_t wanted = std::min(size_t(workshop_.team.threads()), spec_.streams.size());
    for (size_t t = 1; t < wanted; t++) helpers.push_back(std::async(std::launch::async, work));
    work();
    for (auto& helper : helpers) helper.get();
    return sound;
  }

  NodeBits bits(int node) const override { return bits_[node]; }

  int latentCount(int node) const override {
    int count = 0;
    for (const auto& p : spec_.planes[spec_.nodes[node].references]) count += p.width * p.height;
    return count;
  }

  void latents(int node, int32_t* out) const override {
    const auto& planes = spec_.planes[spec_.nodes[node].references];
    for (size_t p = 0; p < planes.size(); p++) {
      unpack(latents_[node][p], planes[p].width, planes[p].height, out);
      out += size_t(planes[p].width) * planes[p].height;
    }
  }

  void picture(const RasterEngine& raster, const PictureRequest& request, uint8_t* const planes[3]) override {
    std::lock_guard<std::mutex> lock(workshop_.mutex);
    needPicture(request.node);
    if (request.other >= 0) needPicture(request.other);
    Plane views[3];
    for (int p = 0; p < 3; p++) views[p] = baked_[request.node].picture[p];
    if (request.other >= 0) sampleBetween(request, views);
    static_cast<const Raster&>(raster).sample(workshop_.team, views, planes);
    release(request.frame);
  }

  size_t heldBytes() const override {
    size_t bytes = 0;
    for (const auto& node : baked_) bytes += node.hasPicture ? pictureBytes() : 0;
    return bytes;
  }

 private:
  bool decodeStream(size_t stream, LatentDecoder& decoder) {
    size_t node = 0;
    for (size_t s = 0; s < stream; s++) node += size_t(spec_.streams[s].nodes);
    StreamStates states;
    const StreamSpec& spec = spec_.streams[stream];
    std::vector<uint8_t> bytes(spec.size + RangeDecoder::PADDING);
    std::copy(spec.bytes, spec.bytes + spec.size, bytes.begin());
    RangeDecoder range(bytes.data(), spec.size);
    const uint8_t* begin = bytes.data();
    double before = range.spentBits(begin);
    for (int i = 0; i < spec.nodes; i++, node++) {
      double between = 0;
      if (!decoder.decodeNode(spec_.nodes[node], states, range, latents_[node], [&] { between = range.spentBits(begin); })) return false;
      const double after = range.spentBits(begin);
      bits_[node] = {between - before, after - between};
      before = after;
    }
    return true;
  }

  static void unpack(const PlaneLatents& latents, int width, int height, int32_t* out) {
    std::fill(out, out + size_t(width) * height, 0);
    const int blocksWide = blocksAcross(width);
    for (size_t b = 0; b < latents.blocks.size(); b++) {
      const int x0 = int(latents.blocks[b] % blocksWide) * BLOCK_WIDTH, y0 = int(latents.blocks[b] / blocksWide) * BLOCK_HEIGHT;
      for (int y = 0; y < std::min(BLOCK_HEIGHT, height - y0); y++)
        for (int x = 0; x < std::min(BLOCK_WIDTH, width - x0); x++)
          out[size_t(y0 + y) * width + x0 + x] = latents.values[b * BLOCK_LATENTS + size_t(y) * BLOCK_WIDTH + x];
    }
  }

  LatentRows rows(int node, int plane) const override {
    const PlaneLatents& latents = latents_[node][plane];
    const LatentPlaneSpec& spec = spec_.planes[spec_.nodes[node].references][plane];
    return {latents.blocks, latents.values.data(), spec.width, spec.height, real(spec_.steps[node][plane])};
  }

  void needMotion(int node) {
    if (baked_[node].hasMotion) return;
    const NodeSpec& spec = spec_.nodes[node];
    for (int r = 0; r < spec.references; r++)
      if (spec.motionNode[r] >= 0) needMotion(spec.motionNode[r]);
    baker_.bakeMotion(node, baked_);
  }

  void needPicture(int node) {
    if (baked_[node].hasPicture) return;
    const NodeSpec& spec = spec_.nodes[node];
    for (int r = 0; r < spec.references; r++) needPicture(spec.reference[r]);
    needMotion(node);
    reuseSpare(baked_[node]);
    baker_.bakePicture(node, baked_);
  }

  void reuseSpare(BakedNode& node) {
    auto& spare = workshop_.spare;
    if (spare.empty()) return;
    SparePicture picture = std::move(spare.back());
    spare.pop_back();
    for (int p = 0; p < 3; p++) {
      const Plane size = baker_.planeSize(p);
      if (picture[p].w == size.w && picture[p].h == size.h) node.picture[p] = std::move(picture[p]);
    }
  }

  void drop(BakedNode& node) {
    SparePicture picture;
    for (int p = 0; p < 3; p++) picture[p] = std::move(node.picture[p]);
    node.hasPicture = false;
    if (workshop_.spare.size() < MAX_SPARE_PICTURES) workshop_.spare.push_back(std::move(picture));
  }

  void sampleBetween(const PictureRequest& request, Plane views[3]) {
    Plane references[3][2];
    for (int p = 0; p < 3; p++) {
      references[p][0] = baked_[request.node].picture[p];
      references[p][1] = baked_[request.other].picture[p];
      const Plane size = baker_.planeSize(p);
      workshop_.between[p].fit(size.w, size.h);
      views[p] = workshop_.between[p];
    }
    const PlaneBuffer* field = &baked_[request.node].motion[displacement(request.field, 0)];
    workshop_.trust.fit(field->w, field->h);
    planesBetween(workshop_.team, references, {field[0], field[1], workshop_.trust}, real(request.elapsed), spec_.halvedChroma, views);
  }

  size_t pictureBytes() const {
    size_t samples = 0;
    for (int p = 0; p < 3; p++) samples += size_t(baker_.planeSize(p).w) * baker_.planeSize(p).h;
    return samples * sizeof(real);
  }

  // Drops what the frames from `frame` on do not need, if too much is held.
  void release(int frame) {
    if (heldBytes() <= workshop_.keptBytes) return;
    std::vector<uint8_t> needed(baked_.size());
    for (size_t n = 0; n < baked_.size(); n++) {
      const NodeSpec& spec = spec_.nodes[n];
      if (spec.frame < frame) continue;
      needed[n] = 1;
      for (int r = 0; r < spec.references && !baked_[n].hasPicture; r++) needed[spec.reference[r]] = 1;
    }
    for (size_t n = 0; n < baked_.size(); n++)
      if (!needed[n] && baked_[n].hasPicture) drop(baked_[n]);
  }

  SegmentSpec spec_;
  Workshop& workshop_;
  std::vector<NodeLatents> latents_;
  std::vector<NodeBits> bits_;
  std::vector<BakedNode> baked_;
  NodeBaker baker_;
};

class Decoder final : public DecoderEngine {
 public:
  Decoder(int threads, const EntropyTables& tables, size_t keptBytes) : workshop_(threads, tables, keptBytes) {}
  std::unique_ptr<DecodedSegment> segment(const SegmentSpec& spec) override { return std::make_unique<Segment>(spec, workshop_); }
  std::unique_ptr<RasterEngine> raster(const RasterSpec& spec) override { return std::make_unique<Raster>(spec); }

 private:
  Workshop workshop_;
};

}  // namespace WEFT_ISA
}  // namespace weft
