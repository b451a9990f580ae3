// How a worker is replaced while it serves.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Retirement : public PoolTest {
 protected:
  void retire(std::size_t worker, EndReason why = EndReason::leak) {
    const auto& core = pool.worker(worker).core();
    pool.core().retire(core.id, core.incarnation, why, pool.now);
    pool.flush();
  }
  [[nodiscard]] WorkerState state(std::size_t worker) { return pool.worker(worker).state(); }
  [[nodiscard]] std::uint64_t ends(EndReason why) { return pool.core().counters().ends[static_cast<std::size_t>(why)]; }
};

TEST_F(Retirement, SendsCallsToTheOldOneUntilTheNewOneIsReady) {
  pool.ready(1);
  retire(0);
  EXPECT_EQ(state(1), WorkerState::booting);
  const auto before = pool.submit("m.f");
  EXPECT_TRUE(pool.worker(0).has(before));
  pool.worker(1).registers();
  const auto after = pool.submit("m.f");
  EXPECT_TRUE(pool.worker(1).has(after));
  EXPECT_FALSE(pool.worker(0).stop_sent);
  pool.worker(0).runs(before);
  EXPECT_TRUE(pool.worker(0).stop_sent);
  pool.worker(0).exits(0);
  pool.worker(1).runs(after);
  EXPECT_RETURNED(before);
  EXPECT_RETURNED(after);
  EXPECT_EQ(ends(EndReason::leak), 1u);
  EXPECT_TRUE(pool.worker(0).core().vacant());
  EXPECT_EQ(pool.count<Spawn>(), 2u);
  EXPECT_QUIET();
}

TEST_F(Retirement, WithoutCallsStopsTheOldOneAtOnce) {
  pool.ready(2);
  retire(1);
  EXPECT_FALSE(pool.worker(1).stop_sent);
  pool.worker(2).registers();
  EXPECT_TRUE(pool.worker(1).stop_sent);
}

TEST_F(Retirement, KillsWhatHasNotLeftWithinStopTimeout) {
  pool.options.stop_timeout = 3s;
  pool.ready(1);
  const auto endless = pool.submit("m.f");
  pool.worker(0).begins(endless);
  retire(0);
  pool.worker(1).registers();
  pool.advance(3s - 1ms);
  EXPECT_EQ(pool.worker(0).killed, "");
  pool.advance(1ms);
  EXPECT_NE(pool.worker(0).killed, "");
  pool.worker(0).dies();
  EXPECT_ENDED(endless, worker_lost, started);
  EXPECT_EQ(ends(EndReason::leak), 1u);
}

TEST_F(Retirement, IsOneAtATimeInTheOrderItWasWanted) {
  pool.ready(3);
  for (const auto worker : {2, 0, 1}) retire(static_cast<std::size_t>(worker));
  EXPECT_EQ(pool.count<Spawn>(), 4u);
  pool.worker(3).registers();
  EXPECT_EQ(state(2), WorkerState::stopping);
  EXPECT_EQ(pool.count<Spawn>(), 4u);  // one is leaving: there is no slot
  pool.worker(2).exits(0);
  EXPECT_EQ(state(2), WorkerState::booting);
  pool.worker(2).registers();
  EXPECT_EQ(state(0), WorkerState::stopping);
  EXPECT_EQ(state(1), WorkerState::ready);
}

TEST_F(Retirement, LeavesTheOldOneServingWhereTheNewOneDoesNotStart) {
  pool.ready(1);
  retire(0);
  for (const auto delay : {500ms, 1000ms, 2000ms, 4000ms}) {  // more often than a pool may fail to boot
    pool.worker(1).fails_to_boot();
    EXPECT_EQ(state(0), WorkerState::ready);
    pool.worker(0).runs(pool.submit("m.f"));
    pool.advance(delay - 1ms);
    EXPECT_TRUE(pool.worker(1).core().vacant());
    pool.advance(1ms);
    EXPECT_EQ(state(1), WorkerState::booting);
  }
  EXPECT_EQ(pool.count<ReplaceFailed>(), 4u);
  EXPECT_EQ(pool.core().state(), PoolState::running);
  EXPECT_EQ(ends(EndReason::boot), 4u);
}

TEST_F(Retirement, OfOneThatDiesMeanwhileLeavesItsPlaceToTheNewOne) {
  pool.ready(1);
  retire(0);
  pool.worker(0).dies();
  const auto call = pool.submit("m.f");
  EXPECT_EQ(pool.count<Spawn>(), 2u);
  pool.worker(1).registers();
  pool.worker(1).runs(call);
  EXPECT_RETURNED(call);
  EXPECT_EQ(ends(EndReason::signal), 1u);
  pool.worker(1).dies();
  EXPECT_EQ(state(1), WorkerState::booting);  // it serves in its own right
}

