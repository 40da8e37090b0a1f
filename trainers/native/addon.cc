// Node-API face of the training engine: one class, Segment. Long calls run on a worker thread and return promises.
#include <memory>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include "addonSupport.h"
#include "engine.h"

namespace {

using weft::doublesOf;
using weft::intsOf;
using weft::Task;

// config: {width, height, halvedChroma, threads, seed, nodes: Int32Array (9 a node), scales: Float64Array (2 a node),
// planes: [Int32Array (11 a plane) x 3], steps: [Float64Array x 3], depthScale: Float64Array(5),
// lossWeights: Float64Array(3), layout: Int32Array(37)}
weft::SegmentConfig configOf(const Napi::Object& o) {
  weft::SegmentConfig c{};
  c.width = o.Get("width").ToNumber();
  c.height = o.Get("height").ToNumber();
  c.halvedChroma = o.Get("halvedChroma").ToBoolean();
  c.threads = o.Get("threads").ToNumber();
  c.seed = o.Get("seed").ToNumber();
  c.nodes = weft::nodeSpecs(o);
  for (uint32_t v = 0; v < 3; v++) {
    c.planes[v] = weft::planeSpecs(o, v);
    c.steps[v] = doublesOf(o.Get("steps").As<Napi::Array>().Get(v));
  }
  const auto depthScale = doublesOf(o.Get("depthScale")), lossWeights = doublesOf(o.Get("lossWeights"));
  std::copy(depthScale.begin(), depthScale.end(), c.depthScale);
  std::copy(lossWeights.begin(), lossWeights.end(), c.lossWeights);
  const auto layout = intsOf(o.Get("layout"));
  static_assert(sizeof(weft::NetLayout) == 37 * sizeof(int), "the layout is a plain row of offsets");
  std::copy(layout.begin(), layout.end(), reinterpret_cast<int*>(&c.layout));
  return c;
}

Napi::Object costObject(Napi::Env env, const weft::Cost& cost) {
  auto o = Napi::Object::New(env);
  o.Set("distortion", cost.distortion);
  o.Set("bits", cost.bits);
  return o;
}

Napi::Object timeObject(Napi::Env env, const weft::PartTime& part) {
  auto o = Napi::Object::New(env);
  o.Set("name", part.name);
  o.Set("seconds", part.seconds);
  o.Set("operations", part.operations);
  return o;
}

constexpr size_t STEP_NUMBERS = 7;
std::vector<weft::StepOptions> optionsOf(const Napi::Value& value) {
  const auto v = doublesOf(value);
  if (v.empty() || v.size() % STEP_NUMBERS) throw Napi::RangeError::New(value.Env(), "options of a step: " + std::to_string(STEP_NUMBERS) + " numbers");
  std::vector<weft::StepOptions> out;
  for (size_t i = 0; i < v.size(); i += STEP_NUMBERS)
    out.push_back({v[i], v[i + 1], v[i + 2], v[i + 3], v[i + 4], v[i + 5], v[i + 6]});
  return out;
}

class SegmentObject : public Napi::ObjectWrap<SegmentObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Segment", {
      InstanceMethod("setSource", &SegmentObject::setSource),
      InstanceMethod("analyse", &SegmentObject::analyse),
      InstanceMethod("train", &SegmentObject::train),
      InstanceMethod("evaluate", &SegmentObject::evaluate),
      InstanceMethod("gradient", &SegmentObject::gradient),
      InstanceMethod("latents", &SegmentObject::latents),
      InstanceMethod("continuousLatents", &SegmentObject::continuousLatents),
      InstanceMethod("setContinuousLatents", &SegmentObject::setContinuousLatents),
      InstanceMethod("latentGradient", &SegmentObject::latentGradient),
      InstanceMethod("prune", &SegmentObject::prune),
      InstanceMethod("takePartTimes", &SegmentObject::takePartTimes),
      InstanceMethod("release", &SegmentObject::release),
    });
  }
  explicit SegmentObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    const auto options = info[0].As<Napi::Object>();
    const auto config = configOf(options);
    nodes_ = int(config.nodes.size());
    engine_ = options.Get("exact").ToBoolean() ? weft::makeSegmentExact(config) : weft::makeSegment(config);
  }

 private:
  Napi::Object self(const Napi::CallbackInfo& info) { return info.This().As<Napi::Object>(); }

  Napi::Value setSource(const Napi::CallbackInfo& info) {
    checkThere(info);
    const uint8_t* planes[3];
    for (int p = 0; p < 3; p++) planes[p] = info[1 + p].As<Napi::Uint8Array>().Data();
    engine_->setSource(info[0].ToNumber(), planes);
    return info.Env().Undefined();
  }
  // (nets, lambda)
  Napi::Value analyse(const Napi::CallbackInfo& info) {
    checkThere(info);
    const double* nets = info[0].As<Napi::Float64Array>().Data();
    const double lambda = info[1].ToNumber();
    return (new Task(info.Env(), {self(info), info[0].As<Napi::Object>()}, [=] { engine_->analyse(nets, lambda); },
                     [](Napi::Env env) -> Napi::Value { return env.Undefined(); }))->start();
  }
  // (options, activity, nets: NetState in trainers/netState.ts) -> cost of the last step
  Napi::Value train(const Napi::CallbackInfo& info) {
    checkThere(info);
    const auto options = optionsOf(info[0]);
    const uint8_t* activity = info[1].As<Napi::Uint8Array>().Data();
    const auto state = info[2].As<Napi::Object>();
    const auto numbers = [&](const char* name) { return state.Get(name).As<Napi::Float64Array>().Data(); };
    double* steps = numbers("steps");
    weft::NetTraining nets{numbers("values"), numbers("firstMoment"), numbers("secondMoment"), numbers("rateScale"),
                           numbers("prior"), numbers("firstBit"), int64_t(*steps)};
    auto cost = std::make_shared<weft::Cost>();
    return (new Task(info.Env(), {self(info), info[1].As<Napi::Object>(), state},
                     [=]() mutable {
                       *cost = engine_->train(options.data(), int(options.size()), activity, nets);
                       *steps = double(nets.steps);
                     },
                     [=](Napi::Env env) -> Napi::Value { return costObject(env, *cost); }))->start();
  }
  // (nets, nodes, "distortion", "bits" or "all") -> Float64Array, 5 a node: squared errors of Y, Cb, Cr, bits of innovation, bits of motion
  Napi::Value evaluate(const Napi::CallbackInfo& info) {
    checkThere(info);
    const double* nets = info[0].As<Napi::Float64Array>().Data();
    const int nodes = std::min(nodes_, int(info[1].ToNumber()));
    const std::string part = info[2].ToString();
    auto costs = std::make_shared<std::vector<weft::NodeCost>>();
    return (new Task(info.Env(), {self(info), info[0].As<Napi::Object>()},
                     [=] { *costs = engine_->evaluate(nets, nodes, part != "bits", part != "distortion"); },
                     [=](Napi::Env env) -> Napi::Value {
                       auto out = Napi::Float64Array::New(env, costs->size() * 5);
                       for (size_t n = 0; n < costs->size(); n++) {
                         for (int p = 0; p < 3; p++) out[n * 5 + p] = (*costs)[n].squaredError[p];
                         out[n * 5 + 3] = (*costs)[n].innovationBits;
                         out[n * 5 + 4] = (*costs)[n].motionBits;
                       }
                       return out;
                     }))->start();
  }
  // (nets, options of one step, netGradient: filled) -> cost
  Napi::Value gradient(const Napi::CallbackInfo& info) {
    checkThere(info);
    const auto options = optionsOf(info[1]);
    return costObject(info.Env(), engine_->gradient(info[0].As<Napi::Float64Array>().Data(), options.at(0),
                                                    info[2].As<Napi::Float64Array>().Data()));
  }
  // (node) -> one number for each of its latents
  template <class Numbers, class Number>
  Napi::Value ofLatents(const Napi::CallbackInfo& info, void (weft::SegmentEngine::*read)(int, Number*) const) {
    checkThere(info);
    const int node = nodeOf(info);
    auto out = Numbers::New(info.Env(), size_t(engine_->latentCount(node)));
    (engine_.get()->*read)(node, out.Data());
    return out;
  }
  Napi::Value latents(const Napi::CallbackInfo& info) { return ofLatents<Napi::Int32Array>(info, &weft::SegmentEngine::latents); }
  Napi::Value continuousLatents(const Napi::CallbackInfo& info) {
    return ofLatents<Napi::Float64Array>(info, &weft::SegmentEngine::continuousLatents);
  }
  Napi::Value latentGradient(const Napi::CallbackInfo& info) {
    return ofLatents<Napi::Float64Array>(info, &weft::SegmentEngine::latentGradient);
  }
  Napi::Value setContinuousLatents(const Napi::CallbackInfo& info) {
    checkThere(info);
    engine_->setContinuousLatents(nodeOf(info), info[1].As<Napi::Float64Array>().Data());
    return info.Env().Undefined();
  }
  // (threshold)
  Napi::Value prune(const Napi::CallbackInfo& info) {
    checkThere(info);
    engine_->prune(info[0].ToNumber());
    return info.Env().Undefined();
  }
  // () -> [{name, seconds, operations}]
  Napi::Value takePartTimes(const Napi::CallbackInfo& info) {
    checkThere(info);
    auto out = Napi::Array::New(info.Env());
    for (const auto& part : engine_->takePartTimes()) out.Set(out.Length(), timeObject(info.Env(), part));
    return out;
  }
  // Frees the memory at once; nothing else may be called afterwards.
  Napi::Value release(const Napi::CallbackInfo& info) {
    engine_.reset();
#if defined(__GLIBC__)
    malloc_trim(0);  // what was freed goes back to the system, not to the next segment's peak
#endif
    return info.Env().Undefined();
  }
  void checkThere(const Napi::CallbackInfo& info) const {
    if (!engine_) throw Napi::Error::New(info.Env(), "the segment was released");
  }
  int nodeOf(const Napi::CallbackInfo& info) {
    const int node = info[0].ToNumber();
    if (node < 0 || node >= nodes_) throw Napi::RangeError::New(info.Env(), "no such node");
    return node;
  }

  std::unique_ptr<weft::SegmentEngine> engine_;
  int nodes_ = 0;
};

// (seed, seconds for each kernel) -> [{name, operations, seconds, error}]
Napi::Value benchKernels(const Napi::CallbackInfo& info) {
  auto out = Napi::Array::New(info.Env());
  for (const auto& kernel : weft::benchKernels(info[0].ToNumber(), info[1].ToNumber())) {
    auto o = timeObject(info.Env(), kernel);
    o.Set("error", kernel.error);
    out.Set(out.Length(), o);
  }
  return out;
}
// (seconds) -> operations a second
Napi::Value peakOperations(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), weft::peakOperations(info[0].ToNumber()));
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Segment", SegmentObject::define(env));
  exports.Set("benchKernels", Napi::Function::New(env, benchKernels));
  exports.Set("peakOperations", Napi::Function::New(env, peakOperations));
  weft::exportInstructionSet(exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, initialize)
