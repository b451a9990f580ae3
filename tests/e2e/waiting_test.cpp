// The ways to wait for a call, against real workers.
#include <condition_variable>
#include <coroutine>
#include <future>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

// The least coroutine type there is: starts at once, and somebody else waits.
struct Fire {
  struct promise_type {
    Fire get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() { std::terminate(); }
  };
};

TEST(Waiting, ForATimeTellsWhetherItIsOver) {
  auto call = shared_pool().call<int>("shop.sleep", 0.3, 7);
  EXPECT_FALSE(call.wait_for(10ms));
  EXPECT_TRUE(call.wait_for(10s));
  EXPECT_VALUE(call.get(), 7);
}

TEST(Waiting, ThenRunsElsewhere) {
  std::promise<std::thread::id> where;
  shared_pool().call<int>("shop.sleep", 0.01, 7).then([&](const Result<int>& result) {
    EXPECT_VALUE(result, 7);
    where.set_value(std::this_thread::get_id());
  });
  EXPECT_TRUE(where.get_future().get() != std::this_thread::get_id());
}

TEST(Waiting, ACoroutineGoesOnWithTheResult) {
  std::promise<int> sum;
  const auto run = [&](const Pool& pool) -> Fire {
    const auto first = co_await pool.call<int>("shop.sleep", 0.01, 1);
    const auto second = co_await pool.call<int>("shop.sleep", 0.01, 2);
    sum.set_value(first.value() + second.value());
  };
  run(shared_pool());
  EXPECT_EQ(sum.get_future().get(), 3);
}

TEST(Waiting, ACallbackMayCallAgain) {
  std::promise<int> done;
  const auto& pool = shared_pool();
  std::function<void(int)> next = [&](int value) {
    pool.call<int>("shop.add", value, 1).then([&](const Result<int>& result) {
      result.value() == 100 ? done.set_value(result.value()) : next(result.value());
    });
  };
  next(0);
  EXPECT_EQ(done.get_future().get(), 100);
}

}  // namespace
}  // namespace clutch::e2e
