// timeout, queue_timeout, attempt_timeout: which clock is named, when, and how certain it is that the code ran.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Deadlines : public PoolTest {
 protected:
  // A worker with a call that sits in it, so that the next waits here.
  void occupied() {
    pool.options.concurrency = 1;
    pool.ready(1);
    const auto holds = pool.submit("m.f", 2);
    pool.worker(0).begins(holds[0]);
  }
};

TEST_F(Deadlines, ExpireAQueuedCallAtItsTimeout) {
  occupied();
  const auto call = pool.submit("m.f", {.timeout = 30ms});
  pool.advance(29ms);
  EXPECT_OPEN(call);
  pool.advance(1ms);
  EXPECT_ENDED(call, deadline_exceeded, not_started, "timeout expired");
  EXPECT_EQ(pool.error_of(call).stage, Stage::queue);
}

TEST_F(Deadlines, NameQueueTimeoutWhereItCameFirst) {
  occupied();
  const auto call = pool.submit("m.f", {.timeout = 50ms, .queue_timeout = 30ms});
  pool.advance(30ms);
  EXPECT_ENDED(call, deadline_exceeded, not_started, "queue_timeout expired");
}

TEST_F(Deadlines, NameTheFunction) {
  occupied();
  const auto call = pool.submit("m.g", {.timeout = 30ms});
  pool.advance(30ms);
  EXPECT_ENDED(call, deadline_exceeded, not_started, "`m.g`");
}

TEST_F(Deadlines, DoNotStartTheAttemptsClockInTheQueue) {
  occupied();
  const auto call = pool.submit("m.f", {.attempt_timeout = 10ms});
  pool.advance(1s);
  EXPECT_OPEN(call);
}

TEST_F(Deadlines, SayNotStartedOfASentCallThatThePageDoesNotShow) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 30ms});
  pool.advance(30ms);
  EXPECT_ENDED(call, deadline_exceeded, not_started, "timeout expired");
  EXPECT_EQ(pool.worker(0).cancel_of(call), 'd');
  EXPECT_EQ(pool.core().calls(), 1u);  // until the worker passed it over
  pool.worker(0).passes_over(call, Code::deadline_exceeded);
  EXPECT_QUIET();
}

TEST_F(Deadlines, NameQueueTimeoutOfASentCall) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 50ms, .queue_timeout = 30ms});
  pool.advance(30ms);
  EXPECT_ENDED(call, deadline_exceeded, not_started, "queue_timeout expired");
}

TEST_F(Deadlines, SayMaybeWhereOnlyThePageShowsIt) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 30ms});
  pool.worker(0).shows(call);
  pool.advance(30ms);
  EXPECT_ENDED(call, deadline_exceeded, maybe_started, "timeout expired");
  EXPECT_EQ(pool.error_of(call).stage, Stage::run);
}

// The page is read at the deadline, so a call that began in time is past its queue_timeout.
TEST_F(Deadlines, LetACallThatBeganUnseenPassItsQueueTimeout) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.queue_timeout = 30ms});
  pool.worker(0).shows(call);
  pool.advance(40ms);
  EXPECT_OPEN(call);
  pool.worker(0).runs(call);
  EXPECT_RETURNED(call);
}

TEST_F(Deadlines, SayStartedWhereARecordTold) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 30ms});
  pool.worker(0).begins(call);
  pool.advance(30ms);
  EXPECT_ENDED(call, deadline_exceeded, started, "timeout expired");
  EXPECT_EQ(pool.worker(0).cancel_of(call), 'd');
}

TEST_F(Deadlines, CountTheAttemptFromItsFirstStep) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 1s, .attempt_timeout = 30ms});
  pool.advance(100ms);
  EXPECT_OPEN(call);
  pool.worker(0).begins(call);
  pool.advance(29ms);
  EXPECT_OPEN(call);
  pool.advance(1ms);
  EXPECT_ENDED(call, deadline_exceeded, started, "attempt_timeout expired");
}

TEST_F(Deadlines, TakeThePoolsAttemptTimeoutWhereACallSaysNothing) {
  pool.options.attempt_timeout = 50ms;
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  const auto endless = pool.submit("m.f", {.attempt_timeout = 0ns});
  pool.worker(0).begins(endless);
  pool.advance(1h);
  EXPECT_ENDED(call, deadline_exceeded, started, "attempt_timeout");
  EXPECT_OPEN(endless);
}

// A client may send any number; the sum with the clock must not wrap.
TEST_F(Deadlines, BearTheLongestTimeouts) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.attempt_timeout = Duration::max()});
  pool.worker(0).begins(call);
  pool.advance(24h);
  EXPECT_OPEN(call);
}

TEST_F(Deadlines, AnswerAtOnceWhatHadExpiredBefore) {
  pool.ready(1);
  EXPECT_ENDED(pool.submit("m.f", {.timeout = -1ms}), deadline_exceeded, not_started, "timeout had expired");
  EXPECT_ENDED(pool.submit("m.f", {.queue_timeout = 0ms}), deadline_exceeded, not_started, "queue_timeout had expired");
  EXPECT_QUIET();
}

TEST_F(Deadlines, DropAReplyThatComesAfterTheAnswer) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 30ms});
  pool.worker(0).begins(call);
  pool.advance(30ms);
  pool.worker(0).returns(call);
  EXPECT_ENDED(call, deadline_exceeded, started);
  EXPECT_QUIET();
}

TEST_F(Deadlines, TakeTheWorkersWordThatItPassedACallOver) {
  pool.ready(1);
  const auto timeout = pool.submit("m.f", {.timeout = 30ms, .queue_timeout = 40ms});
  pool.worker(0).passes_over(timeout, Code::deadline_exceeded);
  EXPECT_ENDED(timeout, deadline_exceeded, not_started, "timeout expired in `m.f`");
  const auto queue_timeout = pool.submit("m.f", {.timeout = 30ms, .queue_timeout = 20ms});
  pool.worker(0).passes_over(queue_timeout, Code::deadline_exceeded);
  EXPECT_ENDED(queue_timeout, deadline_exceeded, not_started, "queue_timeout expired in `m.f`");
}

// A worker passes over a call that expired and shows it in its totals too: BEGUN is then no sign that its code ran.
TEST_F(Deadlines, DoNotSayStartedWhereTheWorkerMayHavePassedItOver) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 30ms});
  pool.now += 30ms;
  pool.worker(0).begins(call);
  pool.advance(1ms);
  EXPECT_ENDED(call, deadline_exceeded, maybe_started);
}

TEST_F(Deadlines, WakeTheShellInTime) {
  pool.ready(1);
  EXPECT_EQ(pool.core().next_time(), never);
  pool.submit("m.f", {.timeout = 30ms});
  EXPECT_LE(pool.core().next_time(), pool.now + 30ms);
  EXPECT_GT(pool.core().next_time(), pool.now);
}

}  // namespace
}  // namespace clutch::core::test
