// Several calls at once: join, try_join, join_all, try_join_all and race. Calls begin when they are made; these wait.
#include <chrono>
#include <clutch/combinators.hpp>
#include <clutch/pool.hpp>
#include <iostream>
#include <numeric>

int main() {
  const auto pool = clutch::Pool::start({.modules = {"async_module"}, .path = {EXAMPLES_PYTHON}}).value();
  const auto task = pool.function<int(int)>("async_module.task");
  const auto process = pool.function<std::string(std::string)>("async_module.async_function");
  const auto slow = pool.function<std::string(std::string)>("async_module.long_operation");
  const auto fail = [&] { return pool.call<int>("async_module.risky_operation", "run"); };

  // join: each one's result, of different types, whatever became of the others.
  const auto [number, text, failed] = clutch::join(task(21), process("a"), fail()).get();
  std::cout << "join: " << number.value() << ", " << text.value() << ", " << failed.error().message << '\n';

  // try_join: all values, or at once the first error; the rest is cancelled.
  const auto pair = clutch::try_join(task(1), task(2)).get();
  std::cout << "try_join: " << std::get<0>(pair.value()) + std::get<1>(pair.value()) << '\n';
  const auto start = std::chrono::steady_clock::now();
  const auto none = clutch::try_join(slow("five seconds"), fail()).get();
  const bool quick = std::chrono::steady_clock::now() - start < std::chrono::seconds(3);
  std::cout << "try_join: " << none.error().message << (quick ? ", at once" : ", late") << '\n';

  // The same for a number of calls known at run time.
  std::vector<clutch::Call<int>> calls;
  for (int id = 1; id <= 10; ++id) calls.push_back(task(id));
  const auto doubled = clutch::try_join_all(std::move(calls)).get().value();
  std::cout << "try_join_all: " << std::accumulate(doubled.begin(), doubled.end(), 0) << '\n';

  std::vector<clutch::Call<int>> mixed;
  for (int id = 1; id <= 3; ++id) mixed.push_back(id == 2 ? fail() : task(id));
  for (const auto& result : clutch::join_all(std::move(mixed)).get()) {
    std::cout << "join_all: " << (result ? std::to_string(result.value()) : result.error().message) << '\n';
  }

  // race: the first outcome; the losers are cancelled.
  std::cout << "race: " << clutch::race(slow("slow"), process("quick")).get().value() << '\n';
}
