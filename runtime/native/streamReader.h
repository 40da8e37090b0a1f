// A stream of a segment on its way: the latents of its nodes, one after the other.
#pragma once
#include <algorithm>
#include "latentDecoder.h"

namespace weft {
namespace WEFT_ISA {

class StreamReader {
 public:
  // Copies the bytes. Nodes are counted in the segment, in coding order.
  StreamReader(const StreamSpec& stream, int first)
      : bytes_(stream.size + RangeDecoder::PADDING), next_(first), end_(first + stream.nodes),
        range_((std::copy(stream.bytes, stream.bytes + stream.size, bytes_.begin()), bytes_.data()), stream.size),
        spent_(range_.spentBits(bytes_.data())) {}

  StreamReader(StreamReader&&) = default;

  // The node that comes next, and the one behind the last.
  int next() const { return next_; }
  int end() const { return end_; }
  bool sound() const { return sound_; }
  bool ended() const { return next_ == end_ || !sound_; }

  // Reads the next node, and `sound` no more if it is damaged.
  void readNode(LatentDecoder& decoder, const NodeSpec& node, NodeLatents& latents, NodeBits& bits) {
    double between = 0;
    sound_ = decoder.decodeNode(node, states_, range_, latents, [&] { between = range_.spentBits(bytes_.data()); });
    const double after = range_.spentBits(bytes_.data());
    bits = {between - spent_, after - between};
    spent_ = after;
    if (++next_ == end_) bytes_ = {};
  }

 private:
  std::vector<uint8_t> bytes_;
  int next_, end_;
  bool sound_ = true;
  RangeDecoder range_;
  StreamStates states_;
  double spent_;
};

}  // namespace WEFT_ISA
}  // namespace weft
