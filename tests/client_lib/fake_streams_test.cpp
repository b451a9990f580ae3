// The streams of a FakePool.
#include <thread>

#include "client_lib/support.hpp"
#include "clutch/testing/fake_pool.hpp"

namespace clutch::testing_support {
namespace {

using namespace std::chrono_literals;
using testing::FakePool;
using ::testing::HasSubstr;
using testing::Keywords;

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
