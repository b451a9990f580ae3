// Not blocking: then() with a callback, co_await in a coroutine, and an executor that says where both go on.
#include <clutch/combinators.hpp>
#include <clutch/pool.hpp>
#include <coroutine>
#include <exception>
#include <functional>
#include <future>
#include <iostream>
#include <thread>

namespace {

// The least coroutine type there is; yours comes from Asio, folly, cppcoro or your own code.
struct Fire {
  struct promise_type {
    Fire get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() { std::terminate(); }
  };
};

Fire add_up(const clutch::Pool& pool, std::promise<int>& sum) {
  int total = 0;
  for (int id = 1; id <= 3; ++id) total += (co_await pool.call<int>("async_module.task", id)).value();
  const auto both =
      co_await clutch::try_join(pool.call<int>("async_module.task", 10), pool.call<int>("async_module.task", 20));
  sum.set_value(total + std::get<0>(both.value()) + std::get<1>(both.value()));
}

}  // namespace

int main() {
  std::cout << std::boolalpha;
  const auto pool = clutch::Pool::start({.modules = {"async_module"}, .path = {EXAMPLES_PYTHON}}).value();
  const auto here = std::this_thread::get_id();

  // A callback runs on clutch's completion thread, never on yours and never inside then().
  std::promise<bool> elsewhere;
  pool.call<int>("async_module.task", 1).then([&](const clutch::Result<int>& result) {
    elsewhere.set_value(result.ok() && std::this_thread::get_id() != here);
  });
  std::cout << "callback on another thread: " << elsewhere.get_future().get() << '\n';

  std::promise<int> sum;
  add_up(pool, sum);
  std::cout << "co_await: " << sum.get_future().get() << '\n';

  // With an executor it runs where that puts it: anything with post(task), or a function that takes the task.
  std::promise<std::function<void()>> queue;  // an event loop of one event
  const auto executor = [&](auto task) { queue.set_value(std::move(task)); };
  bool on_this_thread = false;
  pool.call<int>("async_module.task", 2).then(executor, [&](const clutch::Result<int>& result) {
    on_this_thread = result.ok() && std::this_thread::get_id() == here;
  });
  queue.get_future().get()();
  std::cout << "callback on this thread: " << on_this_thread << '\n';
}
