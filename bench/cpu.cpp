// Calls that compute: what a second worker is worth.
#include <cmath>
#include <random>

#include "clock.hpp"
#include "pump.hpp"
#include "service.hpp"
#include "workloads.hpp"

namespace clutch::bench {
namespace {

// The same ones in each run, and from any standard library.
std::vector<int> exponential_lengths(int count, double mean) {
  std::mt19937 random(1);
  std::vector<int> lengths;
  for (int i = 0; i < count; ++i) {
    const double uniform = (static_cast<double>(random()) + 0.5) / 4294967296.0;
    lengths.push_back(static_cast<int>(-mean * std::log(uniform)));
  }
  return lengths;
}

}  // namespace

void run_cpu(const Settings& settings, Report& report) {
  const int calls = settings.count(200, 20);
  const int length = settings.count(200'000);
  const std::vector<int> equal(static_cast<std::size_t>(calls), length);
  const auto mixed = exponential_lengths(calls, length);
  const Load some{.function = "bench_functions.spin", .calls = calls, .in_flight = 8};
  const Load all{.function = "bench_functions.spin", .calls = calls, .in_flight = calls};
  const auto one = Service::start(settings, {.workers = 1});
  const auto two = Service::start(settings, {.workers = 2});

  std::vector<double> cpu1;
  std::vector<double> cpu2;
  std::vector<double> cpux1;
  std::vector<double> cpux2;
  interleave(settings.pairs, {
                                 [&] { cpu1.push_back(pump(one->caller(), some, equal)); },
                                 [&] { cpu2.push_back(pump(two->caller(), some, equal)); },
                                 [&] { cpux1.push_back(pump(one->caller(), all, mixed)); },
                                 [&] { cpux2.push_back(pump(two->caller(), all, mixed)); },
                             });
  report.row("cpu1", "", cpu1, "calls/s");
  report.row("cpu2", "", cpu2, "calls/s");
  report.row("cpux", "1 worker", cpux1, "calls/s");
  report.row("cpux", "2 workers", cpux2, "calls/s");
  const bool cores = !settings.pin;
  report.ratio("cpu2/cpu1", cpu2, cpu1, cores ? Target{.at_least = 1.85} : Target{});
  report.ratio("cpux", cpux2, cpux1, cores ? Target{.at_least = 1.75} : Target{});
}

}  // namespace clutch::bench
