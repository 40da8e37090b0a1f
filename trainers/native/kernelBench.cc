// The kernels of the training step, timed in the instruction set of this build.
#include "instructionSet.h"
#include "latentKernelBench.h"
#include "motionKernelBench.h"
#include "synthesisKernelBench.h"

namespace weft {

std::vector<KernelResult> benchKernels(uint32_t seed, double seconds) { return WEFT_ISA::KernelBench(seed, seconds).run(); }

double peakOperations(double seconds) {
  using namespace WEFT_ISA;
  constexpr int chains = 12, rounds = 1 << 16;
  using Clock = std::chrono::steady_clock;
  vf sums[chains], factor = splat(real(0.999999)), term = splat(real(1e-6));
  for (vf& s : sums) s = term;
  double best = 0;
  const auto start = Clock::now();
  do {
    const auto before = Clock::now();
    for (int i = 0; i < rounds; i++)
      for (vf& s : sums) s = s * factor + term;
    asm volatile("" : : "m"(sums) : "memory");
    const double elapsed = std::chrono::duration<double>(Clock::now() - before).count();
    best = std::max(best, 2.0 * LANES * chains * rounds / elapsed);
  } while (std::chrono::duration<double>(Clock::now() - start).count() < seconds);
  return best;
}

}  // namespace weft
