// Warm spares.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Spare : public PoolTest {
 protected:
  Spare() { pool.options.spares = 1; }
  // With its spare, which has the slot after theirs.
  void ready(std::uint32_t workers) {
    pool.ready(workers);
    pool.worker(workers).registers();
  }
  [[nodiscard]] WorkerState state(std::size_t worker) { return pool.worker(worker).state(); }
};

TEST_F(Spare, IsSentNothing) {
  pool.options.concurrency = 1;
  ready(1);
  EXPECT_EQ(state(1), WorkerState::standby);
  EXPECT_EQ(pool.count<Started>(), 1u);
  pool.submit("m.f", 5);
  EXPECT_TRUE(pool.worker(1).tags().empty());
}

TEST_F(Spare, TakesThePlaceOfOneThatDiesAtOnce) {
  ready(1);
  const auto sent = pool.submit("m.f");
  pool.worker(0).dies();
  EXPECT_EQ(state(1), WorkerState::ready);
  EXPECT_TRUE(pool.worker(1).has(sent));
  EXPECT_EQ(pool.count<TookPlace>(), 1u);
  EXPECT_EQ(state(0), WorkerState::booting);  // the next spare
  pool.worker(0).registers();
  EXPECT_EQ(state(0), WorkerState::standby);
  pool.worker(1).dies();
  EXPECT_EQ(state(0), WorkerState::ready);
}

TEST_F(Spare, TakesThePlaceOfOneThatIsToBeReplacedAtOnce) {
  ready(1);
  const auto& old = pool.worker(0).core();
  pool.core().retire(old.id, old.incarnation, EndReason::leak, pool.now);
  pool.flush();
  EXPECT_TRUE(pool.worker(0).stop_sent);
  pool.worker(1).runs(pool.submit("m.f"));
  EXPECT_EQ(state(2), WorkerState::booting);
  pool.worker(2).registers();
  EXPECT_EQ(state(2), WorkerState::standby);
  pool.worker(0).exits(0);
  EXPECT_TRUE(pool.worker(0).core().vacant());
}

TEST_F(Spare, ThatIsReadyAfterAWorkerDiedTakesItsPlaceThen) {
  pool.ready(1);
  pool.worker(0).dies();
  EXPECT_EQ(state(0), WorkerState::booting);
  pool.worker(1).registers();
  EXPECT_EQ(state(1), WorkerState::ready);
  pool.worker(0).registers();
  EXPECT_EQ(state(0), WorkerState::standby);
}

TEST_F(Spare, ThatDoesNotStartFailsNobody) {
  ready(1);
  pool.worker(1).dies();
  for (int i = 0; i < 10; ++i) {
    pool.worker(1).fails_to_boot();
    pool.advance(30s);
  }
  EXPECT_EQ(pool.core().state(), PoolState::running);
  pool.worker(0).runs(pool.submit("m.f"));
}

TEST_F(Spare, StopsAtOnceWithADrain) {
  ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  pool.drain(5s);
  EXPECT_TRUE(pool.worker(1).stop_sent);
  pool.worker(1).exits(0);
  pool.worker(0).runs(call);
  pool.worker(0).exits(0);
  EXPECT_EQ(pool.core().state(), PoolState::stopped);
  EXPECT_QUIET();
}

TEST_F(Spare, KeepsTheCallsThatWaitMovingWhereMaxCallsComesInTheMidst) {
  pool.options.max_calls = 2;
  pool.options.concurrency = 2;
  ready(1);
  const auto calls = pool.submit("m.f", 3);
  pool.worker(0).begins(calls[0]);
  EXPECT_TRUE(pool.worker(0).has(calls[1]));
  EXPECT_TRUE(pool.worker(1).has(calls[2]));
}

}  // namespace
}  // namespace clutch::core::test
