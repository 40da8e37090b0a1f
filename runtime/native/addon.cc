// Node-API face of the decoder: Decoder (threads and tables), Raster (weights of an output size), Segment. Long calls run
// on a worker thread and return promises.
#include "addonSupport.h"
#include "decoderEngine.h"

namespace {

using weft::bytesOf;
using weft::doublesOf;
using weft::floatsOf;
using weft::intsOf;
using weft::Task;

weft::ContextNetSpec contextNet(const Napi::Value& value) {
  const auto o = value.As<Napi::Object>();
  return {intsOf(o.Get("w1")), intsOf(o.Get("b1")), intsOf(o.Get("w2")), intsOf(o.Get("lin")), intsOf(o.Get("bias")), intsOf(o.Get("depth"))};
}

weft::SynthesisNetSpec synthesisNet(const Napi::Value& value) {
  const auto o = value.As<Napi::Object>(), y = o.Get("luma").As<Napi::Object>(), c = o.Get("chroma").As<Napi::Object>();
  return {floatsOf(y.Get("w1")), floatsOf(y.Get("b1")), floatsOf(y.Get("conv")), floatsOf(c.Get("w1")), floatsOf(c.Get("b1")),
          floatsOf(c.Get("w2")), floatsOf(c.Get("lin"))};
}

// See DecodedSegmentConfig in runtime/native/decoderAddon.ts.
weft::SegmentSpec segmentSpec(const Napi::Object& o) {
  weft::SegmentSpec s{};
  weft::readField(o, s);
  weft::forEachObject(o.Get("links").As<Napi::Array>(), [&](const Napi::Object& link) {
    s.links.push_back({weft::intOf(link, "carrier"), weft::intOf(link, "other"), weft::intOf(link, "field"), link.Get("carrierIsLater").ToBoolean()});
  });
  const auto steps = o.Get("steps").As<Napi::Array>();
  for (uint32_t n = 0; n < steps.Length(); n++) s.steps.push_back(floatsOf(steps.Get(n)));
  const auto contexts = o.Get("contexts").As<Napi::Array>(), synthesis = o.Get("synthesis").As<Napi::Array>();
  for (uint32_t i = 0; i < 3; i++) s.contexts[i] = contextNet(contexts.Get(i));
  for (uint32_t i = 0; i < 2; i++) s.synthesis[i] = synthesisNet(synthesis.Get(i));
  s.filters = floatsOf(o.Get("filters"));
  weft::forEachObject(o.Get("streams").As<Napi::Array>(), [&](const Napi::Object& stream) {
    const auto bytes = stream.Get("bytes").As<Napi::Uint8Array>();
    s.streams.push_back({weft::intOf(stream, "nodes"), bytes.Data(), bytes.ElementLength()});
  });
  return s;
}


class DecoderObject : public Napi::ObjectWrap<DecoderObject> {
 public:
  // (threads, logarithm: Uint8Array, cumulative: Int32Array, keptBytes)
  explicit DecoderObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    const weft::EntropyTables tables{bytesOf(info[1]), intsOf(info[2])};
    engine_ = weft::makeDecoder(info[0].ToNumber(), tables, size_t(info[3].ToNumber().Int64Value()));
  }
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Decoder", {InstanceMethod("release", &DecoderObject::release)});
  }
  static std::shared_ptr<weft::DecoderEngine> engineOf(const Napi::Value& value) {
    const auto engine = Unwrap(value.As<Napi::Object>())->engine_;
    if (!engine) throw Napi::Error::New(value.Env(), "the decoder was released");
    return engine;
  }

 private:
  // Ends the threads as soon as no segment needs them.
  Napi::Value release(const Napi::CallbackInfo& info) {
    engine_.reset();
    return info.Env().Undefined();
  }

  std::shared_ptr<weft::DecoderEngine> engine_;
};

weft::AxisSpec axisSpec(const Napi::Value& value) {
  const auto axis = value.As<Napi::Object>();
  const auto weights = doublesOf(axis.Get("weights"));
  return {axis.Get("outputs").ToNumber(), axis.Get("taps").ToNumber(), intsOf(axis.Get("indexes")), std::vector<float>(weights.begin(), weights.end())};
}

// See Enlargement in runtime/field/samplingKernels.ts.
weft::EnlargementSpec enlargementSpec(const Napi::Object& o) {
  const auto values = o.Get("enlarger").As<Napi::Object>().Get("values");
  return {floatsOf(values), o.Get("strength").ToNumber(), axisSpec(o.Get("across")), axisSpec(o.Get("down"))};
}

class RasterObject : public Napi::ObjectWrap<RasterObject> {
 public:
  // (decoder, identity, axes: 4 of {outputs, taps, indexes: Int32Array, weights: Float64Array}, enlargement or undefined)
  explicit RasterObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    weft::RasterSpec spec;
    spec.identity = info[1].ToBoolean();
    const auto axes = info[2].As<Napi::Array>();
    for (uint32_t i = 0; i < 4; i++) spec.axes[i] = axisSpec(axes.Get(i));
    if (info[3].IsObject()) spec.enlargement = enlargementSpec(info[3].As<Napi::Object>());
    engine = DecoderObject::engineOf(info[0])->raster(spec);
    for (int i = 0; i < 2; i++) samples[i] = size_t(spec.axes[2 * i].outputs) * size_t(spec.axes[2 * i + 1].outputs);
  }
  static Napi::Function define(Napi::Env env) { return DefineClass(env, "Raster", {}); }
  std::shared_ptr<weft::RasterEngine> engine;
  size_t samples[2];  // of luma and of a chroma plane
};

