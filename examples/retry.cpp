// A retry policy: which failures, how often, how long between. What may have run is never run again unless you say so:
// by naming the Python exception, or by calling it idempotent.
#include <chrono>
#include <clutch/pool.hpp>
#include <iostream>

using namespace std::chrono_literals;

int main() {
  const auto pool = clutch::Pool::start({.modules = {"flaky"}, .path = {EXAMPLES_PYTHON}}).value();

  const clutch::RetryPolicy policy{
      .attempts = 3,
      .backoff = clutch::RetryPolicy::Backoff::linear,
      .delay = 100ms,
      .exceptions = {"flaky.Busy"},
  };
  const auto patient = pool.with({.timeout = 10s, .retry = policy});
  std::cout << patient.call<std::string>("flaky.third_time_lucky").get().value() << '\n';

  const auto hasty = pool.with({.retry = clutch::RetryPolicy{.attempts = 2, .delay = 10ms, .exceptions = {"Busy"}}});
  const auto result = hasty.call<std::string>("flaky.third_time_lucky").get();
  std::cout << "gave up after " << result.error().attempts << " attempts: " << result.error().message << '\n';
}