TEST_F(Retirement, OfOneThatIsBeingKilledIsATakeOverToo) {
  pool.ready(1);
  retire(0);
  pool.core().on_violation(WorkerId{0}, Incarnation{pool.worker(0).incarnation}, "garbage");
  pool.flush();
  pool.worker(1).registers();
  pool.worker(0).dies();
  EXPECT_EQ(pool.count<Spawn>(), 2u);
  EXPECT_TRUE(pool.worker(0).core().vacant());
  EXPECT_EQ(ends(EndReason::protocol), 1u);
}

TEST_F(Retirement, OfOneThatLeavesAndCrashesIsNoRecycling) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  retire(0);
  pool.worker(1).registers();
  pool.worker(0).dies(11);
  EXPECT_ENDED(call, worker_lost, started);
  EXPECT_EQ(ends(EndReason::crash), 1u);
  EXPECT_EQ(pool.count<Spawn>(), 2u);
}

TEST_F(Retirement, EndsWithTheDrain) {
  pool.ready(2);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  retire(0);
  pool.worker(2).registers();
  retire(1);
  pool.drain(5s);
  EXPECT_TRUE(pool.worker(1).stop_sent);
  EXPECT_TRUE(pool.worker(2).stop_sent);
  pool.worker(1).exits(0);
  pool.worker(2).exits(0);
  pool.worker(0).runs(call);
  pool.worker(0).exits(0);
  EXPECT_EQ(pool.core().state(), PoolState::stopped);
  EXPECT_EQ(pool.core().next_time(), never);
}

TEST_F(Retirement, IsStoppedWhileItBootsByADrain) {
  pool.ready(1);
  retire(0);
  pool.drain(5s);
  EXPECT_NE(pool.worker(1).killed, "");
  pool.worker(1).dies();
  EXPECT_EQ(pool.count<ReplaceFailed>(), 0u);
  pool.worker(0).exits(0);
  EXPECT_EQ(pool.core().state(), PoolState::stopped);
}

TEST_F(Retirement, ComesAfterMaxCalls) {
  pool.options.max_calls = 3;
  pool.ready(1);
  for (int i = 0; i < 2; ++i) pool.worker(0).runs(pool.submit("m.f"));
  EXPECT_TRUE(pool.worker(1).core().vacant());
  pool.worker(0).runs(pool.submit("m.f"));
  EXPECT_EQ(state(1), WorkerState::booting);
  pool.worker(0).runs(pool.submit("m.f"));  // until the other is there
  pool.worker(1).registers();
  for (int i = 0; i < 2; ++i) pool.worker(1).runs(pool.submit("m.f"));
  pool.worker(0).exits(0);
  EXPECT_EQ(state(1), WorkerState::ready);
  EXPECT_TRUE(pool.worker(0).core().vacant());
  pool.worker(1).runs(pool.submit("m.f"));
  EXPECT_EQ(state(0), WorkerState::booting);
  EXPECT_EQ(ends(EndReason::calls), 1u);
}

TEST_F(Retirement, ComesAfterMaxAge) {
  pool.options.max_age = 1h;
  pool.ready(1);
  pool.advance(1h - 1ms);
  EXPECT_TRUE(pool.worker(1).core().vacant());
  pool.advance(1ms);
  EXPECT_EQ(state(1), WorkerState::booting);
  pool.worker(1).registers();
  pool.worker(0).exits(0);
  EXPECT_EQ(ends(EndReason::age), 1u);
}

TEST_F(Retirement, ComesAtMaxRss) {
  pool.options.max_rss = 1000;
  pool.ready(1);
  const auto measured = [&](std::uint64_t bytes) {
    pool.core().on_rss(WorkerId{0}, Incarnation{pool.worker(0).incarnation}, bytes, pool.now);
    pool.flush();
  };
  measured(999);
  EXPECT_TRUE(pool.worker(1).core().vacant());
  measured(1000);
  measured(1001);
  EXPECT_EQ(pool.count<Spawn>(), 2u);
  pool.worker(1).registers();
  pool.worker(0).exits(0);
  EXPECT_EQ(ends(EndReason::rss), 1u);
}

TEST_F(Retirement, IsNotOfAllAtOnce) {
  pool.options.max_age = 1000s;
  pool.options.jitter = 0.1;
  pool.ready(8);
  Time first = never;
  Time last{};
  for (const auto& worker : pool.core().workers()) {
    if (worker->duty != Duty::serve) continue;
    first = std::min(first, worker->age_until);
    last = std::max(last, worker->age_until);
  }
  EXPECT_GE(first, pool.now + 900s);
  EXPECT_LE(last, pool.now + 1000s);
  EXPECT_GT(last - first, 10s);
}

TEST_F(Retirement, OfOneThatIsNotReadyIsNothing) {
  pool.start(1);
  retire(0);
  pool.worker(0).registers();
  EXPECT_EQ(pool.count<Spawn>(), 1u);
}

}  // namespace
}  // namespace clutch::core::test
