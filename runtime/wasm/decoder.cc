// The face of the decoder in WebAssembly (twin: decoderModule.ts): plain functions over numbers and addresses. Records come as
// words of 32 bits, in the order in which they are read here (twin: segmentWords.ts).
#include "instructionSet.h"
#include "segmentDecoder.h"

#define WEFT_EXPORT(name) extern "C" [[clang::export_name(#name)]]

// Once a film or a segment: small rather than fast.
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

namespace {

class WordReader {
 public:
  explicit WordReader(const int32_t* words) : next_(words) {}
  int integer() { return *next_++; }
  double real() {
    double value;
    std::memcpy(&value, next_, sizeof value);
    next_ += 2;
    return value;
  }
  template <class Value> std::vector<Value> list() {
    static_assert(sizeof(Value) == sizeof(int32_t), "a word each");
    const int count = integer();
    std::vector<Value> values(static_cast<size_t>(count));
    std::memcpy(values.data(), next_, values.size() * sizeof(Value));
    next_ += values.size();
    return values;
  }
  // Bytes that stay where they are, in whole words.
  const uint8_t* bytes(size_t count) {
    const auto* begin = reinterpret_cast<const uint8_t*>(next_);
    next_ += (count + 3) / 4;
    return begin;
  }

 private:
  const int32_t* next_;
};

weft::NodeSpec nodeSpec(WordReader& in) {
  weft::NodeSpec n{};
  n.frame = in.integer();
  n.depth = in.integer();
  n.references = in.integer();
  for (int r = 0; r < 2; r++) {
    n.reference[r] = in.integer();
    n.motionNode[r] = in.integer();
    n.motionField[r] = in.integer();
    n.motionScale[r] = in.real();
  }
  return n;
}

weft::LinkSpec linkSpec(WordReader& in) {
  weft::LinkSpec link{};
  for (int* field : {&link.carrier, &link.other, &link.field}) *field = in.integer();
  link.carrierIsLater = in.integer();
  return link;
}

weft::LatentPlaneSpec planeSpec(WordReader& in) {
  weft::LatentPlaneSpec p{};
  for (int* field : {&p.kind, &p.component, &p.level, &p.width, &p.height, &p.net, &p.biasRow, &p.parent, &p.grandparent,
                     &p.companion1, &p.companion2})
    *field = in.integer();
  return p;
}

weft::SegmentSpec segmentSpec(WordReader in) {
  weft::SegmentSpec s{};
  s.width = in.integer();
  s.height = in.integer();
  s.halvedChroma = in.integer();
  for (int left = in.integer(); left > 0; left--) s.nodes.push_back(nodeSpec(in));
  for (auto& planes : s.planes)
    for (int left = in.integer(); left > 0; left--) planes.push_back(planeSpec(in));
  for (size_t frame = 1; frame < s.nodes.size(); frame++) s.links.push_back(linkSpec(in));
  for (size_t n = 0; n < s.nodes.size(); n++) s.steps.push_back(in.list<float>());
  for (auto& net : s.contexts)
    for (auto* weights : {&net.w1, &net.b1, &net.w2, &net.lin, &net.bias, &net.depth}) *weights = in.list<int32_t>();
  for (auto& net : s.synthesis)
    for (auto* weights : {&net.w1, &net.b1, &net.conv, &net.chromaW1, &net.chromaB1, &net.chromaW2, &net.chromaLinear})
      *weights = in.list<float>();
  s.filters = in.list<float>();
  for (int left = in.integer(); left > 0; left--) {
    const int nodes = in.integer();
    const size_t size = size_t(in.integer());
    s.streams.push_back({nodes, in.bytes(size), size});
  }
  return s;
}

weft::AxisSpec axisSpec(WordReader& in) {
  weft::AxisSpec axis{};
  axis.outputs = in.integer();
  axis.taps = in.integer();
  axis.indexes = in.list<int32_t>();
  axis.weights = in.list<float>();
  return axis;
}

}  // namespace

using weft::DecodedSegment;
using weft::DecoderEngine;
using weft::RasterEngine;

WEFT_EXPORT(allocate) void* allocate(size_t bytes) { return new uint8_t[bytes]; }
WEFT_EXPORT(release) void release(void* block) { delete[] static_cast<uint8_t*>(block); }

// Words: logarithms, cumulative frequencies.
WEFT_EXPORT(newDecoder) DecoderEngine* newDecoder(int threads, const int32_t* words, size_t keptBytes) {
  WordReader in(words);
  const auto logarithm = in.list<int32_t>();
  const weft::EntropyTables tables{{logarithm.begin(), logarithm.end()}, in.list<int32_t>()};
  return new weft::WEFT_ISA::Decoder(threads, tables, keptBytes);
}

// Words: whether it changes nothing, the axes, whether it enlarges with a net; the net, its strength, the splines across and down.
WEFT_EXPORT(newRaster) RasterEngine* newRaster(DecoderEngine* decoder, const int32_t* words) {
  WordReader in(words);
  weft::RasterSpec spec;
  spec.identity = in.integer();
  for (auto& axis : spec.axes) axis = axisSpec(in);
  if (in.integer()) {
    auto& enlargement = spec.enlargement.emplace();
    enlargement.values = in.list<float>();
    enlargement.strength = in.real();
    enlargement.across = axisSpec(in);
    enlargement.down = axisSpec(in);
  }
  return decoder->raster(spec).release();
}
WEFT_EXPORT(endRaster) void endRaster(RasterEngine* raster) { delete raster; }

WEFT_EXPORT(newSegment) DecodedSegment* newSegment(DecoderEngine* decoder, const int32_t* words) {
  return decoder->segment(segmentSpec(WordReader(words))).release();
}
WEFT_EXPORT(endSegment) void endSegment(DecodedSegment* segment) { delete segment; }

WEFT_EXPORT(decodeSome) bool decodeSome(DecodedSegment* segment) { return segment->decodeSome(); }
WEFT_EXPORT(sound) bool sound(const DecodedSegment* segment) { return segment->sound(); }
WEFT_EXPORT(latentCount) int latentCount(const DecodedSegment* segment, int node) { return segment->latentCount(node); }
WEFT_EXPORT(latents) void latents(const DecodedSegment* segment, int node, int32_t* out) { segment->latents(node, out); }
// Of motion and of innovation.
WEFT_EXPORT(bits) void bits(const DecodedSegment* segment, int node, double* out) {
  const auto bits = segment->bits(node);
  out[0] = bits.motion;
  out[1] = bits.innovation;
}

#pragma clang attribute pop

// These read what they need; false if that is damaged. Planes lie behind each other in `out`.
WEFT_EXPORT(picture) bool picture(DecodedSegment* segment, const RasterEngine* raster, int frame, double phase, uint8_t* y, uint8_t* cb,
                                  uint8_t* cr) {
  const weft::PictureRequest request{frame, phase};
  if (!segment->decodeFor(request)) return false;
  uint8_t* const planes[3] = {y, cb, cr};
  segment->picture(*raster, request, planes);
  return true;
}
WEFT_EXPORT(planes) bool planes(DecodedSegment* segment, int frame, float* y, float* cb, float* cr) {
  if (!segment->decodeFor({frame, 0})) return false;
  float* const planes[3] = {y, cb, cr};
  segment->planes(frame, planes);
  return true;
}
// Motion across and down, acceleration across and down.
WEFT_EXPORT(link) bool link(DecodedSegment* segment, int frame, float* mx, float* my, float* ax, float* ay) {
  if (!segment->decodeForLink(frame)) return false;
  float* const fields[4] = {mx, my, ax, ay};
  segment->link(frame, fields);
  return true;
}
