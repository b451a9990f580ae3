// Deadlines and cancels.
#include <thread>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

using Clock = std::chrono::steady_clock;

TEST(Deadline, EndsACallThatSleeps) {
  Scratch scratch;
  const auto& pool = shared_pool();
  const auto before = Clock::now();
  const auto result = pool.with({.timeout = 100ms}).call<void>("shop.until_cancelled", scratch.path(), "call").get();
  EXPECT_LT(Clock::now() - before, 1s);
  EXPECT_FAILS(result, deadline_exceeded, run, started);
  EXPECT_NE(result.error().message.find("timeout expired"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(scratch / "call.finally"); }));
}

TEST(Deadline, NamesTheAttemptTimeout) {
  const auto result = shared_pool().with({.attempt_timeout = 50ms}).call<int>("shop.sleep", 30.0, 1).get();
  EXPECT_FAILS(result, deadline_exceeded, run, started);
  EXPECT_NE(result.error().message.find("attempt_timeout"), std::string::npos);
}

TEST(Deadline, AnswersWhileTheLoopIsBlocked) {
  const auto pool = start(shop_options());
  auto blocker = pool.call<void>("shop.block", 1.0);
  const auto before = Clock::now();
  const auto blocked = pool.with({.timeout = 100ms}).call<int>("shop.echo", 1).get();
  EXPECT_LT(Clock::now() - before, 600ms);
  EXPECT_FAILS(blocked, deadline_exceeded, queue, not_started);
  EXPECT_TRUE(blocker.get().ok());
}

TEST(Deadline, TellsThatABlockingCallMayHaveBegun) {
  const auto pool = start(shop_options());
  const auto result = pool.with({.timeout = 150ms}).call<void>("shop.block", 1.0).get();
  EXPECT_FAILS(result, deadline_exceeded, run, maybe_started);
}

TEST(Deadline, NeverBeginsAnExpiredCall) {
  Scratch scratch;
  auto options = shop_options();
  options.concurrency = 1;
  const auto pool = start(options);
  auto blocker = pool.call<int>("shop.sleep", 0.5, 1);
  std::vector<Call<void>> late;
  for (int i = 0; i < 20; ++i) late.push_back(pool.with({.timeout = 50ms}).call<void>("shop.mark", scratch / "marks"));
  for (auto& call : late) EXPECT_FAILS(call.get(), deadline_exceeded, queue, not_started);
  EXPECT_VALUE(blocker.get(), 1);
  EXPECT_VALUE(pool.call<int>("shop.echo", 1).get(), 1);
  EXPECT_TRUE(scratch.lines("marks").empty());
}

TEST(Deadline, QueueTimeoutEndsOnlyWhatHasNotBegun) {
  auto options = shop_options();
  options.concurrency = 1;
  const auto pool = start(options);
  auto running = pool.with({.queue_timeout = 100ms}).call<int>("shop.sleep", 0.4, 1);
  auto ahead = pool.call<int>("shop.sleep", 0.0, 2);
  const auto waited = pool.with({.queue_timeout = 100ms}).call<int>("shop.echo", 3).get();
  EXPECT_FAILS(waited, deadline_exceeded, queue, not_started);
  EXPECT_NE(waited.error().message.find("queue_timeout"), std::string::npos);
  EXPECT_VALUE(running.get(), 1);
  EXPECT_VALUE(ahead.get(), 2);
}

TEST(Deadline, AnExpiredTimeoutIsRefusedAtOnce) {
  EXPECT_FAILS(shared_pool().with({.timeout = 0s}).call<int>("shop.echo", 1).get(), deadline_exceeded, queue,
               not_started);
}

TEST(Cancel, RunsTheFinallyOfTheCoroutine) {
  Scratch scratch;
  const auto& pool = shared_pool();
  auto call = pool.call<void>("shop.until_cancelled", scratch.path(), "call");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch / "call.begun"); }));
  call.cancel();
  EXPECT_FAILS(call.get(), cancelled, run, started);
  EXPECT_TRUE(std::filesystem::exists(scratch / "call.cancelled"));
  EXPECT_TRUE(std::filesystem::exists(scratch / "call.finally"));
}

TEST(Cancel, DestroyingAnUnfinishedCallCancelsIt) {
  Scratch scratch;
  {
    auto call = shared_pool().call<void>("shop.until_cancelled", scratch.path(), "call");
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch / "call.begun"); }));
  }
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(scratch / "call.finally"); }));
}

