#include "pump.hpp"

#include <cstdint>
#include <deque>
#include <utility>

namespace clutch::bench {

double pump(const Caller& caller, const Load& load, const std::vector<int>& arguments) {
  const auto function = caller.function<std::int64_t(int)>(std::string(load.function));
  std::deque<Call<std::int64_t>> calls;
  const auto finish_one = [&] {
    static_cast<void>(calls.front().get().value());
    calls.pop_front();
  };
  const auto start = Clock::now();
  for (int i = 0; i < load.calls; ++i) {
    if (std::ssize(calls) == load.in_flight) finish_one();
    calls.push_back(function(arguments.empty() ? i : arguments[static_cast<std::size_t>(i)]));
  }
  while (!calls.empty()) finish_one();
  return load.calls / seconds_since(start);
}

Timed pump_timed(const Caller& caller, const Load& load) {
  const auto function = caller.function<std::int64_t(int)>(std::string(load.function));
  std::deque<std::pair<Clock::time_point, Call<std::int64_t>>> calls;
  Timed timed;
  timed.latency_us.reserve(static_cast<std::size_t>(load.calls));
  const auto finish_one = [&] {
    static_cast<void>(calls.front().second.get().value());
    timed.latency_us.push_back(seconds_since(calls.front().first) * 1e6);
    calls.pop_front();
  };
  timed.start = Clock::now();
  for (int i = 0; i < load.calls; ++i) {
    if (std::ssize(calls) == load.in_flight) finish_one();
    const auto submitted = Clock::now();
    calls.emplace_back(submitted, function(i));
  }
  while (!calls.empty()) finish_one();
  timed.end = Clock::now();
  return timed;
}

}  // namespace clutch::bench
