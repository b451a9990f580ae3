// Durations as numbers, and what is said of many of them.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

namespace clutch::bench {

using Clock = std::chrono::steady_clock;

[[nodiscard]] inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Runs it and returns how long it took, in seconds.
double timed(const std::function<void()>& work);

/// The value below which `percent` of the samples are. Needs one sample at least.
[[nodiscard]] double percentile(std::vector<double> samples, double percent);
[[nodiscard]] inline double median(const std::vector<double>& samples) { return percentile(samples, 50); }

/// Each lane once a round, in turn, every other round backwards, so that what drifts in the machine meets all alike.
void interleave(int rounds, const std::vector<std::function<void()>>& lanes);

}  // namespace clutch::bench
