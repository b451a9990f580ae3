// How a stream is read, in each form: order, end and error, the credit of its reader, and how it is left.
#include "clutch/stream.hpp"

#include <future>
#include <map>
#include <numeric>
#include <thread>

#include "client_lib/coroutine.hpp"
#include "client_lib/support.hpp"
#include "clutch/combinators.hpp"

namespace clutch::testing_support {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Item = std::optional<Result<int>>;

static_assert(std::input_iterator<Stream<int>::Iterator>);
static_assert(!std::is_copy_constructible_v<Stream<int>> && !std::is_copy_assignable_v<Stream<int>>);

class StreamTest : public ::testing::Test {
 protected:
  ManualPool pool;
  ManualEngine& engine = pool.engine;

  void push(const std::vector<int>& values, std::size_t index = 0) { engine.push(index, values); }
  void finish(std::size_t index = 0) { engine.complete(index, Reply{}); }
  void fail(Code code, std::size_t index = 0) {
    Error error = error_of(code);
    error.items = engine.at(index).call->stream()->received();
    engine.complete(index, std::move(error));
  }
  Stream<int> windowed(std::uint64_t items, std::uint64_t bytes = 0) {
    return pool.with({.stream_window_items = items, .stream_window_bytes = bytes}).stream<int>("m.gen");
  }
};

std::vector<int> values_of(Stream<int>& stream) {
  std::vector<int> values;
  for (Result<int> item : stream) values.push_back(item.value());
  return values;
}

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
  for (Result<int> item : stream) results.push_back(item);
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

// Credit

TEST_F(StreamTest, TheWindowIsAnOption) {
  auto plain = pool.stream<int>("m.gen");
  EXPECT_EQ(engine.credit(0), (StreamCredit{limits::stream_window_items, limits::stream_window_bytes}));
  auto items = windowed(10);
  EXPECT_EQ(engine.credit(1), (StreamCredit{10, limits::stream_window_bytes}));
  const Caller both = pool.with({.stream_window_items = 10}).with({.stream_window_bytes = 99});
  auto merged = both.stream<int>("m.gen");
  EXPECT_EQ(engine.credit(2), (StreamCredit{10, 99}));
}

TEST_F(StreamTest, CreditIsGivenForEachQuarterOfTheWindowThatIsRead) {
  auto stream = windowed(8, 1000);
  push({1, 2, 3});
  push({4, 5});
  EXPECT_EQ(engine.credits, 0) << "what is not read is not taken";
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credits, 0);
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credits, 1);
  EXPECT_EQ(engine.credit(0), (StreamCredit{10, 1000})) << "the bytes of a batch count when all of it is read";
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credit(0), (StreamCredit{10, 1000}));
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credit(0), (StreamCredit{12, 1004}));
  EXPECT_EQ(engine.credits, 2);
}

TEST_F(StreamTest, CreditIsGivenForAQuarterOfTheBytes) {
  auto stream = pool.with({.stream_window_bytes = 40}).stream<std::string>("m.gen");
  engine.push(0, std::vector<std::string>{"12345678"});  // 10 bytes
  engine.push(0, std::vector<std::string>{"1"});
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credits, 1);
  EXPECT_EQ(engine.credit(0), (StreamCredit{limits::stream_window_items + 1, 50}));
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credits, 1);
}

TEST_F(StreamTest, CreditCountsFrames) {
  auto stream = pool.with({.stream_window_bytes = 100}).stream<Bytes>("m.gen");
  StreamItems items = items_of(std::vector<Bytes>{Bytes()});
  items.frames.push_back({std::uint32_t{0}, Bytes(std::vector<std::byte>(1000))});
  const std::size_t bytes = items.bytes();
  engine.push(0, std::move(items));
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credit(0).bytes, 100 + bytes);
}

TEST_F(StreamTest, TheEngineIsToldOfCreditOnceUntilItLooks) {
  auto stream = windowed(4);
  push({1, 2, 3, 4, 5, 6});
  for (int i = 0; i < 3; ++i) static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credits, 1);
  EXPECT_EQ(engine.credit(0).items, 7U);
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credits, 2);
  EXPECT_EQ(engine.credit(0).items, 8U);
}

TEST_F(StreamTest, AWindowOfOneAndOneOfAllThereIs) {
  auto one = windowed(1, 1);
  push({1});
  static_cast<void>(one.next().get());
  EXPECT_EQ(engine.credit(0), (StreamCredit{2, 3}));
  auto all = windowed(UINT64_MAX, UINT64_MAX);
  engine.push(1, std::vector<int>{1, 2});
  static_cast<void>(all.next().get());
  EXPECT_EQ(engine.credit(1), (StreamCredit{UINT64_MAX, UINT64_MAX}));
}

TEST_F(StreamTest, NoCreditIsGivenOfAStreamThatIsOver) {
  auto stream = windowed(1);
  push({1, 2});
  finish();
  EXPECT_THAT(values_of(stream), ElementsAre(1, 2));
  EXPECT_EQ(engine.credits, 0);
}

