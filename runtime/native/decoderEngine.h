// What the addon sees of a decoder, whatever instruction set it was compiled for.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>
#include "fieldSpec.h"

namespace weft {

// Integer tables of the entropy coder (runtime/entropy): one definition, handed over by TypeScript.
struct EntropyTables {
  std::vector<uint8_t> logarithm;    // 256 entries, Q4
  std::vector<int32_t> cumulative;   // 34 entries for each scale -32..12 and fraction -8..7
};

// A run of nodes in coding order and its bytes, which somebody else owns.
struct StreamSpec {
  int nodes;
  const uint8_t* bytes;
  size_t size;
};

// What leads from a frame to the next one (NodeLink in runtime/field/structure.ts).
struct LinkSpec {
  int carrier, other, field;
  bool carrierIsLater;
};

struct SegmentSpec : FieldSpec {
  std::vector<LinkSpec> links;             // by frame, without the last one
  std::vector<std::vector<float>> steps;   // by node: quantization step of each of its planes
  ContextNetSpec contexts[3];
  SynthesisNetSpec synthesis[2];
  std::vector<float> filters;  // of luma by depth, of both chroma planes: [5 + 2][3][3]
  std::vector<StreamSpec> streams;
};

// Weights from a line of source samples to a line of output samples: (outputs, taps).
struct AxisSpec {
  int outputs, taps;
  std::vector<int32_t> indexes;
  std::vector<float> weights;
};

// The net that says what is added to larger pictures (runtime/field/enlarger.ts), and how it is read at one size: splines across
// and down, SPLINE_TAPS taps each.
struct EnlargementSpec {
  std::vector<float> values;  // as EnlargerLayout says
  double strength;
  AxisSpec across, down;
};

// luma across, luma down, chroma across, chroma down
struct RasterSpec {
  bool identity;
  AxisSpec axes[4];
  std::optional<EnlargementSpec> enlargement;
};

class RasterEngine {
 public:
  virtual ~RasterEngine() = default;
};

// A picture of a segment; earlier frames are not asked for again soon.
struct PictureRequest {
  int frame;
  double phase;  // 0 at the frame, to 1 (excluded) at the next one
};

// What the latents of a node took in the stream.
struct NodeBits {
  double motion, innovation;
};

// One segment. decode() first; then pictures in any order, fastest with frames rising. Calls may come from any thread.
// The streams' bytes are copied; they are not used after it was made.
class DecodedSegment {
 public:
  virtual ~DecodedSegment() = default;
  // Entropy decoding; false if a stream holds a value out of range.
  virtual bool decode() = 0;
  // Instead of decode(), for a caller with one thread of its own: a node of as many streams as there are threads; false once
  // nothing is left to do. And what a picture needs of it, at once; false if that is damaged.
  virtual bool decodeSome() = 0;
  virtual bool decodeFor(const PictureRequest& request) = 0;
  virtual bool decodeForLink(int frame) = 0;
  // Whether nothing was out of range so far.
  virtual bool sound() const = 0;
  virtual NodeBits bits(int node) const = 0;
  virtual int latentCount(int node) const = 0;
  virtual void latents(int node, int32_t* out) const = 0;
  // The planes that pictures are sampled from, in codes minus 128, of floats tightly packed: Y, Cb, Cr of a frame; and of what
  // leads from it to the next one motion across and down, acceleration across and down.
  virtual void planes(int frame, float* const planes[3]) = 0;
  virtual void link(int frame, float* const fields[4]) = 0;
  // Fills three tightly packed 8-bit planes of the raster's size.
  virtual void picture(const RasterEngine& raster, const PictureRequest& request, uint8_t* const planes[3]) = 0;
  // Bytes of baked planes held at the moment.
  virtual size_t heldBytes() const = 0;
};

class DecoderEngine {
 public:
  virtual ~DecoderEngine() = default;
  virtual std::unique_ptr<DecodedSegment> segment(const SegmentSpec& spec) = 0;
  virtual std::unique_ptr<RasterEngine> raster(const RasterSpec& spec) = 0;
};

// Baked planes of a segment beyond `keptBytes` are dropped as soon as later frames do not need them; they are baked again
// if somebody goes back. The segments must not outlive the engine.
std::unique_ptr<DecoderEngine> makeDecoder(int threads, const EntropyTables& tables, size_t keptBytes);

}  // namespace weft
