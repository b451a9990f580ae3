#include "clock.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace clutch::bench {

double timed(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return seconds_since(start);
}

double percentile(std::vector<double> samples, double percent) {
  if (samples.empty()) throw std::logic_error("no samples");
  std::sort(samples.begin(), samples.end());
  const double at = percent / 100 * static_cast<double>(samples.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const auto above = std::min(below + 1, samples.size() - 1);
  return samples[below] + (samples[above] - samples[below]) * (at - std::floor(at));
}

void interleave(int rounds, const std::vector<std::function<void()>>& lanes) {
  for (int round = 0; round < rounds; ++round) {
    if (round % 2 == 0) {
      for (const auto& lane : lanes) lane();
    } else {
      for (auto lane = lanes.rbegin(); lane != lanes.rend(); ++lane) (*lane)();
    }
  }
}

}  // namespace clutch::bench
