// Design 13 and 16, the client's half: how a call is waited for, consumed, cancelled and continued.
#include "clutch/call.hpp"

#include <future>
#include <thread>

#include "client_lib/coroutine.hpp"
#include "client_lib/support.hpp"
#include "clutch/combinators.hpp"

namespace {

/// Knows on which thread it was converted.
struct Converted {
  std::thread::id on;
};

struct Throwing {};

}  // namespace

template <>
struct clutch::Codec<Throwing> {
  static Throwing read(Reader&) { throw std::runtime_error("the codec's own"); }
};

template <>
struct clutch::Codec<Converted> {
  static Converted read(Reader& reader) {
    reader.skip();
    return {std::this_thread::get_id()};
  }
};

namespace clutch::testing_support {
namespace {

using namespace std::chrono_literals;

class CallTest : public ::testing::Test {
 protected:
  ManualPool pool;
  ManualEngine& engine = pool.engine;

  void answer(int value, std::size_t index = 0) { engine.complete(index, reply(value)); }
};

TEST_F(CallTest, GetGivesTheValue) {
  auto call = pool.call<int>("m.f", 21);
  EXPECT_FALSE(call.ready());
  answer(42);
  EXPECT_TRUE(call.ready());
  EXPECT_EQ(call.get().value(), 42);
}

TEST_F(CallTest, GetGivesTheError) {
  auto call = pool.call<int>("m.f");
  engine.complete(0, error_of(Code::worker_lost, "signal 9"));
  EXPECT_EQ(call.get().error(), error_of(Code::worker_lost, "signal 9"));
}

TEST_F(CallTest, GetBlocksUntilAnotherThreadCompletesIt) {
  for (int i = 0; i < 500; ++i) {
    auto call = pool.call<int>("m.f");
    std::thread other([&, i] { answer(i, static_cast<std::size_t>(i)); });
    EXPECT_EQ(call.get().value(), i);
    other.join();
  }
}

TEST_F(CallTest, AResultThatDoesNotFitIsAnError) {
  auto call = pool.call<std::string>("m.f");
  answer(42);
  const Result<std::string> result = call.get();
  EXPECT_EQ(result.error().code, Code::invalid_argument);
  EXPECT_EQ(result.error().stage, Stage::result);
}

TEST_F(CallTest, ConversionHappensOnTheConsumersThread) {
  auto got = pool.call<Converted>("m.f");
  auto all = try_join_all([&] {
    std::vector<Call<Converted>> calls;
    calls.push_back(pool.call<Converted>("m.f"));
    return calls;
  }());
  std::promise<bool> there;
  pool.call<Converted>("m.f").then(
      [&](Result<Converted> result) { there.set_value(result.value().on == std::this_thread::get_id()); });
  std::thread engines_own([&] {
    for (std::size_t i = 0; i < 3; ++i) answer(1, i);
  });
  engines_own.join();
  EXPECT_EQ(got.get().value().on, std::this_thread::get_id());
  EXPECT_EQ(all.get().value().at(0).on, std::this_thread::get_id());
  EXPECT_TRUE(there.get_future().get());
}

TEST_F(CallTest, ACodecThatThrowsIsThatCallsError) {
  auto call = pool.call<std::vector<Throwing>>("m.f");
  engine.complete(0, reply(std::vector{1}));
  EXPECT_THAT(call.get().error().message, ::testing::HasSubstr("the codec's own"));
}

TEST_F(CallTest, VoidTakesAnyResultAndMonostateOnlyNil) {
  auto nothing = pool.call<void>("m.f");
  auto nil = pool.call<std::monostate>("m.f");
  auto other = pool.call<std::monostate>("m.f");
  answer(42, 0);
  engine.complete(1, reply(nullptr));
  answer(42, 2);
  EXPECT_TRUE(nothing.get().ok());
  EXPECT_TRUE(nil.get().ok());
  EXPECT_FALSE(other.get().ok());
}

TEST_F(CallTest, WaitForSaysWhetherItIsOver) {
  auto call = pool.call<int>("m.f");
  EXPECT_FALSE(call.wait_for(0s));
  EXPECT_FALSE(call.wait_for(-1s));
  EXPECT_FALSE(call.wait_for(2ms));
  std::thread other([&] { answer(1); });
  EXPECT_TRUE(call.wait_for(std::chrono::hours::max())) << "no overflow";
  EXPECT_TRUE(call.wait_for(0s));
  EXPECT_EQ(call.get().value(), 1);
  other.join();
}

TEST_F(CallTest, ASecondGetIsMisuse) {
  auto call = pool.call<int>("m.f");
  answer(1);
  EXPECT_TRUE(call.get().ok());
  EXPECT_THROW(static_cast<void>(call.get()), misuse);
  EXPECT_THROW(static_cast<void>(call.wait_for(0s)), misuse);
  EXPECT_THROW(call.then([](Result<int>) {}), misuse);
  EXPECT_THROW(static_cast<void>(call.operator co_await()), misuse);
  EXPECT_THROW(call.cancel(), misuse);
  EXPECT_THROW(call.detach(), misuse);
  EXPECT_FALSE(call.ready());
}

TEST_F(CallTest, ThenConsumes) {
  auto call = pool.call<int>("m.f");
  call.then([](Result<int>) {});
  EXPECT_THROW(static_cast<void>(call.get()), misuse);
}

TEST_F(CallTest, OnlyMoves) {
  static_assert(!std::is_copy_constructible_v<Call<int>> && !std::is_copy_assignable_v<Call<int>>);
  auto call = pool.call<int>("m.f");
  auto moved = std::move(call);
  EXPECT_THROW(static_cast<void>(call.get()), misuse);
  answer(5);
  EXPECT_EQ(moved.get().value(), 5);
  EXPECT_EQ(engine.cancels, 0);
}

TEST_F(CallTest, DestroyingAnUnfinishedCallCancelsIt) {
  { auto call = pool.call<int>("m.f"); }
  EXPECT_EQ(engine.cancels, 1);
  {
    auto call = pool.call<int>("m.f");
    answer(1, 1);
  }
  EXPECT_EQ(engine.cancels, 1) << "a finished one not";
  auto call = pool.call<int>("m.f");
  call = pool.call<int>("m.g");
  EXPECT_EQ(engine.cancels, 2) << "nor one that is assigned over";
}

TEST_F(CallTest, DetachLetsItRun) {
  auto call = pool.call<int>("m.f");
  call.detach();
  EXPECT_EQ(engine.detached, 1);
  EXPECT_EQ(engine.cancels, 0);
  answer(1);
}

TEST_F(CallTest, CancelAsksTheEngineOnceAndForEachReceipt) {
  engine.ignore_cancels = true;
  auto call = pool.call<int>("m.f");
  const CancelHandle handle = call.cancel_handle();
  handle.cancel();
  handle.cancel();
  EXPECT_EQ(engine.cancels, 1);
  call.cancel();
  handle.cancel();
  EXPECT_EQ(engine.cancels, 2);
  EXPECT_EQ(engine.receipts.size(), 1U);
  engine.complete(0, error_of(Code::cancelled));
  EXPECT_EQ(call.get().error().code, Code::cancelled);
}

TEST_F(CallTest, ACancelledCallEndsAsWhatItRacedWith) {
  engine.ignore_cancels = true;
  auto call = pool.call<int>("m.f");
  call.cancel();
  EXPECT_TRUE(engine.at(0).call->cancel_requested());
  answer(7);
  EXPECT_EQ(call.get().value(), 7);
}

TEST_F(CallTest, CancelAfterTheEndIsNothing) {
  auto call = pool.call<int>("m.f");
  const CancelHandle handle = call.cancel_handle();
  answer(1);
  call.cancel();
  EXPECT_TRUE(call.get().ok());
  handle.cancel();
  EXPECT_EQ(engine.cancels, 0);
}

TEST_F(CallTest, CancelRacesCompletion) {
  for (std::size_t i = 0; i < 500; ++i) {
    auto call = pool.call<int>("m.f");
    const CancelHandle handle = call.cancel_handle();
    std::thread canceller([&] { handle.cancel(); });
    answer(1, i);
    const Result<int> result = call.get();
    EXPECT_TRUE(result.ok() || result.error().code == Code::cancelled);
    canceller.join();
  }
}

TEST_F(CallTest, ACallOutlivesItsPool) {
  std::optional<ManualPool> gone(std::in_place);
  auto call = gone->call<int>("m.f");
  auto waited = gone->call<int>("m.f");
  std::thread waiter([&] { EXPECT_EQ(waited.get().error().code, Code::unavailable); });
  gone.reset();
  EXPECT_EQ(call.get().error().code, Code::unavailable);
  waiter.join();
}

// then()

TEST_F(CallTest, ThenRunsOnTheCompletionThread) {
  std::promise<std::pair<int, bool>> done;
  pool.call<int>("m.f").then([&](Result<int> result) { done.set_value({result.value(), engine.thread.is_current()}); });
  answer(3);
  EXPECT_EQ(done.get_future().get(), std::pair(3, true));
}

TEST_F(CallTest, ThenNeverRunsWithinItself) {
  auto call = pool.call<int>("m.f");
  answer(3);
  std::promise<std::thread::id> done;
  call.then([&](Result<int>) { done.set_value(std::this_thread::get_id()); });
  EXPECT_NE(done.get_future().get(), std::this_thread::get_id());
}

TEST_F(CallTest, ThenRunsOnTheExecutorItNames) {
  HandExecutor executor;
  int got = 0;
  pool.call<int>("m.f").then(executor, [&](Result<int> result) { got = result.value(); });
  EXPECT_EQ(executor.tasks.size(), 0U);
  answer(3);
  EXPECT_EQ(got, 0) << "not on the engine's thread";
  executor.run();
  EXPECT_EQ(got, 3);

  auto over = pool.call<int>("m.f");
  answer(4, 1);
  over.then(executor, [&](Result<int> result) { got = result.value(); });
  EXPECT_EQ(got, 3);
  executor.run();
  EXPECT_EQ(got, 4);
}

struct Inline {
  void post(const std::function<void()>& task) const { task(); }
};

TEST_F(CallTest, AnExecutorIsAnythingThatPosts) {
  std::vector<std::function<void()>> queue;
  int sum = 0;
  const auto add = [&](Result<int> result) { sum += result.value(); };
  pool.call<int>("m.f").then([&](auto task) { queue.emplace_back(std::move(task)); }, add);
  pool.call<int>("m.f").then(std::make_shared<HandExecutor>(), add);
  pool.call<int>("m.f").then(Inline{}, add);
  for (std::size_t i = 0; i < 3; ++i) answer(1, i);
  ASSERT_EQ(queue.size(), 1U);
  queue[0]();
  EXPECT_EQ(sum, 2);
}

TEST_F(CallTest, ATaskThatIsDroppedFreesItsCallback) {
  auto kept = std::make_shared<int>(1);
  HandExecutor executor;
  pool.call<int>("m.f").then(executor, [kept](Result<int>) {});
  answer(1);
  executor.tasks.clear();
  EXPECT_EQ(kept.use_count(), 1);
}

TEST_F(CallTest, ThenHoldsNothingOfTheCallWhileTheCallbackRuns) {
  auto large = std::make_shared<std::vector<std::byte>>(10);
  const std::weak_ptr<void> payload = large;
  std::promise<bool> freed;
  pool.call<void>("m.f").then([&](const Result<void>&) { freed.set_value(payload.expired()); });
  Reply sent = reply(Bytes());
  const std::span<const std::byte> bytes = *large;
  sent.frames.push_back({Place{}, Bytes(bytes, std::move(large))});
  engine.complete(0, std::move(sent));
  EXPECT_TRUE(freed.get_future().get());
}

TEST_F(CallTest, ThenHandsOutAHandleWhoseDestructionDoesNothing) {
  HandExecutor executor;
  std::vector<Code> ends;
  const auto note = [&](Result<int> result) { ends.push_back(result.ok() ? Code::internal : result.error().code); };
  { auto handle = pool.call<int>("m.f").then(executor, note); }
  EXPECT_EQ(engine.cancels, 0);
  const CancelHandle handle = pool.call<int>("m.f").then(executor, note);
  handle.cancel();
  answer(1);
  executor.run();
  EXPECT_EQ(ends, (std::vector{Code::cancelled, Code::internal}));
  CancelHandle().cancel();
}

TEST_F(CallTest, ThenTakesAMoveOnlyFunction) {
  std::promise<int> done;
  auto future = done.get_future();
  pool.call<int>("m.f").then([done = std::move(done)](Result<int> result) mutable { done.set_value(result.value()); });
  answer(8);
  EXPECT_EQ(future.get(), 8);
}

TEST_F(CallTest, ACallbackMayEndTheEngine) {
  auto own = std::make_shared<ManualEngine>();
  std::weak_ptr<ManualEngine> watch = own;
  std::promise<void> dropped;
  auto fetched = std::make_unique<ManualPool>(std::move(own));
  ManualEngine& manual = fetched->engine;
  fetched->call<int>("m.f").then([&](Result<int>) {
    fetched.reset();
    dropped.set_value();
  });
  manual.complete(0, reply(1));
  dropped.get_future().get();
  while (!watch.expired()) std::this_thread::yield();
}

// co_await

TEST_F(CallTest, CoAwaitResumesOnTheCompletionThread) {
  std::promise<std::pair<int, bool>> done;
  const auto run = [&]() -> Fire {
    const Result<int> result = co_await pool.call<int>("m.f", 1);
    done.set_value({result.value(), engine.thread.is_current()});
  };
  run();
  answer(9);
  EXPECT_EQ(done.get_future().get(), std::pair(9, true));
}

TEST_F(CallTest, CoAwaitOfWhatIsOverGoesOnAtOnce) {
  auto call = pool.call<int>("m.f");
  answer(9);
  int got = 0;
  const auto run = [&]() -> Fire { got = (co_await call).value(); };
  run();
  EXPECT_EQ(got, 9);
  EXPECT_THROW(static_cast<void>(call.get()), misuse) << "consumed";
}

TEST_F(CallTest, CoAwaitOnAnExecutorGoesOnThereAlways) {
  HandExecutor executor;
  std::vector<int> got;
  const auto run = [&](Call<int> call) -> Fire { got.push_back((co_await call.on(executor)).value()); };
  run(pool.call<int>("m.f"));
  answer(1);
  auto over = pool.call<int>("m.f");
  answer(2, 1);
  run(std::move(over));
  EXPECT_TRUE(got.empty());
  executor.run();
  EXPECT_EQ(got, (std::vector{1, 2}));
}

TEST_F(CallTest, DestroyingAWaitingCoroutineCancelsItsCall) {
  Owned coroutine = [](ManualPool& from) -> Owned { static_cast<void>(co_await from.call<int>("m.f")); }(pool);
  EXPECT_EQ(engine.cancels, 0);
  coroutine = {};
  EXPECT_EQ(engine.cancels, 1);
}

TEST_F(CallTest, DestroyingACoroutineWhoseResumptionIsQueuedIsSafe) {
  HandExecutor executor;
  Owned coroutine = [](ManualPool& from, HandExecutor& on) -> Owned {
    static_cast<void>(co_await from.call<int>("m.f").on(on));
    ADD_FAILURE() << "resumed";
  }(pool, executor);
  answer(1);
  coroutine = {};
  executor.run();
  EXPECT_EQ(engine.cancels, 0);
}

TEST_F(CallTest, ManyThreadsCallAndAreAnsweredByAnother) {
  constexpr std::size_t threads = 4;
  constexpr std::size_t calls = 500;
  std::vector<std::thread> callers;
  std::atomic<int> sum = 0;
  std::atomic<int> then_sum = 0;
  for (std::size_t t = 0; t < threads; ++t) {
    callers.emplace_back([&, t] {
      for (std::size_t i = 0; i < calls; ++i) {
        if (t % 2 == 0) {
          sum += pool.call<int>("m.f").get().value();
        } else {
          pool.call<int>("m.f").then([&](Result<int> result) { then_sum += result.value(); });
        }
      }
    });
  }
  for (std::size_t done = 0; done < threads * calls;) {
    std::unique_lock lock(engine.mutex);
    const std::size_t have = engine.calls.size();
    lock.unlock();
    if (done == have) std::this_thread::yield();
    for (; done < have; ++done) answer(1, done);
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 1000);
  while (then_sum < 1000) std::this_thread::yield();
}

}  // namespace
}  // namespace clutch::testing_support
