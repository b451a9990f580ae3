// A plain `def` runs in a thread of the worker: it may block without stopping the worker's event loop.
#include <chrono>
#include <clutch/combinators.hpp>
#include <clutch/pool.hpp>
#include <iostream>

int main() {
  std::cout << std::boolalpha;
  using Clock = std::chrono::steady_clock;
  const auto pool = clutch::Pool::start({.modules = {"plain"}, .path = {EXAMPLES_PYTHON}, .threads = 4}).value();

  const auto start = Clock::now();
  std::vector<clutch::Call<std::string>> reads;
  for (int i = 0; i < 4; ++i) reads.push_back(pool.call<std::string>("plain.blocking_read", 0.5));

  std::cout << pool.call<std::string>("plain.quick").get().value() << ", while threads block: " << !reads[0].ready()
            << '\n';
  const auto results = clutch::try_join_all(std::move(reads)).get().value();
  const std::chrono::duration<double> took = Clock::now() - start;
  std::cout << results.size() << " blocking reads at once: " << (took.count() < 1.5) << '\n';
}
