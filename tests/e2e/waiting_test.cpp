// The ways to wait for a call, against real workers.
#include <pthread.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <future>
#include <thread>

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

std::string name_of_this_thread() {
  std::array<char, 16> name{};
  ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  return name.data();
}

TEST(Waiting, ThenRunsOnTheCompletionThreadAndNeverOnTheLoop) {
  std::promise<std::string> where;
  shared_pool().call<int>("shop.sleep", 0.01, 7).then([&](const Result<int>& result) {
    EXPECT_VALUE(result, 7);
    where.set_value(name_of_this_thread());
  });
  EXPECT_EQ(where.get_future().get(), "clutch-complete");
}

TEST(Waiting, ACoroutineResumesOnTheCompletionThread) {
  std::promise<std::string> where;
  const auto run = [&](const Pool& pool) -> Fire {
    static_cast<void>(co_await pool.call<int>("shop.sleep", 0.01, 1));
    where.set_value(name_of_this_thread());
  };
  run(shared_pool());
  EXPECT_EQ(where.get_future().get(), "clutch-complete");
}

TEST(Waiting, ACallbackThatBlocksHoldsUpNoOtherCall) {
  const auto& pool = shared_pool();
  std::promise<void> release;
  std::promise<void> released;
  pool.call<int>("shop.echo", 1).then([&](const Result<int>&) {
    release.get_future().wait();
    released.set_value();
  });
  for (int i = 0; i < 100; ++i) EXPECT_VALUE(pool.call<int>("shop.echo", i).get(), i);
  EXPECT_VALUE(pool.call<int>("shop.sleep", 0.01, 1).get(), 1);
  release.set_value();
  released.get_future().wait();
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

// It would wait for ever: the thread that is to take the answer is the one that waits.
TEST(Waiting, OnTheLoopsOwnThreadIsMisuse) {
  const auto& pool = shared_pool();
  std::promise<std::pair<bool, bool>> threw;
  const auto inline_executor = [](auto task) { task(); };
  pool.call<int>("shop.sleep", 0.01, 1).then(inline_executor, [&](const Result<int>&) {
    const auto throws = [](auto wait) {
      try {
        wait();
        return false;
      } catch (const misuse&) {
        return true;
      }
    };
    auto again = pool.call<int>("shop.sleep", 0.01, 2);
    const bool in_wait_for = throws([&] { static_cast<void>(again.wait_for(1h)); });
    threw.set_value({in_wait_for, throws([&] { static_cast<void>(again.get()); })});
  });
  EXPECT_EQ(threw.get_future().get(), std::pair(true, true));
  EXPECT_VALUE(pool.call<int>("shop.echo", 3).get(), 3);
}

TEST(Waiting, AnyThreadMayCall) {
  const auto& pool = shared_pool();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const auto result = pool.call<int>("shop.echo", t * 1000 + i).get();
        if (!result.ok() || result.value() != t * 1000 + i) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace clutch::e2e
