// Calls with an idempotency key: one execution for all that have it, one outcome, and each its own wait.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Keyed : public PoolTest {
 protected:
  /// m.f, or another, with the arguments "x" unless `ask` says others.
  TestCall keyed(const std::string& key, FakePool::Ask ask = {}, std::string_view name = "m.f") {
    ask.key = key;
    if (ask.says.empty()) ask.says = "x";
    return pool.submit(name, ask);
  }
  std::size_t executions() { return pool.worker(0).tags().size(); }
};

TEST_F(Keyed, InFlightJoins) {
  pool.ready(1);
  const auto first = keyed("k");
  const auto second = keyed("k", {.session = 1});
  pool.worker(0).begins(first);
  const auto third = keyed("k");
  EXPECT_EQ(executions(), 1u);
  pool.worker(0).returns(first);
  for (const auto& call : {first, second, third}) EXPECT_RETURNED(call);
  EXPECT_EQ(pool.core().counters().keys_joined, 2u);
  EXPECT_QUIET();
}

TEST_F(Keyed, DoneReplays) {
  pool.ready(1);
  pool.worker(0).runs(keyed("k"));
  EXPECT_RETURNED(keyed("k"));
  const auto failed = keyed("e");
  pool.worker(0).begins(failed);
  pool.worker(0).raises(failed);
  EXPECT_ENDED(keyed("e"), failed, started);
  EXPECT_EQ(executions(), 2u);
  EXPECT_EQ(pool.core().counters().keys_replayed, 2u);
  EXPECT_QUIET();
}

TEST_F(Keyed, WithOtherArgumentsOrAnotherFunctionIsRefused) {
  pool.ready(1);
  const auto first = keyed("k");
  EXPECT_ENDED(keyed("k", {.says = "y"}), invalid_argument, not_started, "with other arguments");
  EXPECT_ENDED(keyed("k", {}, "m.g"), invalid_argument, not_started, "another function");
  pool.worker(0).runs(first);
  EXPECT_ENDED(keyed("k", {.says = "y"}), invalid_argument, not_started, "with other arguments");
  EXPECT_EQ(pool.core().counters().keys_refused, 3u);
  EXPECT_EQ(executions(), 1u);
  EXPECT_QUIET();
}

TEST_F(Keyed, IsForgottenAfterItsTime) {
  pool.options.idempotency_ttl = 10s;
  pool.ready(1);
  pool.worker(0).runs(keyed("k"));
  pool.advance(11s);
  EXPECT_EQ(pool.core().idempotency_keys().size(), 0u);
  const auto again = keyed("k");
  EXPECT_OPEN(again);
  pool.worker(0).runs(again);
  EXPECT_EQ(executions(), 2u);
}

TEST_F(Keyed, NoStreamHasOne) {
  pool.ready(1);
  EXPECT_ENDED(keyed("k", {.stream = StreamCredit{1, 1}}, "m.items"), invalid_argument, not_started, "a stream");
  EXPECT_EQ(pool.core().idempotency_keys().size(), 0u);
}

TEST_F(Keyed, IsNotTooLong) {
  pool.ready(1);
  EXPECT_OPEN(keyed(std::string(256, 'k')));
  EXPECT_ENDED(keyed(std::string(257, 'k')), invalid_argument, not_started, "at most 256 bytes");
}

TEST_F(Keyed, WhatWasRefusedIsNotReplayed) {
  pool.options.queued_calls_max = 1;
  pool.options.concurrency = 1;
  pool.ready(1);
  const auto others = pool.submit("m.f", 2);
  const auto refused = keyed("k");
  EXPECT_ENDED(refused, overloaded, not_started);
  for (const auto& call : others) pool.worker(0).runs(call);
  const auto again = keyed("k");
  pool.worker(0).runs(again);
  EXPECT_RETURNED(again);
  EXPECT_QUIET();
}

