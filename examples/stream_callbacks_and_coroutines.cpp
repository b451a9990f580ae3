// Streams without blocking: for_each with a callback, co_await of each item, and an executor that says where.
#include <clutch/pool.hpp>
#include <condition_variable>
#include <coroutine>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <iostream>
#include <mutex>
#include <thread>

namespace {

// The least event loop there is; yours comes from Asio, Qt or your own code.
class Loop {
 public:
  void post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }
  void run_until(const std::function<bool()>& done) {
    while (!done()) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !tasks_.empty(); });
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
};

struct Fire {
  struct promise_type {
    Fire get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() { std::terminate(); }
  };
};

// The Stream is this coroutine's, and left when it ends.
Fire add_up(clutch::Stream<int> numbers, std::promise<int>& sum) {
  int total = 0;
  while (std::optional<clutch::Result<int>> number = co_await numbers.next()) total += number->value();
  sum.set_value(total);
}

}  // namespace

int main() {
  std::cout << std::boolalpha;
  const auto pool = clutch::Pool::start({.modules = {"feeds"}, .path = {EXAMPLES_PYTHON}}).value();
  const auto here = std::this_thread::get_id();

  // One item after the other on this loop; the generator waits while the callback takes its time.
  Loop loop;
  bool on_this_thread = true;
  const auto executor = [&](auto task) { loop.post([task = std::move(task)]() mutable { task(); }); };
  auto counted = pool.stream<int>("feeds.countdown", 5).for_each(executor, [&](int number) {
    on_this_thread = on_this_thread && std::this_thread::get_id() == here;
    std::cout << number << '\n';
  });
  loop.run_until([&] { return counted.ready(); });
  std::cout << counted.get().value() << " items, all on this thread: " << on_this_thread << '\n';

  // Without an executor on clutch's completion thread. `false` is enough: the stream is left.
  const auto few = pool.stream<int>("feeds.squares").for_each([](int square) { return square < 100; }).get();
  std::cout << few.value() << " squares up to a hundred\n";

  std::promise<int> sum;
  add_up(pool.stream<int>("feeds.countdown", 10), sum);
  std::cout << "co_await: " << sum.get_future().get() << '\n';
}