TEST(Cancel, DetachLetsItRun) {
  Scratch scratch;
  shared_pool().call<void>("shop.mark", scratch / "marks", 0.05).detach();
  EXPECT_TRUE(eventually([&] { return scratch.lines("marks").size() == 1; }));
}

TEST(Cancel, RightAfterTheCallStillCancels) {
  const auto& pool = shared_pool();
  for (int i = 0; i < 300; ++i) {
    auto call = pool.call<void>("shop.sleep", 3600.0);
    call.cancel();
    const auto result = call.get();
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Code::cancelled) << describe(result.error());
  }
}

TEST(Cancel, InTheQueueNeverBegins) {
  Scratch scratch;
  auto options = shop_options();
  options.concurrency = 1;
  const auto pool = start(options);
  auto blocker = pool.call<int>("shop.sleep", 0.2, 1);
  auto ahead = pool.call<int>("shop.sleep", 0.0, 2);
  auto queued = pool.call<void>("shop.mark", scratch / "marks");
  queued.cancel();
  EXPECT_FAILS(queued.get(), cancelled, queue, not_started);
  EXPECT_VALUE(blocker.get(), 1);
  EXPECT_VALUE(ahead.get(), 2);
  EXPECT_VALUE(pool.call<int>("shop.echo", 3).get(), 3);
  EXPECT_TRUE(scratch.lines("marks").empty());
}

TEST(Cancel, RacingTheResultHasOneOutcome) {
  const auto& pool = shared_pool();
  int values = 0;
  int cancels = 0;
  for (int i = 0; i < 500; ++i) {
    auto call = pool.call<int>("shop.sleep", 0.0, i);
    const auto handle = call.cancel_handle();
    std::thread canceller([&] { handle.cancel(); });
    const auto result = call.get();
    canceller.join();
    if (result.ok()) {
      EXPECT_EQ(result.value(), i);
      ++values;
    } else {
      EXPECT_EQ(result.error().code, Code::cancelled) << describe(result.error());
      ++cancels;
    }
  }
  EXPECT_EQ(values + cancels, 500);
}

TEST(Cancel, IsAnsweredWithinTheGraceByWhoIgnoresIt) {
  auto options = shop_options();
  options.cancel_grace = 200ms;
  const auto pool = start(options);
  auto call = pool.call<std::string>("shop.stubborn", 2.0);
  ASSERT_FALSE(call.wait_for(50ms));
  call.cancel();
  const auto before = Clock::now();
  EXPECT_FAILS(call.get(), cancelled, run, started);
  EXPECT_LT(Clock::now() - before, 1s);
  EXPECT_VALUE(pool.call<int>("shop.echo", 1).get(), 1);
}

TEST(Cancel, MarksAPlainFunction) {
  Scratch scratch;
  const auto& pool = shared_pool();
  auto call = pool.call<bool>("shop.plain_wait_cancelled", scratch / "seen");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch / "seen.begun"); }));
  call.cancel();
  // No record can tell whether a thread has come to the function's first line.
  EXPECT_FAILS(call.get(), cancelled, run, maybe_started);
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(scratch / "seen"); }));
}

TEST(Grace, LetsACleanUpThatIsShorterEnd) {
  Scratch scratch;
  auto cancelled = shared_pool().call<void>("shop.cleans_up", scratch / "cancelled", 0.3);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch / "cancelled.begun"); }));
  cancelled.cancel();
  EXPECT_FAILS(cancelled.get(), cancelled, run, started);
  EXPECT_TRUE(std::filesystem::exists(scratch / "cancelled.cleaned")) << "it was answered once it had unwound";
  const auto late = shared_pool().with({.timeout = 100ms}).call<void>("shop.cleans_up", scratch / "late", 0.3).get();
  EXPECT_FAILS(late, deadline_exceeded, run, started);
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(scratch / "late.cleaned"); }));
}

TEST(Grace, CancelsACleanUpThatIsLongerAgain) {
  Scratch scratch;
  auto options = shop_options();
  options.cancel_grace = 200ms;
  const auto pool = start(options);
  auto call = pool.call<void>("shop.cleans_up", scratch / "call", 3600.0);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch / "call.begun"); }));
  call.cancel();
  EXPECT_FAILS(call.get(), cancelled, run, started);
  EXPECT_TRUE(eventually([&] { return pool.workers()[0].in_flight == 0; })) << "it ran on";
  EXPECT_FALSE(std::filesystem::exists(scratch / "call.cleaned"));
}

}  // namespace
}  // namespace clutch::e2e