TEST_F(Keyed, AWorkerThatDiesBeforeItBeganDoesNotEndIt) {
  pool.ready(2);
  const auto first = keyed("k");
  const auto second = keyed("k");
  const auto at = pool.worker(0).has(first) ? 0u : 1u;
  pool.worker(at).dies();
  pool.worker(1 - at).runs(first);
  EXPECT_RETURNED(first);
  EXPECT_RETURNED(second);
}

// It may have run: it must not run again.
TEST_F(Keyed, AWorkerThatDiesWithItIsReplayedToo) {
  pool.ready(1);
  const auto first = keyed("k");
  const auto second = keyed("k");
  pool.worker(0).begins(first);
  pool.worker(0).dies();
  EXPECT_ENDED(first, worker_lost, started);
  EXPECT_ENDED(second, worker_lost, started);
  EXPECT_ENDED(keyed("k"), worker_lost, started);
}

TEST_F(Keyed, ADeadlineEndsOnlyItsOwnWait) {
  pool.ready(1);
  const auto first = keyed("k", {.timeout = 1s});
  const auto second = keyed("k");
  pool.worker(0).begins(first);
  pool.advance(1s);
  EXPECT_ENDED(first, deadline_exceeded, started, "timeout expired");
  EXPECT_EQ(pool.worker(0).cancel_of(first), 0);
  pool.worker(0).returns(first);
  EXPECT_RETURNED(second);
  EXPECT_QUIET();
}

TEST_F(Keyed, TheLastDeadlineCancelsTheExecution) {
  pool.ready(1);
  const auto first = keyed("k", {.timeout = 1s});
  const auto second = keyed("k", {.timeout = 2s});
  pool.worker(0).begins(first);
  pool.advance(2s);
  EXPECT_ENDED(second, deadline_exceeded, started);
  EXPECT_EQ(pool.worker(0).cancel_of(first), 'd');
  pool.worker(0).raises(first, Code::cancelled);
  EXPECT_ENDED(keyed("k"), cancelled, started);
  EXPECT_EQ(executions(), 1u);
  EXPECT_QUIET();
}

// A plain function goes on, whatever its caller's patience: who asks again has what it came to.
TEST_F(Keyed, WhoComesBackAfterHisDeadlineHasTheOutcome) {
  pool.ready(1);
  const auto first = keyed("k", {.timeout = 1s}, "m.plain");
  pool.worker(0).begins(first);
  pool.advance(1s);
  EXPECT_TRUE(pool.over(first));
  const auto again = keyed("k", {}, "m.plain");
  EXPECT_OPEN(again);
  pool.worker(0).returns(first);
  EXPECT_RETURNED(again);
  EXPECT_QUIET();
}

TEST_F(Keyed, WhatIsToldAfterAttemptTimeoutIsWhatIsKept) {
  pool.ready(1);
  const auto first = keyed("k", {.attempt_timeout = 1s}, "m.plain");
  pool.worker(0).begins(first);
  pool.advance(1s);
  EXPECT_TRUE(pool.over(first));
  EXPECT_ENDED(keyed("k", {}, "m.plain"), deadline_exceeded, maybe_started);
  pool.worker(0).returns(first);
  EXPECT_RETURNED(keyed("k", {}, "m.plain"));
}

TEST_F(Keyed, WithQueueTimeoutWaitsSoLongForItsBegin) {
  pool.options.concurrency = 1;
  pool.ready(1);
  const auto other = pool.submit("m.f", 2);
  const auto first = keyed("k");
  const auto second = keyed("k", {.queue_timeout = 1s});
  pool.advance(1s);
  EXPECT_ENDED(second, deadline_exceeded, maybe_started, "queue_timeout");  // it may begin yet, for the first
  const auto third = keyed("k", {.queue_timeout = 1s});
  for (const auto& call : other) pool.worker(0).runs(call);
  pool.worker(0).begins(first);
  pool.advance(5s);
  EXPECT_OPEN(third);
  pool.worker(0).returns(first);
  EXPECT_RETURNED(third);
  EXPECT_QUIET();
}

