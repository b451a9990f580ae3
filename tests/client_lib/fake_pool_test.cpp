#include "clutch/testing/fake_pool.hpp"

#include <future>
#include <thread>

#include "client_lib/support.hpp"
#include "clutch/combinators.hpp"

namespace clutch::testing_support {
namespace {

using namespace std::chrono_literals;
using testing::FakePool;
using ::testing::HasSubstr;
using testing::Keywords;

TEST(FakePool, AnswersWithLambdas) {
  FakePool pool;
  int calls = 0;
  pool.on("m.double", [](int x) { return x * 2; })
      .on("m.join", [](const std::vector<std::string>& parts, std::size_t at) { return parts.at(at); })
      .on("m.count", [&] { ++calls; });
  EXPECT_EQ(pool.call<int>("m.double", 21).get().value(), 42);
  EXPECT_EQ(pool.function<int(int)>("m.double")(4).get().value(), 8);
  EXPECT_EQ(pool.call<std::string>("m.join", std::vector{"a", "b"}, 1).get().value(), "b");
  EXPECT_TRUE(pool.call<void>("m.count").get().ok());
  EXPECT_EQ(calls, 1);
}

TEST(FakePool, FunctionsMayFail) {
  FakePool pool;
  pool.on("m.result",
          [](bool good) -> Result<int> {
            if (good) return 1;
            return error_of(Code::failed, "no");
          })
      .on("m.throws", [](int) -> int { throw CallError(error_of(Code::overloaded)); })
      .on("m.breaks", []() -> int { throw std::out_of_range("too far"); })
      .on("m.nothing", []() -> Result<void> { return {}; });
  EXPECT_EQ(pool.call<int>("m.result", true).get().value(), 1);
  EXPECT_EQ(pool.call<int>("m.result", false).get().error().message, "no");
  EXPECT_EQ(pool.call<int>("m.throws", 1).get().error().code, Code::overloaded);
  const auto broken = pool.call<int>("m.breaks").get();
  EXPECT_EQ(broken.error().code, Code::failed);
  EXPECT_EQ(broken.error().exception->message, "too far");
  EXPECT_TRUE(pool.call<void>("m.nothing").get().ok());
}

TEST(FakePool, ArgumentsAreCheckedAsInPython) {
  FakePool pool;
  pool.on("m.f", [](int x) { return x; });
  EXPECT_THAT(pool.call<int>("m.f", 1, 2).get().error().message, HasSubstr("takes 1 positional arguments but 2"));
  EXPECT_EQ(pool.call<int>("m.f", "x").get().error().stage, Stage::arguments);
  EXPECT_THAT(pool.call<int>("m.f", 1, kw("y", 1)).get().error().message, HasSubstr("no keyword arguments"));
  EXPECT_EQ(pool.call<std::string>("m.f", 1).get().error().stage, Stage::result);
}

TEST(FakePool, TakesKeywordsAndLargeBytes) {
  FakePool pool;
  pool.on("m.f", [](const Bytes& bytes, const Keywords& keywords) {
    return static_cast<std::int64_t>(bytes.size()) + *keywords.find("n")->get_if<std::int64_t>();
  });
  EXPECT_EQ(pool.call<std::int64_t>("m.f", Bytes(std::vector<std::byte>(100'000)), kw("n", 1)).get().value(), 100'001);
}

TEST(FakePool, AnUnknownFunctionIsNotFound) {
  FakePool pool;
  pool.on("async_module.task", [](int x) { return x; });
  const Error error = pool.call<int>("async_module.tsak", 1).get().error();
  EXPECT_EQ(error.code, Code::not_found);
  EXPECT_EQ(error.stage, Stage::lookup);
  EXPECT_THAT(error.message, HasSubstr("did you mean `async_module.task`?"));
  EXPECT_THAT(pool.call<int>("other").get().error().message, ::testing::Not(HasSubstr("did you mean")));
}

TEST(FakePool, FailsAsTold) {
  FakePool pool;
  pool.on("m.f", [] { return 1; }).fail("m.f", error_of(Code::worker_lost), 1).fail("m.g", error_of(Code::failed));
  EXPECT_EQ(pool.call<int>("m.f").get().error().code, Code::worker_lost);
  EXPECT_EQ(pool.call<int>("m.f").get().value(), 1);
  EXPECT_EQ(pool.call<int>("m.g").get().error().code, Code::failed);
}

TEST(FakePool, FollowsARetryPolicy) {
  FakePool pool;
  Error busy = error_of(Code::unavailable);
  busy.certainty = Certainty::not_started;
  pool.on("m.f", [] { return 1; }).fail("m.f", busy, 2);
  const Caller retrying = pool.with({.retry = RetryPolicy{.attempts = 3}});
  EXPECT_EQ(retrying.call<int>("m.f").get().value(), 1);
  pool.fail("m.f", busy);
  EXPECT_EQ(retrying.call<int>("m.f").get().error().attempts, 3U);
  pool.fail("m.f", busy);
  EXPECT_EQ(retrying.with({.timeout = 150ms}).call<int>("m.f").get().error().attempts, 2U) << "one timeout for all";
}

TEST(FakePool, HasARetryBudget) {
  FakePool pool;
  std::size_t attempts = 0;
  pool.on("m.f", [&]() -> int {
    ++attempts;
    throw CallError(error_of(Code::unavailable));
  });
  const Caller retrying = pool.with({.retry = RetryPolicy{.attempts = 5, .idempotent = true}});
  for (int i = 0; i < 100; ++i) {
    const auto result = retrying.call<int>("m.f").get();
    EXPECT_EQ(result.error().message.find("retry budget") != std::string::npos, i >= 2) << i;
  }
  EXPECT_EQ(attempts, 110U);
}

TEST(FakePool, WhatOutlastsItsTimeoutExpiresWithoutWaiting) {
  FakePool pool;
  pool.on("m.slow", [] { return 1; }).delay("m.slow", 1h).hang("m.never");
  EXPECT_EQ(pool.call<int>("m.slow").get().value(), 1);
  EXPECT_EQ(pool.with({.timeout = 2h}).call<int>("m.slow").get().value(), 1);
  const auto expired = pool.with({.timeout = 30s}).call<int>("m.slow").get();
  EXPECT_EQ(expired.error().code, Code::deadline_exceeded);
  EXPECT_EQ(expired.error().certainty, Certainty::started);
  EXPECT_THAT(expired.error().message, HasSubstr("timeout expired"));
  const auto attempt = pool.with({.timeout = 30s, .attempt_timeout = 1s}).call<int>("m.never").get();
  EXPECT_THAT(attempt.error().message, HasSubstr("attempt_timeout expired"));
}

TEST(FakePool, WhatHangsIsCancelled) {
  FakePool pool;
  pool.hang("m.never");
  auto call = pool.call<int>("m.never");
  EXPECT_FALSE(call.ready());
  EXPECT_EQ(pool.pending(), 1U);
  call.cancel();
  EXPECT_EQ(call.get().error().code, Code::cancelled);
  EXPECT_EQ(pool.pending(), 0U);
  { auto dropped = pool.call<int>("m.never"); }
  EXPECT_EQ(pool.pending(), 0U);
}

TEST(FakePool, WhatIsHeldIsAnsweredWhenReleased) {
  FakePool pool;
  pool.on("m.f", [](int x) { return x; }).hold("m.f");
  auto call = pool.with({.timeout = 1ns}).call<int>("m.f", 7);
  auto cancelled = pool.call<int>("m.f", 8);
  cancelled.cancel();
  EXPECT_FALSE(call.ready());
  pool.release("m.f");
  EXPECT_EQ(call.get().value(), 7);
  EXPECT_EQ(cancelled.get().error().code, Code::cancelled);
  EXPECT_EQ(pool.call<int>("m.f", 9).get().value(), 9);
}

TEST(FakePool, RecordsCalls) {
  FakePool pool;
  pool.on("m.f", [](int, const Keywords&) {});
  static_cast<void>(pool.with({.timeout = 3s}).call<void>("m.f", 1, kw("a", "x")).get());
  static_cast<void>(pool.call<void>("m.g").get());
  ASSERT_EQ(pool.calls().size(), 2U);
  const auto recorded = pool.calls("m.f").at(0);
  EXPECT_EQ(recorded.args, Value::array({1}));
  EXPECT_EQ(recorded.kwargs, Value::map({{"a", "x"}}));
  EXPECT_EQ(recorded.options.timeout, 3s);
  EXPECT_TRUE(pool.calls("m.g").at(0).kwargs.is_nil());
}

TEST(FakePool, LeavesNobodyWaitingAtItsEnd) {
  std::optional<FakePool> pool(std::in_place);
  pool->hang("m.never");
  auto waited = pool->call<int>("m.never");
  auto kept = pool->call<int>("m.never");
  const Caller copy = *pool;
  std::thread waiter([&] { EXPECT_EQ(waited.get().error().code, Code::cancelled); });
  pool.reset();
  waiter.join();
  EXPECT_EQ(kept.get().error().code, Code::cancelled);
  EXPECT_EQ(copy.call<int>("m.never").get().error().code, Code::unavailable);
}

TEST(FakePool, ContinuesOnItsCompletionThread) {
  FakePool pool;
  pool.on("m.f", [](int x) { return x; });
  std::promise<std::thread::id> ran;
  pool.call<int>("m.f", 1).then([&](Result<int>) { ran.set_value(std::this_thread::get_id()); });
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
  EXPECT_EQ(try_join(pool.call<int>("m.f", 1), pool.call<int>("m.f", 2)).get().value(), (std::tuple(1, 2)));
}

TEST(FakePool, AFunctionMayCallAnother) {
  FakePool pool;
  pool.on("m.inner", [](int x) { return x + 1; }).on("m.outer", [&](int x) {
    return pool.call<int>("m.inner", x).get();
  });
  EXPECT_EQ(pool.call<int>("m.outer", 1).get().value(), 2);
}

}  // namespace
}  // namespace clutch::testing_support
