// Calls of one thread: one at a time, or some in flight.
#pragma once

#include <string_view>
#include <vector>

#include "clock.hpp"
#include "clutch/caller.hpp"

namespace clutch::bench {

struct Load {
  std::string_view function = "bench_functions.echo";
  int calls = 0;
  int in_flight = 1000;
};

/// The i-th call's argument is i, or arguments[i] where there are some. Throws where a call fails. Returns calls a
/// second.
double pump(const Caller& caller, const Load& load, const std::vector<int>& arguments = {});

/// The same, and how long each took from its submission until its result was taken, in microseconds.
struct Timed {
  Clock::time_point start;
  Clock::time_point end;
  std::vector<double> latency_us;
};
[[nodiscard]] Timed pump_timed(const Caller& caller, const Load& load);

}  // namespace clutch::bench
