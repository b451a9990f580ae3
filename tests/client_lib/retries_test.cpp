#include "retries.hpp"

#include "function_names.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace clutch::detail {
namespace {

using namespace std::chrono_literals;

constexpr Retries::Time start{1000s};

Retries::Entry entry(std::uint32_t attempts = 3) {
  Retries::Entry made;
  made.function = "shop.order";
  made.options.retry = RetryPolicy{.attempts = attempts, .delay = 100ms, .jitter = 0};
  return made;
}

Error busy() {
  Error error;
  error.code = Code::unavailable;
  error.message = "busy";
  return error;
}

std::optional<std::chrono::nanoseconds> fail(Retries& retries, std::uint64_t tag, Retries::Time now) {
  Error error = busy();
  return retries.on_failure(tag, error, now);
}

TEST(Retries, WaitUntilTheyAreDue) {
  Retries retries;
  retries.keep(1, entry());
  retries.keep(2, entry());
  EXPECT_FALSE(retries.waits(1));
  EXPECT_EQ(fail(retries, 2, start + 1ms), 100ms);
  EXPECT_EQ(fail(retries, 1, start), 100ms);
  EXPECT_TRUE(retries.waits(1));
  EXPECT_EQ(retries.next_time(), start + 100ms);
  EXPECT_EQ(retries.take_due(start + 99ms), std::vector<std::uint64_t>());
  EXPECT_EQ(retries.take_due(start + 100ms), std::vector<std::uint64_t>{1});
  EXPECT_FALSE(retries.waits(1));
  EXPECT_EQ(retries.take_waiting(), std::vector<std::uint64_t>{2});
  EXPECT_EQ(retries.next_time(), Retries::Time::max());
}

TEST(Retries, AreForgottenWhileTheyWaitOrNot) {
  Retries retries;
  for (std::uint64_t tag = 1; tag <= 3; ++tag) {
    retries.keep(tag, entry());
    EXPECT_TRUE(fail(retries, tag, start));
  }
  retries.forget(2);
  retries.forget(7);
  EXPECT_FALSE(retries.waits(2));
  EXPECT_EQ(retries.find(2), nullptr);
  EXPECT_EQ(retries.take_due(start + 1s), (std::vector<std::uint64_t>{1, 3}));
  retries.forget(1);
  EXPECT_EQ(retries.find(1), nullptr);
  EXPECT_FALSE(fail(retries, 1, start));
}

// All calls of an engine share it, whatever their own policies would allow.
TEST(RetryBudget, BoundsWhatIsTriedAgain) {
  Retries retries;
  std::size_t again = 0;
  for (std::uint64_t tag = 1; tag <= 1000; ++tag) {
    retries.keep(tag, entry(1000));
    again += fail(retries, tag, start).has_value() ? 1 : 0;
  }
  EXPECT_EQ(again, 10u);
  for (int i = 0; i < 10; ++i) retries.on_success();
  retries.keep(2000, entry());
  EXPECT_TRUE(fail(retries, 2000, start)) << "ten successes are a token";
  retries.keep(2001, entry());
  Error refused = busy();
  EXPECT_FALSE(retries.on_failure(2001, refused, start));
  EXPECT_EQ(refused.message,
            "busy (not tried again: too much fails, and the retry budget of this pool or client is used up)");
  for (int i = 0; i < 1000; ++i) retries.on_success();
  again = 0;
  for (std::uint64_t tag = 3001; tag <= 4000; ++tag) {
    retries.keep(tag, entry());
    again += fail(retries, tag, start).has_value() ? 1 : 0;
  }
  EXPECT_EQ(again, 10u) << "no more than that is saved up";
}

TEST(RetryBudget, IsNotForThoseThatDoWithout) {
  Retries retries;
  for (std::uint64_t tag = 1; tag <= 100; ++tag) {
    retries.keep(tag, entry());
    retries.find(tag)->options.retry->budget = false;
    EXPECT_TRUE(fail(retries, tag, start));
  }
  retries.keep(101, entry());
  EXPECT_TRUE(fail(retries, 101, start)) << "it was not drawn upon";
}

TEST(FunctionNames, AreKeptOnceAndNotWithoutEnd) {
  FunctionNames names;
  const auto* first = names.keep("shop.price");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(*first, "shop.price");
  for (std::size_t i = 0; i < 2 * FunctionNames::names_max; ++i) {
    const auto name = "shop.price" + std::to_string(i);
    const auto* kept = names.keep(name);
    EXPECT_EQ(kept == nullptr, i + 1 >= FunctionNames::names_max);
    EXPECT_TRUE(kept == nullptr || *kept == name);
  }
  EXPECT_EQ(names.size(), FunctionNames::names_max);
  EXPECT_EQ(names.keep("shop.price"), first);
}

// Every call that completes is asked for here, and every cancel: ten thousand in backoff must not slow down the others.
TEST(Retries, CostTheSameHoweverManyWait) {
  constexpr int asked = 1000;
  const auto cost = [](std::uint64_t waiting) {
    Retries retries;
    for (std::uint64_t tag = 1; tag <= waiting; ++tag) {
      retries.keep(tag, entry());
      retries.find(tag)->options.retry->budget = false;
      EXPECT_TRUE(fail(retries, tag, start));
    }
    auto best = std::chrono::nanoseconds::max();
    for (int round = 0; round < 5; ++round) {
      const auto before = std::chrono::steady_clock::now();
      for (int i = 0; i < asked; ++i) {
        EXPECT_FALSE(retries.waits(1'000'000));
        retries.forget(1'000'000);
        EXPECT_TRUE(retries.waits(waiting));
      }
      best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - before);
    }
    return best;
  };
  const auto few = cost(10);
  const auto many = cost(20'000);
  EXPECT_LT(many, 40 * few) << "2,000 times as many wait";
}

}  // namespace
}  // namespace clutch::detail
