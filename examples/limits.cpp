// How much runs at once: a bound of a function in each worker or over all of them, and one of the whole pool. What has
// no room waits in the pool and holds up nothing else.
#include <algorithm>
#include <chrono>
#include <clutch/combinators.hpp>
#include <clutch/pool.hpp>
#include <iostream>

namespace {

std::vector<int> call_all(const clutch::Caller& pool, const std::string& function, int count) {
  std::vector<clutch::Call<int>> calls;
  calls.reserve(static_cast<std::size_t>(count));
  for (int number = 0; number < count; ++number) calls.push_back(pool.call<int>(function, number));
  return clutch::try_join_all(std::move(calls)).get().value();
}

bool takes_at_least(std::chrono::milliseconds bound, const clutch::Caller& pool, int count) {
  const auto start = std::chrono::steady_clock::now();
  call_all(pool, "limited.licensed", count);
  return std::chrono::steady_clock::now() - start >= bound;
}

}  // namespace

int main() {
  clutch::PoolOptions options{.modules = {"limited"}, .path = {EXAMPLES_PYTHON}, .workers = 2};
  const auto pool = clutch::Pool::start(options).value();

  // @clutch_worker.limit(2): in each worker.
  const auto most = call_all(pool, "limited.query", 20);
  std::cout << "of 20 queries " << *std::max_element(most.begin(), most.end()) << " ran at once in a worker\n";

  // @clutch_worker.limit(3, per="pool"): over all workers. Six that take 0.2 s each go in two rounds.
  std::cout << "six with three licences took two rounds: " << std::boolalpha
            << takes_at_least(std::chrono::milliseconds(400), pool, 6) << '\n';

  // Those that wait for their limit do not stand in the way of another function.
  for (int number = 0; number < 12; ++number) pool.call<int>("limited.licensed", number).detach();
  std::cout << "meanwhile: " << pool.call<int>("limited.other", 7).get().value() << '\n';

  // pool_concurrency: all functions, all workers. Here one at a time.
  options.pool_concurrency = 1;
  const auto narrow = clutch::Pool::start(options).value();
  std::cout << "three of a pool that runs one at a time took three rounds: "
            << takes_at_least(std::chrono::milliseconds(600), narrow, 3) << '\n';
}
