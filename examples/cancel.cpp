// Cancelling: by asking, by dropping the Call, from elsewhere by a handle; and detaching, so that dropping does not.
#include <chrono>
#include <clutch/pool.hpp>
#include <iostream>
#include <thread>

using namespace std::chrono_literals;

namespace {

using Counts = std::pair<int, int>;  // running, cleaned up

// Waits until the coroutines have begun, or unwound.
bool becomes(const clutch::Pool& pool, const Counts& expected) {
  for (int i = 0; i < 1000; ++i) {
    if (pool.call<Counts>("cancellable.counts").get().value() == expected) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

}  // namespace

int main() {
  std::cout << std::boolalpha;
  const auto pool = clutch::Pool::start({.modules = {"cancellable"}, .path = {EXAMPLES_PYTHON}}).value();
  const auto work = [&](double seconds) { return pool.call<void>("cancellable.work", seconds); };

  auto asked = work(3600);
  const bool began = becomes(pool, {1, 0});
  asked.cancel();
  std::cout << "began: " << began << ", asked to end: " << to_string(asked.get().error().code) << '\n';
  std::cout << "its finally ran: " << becomes(pool, {0, 1}) << '\n';

  {
    auto dropped = work(3600);
    std::cout << "began: " << becomes(pool, {1, 1}) << '\n';
  }
  std::cout << "dropped, and cancelled by that: " << becomes(pool, {0, 2}) << '\n';

  auto watched = work(3600);
  std::thread elsewhere([handle = watched.cancel_handle()] { handle.cancel(); });
  std::cout << "by another thread: " << to_string(watched.get().error().code) << '\n';
  elsewhere.join();

  work(0.2).detach();
  std::cout << "detached, and runs: "
            << becomes(pool, {1, pool.call<Counts>("cancellable.counts").get().value().second}) << '\n';
}
