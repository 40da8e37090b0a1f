// What both addons (decoder, trainer) share: records and arrays from JavaScript, work off the main thread, the instruction set.
#pragma once
#include <functional>
#include <napi.h>
#include <string>
#include <vector>
#include "fieldSpec.h"

namespace weft {

template <class Array, class Value> std::vector<Value> vectorOf(const Napi::Value& value) {
  const auto array = value.As<Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}
inline std::vector<int32_t> intsOf(const Napi::Value& v) { return vectorOf<Napi::Int32Array, int32_t>(v); }
inline std::vector<float> floatsOf(const Napi::Value& v) { return vectorOf<Napi::Float32Array, float>(v); }
inline std::vector<double> doublesOf(const Napi::Value& v) { return vectorOf<Napi::Float64Array, double>(v); }
inline std::vector<uint8_t> bytesOf(const Napi::Value& v) { return vectorOf<Napi::Uint8Array, uint8_t>(v); }

// A named field of an object, which must hold a number.
inline Napi::Number numberOf(const Napi::Object& o, const char* name) {
  const Napi::Value value = o.Get(name);
  if (!value.IsNumber()) throw Napi::TypeError::New(o.Env(), std::string(name) + " must be a number");
  return value.As<Napi::Number>();
}
inline double realOf(const Napi::Object& o, const char* name) { return numberOf(o, name).DoubleValue(); }
inline int intOf(const Napi::Object& o, const char* name) { return numberOf(o, name).Int32Value(); }

// An element of an array in a named field.
inline Napi::Value elementOf(const Napi::Object& o, const char* name, uint32_t index) {
  return o.Get(name).As<Napi::Array>().Get(index);
}
inline Napi::Object objectOf(const Napi::Object& o, const char* name, uint32_t index) { return elementOf(o, name, index).As<Napi::Object>(); }

// Calls use(object) for every object of an array in a named field; handles end with each call.
template <class Use> void forEachObject(const Napi::Array& array, const Use& use) {
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::HandleScope scope(array.Env());
    use(array.Get(i).As<Napi::Object>());
  }
}

// A FieldNode of runtime/field/structure.ts.
inline NodeSpec nodeSpec(const Napi::Object& node) {
  const auto refs = node.Get("refs").As<Napi::Array>();
  if (refs.Length() > 2) throw Napi::RangeError::New(node.Env(), "a node has two references at most");
  NodeSpec n{};
  n.frame = intOf(node, "frame");
  n.depth = intOf(node, "depth");
  n.references = int(refs.Length());
  for (uint32_t r = 0; r < 2; r++) {
    n.reference[r] = r < refs.Length() ? refs.Get(r).ToNumber().Int32Value() : -1;
    n.motionNode[r] = n.motionField[r] = -1;
    const Napi::Value motion = elementOf(node, "motion", r);  // null or beyond the references: predicted as none
    if (!motion.IsObject()) continue;
    const auto prediction = motion.As<Napi::Object>();
    n.motionNode[r] = intOf(prediction, "node");
    n.motionField[r] = intOf(prediction, "field");
    n.motionScale[r] = realOf(prediction, "scale");
  }
  return n;
}

// A LatentPlane of runtime/field/shape.ts.
inline LatentPlaneSpec planeSpec(const Napi::Object& plane) {
  LatentPlaneSpec p{};
  p.kind = plane.Get("kind").As<Napi::String>().Utf8Value() == "motion" ? MOTION : INNOVATION;
  p.component = intOf(plane, "component");
  p.level = intOf(plane, "level");
  p.width = intOf(plane, "width");
  p.height = intOf(plane, "height");
  p.net = intOf(plane, "net");
  p.biasRow = intOf(plane, "biasRow");
  p.parent = intOf(plane, "parent");
  p.grandparent = intOf(plane, "grandparent");
  p.companion1 = intOf(plane, "companion1");
  p.companion2 = intOf(plane, "companion2");
  return p;
}

// The fields of FieldConfig in runtime/field/fieldConfig.ts.
inline void readField(const Napi::Object& o, FieldSpec& field) {
  field.width = intOf(o, "width");
  field.height = intOf(o, "height");
  field.halvedChroma = o.Get("halvedChroma").ToBoolean();
  forEachObject(o.Get("nodes").As<Napi::Array>(), [&](const Napi::Object& node) { field.nodes.push_back(nodeSpec(node)); });
  for (uint32_t references = 0; references < 3; references++)
    forEachObject(elementOf(o, "planes", references).As<Napi::Array>(),
                  [&](const Napi::Object& plane) { field.planes[references].push_back(planeSpec(plane)); });
}

// Runs work off the main thread; keeps the given objects alive meanwhile.
class Task : public Napi::AsyncWorker {
 public:
  Task(Napi::Env env, const std::vector<Napi::Object>& kept, std::function<void()> work,
       std::function<Napi::Value(Napi::Env)> result)
      : AsyncWorker(env), deferred_(env), work_(std::move(work)), result_(std::move(result)) {
    for (auto& object : kept) kept_.push_back(Napi::Persistent(object));
  }
  Napi::Promise start() {
    auto promise = deferred_.Promise();
    Queue();
    return promise;
  }
  void Execute() override {
    try {
      work_();
    } catch (const std::exception& error) {
      SetError(error.what());
    }
  }
  void OnOK() override { deferred_.Resolve(result_(Env())); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  std::function<void()> work_;
  std::function<Napi::Value(Napi::Env)> result_;
  std::vector<Napi::ObjectReference> kept_;
};

// Tells which instruction set this build is for; the portable build of x86 also tells which others the processor has.
inline void exportInstructionSet(Napi::Object exports) {
#if defined(__AVX512F__)
  exports.Set("instructionSet", "avx512");
#elif defined(__AVX2__)
  exports.Set("instructionSet", "avx2");
#elif defined(__aarch64__)
  exports.Set("instructionSet", "neon");
#else
  exports.Set("instructionSet", "portable");
#if defined(__x86_64__)
  exports.Set("hasAvx2", bool(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")));
  exports.Set("hasAvx512", bool(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")));
#endif
#endif
}

}  // namespace weft
