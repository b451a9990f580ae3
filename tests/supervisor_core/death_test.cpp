// A worker's death: what began is lost, what did not is queued again, ahead and in order.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

using Death = PoolTest;

TEST_F(Death, LosesACallThatARecordShowedBegun) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  pool.worker(0).dies(11);
  EXPECT_ENDED(call, worker_lost, started, "signal 11 (SIGSEGV)");
  EXPECT_EQ(pool.error_of(call).signal, 11u);
  EXPECT_FALSE(pool.error_of(call).exit_code.has_value());
}

TEST_F(Death, SaysMaybeWhereOnlyThePageShowsIt) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).shows(call);
  pool.worker(0).dies();
  EXPECT_ENDED(call, worker_lost, maybe_started);
}

// BEGUN may be sent while a thread has taken its call and not come to its first line.
TEST_F(Death, SaysMaybeOfAPlainFunctionWhateverShowsIt) {
  pool.ready(1);
  const auto call = pool.submit("m.plain");
  pool.worker(0).begins(call);
  pool.worker(0).dies();
  EXPECT_ENDED(call, worker_lost, maybe_started);
}

TEST_F(Death, TellsTheStatusAndThePythonStack) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  Exit exit;
  exit.status = 3;
  exit.python_stack = "File m.py";
  pool.core().on_exited(WorkerId{0}, Incarnation{pool.worker(0).incarnation}, exit, pool.now);
  pool.flush();
  EXPECT_ENDED(call, worker_lost, started, "exited with status 3");
  EXPECT_EQ(pool.error_of(call).exit_code, 3u);
  EXPECT_EQ(pool.error_of(call).python_stack, "File m.py");
}

TEST_F(Death, RequeuesWhatHadNotBegun) {
  pool.ready(2);
  const auto call = pool.submit("m.f");
  pool.worker(0).dies();
  EXPECT_TRUE(pool.worker(1).has(call));
  EXPECT_EQ(pool.worker(1).received(call).request_bytes, 1u);
  pool.worker(1).runs(call);
  EXPECT_RETURNED(call);
  EXPECT_EQ(pool.core().counters().requeued, 1u);
  EXPECT_QUIET();
}

TEST_F(Death, RequeuesInOrderAndAhead) {
  pool.options.concurrency = 4;
  pool.options.threads = 4;
  pool.ready(1);
  const auto calls = pool.submit("m.plain", 8);
  pool.worker(0).begins(calls[0]);
  pool.worker(0).dies();
  EXPECT_ENDED(calls[0], worker_lost, maybe_started);
  pool.worker(0).registers();
  EXPECT_EQ(pool.worker(0).tags(), (std::vector{calls[1].tag, calls[2].tag, calls[3].tag, calls[4].tag}));
}

TEST_F(Death, RequeuesEachExecutionByItsOwnPage) {
  pool.ready(1);
  const auto coroutine = pool.submit("m.f");
  const auto plain = pool.submit("m.plain");
  pool.worker(0).begins(plain);
  pool.worker(0).dies();
  EXPECT_ENDED(plain, worker_lost, maybe_started);
  EXPECT_OPEN(coroutine);
  pool.worker(0).registers();
  EXPECT_TRUE(pool.worker(0).has(coroutine));
}

TEST_F(Death, KeepsTheRequeuedCallsDeadline) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 30ms});
  pool.worker(0).dies();
  pool.advance(30ms);
  EXPECT_ENDED(call, deadline_exceeded, not_started, "timeout");
  EXPECT_QUIET();
}

TEST_F(Death, CountsTheRequeuedCallsAttemptAnew) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.attempt_timeout = 30ms});
  pool.advance(20ms);
  pool.worker(0).dies();
  pool.worker(0).registers();
  pool.advance(20ms);
  pool.worker(0).begins(call);
  pool.advance(20ms);
  EXPECT_OPEN(call);
  pool.advance(10ms);
  EXPECT_ENDED(call, deadline_exceeded, started, "attempt_timeout");
}

TEST_F(Death, FreesAnsweredCallsWithoutASecondOutcome) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 10ms});
  pool.worker(0).begins(call);
  pool.advance(10ms);
  pool.worker(0).dies();
  EXPECT_ENDED(call, deadline_exceeded, started);
  EXPECT_QUIET();
}

TEST_F(Death, IsFollowedByASpawnAtOnce) {
  pool.ready(1);
  const auto old = pool.worker(0).incarnation;
  pool.worker(0).dies();
  EXPECT_GT(pool.worker(0).incarnation, old);
  EXPECT_EQ(pool.worker(0).state(), WorkerState::booting);
  EXPECT_EQ(pool.worker(0).core().restarts, 1u);
}

TEST_F(Death, LeavesTheNextOneACleanSlate) {
  pool.ready(1);
  const auto first = pool.submit("m.f");
  pool.worker(0).begins(first);
  const auto second = pool.submit("m.f");
  pool.worker(0).dies();
  pool.worker(0).registers();
  EXPECT_EQ(pool.worker(0).received(second).seq, 1u);
  EXPECT_EQ(pool.worker(0).core().lane(Execution::loop).begun, 0u);
}

TEST_F(Death, OfAnotherIncarnationIsPassedOver) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.core().on_exited(WorkerId{0}, Incarnation{999}, {}, pool.now);
  pool.core().on_exited(WorkerId{7}, Incarnation{pool.worker(0).incarnation}, {}, pool.now);
  EXPECT_EQ(pool.worker(0).state(), WorkerState::ready);
  EXPECT_OPEN(call);
}

TEST_F(Death, WaitsForTheReaperEvenWhereTheWorkerIsKilled) {
  pool.ready(2);
  const auto call = pool.submit("m.f");
  pool.core().on_violation(WorkerId{0}, Incarnation{pool.worker(0).incarnation}, "garbage");
  pool.flush();
  EXPECT_EQ(pool.worker(0).killed, "garbage");
  EXPECT_FALSE(pool.worker(1).has(call));
  EXPECT_TRUE(pool.worker(1).has(pool.submit("m.g")));  // nothing more goes to the condemned one
  pool.worker(0).dies();
  EXPECT_OPEN(call);
}

TEST_F(Death, TakesTheTailOfACondemnedWorkersReplies) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  pool.core().on_violation(WorkerId{0}, Incarnation{pool.worker(0).incarnation}, "garbage");
  pool.worker(0).returns(call);
  EXPECT_RETURNED(call);
  pool.worker(0).dies();
  EXPECT_QUIET();
}

}  // namespace
}  // namespace clutch::core::test
