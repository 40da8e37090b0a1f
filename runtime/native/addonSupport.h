// What both addons (decoder, trainer) share: plain arrays from JavaScript, work off the main thread, the instruction set.
#pragma once
#include <functional>
#include <napi.h>
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

inline NodeSpec nodeSpec(const int32_t* i, const double* scale) {
  NodeSpec n{};
  n.frame = i[0];
  n.depth = i[1];
  n.references = i[2];
  for (int r = 0; r < 2; r++) {
    n.reference[r] = i[3 + r];
    n.motionNode[r] = i[5 + r];
    n.motionField[r] = i[7 + r];
    n.motionScale[r] = scale[r];
  }
  return n;
}

// The fields of FieldArrays in runtime/native/fieldArrays.ts.
inline std::vector<NodeSpec> nodeSpecs(const Napi::Object& o) {
  const auto nodes = intsOf(o.Get("nodes"));
  const auto scales = doublesOf(o.Get("scales"));
  std::vector<NodeSpec> out;
  for (size_t n = 0; n < nodes.size() / 9; n++) out.push_back(nodeSpec(&nodes[9 * n], &scales[2 * n]));
  return out;
}
inline std::vector<LatentPlaneSpec> planeSpecs(const Napi::Object& o, uint32_t references) {
  const auto rows = intsOf(o.Get("planes").As<Napi::Array>().Get(references));
  std::vector<LatentPlaneSpec> out;
  for (size_t p = 0; p < rows.size() / 11; p++) {
    const int32_t* r = &rows[11 * p];
    out.push_back({r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10]});
  }
  return out;
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
