// Every kernel of the training step on fresh random input: its time, and its largest error against a plain double-precision
// reading of FORMAT.md. Gradients are compared with differences of the plain forward computation along random directions.
#pragma once
#include <chrono>
#include <random>
#include <string>
#include "trainingSegment.h"
#include "latents.h"
#include "nodeAdjoint.h"
#include "trainingOperations.h"
#include "plainField.h"

namespace weft {
namespace WEFT_ISA {

class KernelBench {
 public:
  KernelBench(uint32_t seed, double seconds) : random_(seed), seconds_(seconds) {}

  std::vector<KernelResult> run() {
    prediction();
    doubling();
    lumaSynthesis();
    chromaSynthesis();
    filtering();
    context();
    rounding();
    loss();
    return results_;
  }

 private:
  static constexpr int W = 352, H = 288, CW = W / 2, CH = H / 2;
  using Clock = std::chrono::steady_clock;

  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  void fill(const Plane& p, double low, double high) {
    for (int y = 0; y < p.h; y++)
      for (int x = 0; x < p.w; x++) p.row(y)[x] = real(uniform(low, high));
  }
  // Displacements as those of film: smooth over some cells, up to a few pixels.
  void fillMotion(const Plane& p) {
    const double a = uniform(0.05, 0.2), b = uniform(0.05, 0.2), c = uniform(0, 6), d = uniform(-3, 3);
    for (int y = 0; y < p.h; y++)
      for (int x = 0; x < p.w; x++) p.row(y)[x] = real(d + 2 * std::sin(a * x + c) * std::cos(b * y) + uniform(-0.2, 0.2));
  }

  // Best time of runs of `work`, whose results `error` judges.
  template <class Work> void measure(const std::string& name, double operations, double error, const Work& work) {
    double best = 1e9;
    const auto start = Clock::now();
    do {
      const auto before = Clock::now();
      work();
      asm volatile("" : : : "memory");  // nothing of it may be left out
      best = std::min(best, std::chrono::duration<double>(Clock::now() - before).count());
    } while (std::chrono::duration<double>(Clock::now() - start).count() < seconds_);
    results_.push_back({{name, best, operations}, error});
  }

  // Largest difference, relative to the largest value.
  template <class Value> static double difference(const Plane& p, const Value& expected) {
    double worst = 0, largest = 1e-30;
    for (int y = 0; y < p.h; y++)
      for (int x = 0; x < p.w; x++) {
        const double e = expected(x, y);
        worst = std::max(worst, std::fabs(e - p.row(y)[x]));
        largest = std::max(largest, std::fabs(e));
      }
    return worst / largest;
  }
  // Relative difference of two sums that should be equal, by the size of their terms.
  static double relative(double a, double b, double size) { return std::fabs(a - b) / std::max(size, 1e-30); }
  static double product(const Plane& a, const Plane& b) {
    double s = 0;
    for (int y = 0; y < a.h; y++)
      for (int x = 0; x < a.w; x++) s += double(a.row(y)[x]) * b.row(y)[x];
    return s;
  }
  static double sizeOf(const Plane& a) { return std::sqrt(product(a, a)); }

  void prediction();
  void doubling();
  void lumaSynthesis();
  void chromaSynthesis();
  void filtering();
  void context();
  void rounding();
  void loss();

  std::mt19937 random_;
  const double seconds_;
  std::vector<KernelResult> results_;
};

}  // namespace WEFT_ISA
}  // namespace weft
