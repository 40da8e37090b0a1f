// Node-API face of the training engine: the class Segment, and the gradient of an enlarger. Long calls run on a worker thread and return promises.
#include <memory>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include "addonConfig.h"
#include "enlargerTraining.h"

namespace {

using weft::Task;

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

Napi::Object nodeCostObject(Napi::Env env, const weft::NodeCost& cost) {
  auto errors = Napi::Array::New(env);
  for (uint32_t p = 0; p < 3; p++) errors.Set(p, cost.squaredError[p]);
  auto o = Napi::Object::New(env);
  o.Set("squaredErrors", errors);
  o.Set("distortion", cost.distortion);
  o.Set("innovationBits", cost.innovationBits);
  o.Set("motionBits", cost.motionBits);
  return o;
}

class SegmentObject : public Napi::ObjectWrap<SegmentObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Segment", {
      InstanceMethod("setSource", &SegmentObject::setSource),
      InstanceMethod("analyse", &SegmentObject::analyse),
      InstanceMethod("bake", &SegmentObject::bake),
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
    const auto config = weft::segmentConfig(options);
    nodes_ = int(config.nodes.size());
    segment_ = weft::makeTrainingSegment(config);
  }

 private:
  Napi::Object self(const Napi::CallbackInfo& info) { return info.This().As<Napi::Object>(); }

  // (node, y, cb, cr, weights: Float32Array or undefined)
  Napi::Value setSource(const Napi::CallbackInfo& info) {
    checkThere(info);
    const uint8_t* planes[3];
    for (int p = 0; p < 3; p++) planes[p] = info[1 + p].As<Napi::Uint8Array>().Data();
    segment_->setSource(nodeOf(info, info[0]), planes, info[4].IsTypedArray() ? info[4].As<Napi::Float32Array>().Data() : nullptr);
    return info.Env().Undefined();
  }
  // (nets, lambda, nodes: NodeRange)
  Napi::Value analyse(const Napi::CallbackInfo& info) {
    checkThere(info);
    const double* nets = info[0].As<Napi::Float64Array>().Data();
    const double lambda = info[1].ToNumber();
    const weft::NodeRange nodes = rangeOf(info[2]);
    return (new Task(info.Env(), {self(info), info[0].As<Napi::Object>()}, [=] { segment_->analyse(nets, lambda, nodes); },
                     [](Napi::Env env) -> Napi::Value { return env.Undefined(); }))->start();
  }
  // (nets, nodes: number[])
  Napi::Value bake(const Napi::CallbackInfo& info) {
    checkThere(info);
    const double* nets = info[0].As<Napi::Float64Array>().Data();
    const auto listed = info[1].As<Napi::Array>();
    std::vector<int> nodes;
    for (uint32_t i = 0; i < listed.Length(); i++) nodes.push_back(nodeOf(info, listed.Get(i)));
    return (new Task(info.Env(), {self(info), info[0].As<Napi::Object>()}, [=] { segment_->bake(nets, nodes); },
                     [](Napi::Env env) -> Napi::Value { return env.Undefined(); }))->start();
  }
  // (steps: StepOptions[], activity: StepActivity, nets: NetState in trainers/nets/netState.ts) -> cost of the last step
  Napi::Value train(const Napi::CallbackInfo& info) {
    checkThere(info);
    std::vector<weft::StepOptions> options;
    weft::forEachObject(info[0].As<Napi::Array>(), [&](const Napi::Object& step) { options.push_back(weft::stepOptions(step)); });
    const auto weights = info[1].As<Napi::Object>().Get("weights").As<Napi::Uint8Array>();
    const auto latents = info[1].As<Napi::Object>().Get("latents").As<Napi::Float64Array>();
    const size_t visits = options.size() * size_t(nodes_);
    if (options.empty() || weights.ElementLength() != visits || latents.ByteLength() != visits * sizeof(weft::LatentOptions))
      throw Napi::RangeError::New(info.Env(), "a step or more, and a weight and the options of its latents for each step and node");
    const weft::StepActivity activity{weights.Data(), reinterpret_cast<const weft::LatentOptions*>(latents.Data())};
    const auto state = info[2].As<Napi::Object>();
    const auto numbers = [&](const char* name) { return state.Get(name).As<Napi::Float64Array>().Data(); };
    double* steps = numbers("steps");
    weft::NetTraining nets{numbers("values"), numbers("firstMoment"), numbers("secondMoment"), numbers("rateScale"),
                           numbers("prior"), numbers("firstBit"), int64_t(*steps)};
    auto cost = std::make_shared<weft::Cost>();
    return (new Task(info.Env(), {self(info), weights, latents, state},
                     [=]() mutable {
                       *cost = segment_->train(options.data(), int(options.size()), activity, nets);
                       *steps = double(nets.steps);
                     },
                     [=](Napi::Env env) -> Napi::Value { return costObject(env, *cost); }))->start();
  }
  // (nets, nodes, "distortion", "bits" or "all") -> NodeCost[]
  Napi::Value evaluate(const Napi::CallbackInfo& info) {
    checkThere(info);
    const double* nets = info[0].As<Napi::Float64Array>().Data();
    const int nodes = std::min(nodes_, int(info[1].ToNumber()));
    const std::string part = info[2].ToString();
    auto costs = std::make_shared<std::vector<weft::NodeCost>>();
    return (new Task(info.Env(), {self(info), info[0].As<Napi::Object>()},
                     [=] { *costs = segment_->evaluate(nets, nodes, part != "bits", part != "distortion"); },
                     [=](Napi::Env env) -> Napi::Value {
                       auto out = Napi::Array::New(env);
                       for (const auto& cost : *costs) out.Set(out.Length(), nodeCostObject(env, cost));
                       return out;
                     }))->start();
  }
  // (nets, StepOptions and LatentOptions, netGradient: filled) -> cost
  Napi::Value gradient(const Napi::CallbackInfo& info) {
    checkThere(info);
    const auto options = info[1].As<Napi::Object>();
    return costObject(info.Env(), segment_->gradient(info[0].As<Napi::Float64Array>().Data(), weft::stepOptions(options),
                                                     weft::latentOptions(options), info[2].As<Napi::Float64Array>().Data()));
  }
  // (node) -> one number for each of its latents
  template <class Numbers, class Number>
  Napi::Value ofLatents(const Napi::CallbackInfo& info, void (weft::TrainingSegment::*read)(int, Number*) const) {
    checkThere(info);
    const int node = nodeOf(info, info[0]);
    auto out = Numbers::New(info.Env(), size_t(segment_->latentCount(node)));
    (segment_.get()->*read)(node, out.Data());
    return out;
  }
  Napi::Value latents(const Napi::CallbackInfo& info) { return ofLatents<Napi::Int32Array>(info, &weft::TrainingSegment::latents); }
  Napi::Value continuousLatents(const Napi::CallbackInfo& info) {
    return ofLatents<Napi::Float64Array>(info, &weft::TrainingSegment::continuousLatents);
  }
  Napi::Value latentGradient(const Napi::CallbackInfo& info) {
    return ofLatents<Napi::Float64Array>(info, &weft::TrainingSegment::latentGradient);
  }
  Napi::Value setContinuousLatents(const Napi::CallbackInfo& info) {
    checkThere(info);
    segment_->setContinuousLatents(nodeOf(info, info[0]), info[1].As<Napi::Float64Array>().Data());
    return info.Env().Undefined();
  }
  // (threshold, nodes: NodeRange)
  Napi::Value prune(const Napi::CallbackInfo& info) {
    checkThere(info);
    segment_->prune(info[0].ToNumber(), rangeOf(info[1]));
    return info.Env().Undefined();
  }
  // () -> [{name, seconds, operations}]
  Napi::Value takePartTimes(const Napi::CallbackInfo& info) {
    checkThere(info);
    auto out = Napi::Array::New(info.Env());
    for (const auto& part : segment_->takePartTimes()) out.Set(out.Length(), timeObject(info.Env(), part));
    return out;
  }
  // Frees the memory at once; nothing else may be called afterwards.
  Napi::Value release(const Napi::CallbackInfo& info) {
    segment_.reset();
#if defined(__GLIBC__)
    malloc_trim(0);  // what was freed goes back to the system, not to the next segment's peak
#endif
    return info.Env().Undefined();
  }
  void checkThere(const Napi::CallbackInfo& info) const {
    if (!segment_) throw Napi::Error::New(info.Env(), "the segment was released");
  }
  int nodeOf(const Napi::CallbackInfo& info, const Napi::Value& value) {
    const int node = value.ToNumber();
    if (node < 0 || node >= nodes_) throw Napi::RangeError::New(info.Env(), "no such node");
    return node;
  }
  weft::NodeRange rangeOf(const Napi::Value& value) {
    const auto o = value.As<Napi::Object>();
    const weft::NodeRange range{o.Get("first").ToNumber(), o.Get("count").ToNumber()};
    if (range.first < 0 || range.count < 0 || range.first > nodes_ - range.count) throw Napi::RangeError::New(value.Env(), "no such nodes");
    return range;
  }

  std::unique_ptr<weft::TrainingSegment> segment_;
  int nodes_ = 0;
};

