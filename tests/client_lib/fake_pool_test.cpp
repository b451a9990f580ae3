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

// Streams

template <class T>
std::vector<T> values_of(Stream<T> stream) {
  std::vector<T> values;
  for (Result<T> item : stream) values.push_back(std::move(item).value());
  return values;
}

TEST(FakePoolStreams, YieldsItemsToEachReader) {
  FakePool pool;
  pool.yields("m.gen", std::vector<std::string>{"a", "b"});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(values_of(pool.stream<std::string>("m.gen", 1)), (std::vector<std::string>{"a", "b"}));
  }
  EXPECT_EQ(pool.pending(), 0U);
  EXPECT_EQ(pool.calls("m.gen").size(), 2U);
  pool.yields("m.none", std::vector<int>());
  EXPECT_TRUE(values_of(pool.stream<int>("m.none")).empty());
}

TEST(FakePoolStreams, AnErrorMayFollowTheItems) {
  FakePool pool;
  pool.yields("m.gen", std::vector{1, 2}, error_of(Code::worker_lost));
  auto stream = pool.stream<int>("m.gen");
  EXPECT_EQ(stream.next().get()->value(), 1);
  EXPECT_EQ(stream.next().get()->value(), 2);
  const auto last = stream.next().get();
  EXPECT_EQ(last->error().code, Code::worker_lost);
  EXPECT_EQ(last->error().items, 2U);
}

TEST(FakePoolStreams, GeneratorsAreLambdas) {
  FakePool pool;
  pool.generates("m.count",
                 [](int from, const Keywords& keywords) {
                   const auto step = *keywords.find("step")->get_if<std::int64_t>();
                   return [at = from - step, step]() mutable -> std::optional<std::int64_t> { return at += step; };
                 })
      .generates("m.breaks",
                 []() {
                   return [n = 0]() mutable -> std::optional<int> {
                     if (n == 2) throw std::out_of_range("too far");
                     return n++;
                   };
                 })
      .generates("m.refuses",
                 [](int) -> std::function<std::optional<int>()> { throw CallError(error_of(Code::overloaded)); });
  EXPECT_EQ(pool.stream<int>("m.count", 3, kw("step", 2)).collect(3).get().value(), (std::vector{3, 5, 7}));
  const auto broken = pool.stream<int>("m.breaks").collect(9).get();
  EXPECT_EQ(broken.error().exception->message, "too far");
  EXPECT_EQ(broken.error().items, 2U);
  EXPECT_EQ(pool.stream<int>("m.refuses", 1).next().get()->error().code, Code::overloaded);
  EXPECT_EQ(pool.stream<int>("m.refuses").next().get()->error().stage, Stage::arguments);
  EXPECT_EQ(pool.pending(), 0U);
}

TEST(FakePoolStreams, AGeneratorTakesNoStepBeyondItsReadersRoom) {
  FakePool pool;
  int steps = 0;
  pool.generates("m.endless", [&] { return [&]() -> std::optional<int> { return steps++; }; });
  auto stream = pool.with({.stream_window_items = 8}).stream<int>("m.endless");
  EXPECT_EQ(steps, 8);
  EXPECT_EQ(stream.next().get()->value(), 0);
  EXPECT_EQ(steps, 8) << "a quarter of the window";
  for (int i = 1; i < 20; ++i) {
    EXPECT_EQ(stream.next().get()->value(), i);
    EXPECT_LE(steps, i + 1 + 8);
  }
  EXPECT_EQ(steps, 28);
  auto bytes = pool.with({.stream_window_bytes = 1}).stream<int>("m.endless");
  EXPECT_EQ(steps, 29) << "one goes beyond";
  EXPECT_EQ(pool.pending(), 2U);
}