TEST_F(StreamTest, CreditIsMonotoneAndReachesAnEngineThatReadsItOnAnotherThread) {
  constexpr std::uint64_t total = 20'000;
  auto stream = windowed(64, 4096);
  std::thread producer([&] {
    std::uint64_t sent = 0;
    StreamCredit before{};
    while (sent < total) {
      const StreamCredit credit = engine.credit(0);
      EXPECT_TRUE(credit.items >= before.items && credit.bytes >= before.bytes);
      before = credit;
      if (credit.items == sent) std::this_thread::yield();
      const auto now = std::min<std::uint64_t>({credit.items - sent, 7, total - sent});
      if (now == 0) continue;
      std::vector<int> batch(now);
      std::iota(batch.begin(), batch.end(), static_cast<int>(sent));
      push(batch);
      sent += now;
    }
    finish();
  });
  int expected = 0;
  for (Result<int> item : stream) EXPECT_EQ(item.value(), expected++);
  EXPECT_EQ(expected, static_cast<int>(total));
  producer.join();
}

// Leaving

TEST_F(StreamTest, DestroyingAStreamThatIsNotOverCancelsItAndDropsWhatCame) {
  engine.ignore_cancels = true;
  auto large = std::make_shared<std::vector<std::byte>>(10);
  const std::weak_ptr<void> watch = large;
  {
    auto stream = pool.stream<Bytes>("m.gen");
    StreamItems items = items_of(std::vector<Bytes>{Bytes()});
    const std::span<const std::byte> bytes = *large;
    items.frames.push_back({std::uint32_t{0}, Bytes(bytes, std::move(large))});
    engine.push(0, std::move(items));
  }
  EXPECT_EQ(engine.cancels, 1);
  EXPECT_TRUE(watch.expired());
  push({1}), finish();
  {
    auto stream = pool.stream<int>("m.gen");
    finish(1);
  }
  EXPECT_EQ(engine.cancels, 1) << "one that is over not";
  auto stream = pool.stream<int>("m.gen");
  stream = pool.stream<int>("m.gen");
  EXPECT_EQ(engine.cancels, 2);
  fail(Code::cancelled, 2);
  fail(Code::cancelled, 3);
}

TEST_F(StreamTest, ACancelDropsWhatCameAndGivesTheError) {
  auto stream = pool.stream<int>("m.gen");
  push({1, 2, 3});
  push({4});
  EXPECT_EQ(stream.next().get()->value(), 1);
  stream.cancel();
  EXPECT_EQ(stream.next().get()->error().code, Code::cancelled);
  EXPECT_FALSE(stream.next().get());
}

TEST_F(StreamTest, ACancelFromElsewhereEndsAnUnfinishedBatchToo) {
  engine.ignore_cancels = true;
  auto stream = pool.stream<int>("m.gen");
  const CancelHandle handle = stream.cancel_handle();
  push({1, 2, 3});
  EXPECT_EQ(stream.next().get()->value(), 1);
  std::thread([&] { handle.cancel(); }).join();
  push({4});
  EXPECT_FALSE(stream.next().wait_for(0s));
  finish();
  const auto last = stream.next().get();
  ASSERT_TRUE(last) << "not silently cut short";
  EXPECT_EQ(last->error().code, Code::cancelled);
  EXPECT_EQ(last->error().items, 1U);
}

TEST_F(StreamTest, ACancelOfAStreamThatWasReadWhollyChangesNothing) {
  auto stream = pool.stream<int>("m.gen");
  push({1});
  finish();
  EXPECT_EQ(stream.next().get()->value(), 1);
  EXPECT_EQ(stream.cancel().get().value().what, CancelEnd::already_finished);
  EXPECT_FALSE(stream.next().get());
  EXPECT_EQ(engine.cancels, 0);
}

TEST_F(StreamTest, LeavingRacesWhatIsPushed) {
  for (std::size_t round = 0; round < 300; ++round) {
    std::optional<Stream<int>> stream(pool.stream<int>("m.gen"));
    std::thread producer([&] {
      const detail::CallRef call = engine.at(round).call;
      for (int i = 0; call && i < 20; ++i) call->stream()->push(items_of(std::vector<int>{i}));
      engine.complete(round, Reply{});
    });
    if (round % 3 != 0) static_cast<void>(stream->next().get());
    stream.reset();
    producer.join();
  }
}

TEST_F(StreamTest, AStreamOutlivesItsPool) {
  std::optional<ManualPool> gone(std::in_place);
  auto stream = gone->stream<int>("m.gen");
  std::thread waiter([&] { EXPECT_EQ(stream.next().get()->error().code, Code::unavailable); });
  gone.reset();
  waiter.join();
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
      const detail::CallRef stream = engine.at(round).call;
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
