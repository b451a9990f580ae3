// A hundred calls that each take a second, in about a second, on one worker: a waiting coroutine costs next to nothing.
#include <chrono>
#include <clutch/combinators.hpp>
#include <clutch/pool.hpp>
#include <iostream>

int main() {
  using Clock = std::chrono::steady_clock;
  const auto pool = clutch::Pool::start({.modules = {"async_module"}, .path = {EXAMPLES_PYTHON}, .workers = 1}).value();

  const auto start = Clock::now();
  std::vector<clutch::Call<std::string>> calls;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(pool.call<std::string>("async_module.async_function", std::to_string(i)));
  }
  std::size_t done = 0;
  for (const auto& result : clutch::join_all(std::move(calls)).get()) done += result.ok() ? 1 : 0;

  const std::chrono::duration<double> took = Clock::now() - start;
  std::cout << done << " calls of one second each took " << took.count() << " s\n";
  return done == 100 && took.count() < 3 ? 0 : 1;
}
