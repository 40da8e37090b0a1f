// Training of the nets' values, in double precision whatever the engine computes in.
#pragma once
#include <cmath>
#include <vector>
#include "trainingSegment.h"

namespace weft {
namespace WEFT_ISA {

// One step of Adam (Kingma and Ba, 2015), then its proximal half for the bits of the nets: a value pays about
// log2(1 + |distance| / firstBit) bits for its distance from the base, which leaves there what does not pay for its bits.
inline void updateNets(const AdamConstants& adam, const StepOptions& options, const std::vector<double>& gradient, NetTraining& nets) {
  nets.steps++;
  const double share1 = adam.gradientShare, share2 = adam.squareShare, decay1 = 1 - share1, decay2 = 1 - share2;
  const double c1 = 1 / (1 - std::pow(decay1, double(nets.steps))), c2 = 1 / (1 - std::pow(decay2, double(nets.steps)));
  const double lambda = options.netLambda / std::log(2.0);
  for (size_t i = 0; i < gradient.size(); i++) {
    double &m = nets.firstMoment[i], &v = nets.secondMoment[i];
    m = decay1 * m + share1 * gradient[i];
    v = decay2 * v + share2 * gradient[i] * gradient[i];
    const double rate = options.netRate * nets.rateScale[i] / (std::sqrt(c2 * v) + adam.epsilon);
    const double distance = nets.values[i] - rate * c1 * m - nets.prior[i], size = std::fabs(distance);
    const double pull = rate * lambda / (nets.firstBit[i] + size);
    nets.values[i] = nets.prior[i] + std::copysign(std::fmax(0.0, size - pull), distance);
  }
}

}  // namespace WEFT_ISA
}  // namespace weft
