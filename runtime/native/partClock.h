// Where the time of a pass goes: ticks and useful operations by part, one clock to a thread.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace weft {

// Parts of baking and of training a node; `other` takes what belongs to none.
enum Part { PREDICTION, UPSAMPLING, HIDDEN, CONVOLVING, CHROMA, FILTERING, LOSS, ROUNDING, RATE, OPTIMIZER, OTHER, PART_COUNT };
constexpr const char* PART_NAMES[PART_COUNT] = {"prediction", "upsampling", "hidden layer", "convolution", "chroma synthesis",
                                                "loop filter", "loss", "soft rounding", "context network and rate", "optimizer", "other"};

struct PartTime {
  std::string name;
  double seconds, operations;
};

class PartClock {
 public:
  void start() { last_ = now(); }
  // What went by since the last call was spent on `part`.
  void lap(Part part, double operations) {
    const uint64_t time = now();
    ticks_[part] += time - last_;
    operations_[part] += operations;
    last_ = time;
  }
  // Adds to the totals and begins anew.
  void moveTo(double ticks[PART_COUNT], double operations[PART_COUNT]) {
    for (int i = 0; i < PART_COUNT; i++) {
      ticks[i] += double(ticks_[i]);
      operations[i] += operations_[i];
      ticks_[i] = 0;
      operations_[i] = 0;
    }
  }
  static uint64_t now() {
#if defined(__x86_64__)
    return __rdtsc();
#elif defined(__wasm__)
    return 0;  // nobody asks there
#else
    return uint64_t(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
  }
  // Measured for 20 ms, as a tick has another length on every processor.
  static double secondsPerTick() {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    const uint64_t first = now();
    while (Clock::now() - begin < std::chrono::milliseconds(20)) {
    }
    return std::chrono::duration<double>(Clock::now() - begin).count() / double(now() - first);
  }

 private:
  uint64_t last_ = 0, ticks_[PART_COUNT] = {};
  double operations_[PART_COUNT] = {};
};

}  // namespace weft