TEST(FakePoolStreams, LeavingEndsTheGeneratorAndSaysSo) {
  FakePool pool;
  pool.generates("m.endless", [] { return []() -> std::optional<int> { return 1; }; });
  auto stream = pool.stream<int>("m.endless");
  EXPECT_EQ(stream.cancel().get().value().what, CancelEnd::unwound);
  EXPECT_EQ(stream.next().get()->error().code, Code::cancelled);
  EXPECT_EQ(stream.cancel().get().value().what, CancelEnd::already_finished);
  { auto dropped = pool.stream<int>("m.endless"); }
  EXPECT_EQ(pool.pending(), 0U);
}

TEST(FakePoolStreams, AreHeldHungFailedAndRetriedAsCalls) {
  FakePool pool;
  Error busy = error_of(Code::unavailable);
  busy.certainty = Certainty::not_started;
  pool.yields("m.gen", std::vector{1, 2}).fail("m.gen", busy, 1);
  const Caller retrying = pool.with({.retry = RetryPolicy{.attempts = 2}});
  EXPECT_EQ(values_of(retrying.stream<int>("m.gen")).size(), 2U);
  pool.yields("m.late", std::vector{1}, busy);
  EXPECT_EQ(retrying.stream<int>("m.late").collect(2).get().error().attempts, 1U) << "not after an item";
  pool.hold("m.gen");
  auto held = pool.stream<int>("m.gen");
  EXPECT_FALSE(held.next().wait_for(0s));
  auto cancelled = pool.stream<int>("m.gen");
  EXPECT_EQ(cancelled.cancel().get().value().what, CancelEnd::removed_from_queue);
  EXPECT_EQ(cancelled.next().get()->error().certainty, Certainty::not_started);
  pool.release("m.gen");
  EXPECT_EQ(values_of(std::move(held)).size(), 2U);
  pool.hang("m.gen");
  auto hung = pool.stream<int>("m.gen");
  EXPECT_EQ(hung.cancel().get().value().what, CancelEnd::unwound);
  EXPECT_EQ(pool.with({.timeout = 1s}).stream<int>("m.gen").next().get()->error().code, Code::deadline_exceeded);
}

TEST(FakePoolStreams, CallsAndStreamsAreNotTakenForEachOther) {
  FakePool pool;
  pool.yields("m.gen", std::vector{1}).on("m.f", [] { return 1; });
  EXPECT_THAT(pool.call<int>("m.gen").get().error().message, HasSubstr("read it with stream"));
  EXPECT_THAT(pool.stream<int>("m.f").next().get()->error().message, HasSubstr("call it with call"));
  EXPECT_EQ(pool.stream<int>("m.gem").next().get()->error().code, Code::not_found);
}

TEST(FakePoolStreams, EndWithThePool) {
  std::optional<FakePool> pool(std::in_place);
  pool->generates("m.endless", [] { return []() -> std::optional<int> { return 1; }; });
  auto stream = pool->with({.stream_window_items = 1}).stream<int>("m.endless");
  auto waiting = pool->with({.stream_window_items = 1}).stream<int>("m.endless");
  std::thread reader([&] {
    while (auto item = waiting.next().get()) {
      EXPECT_TRUE(item->ok() || item->error().code == Code::cancelled);
    }
  });
  pool.reset();
  reader.join();
  EXPECT_EQ(stream.next().get()->value(), 1);
  EXPECT_EQ(stream.next().get()->error().message, "the pool ended");
}

TEST(FakePoolStreams, CancellingRacesProducing) {
  FakePool pool;
  pool.generates("m.endless", [] { return [n = 0]() mutable -> std::optional<int> { return n++; }; });
  for (int round = 0; round < 100; ++round) {
    auto stream = pool.with({.stream_window_items = 4}).stream<int>("m.endless");
    const CancelHandle handle = stream.cancel_handle();
    std::thread canceller([&] { handle.cancel(); });
    int expected = 0;
    for (Result<int> item : stream) {
      if (!item) {
        EXPECT_EQ(item.error().code, Code::cancelled);
      } else {
        EXPECT_EQ(item.value(), expected++);
      }
    }
    canceller.join();
  }
  EXPECT_EQ(pool.pending(), 0U);
}

}  // namespace
}  // namespace clutch::testing_support
