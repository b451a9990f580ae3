// How a stream is read, in each form, and what its items are.
#include "clutch/stream.hpp"

#include <future>
#include <map>
#include <numeric>
#include <thread>

#include "client_lib/coroutine.hpp"
#include "client_lib/stream_fixture.hpp"

namespace clutch::testing_support {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Item = std::optional<Result<int>>;

static_assert(std::input_iterator<Stream<int>::Iterator>);
static_assert(!std::is_copy_constructible_v<Stream<int>> && !std::is_copy_assignable_v<Stream<int>>);

// Range-for

TEST_F(StreamTest, ALoopGivesTheItemsInOrderAcrossBatches) {
  auto stream = pool.stream<int>("m.gen", 1);
  push({1, 2, 3});
  push({});
  push({4});
  push({5, 300, -70'000});
  finish();
  EXPECT_THAT(values_of(stream), ElementsAre(1, 2, 3, 4, 5, 300, -70'000));
}

TEST_F(StreamTest, ALoopOverNothingEnds) {
  auto stream = pool.stream<int>("m.gen");
  finish();
  EXPECT_TRUE(values_of(stream).empty());
  EXPECT_TRUE(values_of(stream).empty()) << "and ends again";
}

TEST_F(StreamTest, AnErrorIsTheLastResult) {
  auto stream = pool.stream<int>("m.gen");
  push({1, 2});
  fail(Code::failed);
  std::vector<Result<int>> results;
  for (const Result<int>& item : stream) results.push_back(item);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[1].value(), 2);
  EXPECT_EQ(results[2].error().code, Code::failed);
  EXPECT_EQ(results[2].error().items, 2U);
  EXPECT_FALSE(stream.next().get()) << "once";
}

TEST_F(StreamTest, ALoopWaitsForWhatAnotherThreadPushes) {
  for (std::size_t round = 0; round < 50; ++round) {
    auto stream = pool.stream<int>("m.gen");
    std::thread other([&] {
      for (int i = 0; i < 40; ++i) push({2 * i, 2 * i + 1}, round);
      finish(round);
    });
    std::vector<int> expected(80);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(values_of(stream), expected);
    other.join();
  }
}

TEST_F(StreamTest, LeavingALoopOverATemporaryLeavesTheStream) {
  std::thread other([&] {
    while (true) {
      const std::lock_guard lock(engine.mutex);
      if (!engine.calls.empty()) break;
    }
    push({1, 2, 3});
  });
  for (Result<int> item : pool.stream<int>("m.gen")) {
    if (item.value() == 2) break;
  }
  other.join();
  EXPECT_EQ(engine.cancels, 1);
}

TEST_F(StreamTest, LeavingALoopOverAStreamLetsItBeReadOn) {
  auto stream = pool.stream<int>("m.gen");
  push({1, 2, 3, 4});
  finish();
  for (Result<int> item : stream) {
    if (item.value() == 2) break;
  }
  EXPECT_THAT(values_of(stream), ElementsAre(3, 4));
  EXPECT_EQ(engine.cancels, 0);
}

// next()

TEST_F(StreamTest, NextGivesOneItemAtATime) {
  auto stream = pool.stream<std::string>("m.gen");
  engine.push(0, std::vector<std::string>{"a", "b"});
  EXPECT_EQ(stream.next().get()->value(), "a");
  EXPECT_EQ(stream.next().get()->value(), "b");
  auto next = stream.next();
  EXPECT_FALSE(next.wait_for(1ms));
  EXPECT_FALSE(next.wait_for(-1s));
  finish();
  EXPECT_TRUE(next.wait_for(std::chrono::hours::max()));
  EXPECT_FALSE(next.get());
}

TEST_F(StreamTest, NextIsOneAtATime) {
  auto stream = pool.stream<int>("m.gen");
  push({1});
  {
    auto one = stream.next();
    EXPECT_THROW(static_cast<void>(stream.next()), misuse);
    EXPECT_THROW(static_cast<void>(stream.begin()), misuse);
    EXPECT_THROW(static_cast<void>(stream.collect(1)), misuse);
    EXPECT_EQ(one.get()->value(), 1);
    EXPECT_THROW(static_cast<void>(one.get()), misuse);
    EXPECT_THROW(static_cast<void>(one.wait_for(0s)), misuse);
    EXPECT_THROW(static_cast<void>(one.operator co_await()), misuse);
  }
  push({2});
  { auto dropped = stream.next(); }
  EXPECT_EQ(stream.next().get()->value(), 2) << "a next() that was dropped took nothing";
}

TEST_F(StreamTest, WhatWasMovedFromOrConsumedIsMisuse) {
  auto stream = pool.stream<int>("m.gen");
  auto moved = std::move(stream);
  EXPECT_THROW(static_cast<void>(stream.next()), misuse);
  EXPECT_THROW(static_cast<void>(stream.begin()), misuse);
  EXPECT_THROW(stream.cancel(), misuse);
  EXPECT_THROW(static_cast<void>(stream.cancel_handle()), misuse);
  EXPECT_THROW(static_cast<void>(stream.collect(1)), misuse);
  push({1});
  auto collected = moved.collect(1);
  EXPECT_THROW(static_cast<void>(moved.for_each([](int) {})), misuse);
  EXPECT_THAT(collected.get().value(), ElementsAre(1));
}

TEST_F(StreamTest, AnOutcomeOfWhatCannotBeSentIsTheOnlyResult) {
  const std::string not_utf8 = "\xff";
  auto stream = pool.stream<int>("m.gen", not_utf8);
  EXPECT_EQ(stream.next().get()->error().stage, Stage::arguments);
  EXPECT_FALSE(stream.next().get());
  EXPECT_TRUE(engine.calls.empty());
}

// co_await

TEST_F(StreamTest, CoAwaitResumesOnTheCompletionThread) {
  std::promise<std::vector<int>> done;
  bool on_thread = false;
  const auto run = [&](Stream<int> stream) -> Fire {
    std::vector<int> values;
    while (auto item = co_await stream.next()) {
      values.push_back(item->value());
      if (values.size() == 1) on_thread = engine.thread.is_current();
    }
    done.set_value(std::move(values));
  };
  run(pool.stream<int>("m.gen"));
  push({1, 2});
  push({3});
  finish();
  EXPECT_THAT(done.get_future().get(), ElementsAre(1, 2, 3));
  EXPECT_TRUE(on_thread);
}

TEST_F(StreamTest, CoAwaitOfWhatIsThereGoesOnAtOnce) {
  auto stream = pool.stream<int>("m.gen");
  push({7});
  int got = 0;
  const auto run = [&]() -> Fire { got = (co_await stream.next())->value(); };
  run();
  EXPECT_EQ(got, 7);
}

TEST_F(StreamTest, CoAwaitOnAnExecutorGoesOnThereAlways) {
  HandExecutor executor;
  std::vector<int> got;
  auto stream = pool.stream<int>("m.gen");
  push({1});
  const auto run = [&]() -> Fire {
    while (auto item = co_await stream.next().on(executor)) got.push_back(item->value());
    got.push_back(-1);
  };
  run();
  EXPECT_TRUE(got.empty());
  executor.run();
  EXPECT_THAT(got, ElementsAre(1));
  push({2});
  finish();
  EXPECT_THAT(got, ElementsAre(1));
  executor.run();
  executor.run();
  EXPECT_THAT(got, ElementsAre(1, 2, -1));
}

TEST_F(StreamTest, DestroyingACoroutineThatWaitsLeavesTheStreamAsItWas) {
  auto stream = pool.stream<int>("m.gen");
  Owned waiting = [](Stream<int>& from) -> Owned {
    static_cast<void>(co_await from.next());
    ADD_FAILURE() << "resumed";
  }(stream);
  waiting = {};
  push({1});
  EXPECT_EQ(stream.next().get()->value(), 1);
  EXPECT_EQ(engine.cancels, 0);
}

TEST_F(StreamTest, DestroyingACoroutineWhoseResumptionIsQueuedTakesNothing) {
  HandExecutor executor;
  auto stream = pool.stream<int>("m.gen");
  Owned waiting = [](Stream<int>& from, HandExecutor& on) -> Owned {
    static_cast<void>(co_await from.next().on(on));
    ADD_FAILURE() << "resumed";
  }(stream, executor);
  push({1});
  waiting = {};
  executor.run();
  EXPECT_EQ(stream.next().get()->value(), 1);
}

TEST_F(StreamTest, AStreamMayGoWhileACoroutineWaits) {
  HandExecutor executor;
  std::optional<Stream<int>> stream(pool.stream<int>("m.gen"));
  Item got;
  const auto run = [&]() -> Fire { got = co_await stream->next().on(executor); };
  run();
  stream.reset();
  EXPECT_EQ(engine.cancels, 1);
  executor.run();
  EXPECT_EQ(got->error().code, Code::cancelled);
}

TEST_F(StreamTest, AWakingForWhatACancelDroppedIsNone) {
  engine.ignore_cancels = true;
  HandExecutor executor;
  auto stream = pool.stream<int>("m.gen");
  const CancelHandle handle = stream.cancel_handle();
  std::vector<Item> got;
  const auto run = [&]() -> Fire { got.push_back(co_await stream.next().on(executor)); };
  run();
  push({1});
  handle.cancel();
  executor.run();
  EXPECT_TRUE(got.empty());
  fail(Code::cancelled);
  executor.run();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]->error().code, Code::cancelled);
}

// Values

TEST_F(StreamTest, AnItemThatDoesNotFitIsTheLastResult) {
  auto stream = pool.stream<std::map<std::string, int>>("m.gen");
  engine.push(0, std::vector<std::map<std::string, int>>{{{"a", 1}}});
  engine.push(0, std::vector<std::map<std::string, std::string>>{{}, {{"price", "x"}}, {}});
  EXPECT_TRUE(stream.next().get()->ok());
  EXPECT_TRUE(stream.next().get()->ok());
  const auto item = stream.next().get();
  EXPECT_EQ(item->error().code, Code::invalid_argument);
  EXPECT_EQ(item->error().stage, Stage::result);
  EXPECT_EQ(item->error().items, 2U);
  EXPECT_THAT(item->error().message, HasSubstr("item 2 does not fit the type asked for: expected an integer"));
  EXPECT_THAT(item->error().message, HasSubstr("at $.price"));
  EXPECT_EQ(engine.cancels, 1) << "the stream is left";
  EXPECT_FALSE(stream.next().get());
}

TEST_F(StreamTest, LargeBytesComeAsFrames) {
  auto stream = pool.stream<Bytes>("m.gen");
  const Bytes large(std::vector<std::byte>(70'000, std::byte{7}));
  StreamItems items = items_of(std::vector<Bytes>{Bytes("a"), Bytes(), Bytes("c")});
  items.frames.push_back({std::uint32_t{1}, large});
  engine.push(0, std::move(items));
  engine.push(0, std::vector<Bytes>{Bytes("d"), Bytes()});
  EXPECT_EQ(stream.next().get()->value(), Bytes("a"));
  EXPECT_EQ(stream.next().get()->value().data(), large.data()) << "shared, not copied";
  EXPECT_EQ(stream.next().get()->value(), Bytes("c"));
  EXPECT_EQ(stream.next().get()->value(), Bytes("d"));
  EXPECT_TRUE(stream.next().get()->value().empty());
}

TEST_F(StreamTest, AFrameIsOfTheItemItselfAlone) {
  auto stream = pool.stream<std::vector<Bytes>>("m.gen");
  StreamItems items = items_of(std::vector<std::vector<Bytes>>{{Bytes()}});
  items.frames.push_back({std::uint32_t{0}, Bytes("frame")});
  engine.push(0, std::move(items));
  EXPECT_TRUE(stream.next().get()->value().at(0).empty());
}

TEST_F(StreamTest, EachItemHasTheLimitsOfAValue) {
  const auto nested = [](std::size_t levels) {
    return unhex([&] {
      std::string text = "91";
      for (std::size_t i = 0; i < levels; ++i) text += "91";
      return text + "c0";
    }());
  };
  auto stream = pool.stream<Value>("m.gen");
  engine.push(0, StreamItems{0, 1, Blob(nested(64)), {}});
  engine.push(0, StreamItems{1, 1, Blob(nested(65)), {}});
  EXPECT_TRUE(stream.next().get()->ok());
  EXPECT_THAT(stream.next().get()->error().message, HasSubstr("deeper"));
}

TEST_F(StreamTest, ABatchThatLiesIsAnError) {
  auto stream = pool.stream<int>("m.gen");
  StreamItems items = items_of(std::vector<int>{1});
  items.count = 2;
  engine.push(0, std::move(items));
  EXPECT_TRUE(stream.next().get()->ok());
  EXPECT_EQ(stream.next().get()->error().code, Code::invalid_argument);
}

TEST_F(StreamTest, WhatWasReadIsFreedAtOnce) {
  auto stream = pool.stream<std::vector<std::byte>>("m.gen");
  auto large = std::make_shared<std::vector<std::byte>>(70'000);
  const std::weak_ptr<void> watch = large;
  StreamItems items = items_of(std::vector<Bytes>{Bytes()});
  const std::span<const std::byte> bytes = *large;
  items.frames.push_back({std::uint32_t{0}, Bytes(bytes, std::move(large))});
  engine.push(0, std::move(items));
  EXPECT_EQ(stream.next().get()->value().size(), 70'000U);
  EXPECT_TRUE(watch.expired());
}

TEST_F(StreamTest, AHandleGivesAStream) {
  const auto handle = pool.function<Stream<int>(int, std::string)>("m.gen");
  auto stream = handle(3, "x");
  push({1});
  finish();
  EXPECT_THAT(values_of(stream), ElementsAre(1));
  auto applied = pool.apply_stream<int>("m.gen", {.positional = {1}});
  finish(1);
  EXPECT_TRUE(values_of(applied).empty());
}

}  // namespace
}  // namespace clutch::testing_support
