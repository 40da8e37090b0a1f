// A segment in decoding: latents all at once or as pictures ask for them, nodes always as pictures ask for them.
#pragma once
#include <algorithm>
#include <array>
#include <optional>
#include "betweenFrames.h"
#include "nodeBake.h"
#include "rasterSampler.h"
#include "streamReader.h"

namespace weft {
namespace WEFT_ISA {

// The three planes of a picture that is no longer needed; their memory serves the next one.
using SparePicture = std::array<PlaneBuffer, 3>;
constexpr size_t MAX_SPARE_PICTURES = 4;

// What the segments of one film share. All but the tables belongs to whoever has the team's turn: one picture at a time.
struct Workshop {
  Workshop(int threads, const EntropyTables& tables, size_t kept) : team(threads), entropy(tables), laplace(tables), keptBytes(kept) {}
  RowTeam team;
  const EntropyTables entropy;
  const LaplaceTables laplace;
  const size_t keptBytes;
  PlaneBuffer between[3];
  FeatureRows features;
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
    nodeAt_.resize(spec.nodes.size());
    for (size_t n = 0; n < spec.nodes.size(); n++) nodeAt_[spec.nodes[n].frame] = int(n);
    int first = 0;
    for (const StreamSpec& stream : spec_.streams) {
      streams_.emplace_back(stream, first);
      first += stream.nodes;
    }
  }

  // Streams are independent of each other.
  bool decode() override {
    std::vector<std::unique_ptr<LatentDecoder>> decoders(workshop_.team.threads());
    workshop_.team.overTasksAside(int(streams_.size()), [&](int s, int thread) {
      if (!decoders[thread]) decoders[thread] = newDecoder();
      while (!streams_[s].ended()) readNode(streams_[s], *decoders[thread]);
    });
    return sound();
  }

  bool decodeSome() override {
    std::vector<StreamReader*> next;
    for (StreamReader& stream : streams_)
      if (!stream.ended() && int(next.size()) < workshop_.team.threads()) next.push_back(&stream);
    if (next.empty()) decoders_.clear();
    while (decoders_.size() < next.size()) decoders_.push_back(newDecoder());
    workshop_.team.overTasks(int(next.size()), [&](int i) { readNode(*next[i], *decoders_[i]); });
    return !next.empty();
  }

  bool sound() const override {
    return std::all_of(streams_.begin(), streams_.end(), [](const StreamReader& stream) { return stream.sound(); });
  }

  bool decodeFor(const PictureRequest& request) override {
    if (request.phase == 0) return readForPicture(nodeAt_[request.frame]);
    const LinkSpec& link = spec_.links[request.frame];
    return readForPicture(link.carrier) && readForPicture(link.other) && decodeForLink(request.frame);
  }

  bool decodeForLink(int frame) override {
    bool sound = true;
    overLinksAround(frame, [&](const LinkSpec& link) { sound = sound && readForMotion(link.carrier); });
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
    RowTeam::Turn turn(workshop_.team);
    Plane views[3];
    if (request.phase > 0) {
      sampleBetween(request, views);
    } else {
      const BakedNode& node = needPicture(nodeAt_[request.frame]);
      for (int p = 0; p < 3; p++) views[p] = node.picture[p];
    }
    static_cast<const Raster&>(raster).sample(workshop_.team, views, workshop_.features, planes);
    release(request.frame);
  }

  void planes(int frame, float* const planes[3]) override {
    RowTeam::Turn turn(workshop_.team);
    const BakedNode& node = needPicture(nodeAt_[frame]);
    for (int p = 0; p < 3; p++) copyPlane(node.picture[p], planes[p]);
    release(frame);
  }

  void link(int frame, float* const fields[4]) override {
    RowTeam::Turn turn(workshop_.team);
    const CarriedMotion motion = findAcceleration(frame);
    for (int axis = 0; axis < 2; axis++) copyPlane(motion.axes[axis], fields[axis]);
    copyPlane(acceleration_.x(), fields[2]);
    copyPlane(acceleration_.y(), fields[3]);
  }

  size_t heldBytes() const override {
    size_t bytes = 0;
    for (const auto& node : baked_) bytes += node.hasPicture ? pictureBytes() : 0;
    return bytes;
  }

 private:
  std::unique_ptr<LatentDecoder> newDecoder() const {
    return std::make_unique<LatentDecoder>(spec_, workshop_.entropy, workshop_.laplace);
  }

  void readNode(StreamReader& stream, LatentDecoder& decoder) {
    const int node = stream.next();
    stream.readNode(decoder, spec_.nodes[node], latents_[node], bits_[node]);
  }