class SegmentObject : public Napi::ObjectWrap<SegmentObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Segment", {
      InstanceMethod("decode", &SegmentObject::decode),
      InstanceMethod("latents", &SegmentObject::latents),
      InstanceMethod("bits", &SegmentObject::bits),
      InstanceMethod("picture", &SegmentObject::picture),
      InstanceMethod("heldBytes", &SegmentObject::heldBytes),
      InstanceMethod("release", &SegmentObject::release),
    });
  }
  // (decoder, config)
  explicit SegmentObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    const auto config = info[1].As<Napi::Object>();
    const auto decoder = DecoderObject::engineOf(info[0]);
    const auto spec = segmentSpec(config);
    nodes_ = int(spec.nodes.size());
    // The segment goes before the decoder that it works in.
    engine_ = std::shared_ptr<weft::DecodedSegment>(decoder->segment(spec).release(),
                                                   [decoder](weft::DecodedSegment* segment) { delete segment; });
  }

 private:
  std::shared_ptr<weft::DecodedSegment> engineOf(const Napi::CallbackInfo& info) const {
    if (!engine_) throw Napi::Error::New(info.Env(), "the segment was released");
    return engine_;
  }
  // () -> Promise<boolean>: false if a stream is damaged
  Napi::Value decode(const Napi::CallbackInfo& info) {
    auto engine = engineOf(info);
    auto sound = std::make_shared<bool>(false);
    return (new Task(info.Env(), {info.This().As<Napi::Object>()}, [=] { *sound = engine->decode(); },
                     [=](Napi::Env env) -> Napi::Value { return Napi::Boolean::New(env, *sound); }))->start();
  }
  // () -> [{motion, innovation}], by node
  Napi::Value bits(const Napi::CallbackInfo& info) {
    const auto engine = engineOf(info);
    auto out = Napi::Array::New(info.Env());
    for (int n = 0; n < nodes_; n++) {
      const auto bits = engine->bits(n);
      auto o = Napi::Object::New(info.Env());
      o.Set("motion", bits.motion);
      o.Set("innovation", bits.innovation);
      out.Set(uint32_t(n), o);
    }
    return out;
  }
  // (node) -> Int32Array
  Napi::Value latents(const Napi::CallbackInfo& info) {
    const auto engine = engineOf(info);
    const int node = nodeOf(info, info[0]);
    auto out = Napi::Int32Array::New(info.Env(), size_t(engine->latentCount(node)));
    engine->latents(node, out.Data());
    return out;
  }
  // (raster, frame, phase, y, cb, cr: Uint8Array) -> Promise<void>
  Napi::Value picture(const Napi::CallbackInfo& info) {
    auto engine = engineOf(info);
    const auto rasterObject = info[0].As<Napi::Object>();
    const auto* wrapped = RasterObject::Unwrap(rasterObject);
    auto raster = wrapped->engine;
    const weft::PictureRequest request{nodeOf(info, info[1]), info[2].ToNumber()};
    if (request.phase > 0 && request.frame == nodes_ - 1) throw Napi::RangeError::New(info.Env(), "nothing follows the last frame");
    std::vector<Napi::Object> kept;
    uint8_t* planes[3];
    for (int p = 0; p < 3; p++) {
      auto plane = info[3 + p].As<Napi::Uint8Array>();
      if (plane.ElementLength() != wrapped->samples[p > 0]) throw Napi::RangeError::New(info.Env(), "a plane has another size");
      planes[p] = plane.Data();
      kept.push_back(plane);
    }
    return (new Task(info.Env(), kept,
                     [=] {
                       uint8_t* const out[3] = {planes[0], planes[1], planes[2]};
                       engine->picture(*raster, request, out);
                     },
                     [](Napi::Env env) -> Napi::Value { return env.Undefined(); }))->start();
  }
  Napi::Value heldBytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), double(engineOf(info)->heldBytes()));
  }
  // Frees everything as soon as nothing is under way.
  Napi::Value release(const Napi::CallbackInfo& info) {
    engine_.reset();
    return info.Env().Undefined();
  }
  // Or a frame: there are as many.
  int nodeOf(const Napi::CallbackInfo& info, const Napi::Value& value) const {
    const int node = value.ToNumber();
    if (node < 0 || node >= nodes_) throw Napi::RangeError::New(info.Env(), "no such node");
    return node;
  }

  std::shared_ptr<weft::DecodedSegment> engine_;
  int nodes_ = 0;
};

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Decoder", DecoderObject::define(env));
  exports.Set("Raster", RasterObject::define(env));
  exports.Set("Segment", SegmentObject::define(env));
  weft::exportInstructionSet(exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, initialize)