// (batch: EnlargerBatch in trainers/trainingEngine.ts, gradient: filled) -> mean squared error
Napi::Value enlargerGradient(const Napi::CallbackInfo& info) {
  const auto o = info[0].As<Napi::Object>();
  const auto doubles = [](const Napi::Value& value) { return value.As<Napi::Float64Array>().Data(); };
  const auto floats = [&](const char* name) { return o.Get(name).As<Napi::Float32Array>().Data(); };
  const weft::EnlargerBatch batch{doubles(o.Get("values")), doubles(o.Get("splines")), o.Get("count").ToNumber(), floats("inputs"), floats("targets")};
  double* gradient = doubles(info[1]);
  auto error = std::make_shared<double>();
  return (new Task(info.Env(), {o, info[1].As<Napi::Object>()},
                   [=] { *error = weft::enlargerGradient(batch, gradient); },
                   [=](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, *error); }))->start();
}

#ifndef WEFT_EXACT
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
#endif

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Segment", SegmentObject::define(env));
  exports.Set("enlargerGradient", Napi::Function::New(env, enlargerGradient));
#ifndef WEFT_EXACT
  exports.Set("benchKernels", Napi::Function::New(env, benchKernels));
  exports.Set("peakOperations", Napi::Function::New(env, peakOperations));
#endif
  weft::exportInstructionSet(exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, initialize)