  // The latents of a node and of all nodes before it in its stream. False if they are damaged.
  bool readUpTo(int node) {
    StreamReader& stream = *std::find_if(streams_.begin(), streams_.end(), [&](const StreamReader& s) { return node < s.end(); });
    if (decoders_.empty()) decoders_.push_back(newDecoder());
    while (stream.next() <= node && !stream.ended()) readNode(stream, *decoders_[0]);
    return stream.next() > node && stream.sound();
  }

  // The latents that the motion of a node is made of, and its own.
  bool readForMotion(int node) {
    if (baked_[node].hasMotion) return true;
    const NodeSpec& spec = spec_.nodes[node];
    for (int r = 0; r < spec.references; r++)
      if (spec.motionNode[r] >= 0 && !readForMotion(spec.motionNode[r])) return false;
    return readUpTo(node);
  }

  bool readForPicture(int node) {
    if (baked_[node].hasPicture) return true;
    const NodeSpec& spec = spec_.nodes[node];
    for (int r = 0; r < spec.references; r++)
      if (!readForPicture(spec.reference[r])) return false;
    return readForMotion(node) && readUpTo(node);
  }

  static void copyPlane(const Plane& plane, float* out) {
    for (int y = 0; y < plane.h; y++, out += plane.w) std::copy(plane.row(y), plane.row(y) + plane.w, out);
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

  BakedNode& needPicture(int node) {
    BakedNode& baked = baked_[node];
    if (baked.hasPicture) return baked;
    const NodeSpec& spec = spec_.nodes[node];
    for (int r = 0; r < spec.references; r++) needPicture(spec.reference[r]);
    needMotion(node);
    reuseSpare(baked);
    baker_.bakePicture(node, baked_);
    return baked;
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

  // That from a frame to the next one and those beside it, where there are such.
  template <class Use> void overLinksAround(int frame, const Use& use) const {
    for (int f = std::max(0, frame - 1); f <= std::min(frame + 1, int(spec_.links.size()) - 1); f++) use(spec_.links[f]);
  }

  CarriedMotion carriedMotion(int frame) const {
    const LinkSpec& link = spec_.links[frame];
    return {&baked_[link.carrier].motion[displacement(link.field, 0)], real(link.carrierIsLater ? -1 : 1)};
  }

  // From a frame to the next one; the motion on that way.
  CarriedMotion findAcceleration(int frame) {
    overLinksAround(frame, [&](const LinkSpec& link) { needMotion(link.carrier); });
    const CarriedMotion here = carriedMotion(frame);
    std::optional<CarriedMotion> before, after;
    if (frame > 0) before = carriedMotion(frame - 1);
    if (frame + 1 < int(spec_.links.size())) after = carriedMotion(frame + 1);
    acceleration_.find(workshop_.team, here, before ? &*before : nullptr, after ? &*after : nullptr);
    linked_ = NOWHERE;  // trajectories are of another frame now
    return here;
  }

  void sampleBetween(const PictureRequest& request, Plane views[3]) {
    const LinkSpec& link = spec_.links[request.frame];
    needPicture(link.carrier);
    needPicture(link.other);
    Plane references[3][2];
    for (int p = 0; p < 3; p++) {
      references[p][0] = baked_[link.carrier].picture[p];
      references[p][1] = baked_[link.other].picture[p];
      const Plane size = baker_.planeSize(p);
      workshop_.between[p].fit(size.w, size.h);
      views[p] = workshop_.between[p];
    }
    // All instants between two frames share them.
    if (linked_ != request.frame) {
      const Plane luma[2] = {references[0][0], references[0][1]};
      trajectories_.find(workshop_.team, luma, findAcceleration(request.frame));
      linked_ = request.frame;
    }
    const double elapsed = link.carrierIsLater ? 1 - request.phase : request.phase;
    planesBetween(workshop_.team, references, trajectories_, acceleration_, real(elapsed), spec_.halvedChroma, views);
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
  std::vector<int> nodeAt_;  // by frame
  Workshop& workshop_;
  std::vector<StreamReader> streams_;
  std::vector<std::unique_ptr<LatentDecoder>> decoders_;  // for what is read in parts, one a thread
  std::vector<NodeLatents> latents_;
  std::vector<NodeBits> bits_;
  std::vector<BakedNode> baked_;
  NodeBaker baker_;
  static constexpr int NOWHERE = -1;
  Trajectories trajectories_;
  Acceleration acceleration_;
  int linked_ = NOWHERE;  // the frame that both lead from
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
