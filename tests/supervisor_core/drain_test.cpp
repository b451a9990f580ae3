// The end of a pool: what is there is served, until the bound.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

using Drain = PoolTest;

TEST_F(Drain, StopsIdleWorkersAtOnceAndThePoolOnce) {
  pool.ready(2);
  pool.drain(10s);
  EXPECT_TRUE(pool.worker(0).stop_sent && pool.worker(1).stop_sent);
  pool.worker(0).exits();
  EXPECT_EQ(pool.count<Stopped>(), 0u);
  pool.worker(1).exits();
  EXPECT_EQ(pool.count<Stopped>(), 1u);
  EXPECT_EQ(pool.core().state(), PoolState::stopped);
  pool.drain(1s);
  pool.advance(1h);
  EXPECT_EQ(pool.count<Stopped>(), 1u);
  EXPECT_EQ(pool.count<Kill>(), 0u);
}

TEST_F(Drain, RefusesNewCalls) {
  pool.ready(1);
  pool.drain(10s);
  EXPECT_ENDED(pool.submit("m.f"), unavailable, not_started, "stopping");
  pool.worker(0).exits();
  EXPECT_ENDED(pool.submit("m.f"), unavailable, not_started, "stopping");
}

TEST_F(Drain, StillServesWhatIsQueuedAndParked) {
  pool.ready(1);
  auto calls = pool.submit("m.f", 3);
  const auto parked = pool.submit("m.one", 2);
  calls.insert(calls.end(), parked.begin(), parked.end());
  pool.drain(10s);
  for (const auto& call : calls) {
    EXPECT_FALSE(pool.worker(0).stop_sent);
    pool.worker(0).runs(call);
    EXPECT_RETURNED(call);
  }
  EXPECT_TRUE(pool.worker(0).stop_sent);
  pool.worker(0).exits();
  EXPECT_EQ(pool.count<Stopped>(), 1u);
  EXPECT_QUIET();
}

TEST_F(Drain, KillsAtTheBound) {
  pool.ready(1);
  const auto begun = pool.submit("m.f");
  pool.worker(0).begins(begun);
  const auto calls = pool.submit("m.f", 3);
  pool.drain(10s);
  pool.advance(10s);
  EXPECT_NE(pool.worker(0).killed, "");
  EXPECT_OPEN(begun);
  pool.worker(0).dies();
  EXPECT_ENDED(begun, worker_lost, started);
  for (const auto& call : calls) EXPECT_ENDED(call, unavailable, not_started, "the pool is stopping");
  EXPECT_EQ(pool.count<Stopped>(), 1u);
  EXPECT_QUIET();
}

TEST_F(Drain, KillsAWorkerThatDoesNotHeedItsStop) {
  pool.ready(1);
  pool.drain(10s);
  pool.advance(10s);
  EXPECT_NE(pool.worker(0).killed, "");
}

TEST_F(Drain, AgainCountsTheEarlierBound) {
  pool.ready(1);
  pool.worker(0).begins(pool.submit("m.f"));
  pool.drain(10s);
  pool.drain(1s);
  pool.drain(60s);
  pool.advance(1s);
  EXPECT_NE(pool.worker(0).killed, "");
}

TEST_F(Drain, WhileStartingEndsTheBoots) {
  pool.start(2);
  pool.worker(0).registers();
  pool.drain(10s);
  EXPECT_TRUE(pool.worker(0).stop_sent);
  EXPECT_NE(pool.worker(1).killed, "");
  pool.worker(1).dies();
  pool.worker(0).exits();
  EXPECT_EQ(pool.count<Stopped>(), 1u);
  EXPECT_EQ(pool.count<StartFailed>(), 0u);
}

TEST_F(Drain, DoesNotWaitForARespawn) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).dies();
  pool.worker(0).fails_to_boot();
  pool.drain(10s);
  EXPECT_EQ(pool.count<Stopped>(), 1u);
  EXPECT_ENDED(call, unavailable, not_started);
  pool.advance(1h);
  EXPECT_EQ(pool.count<Spawn>(), 2u);
}

TEST_F(Drain, HandsADeadWorkersCallsToTheOthers) {
  pool.ready(2);
  const auto calls = pool.submit("m.f", 2);
  pool.drain(10s);
  pool.worker(0).dies();
  pool.worker(1).begins(calls[1]);
  EXPECT_TRUE(pool.worker(1).has(calls[0]));
  pool.worker(1).returns(calls[1]);
  pool.worker(1).runs(calls[0]);
  EXPECT_RETURNED(calls[0]);
  EXPECT_TRUE(pool.worker(1).stop_sent);
}

TEST_F(Drain, WaitsForACallThatIsAnsweredAndStillRuns) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 10ms});
  pool.worker(0).begins(call);
  pool.advance(10ms);
  pool.drain(10s);
  EXPECT_FALSE(pool.worker(0).stop_sent);
  pool.worker(0).returns(call);
  EXPECT_TRUE(pool.worker(0).stop_sent);
}

TEST_F(Drain, GoesOnWhenTheLastQueuedCallIsCancelledOrExpires) {
  pool.ready(2);
  const auto first = pool.submit("m.one");
  const auto cancelled = pool.submit("m.one");
  const auto expires = pool.submit("m.one", {.timeout = 20ms});
  pool.worker(0).begins(first);
  pool.drain(10s);
  EXPECT_FALSE(pool.worker(1).stop_sent);
  pool.cancel(cancelled);
  EXPECT_FALSE(pool.worker(1).stop_sent);
  pool.advance(20ms);
  EXPECT_TRUE(pool.over(expires));
  EXPECT_TRUE(pool.worker(1).stop_sent);
}

TEST_F(Drain, BeforeTheStartStopsAtOnce) {
  PoolCore core({.workers = 1}, pool.now);
  core.drain(pool.now + 1s, pool.now);
  ASSERT_EQ(core.actions().life.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<Stopped>(core.actions().life[0]));
}

}  // namespace
}  // namespace clutch::core::test
