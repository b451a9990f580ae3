// The three clocks of a call: all of it, one attempt, and waiting for its turn. The coroutine is cancelled in Python.
#include <chrono>
#include <clutch/pool.hpp>
#include <iostream>

using namespace std::chrono_literals;

int main() {
  // One worker that runs one call at a time, so that a second call has to wait for its turn.
  const auto pool =
      clutch::Pool::start({.modules = {"async_module"}, .path = {EXAMPLES_PYTHON}, .concurrency = 1}).value();
  const auto print = [](const clutch::Result<std::string>& result) {
    const clutch::Error& error = result.error();
    std::cout << to_string(error.code) << ", " << to_string(error.certainty) << ": " << error.message << '\n';
  };

  print(pool.with({.timeout = 200ms}).call<std::string>("async_module.long_operation", "a").get());
  print(pool.with({.attempt_timeout = 200ms}).call<std::string>("async_module.long_operation", "b").get());

  auto busy = pool.call<std::string>("async_module.async_function", "first");
  print(pool.with({.queue_timeout = 200ms}).call<std::string>("async_module.async_function", "second").get());
  std::cout << busy.get().value() << '\n';

  // wait_for only looks: the call goes on.
  auto patient = pool.call<std::string>("async_module.async_function", "patience");
  std::cout << "after 10 ms: " << (patient.wait_for(10ms) ? "over" : "under way") << '\n';
  std::cout << patient.get().value() << '\n';
}
