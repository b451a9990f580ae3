// Calls that are tried again, against real workers.
#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

CallOptions retrying(RetryPolicy policy) {
  CallOptions options;
  options.retry = std::move(policy);
  return options;
}

TEST(Retry, TriesAgainWhatThePolicyNamesUntilItSucceeds) {
  Scratch scratch;
  Records records;
  auto pool_options = shop_options();
  pool_options.log = records.sink();
  const auto pool = start(pool_options);
  const auto options = retrying({.attempts = 5, .delay = 5ms, .exceptions = {"OutOfStock"}});
  EXPECT_VALUE(pool.with(options).call<int>("shop.fails_until", scratch / "marks", 3).get(), 3);
  EXPECT_EQ(scratch.lines("marks").size(), 3u);
  EXPECT_TRUE(records.find("tried again in"));
}

TEST(Retry, SaysHowManyAttemptsThereWere) {
  Scratch scratch;
  const auto options = retrying({.attempts = 3, .delay = 5ms, .exceptions = {"shop.OutOfStock"}});
  const auto result = shared_pool().with(options).call<int>("shop.fails_until", scratch / "marks", 100).get();
  EXPECT_FAILS(result, failed, run, started);
  EXPECT_EQ(result.error().attempts, 3u);
  EXPECT_EQ(scratch.lines("marks").size(), 3u);
}

TEST(Retry, DoesNotTryAgainWhatThePolicyDoesNotName) {
  Scratch scratch;
  const auto options = retrying({.attempts = 3, .delay = 5ms, .exceptions = {"KeyError"}});
  const auto result = shared_pool().with(options).call<int>("shop.fails_until", scratch / "marks", 100).get();
  EXPECT_EQ(result.error().attempts, 1u);
  EXPECT_EQ(scratch.lines("marks").size(), 1u);
}

TEST(Retry, SharesOneTimeout) {
  Scratch scratch;
  auto options = retrying({.attempts = 1000,
                           .backoff = RetryPolicy::Backoff::linear,
                           .delay = 20ms,
                           .exceptions = {"OutOfStock"},
                           .budget = false});
  options.timeout = 300ms;
  const auto before = std::chrono::steady_clock::now();
  const auto result = shared_pool().with(options).call<int>("shop.fails_until", scratch / "marks", 5000).get();
  EXPECT_FALSE(result.ok());
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
  EXPECT_GT(result.error().attempts, 1u);
}

TEST(Retry, OfALostWorkerOnlyWhereItIsIdempotent) {
  Scratch scratch;
  const auto pool = start(shop_options());
  const auto once = retrying({.attempts = 3, .delay = 5ms, .codes = {Code::worker_lost}});
  EXPECT_EQ(pool.with(once).call<int>("shop.dies_until", scratch / "once", 2).get().error().code, Code::worker_lost);
  EXPECT_EQ(scratch.lines("once").size(), 1u);
  const auto again = retrying({.attempts = 3, .delay = 5ms, .codes = {Code::worker_lost}, .idempotent = true});
  EXPECT_VALUE(pool.with(again).call<int>("shop.dies_until", scratch / "again", 2).get(), 2);
}

// All that a pool is asked for fails: it is tried ten times more, and not four times as often.
TEST(Retry, HasABudget) {
  Scratch scratch;
  const auto pool = start(shop_options());
  const auto caller = pool.with(retrying({.attempts = 5, .delay = 1ms, .exceptions = {"OutOfStock"}}));
  for (int i = 0; i < 40; ++i) {
    const auto result = caller.call<int>("shop.fails_until", scratch / "marks", 1'000'000).get();
    EXPECT_EQ(result.error().message.find("retry budget") != std::string::npos, i >= 2) << i;
  }
  EXPECT_EQ(scratch.lines("marks").size(), 50u);
}

TEST(Retry, IsSeenByTheFunction) {
  Scratch scratch;
  const auto options = retrying({.attempts = 5, .delay = 1ms, .exceptions = {"OutOfStock"}});
  EXPECT_VALUE(shared_pool().with(options).call<int>("shop.attempt_of_success", scratch / "marks", 2).get(), 2);
}

TEST(Retry, EndsWithACancelBetweenAttempts) {
  Scratch scratch;
  const auto options = retrying({.attempts = 5, .delay = 1h, .delay_max = 1h, .exceptions = {"OutOfStock"}});
  Records records;
  auto pool_options = shop_options();
  pool_options.log = records.sink();
  const auto pool = start(pool_options);
  auto call = pool.with(options).call<int>("shop.fails_until", scratch / "marks", 5);
  ASSERT_TRUE(eventually([&] { return records.find("tried again in").has_value(); }));
  call.cancel();
  EXPECT_FAILS(call.get(), cancelled, run, started);
}

TEST(Retry, EndsWithThePool) {
  Scratch scratch;
  std::optional<Call<int>> call;
  {
    Records records;
    auto pool_options = shop_options();
    pool_options.log = records.sink();
    const auto pool = start(pool_options);
    const auto options = retrying({.attempts = 5, .delay = 1h, .delay_max = 1h, .exceptions = {"OutOfStock"}});
    call.emplace(pool.with(options).call<int>("shop.fails_until", scratch / "marks", 5));
    ASSERT_TRUE(eventually([&] { return records.find("tried again in").has_value(); }));
  }
  EXPECT_FAILS(call->get(), failed, run, started);
}

TEST(Retry, OfADetachedCallOutlivesThePoolToo) {
  Scratch scratch;
  {
    const auto pool = start(shop_options());
    const auto options = retrying({.attempts = 3, .delay = 5ms, .exceptions = {"OutOfStock"}});
    pool.with(options).call<void>("shop.finishes_at", scratch / "marks", 3, 0.3).detach();
    ASSERT_TRUE(eventually([&] { return scratch.lines("marks").size() == 3; }));
  }
  EXPECT_TRUE(std::filesystem::exists(scratch / "marks.done"));
}

// Who would make it: the pool ends, and takes what is between two attempts as it is.
TEST(Retry, OfADetachedCallIsNotMadeOnceThePoolEnds) {
  Scratch scratch;
  const auto before = std::chrono::steady_clock::now();
  {
    Records records;
    auto pool_options = shop_options();
    pool_options.log = records.sink();
    const auto pool = start(pool_options);
    const auto options = retrying({.attempts = 3, .delay = 1h, .delay_max = 1h, .exceptions = {"OutOfStock"}});
    pool.with(options).call<void>("shop.finishes_at", scratch / "marks", 2, 0.0).detach();
    ASSERT_TRUE(eventually([&] { return records.find("tried again in").has_value(); }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, 9s) << "it did not wait for stop_timeout";
  EXPECT_EQ(scratch.lines("marks").size(), 1u);
}

}  // namespace
}  // namespace clutch::e2e
