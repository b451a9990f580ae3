// What reads a stream to its end by itself: for_each() and collect().
#include <future>
#include <thread>

#include "client_lib/coroutine.hpp"
#include "client_lib/stream_fixture.hpp"
#include "clutch/combinators.hpp"

namespace clutch::testing_support {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// for_each()

TEST_F(StreamTest, ForEachTakesEachItemOnTheCompletionThread) {
  std::vector<int> values;
  bool elsewhere = false;
  auto call = pool.stream<int>("m.gen").for_each([&](int value) {
    values.push_back(value);
    elsewhere = elsewhere || !engine.thread.is_current();
  });
  push({1, 2});
  push({3});
  finish();
  EXPECT_EQ(call.get().value(), 3U);
  EXPECT_THAT(values, ElementsAre(1, 2, 3));
  EXPECT_FALSE(elsewhere);
}

TEST_F(StreamTest, ForEachNeverRunsWithinItselfNorWhereItemsArePushed) {
  HandExecutor executor;
  auto stream = pool.stream<int>("m.gen");
  push({1});
  std::vector<int> values;
  auto call = std::move(stream).for_each(executor, [&](int value) { values.push_back(value); });
  push({2});
  EXPECT_TRUE(values.empty());
  executor.run();
  EXPECT_THAT(values, ElementsAre(1, 2));
  push({3});
  finish();
  EXPECT_EQ(values.size(), 2U);
  EXPECT_FALSE(call.ready());
  executor.run();
  EXPECT_EQ(call.get().value(), 3U);
}

TEST_F(StreamTest, ForEachEndsWithTheStreamsError) {
  auto call = pool.stream<int>("m.gen").for_each([](int) {});
  push({1});
  fail(Code::worker_lost);
  const Error error = call.get().error();
  EXPECT_EQ(error.code, Code::worker_lost);
  EXPECT_EQ(error.items, 1U);
  auto misfit = pool.stream<int>("m.gen").for_each([](int) {});
  engine.push(1, std::vector<std::string>{"x"});
  EXPECT_EQ(misfit.get().error().code, Code::invalid_argument);
  EXPECT_EQ(engine.cancels, 1);
}

TEST_F(StreamTest, ForEachIsLeftByFalse) {
  auto call = pool.stream<int>("m.gen").for_each([](int value) { return value < 2; });
  push({1, 2, 3});
  EXPECT_EQ(call.get().value(), 2U) << "the one it left at counts";
  EXPECT_EQ(engine.cancels, 1);
}

TEST_F(StreamTest, DroppingForEachLeavesTheStreamAndDetachingDoesNot) {
  {
    auto call = pool.stream<int>("m.gen").for_each([](int) {});
  }
  EXPECT_EQ(engine.cancels, 1);
  std::promise<int> done;
  pool.stream<int>("m.gen").for_each([&](int value) { done.set_value(value); }).detach();
  EXPECT_EQ(engine.detached, 1);
  push({7}, 1);
  EXPECT_EQ(done.get_future().get(), 7);
  finish(1);
  auto cancelled = pool.stream<int>("m.gen").for_each([](int) {});
  cancelled.cancel();
  EXPECT_EQ(cancelled.get().error().code, Code::cancelled);
  EXPECT_EQ(engine.receipts.size(), 1U) << "the stream's";
}

TEST_F(StreamTest, ForEachGivesRoomOnlyForWhatWasTaken) {
  HandExecutor executor;
  std::promise<void> entered;
  std::promise<void> go_on;
  auto gate = go_on.get_future();
  auto call = windowed(8).for_each([&](int value) {
    if (value != 1) return;
    entered.set_value();
    gate.get();
  });
  push({0, 1, 2, 3, 4, 5, 6, 7});
  entered.get_future().get();
  EXPECT_EQ(engine.credit(0).items, 10U);
  go_on.set_value();
  finish();
  EXPECT_EQ(call.get().value(), 8U);
}

TEST_F(StreamTest, ForEachGivesOthersTheirTurn) {
  HandExecutor executor;
  std::size_t handled = 0;
  auto call = pool.stream<int>("m.gen").for_each(executor, [&](int) { ++handled; });
  push(std::vector<int>(1000));
  finish();
  executor.run();
  EXPECT_LT(handled, 1000U);
  while (!call.ready()) executor.run();
  EXPECT_EQ(handled, 1000U);
}

TEST_F(StreamTest, AForEachThatItsExecutorDropsLeavesTheStream) {
  HandExecutor executor;
  auto kept = std::make_shared<int>(1);
  auto call = pool.stream<int>("m.gen").for_each(executor, [kept](int) {});
  executor.tasks.clear();
  EXPECT_EQ(call.get().error().code, Code::cancelled);
  EXPECT_EQ(engine.cancels, 1);
  EXPECT_EQ(kept.use_count(), 1);
}

TEST_F(StreamTest, AnExceptionOutOfForEachGoesToWhoRunsIt) {
  HandExecutor executor;
  auto call =
      pool.stream<int>("m.gen").for_each(executor, [](int) -> void { throw std::runtime_error("the program's own"); });
  push({1});
  EXPECT_THROW(executor.run(), std::runtime_error);
  EXPECT_EQ(call.get().error().items, 1U);
  EXPECT_EQ(engine.cancels, 1);
}

TEST_F(StreamTest, ForEachTakesMoveOnlyFunctionsAndFreesThemAtItsEnd) {
  auto kept = std::make_shared<int>(1);
  auto call = pool.stream<int>("m.gen").for_each([kept, only = std::make_unique<int>(1)](int) {});
  finish();
  while (!call.ready()) std::this_thread::yield();
  EXPECT_EQ(kept.use_count(), 1);
}

TEST_F(StreamTest, ManyStreamsAreReadByCallbacksAtOnce) {
  std::vector<Call<std::uint64_t>> calls;
  for (std::size_t i = 0; i < 4; ++i) {
    calls.push_back(windowed(16).for_each([expected = 0](int value) mutable { EXPECT_EQ(value, expected++); }));
  }
  std::vector<std::thread> producers;
  for (std::size_t i = 0; i < 4; ++i) {
    producers.emplace_back([&, i] {
      for (int value = 0; value < 2000; ++value) {
        while (engine.credit(i).items <= static_cast<std::uint64_t>(value)) std::this_thread::yield();
        push({value}, i);
      }
      finish(i);
    });
  }
  const auto counts = try_join_all(std::move(calls)).get();
  for (const auto count : counts.value()) EXPECT_EQ(count, 2000U);
  for (std::thread& producer : producers) producer.join();
}

// collect()

TEST_F(StreamTest, CollectGivesAllOrTheFirst) {
  auto all = pool.stream<int>("m.gen").collect(UINT64_MAX);
  push({1, 2});
  EXPECT_FALSE(all.ready());
  push({3});
  finish();
  EXPECT_THAT(all.get().value(), ElementsAre(1, 2, 3));
  EXPECT_EQ(engine.cancels, 0);
  auto first = pool.stream<int>("m.gen").collect(3);
  push({1, 2}, 1);
  EXPECT_FALSE(first.ready());
  push({3, 4}, 1);
  EXPECT_TRUE(first.ready());
  EXPECT_EQ(engine.cancels, 1) << "the stream is left";
  EXPECT_THAT(first.get().value(), ElementsAre(1, 2, 3));
  EXPECT_TRUE(pool.stream<int>("m.gen").collect(0).get().value().empty());
  EXPECT_EQ(engine.cancels, 2);
}

TEST_F(StreamTest, CollectGoesOnWhereReadingWas) {
  auto stream = pool.stream<int>("m.gen");
  push({1, 2, 3});
  push({4});
  EXPECT_EQ(stream.next().get()->value(), 1);
  auto rest = stream.collect(4);
  push({5, 6});
  EXPECT_THAT(rest.get().value(), ElementsAre(2, 3, 4, 5));
}

TEST_F(StreamTest, CollectEndsWithTheStreamsError) {
  auto call = pool.stream<int>("m.gen").collect(9);
  push({1, 2});
  fail(Code::failed);
  EXPECT_EQ(call.get().error().items, 2U);
  auto enough = pool.stream<int>("m.gen").collect(1);
  push({1}, 1);
  EXPECT_THAT(enough.get().value(), ElementsAre(1)) << "what comes after the limit is of no concern";
  auto misfit = pool.stream<std::string>("m.gen").collect(2);
  push({1, 2}, 2);
  EXPECT_THAT(misfit.get().error().message, HasSubstr("item 0 does not fit"));
  auto collecting = pool.stream<int>("m.gen").collect(9);
  auto failing = try_join(std::move(collecting), pool.call<int>("m.f"));
  fail(Code::failed, 3);
  EXPECT_EQ(failing.get().error().code, Code::failed);
}

TEST_F(StreamTest, CollectGivesRoomForWhatItKeeps) {
  auto call = windowed(4, 100).collect(20);
  push({1});
  EXPECT_EQ(engine.credit(0), (StreamCredit{5, 102}));
  for (int i = 1; i < 18; ++i) push({i});
  EXPECT_EQ(engine.credit(0), (StreamCredit{22, 136}));
  push({18, 19});
  EXPECT_EQ(call.get().value().size(), 20U);
}

TEST_F(StreamTest, DroppingCollectLeavesTheStream) {
  { auto call = pool.stream<int>("m.gen").collect(9); }
  EXPECT_EQ(engine.cancels, 1);
  auto call = pool.stream<int>("m.gen").collect(9);
  push({1}, 1);
  call.cancel();
  EXPECT_EQ(call.get().error().code, Code::cancelled);
}

TEST_F(StreamTest, CollectRacesItsEnds) {
  for (std::size_t round = 0; round < 200; ++round) {
    auto call = pool.stream<int>("m.gen").collect(10);
    const CancelHandle handle = call.cancel_handle();
    std::thread producer([&] {
      const detail::CallRef stream = engine.call(round);
      for (int i = 0; stream && i < 12; ++i) stream->stream()->push(items_of(std::vector<int>{i}));
      engine.complete(round, Reply{});
    });
    std::thread canceller([&] { handle.cancel(); });
    const auto result = call.get();
    EXPECT_TRUE(result.ok() ? result.value().size() == 10 : result.error().code == Code::cancelled);
    producer.join();
    canceller.join();
  }
}

}  // namespace
}  // namespace clutch::testing_support