TEST_F(Keyed, ThatNobodyWaitsForLeavesTheQueue) {
  pool.options.concurrency = 1;
  pool.ready(1);
  const auto others = pool.submit("m.f", 2);
  const auto first = keyed("k", {.timeout = 1s});
  const auto second = keyed("k");
  pool.cancel(second);
  EXPECT_ENDED(second, cancelled, maybe_started, "others wait for it");
  pool.advance(1s);
  EXPECT_ENDED(first, deadline_exceeded, not_started);
  EXPECT_EQ(pool.core().queued(), 1u);  // of the others
  EXPECT_EQ(pool.core().idempotency_keys().size(), 0u);
  for (const auto& call : others) pool.worker(0).runs(call);
  EXPECT_QUIET();
}

TEST_F(Keyed, TheLastCancelIsAnyCallsCancel) {
  pool.ready(1);
  const auto first = keyed("k");
  const auto second = keyed("k");
  pool.worker(0).begins(first);
  pool.cancel(first, 1);
  EXPECT_ENDED(first, cancelled, started, "others wait for it");
  EXPECT_EQ(pool.receipt(1)->what, CancelEnd::ignored);
  EXPECT_EQ(pool.worker(0).cancel_of(first), 0);
  pool.cancel(second, 2);
  EXPECT_OPEN(second);
  EXPECT_EQ(pool.worker(0).cancel_of(first), 'c');
  pool.worker(0).raises(first, Code::cancelled);
  EXPECT_ENDED(second, cancelled, started);
  EXPECT_EQ(pool.receipt(2)->what, CancelEnd::unwound);
  EXPECT_QUIET();
}

TEST_F(Keyed, ACancelThatIsIgnoredEndsWithTheGrace) {
  pool.ready(1);
  const auto first = keyed("k", {.timeout = 1s});
  pool.worker(0).begins(first);
  pool.advance(1s);
  const auto second = keyed("k");  // of one that is being cancelled already
  pool.cancel(second, 1);
  EXPECT_OPEN(second);
  pool.advance(2s);
  EXPECT_ENDED(second, cancelled, started);
  EXPECT_EQ(pool.receipt(1)->what, CancelEnd::ignored);
  pool.worker(0).returns(first);
  EXPECT_RETURNED(keyed("k"));
  EXPECT_QUIET();
}

TEST_F(Keyed, PassedOverForWhoLeftItRunsForWhoCame) {
  pool.ready(1);
  const auto first = keyed("k", {.timeout = 1s});
  pool.advance(1s);
  EXPECT_ENDED(first, deadline_exceeded, not_started);
  const auto second = keyed("k");
  EXPECT_EQ(executions(), 1u);
  pool.worker(0).passes_over(first, Code::deadline_exceeded);
  EXPECT_EQ(executions(), 2u);
  EXPECT_OPEN(second);
  pool.worker(0).runs(second);
  EXPECT_RETURNED(second);
  EXPECT_RETURNED(keyed("k"));
  EXPECT_QUIET();
}

TEST_F(Keyed, PassedOverForACancelRunsForWhoCameAfterIt) {
  pool.ready(1);
  const auto first = keyed("k");
  pool.cancel(first);
  const auto second = keyed("k");
  pool.worker(0).passes_over(first, Code::cancelled);
  EXPECT_ENDED(first, cancelled, not_started);
  pool.worker(0).runs(second);
  EXPECT_RETURNED(second);
  EXPECT_QUIET();
}

TEST_F(Keyed, PassedOverByADeadWorkerRunsForWhoCame) {
  pool.ready(2);
  const auto first = keyed("k");
  const auto at = pool.worker(0).has(first) ? 0u : 1u;
  pool.cancel(first);
  const auto second = keyed("k");
  pool.worker(at).dies();
  EXPECT_ENDED(first, cancelled, not_started);
  pool.worker(1 - at).runs(second);
  EXPECT_RETURNED(second);
  EXPECT_QUIET();
}

