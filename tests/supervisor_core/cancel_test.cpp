// A caller's cancel, in each state a call can be in and against all it can race with.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

using Cancel = PoolTest;

TEST_F(Cancel, EndsAQueuedCallAtOnce) {
  pool.ready(1);
  const auto calls = pool.submit("m.f", 2);
  pool.cancel(calls[1]);
  EXPECT_ENDED(calls[1], cancelled, not_started);
  pool.worker(0).runs(calls[0]);
  EXPECT_FALSE(pool.worker(0).has(calls[1]));
  EXPECT_QUIET();
}

TEST_F(Cancel, IsSentAfterASentCall) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.cancel(call);
  EXPECT_OPEN(call);
  EXPECT_EQ(pool.worker(0).cancel_of(call), 'c');
  pool.worker(0).passes_over(call, Code::cancelled);
  EXPECT_ENDED(call, cancelled, not_started);
  EXPECT_QUIET();
}

TEST_F(Cancel, LetsARunningCoroutineUnwind) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  pool.cancel(call);
  pool.advance(1s);
  EXPECT_OPEN(call);
  pool.worker(0).raises(call);
  EXPECT_ENDED(call, failed, started);
}

TEST_F(Cancel, IsSentOnce) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.cancel(call);
  pool.advance(1500ms);
  pool.cancel(call);
  pool.advance(500ms);  // the grace counts from the first
  EXPECT_TRUE(pool.over(call));
}

TEST_F(Cancel, IsOverAfterTheGraceWithABegunCall) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  pool.cancel(call);
  pool.advance(2s);
  EXPECT_ENDED(call, cancelled, started, "grace");
  EXPECT_EQ(pool.core().calls(), 1u);
  pool.worker(0).returns(call);
  EXPECT_QUIET();
}

// The cancel may be lost, or come after the call began, as nothing orders the lanes: it may begin yet.
TEST_F(Cancel, DoesNotSayNotStartedOfASentCallThatMayBeginYet) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.cancel(call);
  pool.advance(2s);
  EXPECT_ENDED(call, cancelled, maybe_started);
  pool.worker(0).runs(call);
  EXPECT_QUIET();
}

TEST_F(Cancel, SaysNotStartedOfASentCallThatHasExpiredToo) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 1s});
  pool.cancel(call);
  pool.advance(1s);
  EXPECT_ENDED(call, cancelled, not_started);
}

TEST_F(Cancel, OfAPlainFunctionThatRunsAnswersAtOnce) {
  pool.ready(1);
  const auto call = pool.submit("m.plain");
  pool.worker(0).begins(call);
  pool.cancel(call);
  EXPECT_ENDED(call, cancelled, maybe_started, "cannot be interrupted");
  EXPECT_EQ(pool.worker(0).cancel_of(call), 'c');
  EXPECT_EQ(pool.worker(0).core().lane(Execution::thread).begun, 1u);
  pool.worker(0).returns(call);
  EXPECT_QUIET();
}

TEST_F(Cancel, OfAPlainFunctionThatOnlyThePageShowsSaysMaybe) {
  pool.ready(1);
  const auto call = pool.submit("m.plain");
  pool.worker(0).shows(call);
  pool.read_pages();
  pool.cancel(call);
  EXPECT_ENDED(call, cancelled, maybe_started);
}

TEST_F(Cancel, LosesToAResultThatComesFirst) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  pool.cancel(call);
  pool.worker(0).returns(call);
  EXPECT_RETURNED(call);
  pool.cancel(call);
  EXPECT_QUIET();
}

TEST_F(Cancel, OfACallThatIsOverDoesNotTouchTheNextInItsSlot) {
  pool.ready(1);
  const auto first = pool.submit("m.f");
  pool.worker(0).runs(first);
  const auto second = pool.submit("m.f");
  pool.cancel(first);
  EXPECT_EQ(pool.worker(0).cancel_of(second), '\0');
  EXPECT_OPEN(second);
}

TEST_F(Cancel, OfACallAnsweredAtItsDeadlineIsNothing) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 10ms});
  pool.worker(0).begins(call);
  pool.advance(10ms);
  pool.cancel(call);
  EXPECT_EQ(pool.worker(0).cancel_of(call), 'd');
}

TEST_F(Cancel, KeepsTheWorkerFromRequeueing) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.cancel(call);
  pool.worker(0).dies();
  EXPECT_ENDED(call, cancelled, not_started);
  EXPECT_EQ(pool.core().counters().requeued, 0u);
  EXPECT_QUIET();
}

TEST_F(Cancel, IsWorkerLostWhereABegunCallsWorkerDies) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  pool.cancel(call);
  pool.worker(0).dies(11);
  EXPECT_ENDED(call, worker_lost, started);
}

// The worker passes a cancelled call over and counts it as begun; its ERROR may be lost with it while BEGUN, on the
// other lane, came through.
TEST_F(Cancel, DoesNotMakeStartedOfACallThatWasPassedOver) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.cancel(call);
  pool.worker(0).begins(call);
  pool.worker(0).dies();
  EXPECT_ENDED(call, worker_lost, maybe_started);
}

TEST_F(Cancel, DoesNotOutlastTheDeadline) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 1s});
  pool.worker(0).begins(call);
  pool.cancel(call);
  pool.advance(1s);
  EXPECT_ENDED(call, cancelled, started);
}

TEST_F(Cancel, DoesNotOutlastTheAttemptTimeout) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.attempt_timeout = 50ms});
  pool.worker(0).begins(call);
  pool.advance(20ms);
  pool.cancel(call);
  pool.advance(29ms);
  EXPECT_OPEN(call);
  pool.advance(1ms);
  EXPECT_ENDED(call, cancelled, started);
}

TEST_F(Cancel, DoesNotKeepTheAttemptsClockFromStarting) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.attempt_timeout = 50ms});
  pool.cancel(call);
  pool.worker(0).begins(call);
  pool.advance(50ms);
  EXPECT_ENDED(call, cancelled, maybe_started);
}

TEST_F(Cancel, KeepsItsGraceWhenTheCallBeginsMeanwhile) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.cancel(call);
  pool.advance(1s);
  pool.worker(0).begins(call);
  pool.advance(1s);
  EXPECT_ENDED(call, cancelled, maybe_started);
}

}  // namespace
}  // namespace clutch::core::test
