// clutch::Scope: what is started in it ends with it, or with its first failure.
#include "clutch/scope.hpp"

#include <future>
#include <thread>

#include "client_lib/coroutine.hpp"
#include "client_lib/support.hpp"
#include "clutch/combinators.hpp"

namespace clutch::testing_support {
namespace {

using namespace std::chrono_literals;

class ScopeTest : public ::testing::Test {
 protected:
  ManualPool pool;
  ManualEngine& engine = pool.engine;

  void answer(std::size_t index, int value) { engine.complete(index, reply(value)); }
  void fail(std::size_t index, Code code) { engine.complete(index, error_of(code)); }
};

TEST_F(ScopeTest, IsACallerWithTheOptionsOfItsOwn) {
  Scope scope(pool.with({.timeout = 3s}));
  EXPECT_EQ(scope.options().timeout, 3s);
  auto call = scope.call<int>("m.f", 1);
  auto typed = scope.function<int(int)>("m.g")(2);
  auto applied = scope.with({.queue_timeout = 1s}).apply<int>("m.h", {.positional = {1}});
  auto stream = scope.stream<int>("m.gen");
  EXPECT_EQ(engine.at(2).options.timeout, 3s);
  for (std::size_t i = 0; i < 3; ++i) answer(i, 7);
  engine.push(3, std::vector{1});
  engine.complete(3, Reply{});
  EXPECT_EQ(call.get().value() + typed.get().value() + applied.get().value(), 21);
  EXPECT_EQ(stream.next().get()->value(), 1);
  EXPECT_TRUE(scope.wait().ok());
  EXPECT_EQ(engine.cancels, 0);
}

TEST_F(ScopeTest, ItsEndCancelsWhatIsUnderWay) {
  engine.ignore_cancels = true;
  std::optional<Call<int>> kept;
  {
    Scope scope(pool);
    kept = scope.call<int>("m.f");
    auto over = scope.call<int>("m.f");
    answer(1, 1);
    scope.call<void>("m.g").detach();
    EXPECT_EQ(engine.cancels, 0);
  }
  EXPECT_EQ(engine.cancels, 2) << "also what is detached, and nothing waits for them";
  EXPECT_EQ(engine.detached, 0);
  EXPECT_FALSE(kept->ready());
  fail(0, Code::cancelled);
  fail(2, Code::cancelled);
  EXPECT_EQ(kept->get().error().code, Code::cancelled);
}

TEST_F(ScopeTest, TheFirstFailureCancelsTheRest) {
  Scope scope(pool);
  auto first = scope.call<int>("m.f");
  auto second = scope.call<int>("m.f");
  auto stream = scope.stream<int>("m.gen");
  EXPECT_FALSE(scope.failed());
  fail(1, Code::worker_lost);
  EXPECT_TRUE(scope.failed());
  EXPECT_EQ(scope.error()->code, Code::worker_lost);
  EXPECT_EQ(first.get().error().code, Code::cancelled);
  EXPECT_EQ(stream.next().get()->error().code, Code::cancelled);
  EXPECT_EQ(second.get().error().code, Code::worker_lost);
  EXPECT_EQ(scope.wait().error().code, Code::worker_lost) << "the first, not what came of it";
}

TEST_F(ScopeTest, AfterAFailureOrACancelNothingBegins) {
  Scope scope(pool);
  auto failing = scope.call<int>("m.f");
  fail(0, Code::failed);
  const Error late = scope.call<int>("m.f").get().error();
  EXPECT_EQ(late.code, Code::cancelled);
  EXPECT_EQ(late.certainty, Certainty::not_started);
  EXPECT_EQ(scope.stream<int>("m.gen").next().get()->error().certainty, Certainty::not_started);
  EXPECT_EQ(engine.calls.size(), 1U);

  std::optional<Scope> cancelled(std::in_place, pool);
  const Caller copy = *cancelled;
  cancelled->cancel();
  EXPECT_EQ(copy.call<int>("m.f").get().error().certainty, Certainty::not_started);
  EXPECT_FALSE(cancelled->failed());
  EXPECT_TRUE(cancelled->wait().ok());
  cancelled.reset();
  EXPECT_EQ(copy.call<int>("m.f").get().error().code, Code::cancelled) << "a copy outlives the scope";
}

TEST_F(ScopeTest, WhatTheProgramCancelsOrLeavesIsNoFailure) {
  Scope scope(pool);
  auto cancelled = scope.call<int>("m.f");
  cancelled.cancel();
  { auto dropped = scope.call<int>("m.f"); }
  { auto left = scope.stream<int>("m.gen"); }
  EXPECT_FALSE(scope.failed());
  auto ended = scope.call<int>("m.f");
  fail(3, Code::cancelled);
  EXPECT_TRUE(scope.failed()) << "but what ended as cancelled otherwise is";
}

TEST_F(ScopeTest, WhatCannotBeSentFailsIt) {
  Scope scope(pool);
  auto running = scope.call<int>("m.f");
  const std::string not_utf8 = "\xff";
  auto wrong = scope.call<int>("m.f", not_utf8);
  EXPECT_EQ(scope.error()->stage, Stage::arguments);
  EXPECT_EQ(running.get().error().code, Code::cancelled);
}

TEST_F(ScopeTest, WaitGivesTheFirstFailureWhenAllAreOver) {
  Scope scope(pool);
  EXPECT_TRUE(scope.wait().ok()) << "of none";
  auto first = scope.call<int>("m.f");
  auto second = scope.call<int>("m.f");
  auto finished = scope.finished();
  engine.ignore_cancels = true;
  answer(0, 1);
  EXPECT_FALSE(finished.ready());
  std::thread other([&] { fail(1, Code::failed); });
  EXPECT_EQ(scope.wait().error().code, Code::failed);
  other.join();
  EXPECT_EQ(finished.get().error().code, Code::failed);
}

TEST_F(ScopeTest, FinishedIsAwaitedAndDroppedFreely) {
  Scope scope(pool);
  scope.call<int>("m.f").detach();
  { auto dropped = scope.finished(); }
  auto cancelled = scope.finished();
  EXPECT_EQ(cancelled.cancel().get().value().what, CancelEnd::already_finished);
  EXPECT_EQ(engine.cancels, 0);
  std::promise<bool> done;
  const auto run = [&]() -> Fire { done.set_value((co_await scope.finished()).ok()); };
  run();
  answer(0, 1);
  EXPECT_TRUE(done.get_future().get());
  EXPECT_TRUE(try_join(scope.finished(), std::move(cancelled)).get().ok());
  auto more = scope.call<int>("m.f");
  EXPECT_FALSE(scope.finished().ready()) << "more may be started";
}

TEST_F(ScopeTest, CancelGivesOneReceipt) {
  engine.ignore_cancels = true;
  Scope scope(pool);
  auto first = scope.call<int>("m.f");
  auto second = scope.stream<int>("m.gen");
  auto receipt = scope.cancel();
  engine.give(0, CancelReceipt{.what = CancelEnd::removed_from_queue, .after = 1ms});
  EXPECT_FALSE(receipt.ready());
  engine.give(1, CancelReceipt{.what = CancelEnd::unwound, .after = 3ms});
  EXPECT_EQ(receipt.get().value(), (CancelReceipt{.what = CancelEnd::unwound, .after = 3ms}));
  EXPECT_EQ(Scope(pool).cancel().get().value().what, CancelEnd::already_finished) << "of none";
  fail(0, Code::cancelled);
  fail(1, Code::cancelled);
}

TEST_F(ScopeTest, MayBeNested) {
  Scope outer(pool);
  auto sibling = outer.call<int>("m.f");
  {
    Scope inner(outer);
    auto call = inner.call<int>("m.f");
    fail(1, Code::failed);
    EXPECT_TRUE(inner.failed());
  }
  EXPECT_TRUE(outer.failed()) << "what is in the inner one is in the outer one";
  EXPECT_EQ(sibling.get().error().code, Code::cancelled);
  EXPECT_EQ(Scope(outer).call<int>("m.f").get().error().certainty, Certainty::not_started);
}

TEST_F(ScopeTest, ItsCallsMayBeGrouped) {
  Scope scope(pool);
  auto both = try_join(scope.call<int>("m.f"), scope.call<int>("m.f"));
  auto raced = race(scope.call<int>("m.f"), scope.call<int>("m.f"));
  answer(2, 1);
  EXPECT_EQ(raced.get().value(), 1);
  EXPECT_FALSE(scope.failed()) << "the loser of a race was cancelled by the program";
  fail(0, Code::failed);
  EXPECT_EQ(both.get().error().code, Code::failed);
  EXPECT_EQ(scope.wait().error().code, Code::failed);
}

TEST_F(ScopeTest, AnErrorReachesTheCallAndTheScope) {
  for (std::size_t round = 0; round < 300; ++round) {
    Scope scope(pool);
    auto call = scope.call<int>("m.f");
    std::thread failing([&] { engine.complete(round, error_of(Code::failed, "a message that is long enough to be")); });
    EXPECT_EQ(call.get().error().message, "a message that is long enough to be");
    EXPECT_EQ(scope.wait().error().message, "a message that is long enough to be");
    failing.join();
  }
}

TEST_F(ScopeTest, StartingRacesFailing) {
  for (int round = 0; round < 100; ++round) {
    std::size_t first = 0;
    {
      const std::lock_guard lock(engine.mutex);
      first = engine.calls.size();
    }
    Scope scope(pool);
    auto failing = scope.call<int>("m.f");
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10; ++i) {
          const Code code = scope.call<int>("m.f").get().error().code;
          EXPECT_EQ(code, Code::cancelled) << "none is left under way";
        }
      });
    }
    fail(first, Code::failed);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(scope.wait().error().code, Code::failed);
  }
}

}  // namespace
}  // namespace clutch::testing_support