TEST_F(Keyed, AClientThatLeavesEndsOnlyItsOwnWait) {
  pool.ready(1);
  const auto first = keyed("k", {.session = 1});
  const auto second = keyed("k", {.session = 2});
  pool.worker(0).begins(first);
  pool.close_session(1);
  EXPECT_ENDED(first, cancelled, started);
  EXPECT_TRUE(pool.core().session_has_calls(SessionId{1}));  // its id must not be another's yet
  pool.close_session(2);
  EXPECT_ENDED(second, cancelled, started);
  EXPECT_EQ(pool.worker(0).cancel_of(first), 'c');
  pool.worker(0).raises(first, Code::cancelled);
  EXPECT_FALSE(pool.core().session_has_calls(SessionId{1}));
  EXPECT_QUIET();
}

TEST_F(Keyed, DetachedGoesOnWithoutItsClient) {
  pool.ready(1);
  const auto first = keyed("k", {.session = 1, .detached = true});
  pool.worker(0).begins(first);
  pool.close_session(1);
  EXPECT_EQ(pool.worker(0).cancel_of(first), 0);
  pool.worker(0).returns(first);
  EXPECT_RETURNED(keyed("k", {.session = 2}));
}

TEST_F(Keyed, AllInOneSessionThatCloses) {
  pool.options.concurrency = 1;
  pool.ready(1);
  const auto others = pool.submit("m.f", 2);
  std::vector<TestCall> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(keyed("k", {.session = 1}));
  pool.close_session(1);
  for (const auto& call : calls) EXPECT_TRUE(pool.over(call));
  EXPECT_FALSE(pool.core().session_has_calls(SessionId{1}));
  for (const auto& call : others) pool.worker(0).runs(call);
  EXPECT_QUIET();
}

// It may be the very call that asks.
TEST_F(Keyed, AWorkersOwnCallDoesNotJoin) {
  pool.ready(1);
  const auto outer = keyed("k");
  pool.worker(0).begins(outer);
  EXPECT_ENDED(keyed("k", {.nested = true}), overloaded, not_started, "it might wait for itself");
  pool.worker(0).returns(outer);
  EXPECT_RETURNED(keyed("k", {.nested = true}));
}

TEST_F(Keyed, SuspectedOfKillingRunsAlone) {
  pool.options.quarantine_after = 2;
  pool.ready(1);
  const auto first = keyed("1");
  pool.worker(0).begins(first);
  pool.worker(0).dies();
  pool.worker(0).registers();
  const auto beside = pool.submit("m.f");
  pool.worker(0).begins(beside);
  const auto second = keyed("2");
  const auto joined = keyed("2");
  EXPECT_FALSE(pool.worker(0).has(second));
  pool.advance(5s);
  EXPECT_ENDED(joined, overloaded, not_started, "suspected of killing");
  pool.worker(0).returns(beside);
  const auto third = keyed("3");
  pool.worker(0).runs(third);
  EXPECT_RETURNED(third);
}

TEST_F(Keyed, IsToldInTheLog) {
  pool.options.call_steps = true;
  pool.ready(1);
  const auto first = keyed("k");
  const auto second = keyed("k");
  pool.worker(0).runs(first);
  EXPECT_RETURNED(second);
  EXPECT_RETURNED(keyed("k"));
  std::vector<CallStep::What> whats;
  for (const auto& step : pool.steps) whats.push_back(step.what);
  EXPECT_EQ(std::count(whats.begin(), whats.end(), CallStep::What::joined), 2);
  EXPECT_EQ(std::count(whats.begin(), whats.end(), CallStep::What::replayed), 1);
  EXPECT_EQ(std::count(whats.begin(), whats.end(), CallStep::What::returned), 3);
}

TEST_F(Keyed, ADrainingPoolAnswersWhatItKnows) {
  pool.ready(1);
  const auto first = keyed("k");
  pool.worker(0).begins(first);
  pool.drain(10s);
  const auto second = keyed("k");
  EXPECT_ENDED(keyed("other"), unavailable, not_started, "is stopping");
  pool.worker(0).returns(first);
  EXPECT_RETURNED(second);
}

}  // namespace
}  // namespace clutch::core::test
