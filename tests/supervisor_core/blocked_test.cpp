// Workers whose loop is blocked: told once, and calls go around them.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class BlockedTest : public PoolTest {
 protected:
  /// Of the worker's loop, in the first step of the call that it began last, or in a later one.
  void block(std::size_t worker, bool in_first_step = false) {
    pool.read_pages();
    auto& blocked = pool.worker(worker);
    blocked.ticks = false;
    if (!in_first_step) return;
    blocked.pulse.first_step = blocked.page[0];
    blocked.pulse.first_step_since = pool.now;
  }
  void unblock(std::size_t worker) {
    pool.worker(worker).ticks = true;
    pool.worker(worker).pulse.first_step = 0;
  }
  [[nodiscard]] std::vector<Blocked> told() const {
    std::vector<Blocked> all;
    for (const auto& each : pool.life) {
      if (const auto* blocked = std::get_if<Blocked>(&each)) all.push_back(*blocked);
    }
    return all;
  }
};

TEST_F(BlockedTest, IsToldOnceWithinItsLimitAndWhenItIsOver) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  block(0);
  pool.watch(900ms);
  EXPECT_TRUE(told().empty());
  pool.watch(200ms);
  ASSERT_EQ(told().size(), 1u);
  EXPECT_EQ(told()[0].worker, WorkerId{0});
  EXPECT_FALSE(told()[0].over);
  EXPECT_GE(told()[0].stood, 1s);
  pool.watch(10s);
  EXPECT_EQ(told().size(), 1u) << "not every second";
  unblock(0);
  pool.watch(200ms);
  ASSERT_EQ(told().size(), 2u);
  EXPECT_TRUE(told()[1].over);
  EXPECT_GE(told()[1].stood, 11s);
  EXPECT_LE(told()[1].stood, 11'300ms);
}

TEST_F(BlockedTest, IsNotToldOfABusyOrAnIdleOne) {
  pool.ready(2);
  pool.worker(0).begins(pool.submit("m.f"));
  pool.worker(1).ticks = false;  // it has nothing to do
  pool.watch(1min);
  EXPECT_TRUE(told().empty());
}

TEST_F(BlockedTest, IsNotToldWhereTheLimitIsNone) {
  pool.options.blocked_after = Duration(0);
  pool.ready(1);
  pool.worker(0).begins(pool.submit("m.f"));
  block(0);
  pool.watch(1min);
  EXPECT_TRUE(told().empty());
}

TEST_F(BlockedTest, IsForgottenWithItsWorker) {
  pool.ready(1);
  pool.worker(0).begins(pool.submit("m.f"));
  block(0);
  pool.watch(2s);
  pool.worker(0).dies();
  unblock(0);
  pool.worker(0).registers();
  pool.worker(0).begins(pool.submit("m.f"));
  pool.watch(2s);
  EXPECT_EQ(told().size(), 1u);
}

TEST_F(BlockedTest, GetsNoCallsUntilItTurns) {
  pool.options.concurrency = 3;
  pool.ready(2);
  pool.worker(0).begins(pool.submit("m.f"));
  block(0);
  pool.watch(300ms);
  for (int i = 0; i < 3; ++i) {
    const auto call = pool.submit("m.f");
    EXPECT_TRUE(pool.worker(1).has(call));
    pool.worker(1).begins(call);
  }
  const auto waits = pool.submit("m.f");
  EXPECT_FALSE(pool.worker(0).has(waits));
  EXPECT_FALSE(pool.worker(1).has(waits));
  unblock(0);
  pool.watch(20ms);
  EXPECT_TRUE(pool.worker(0).has(waits));
}

TEST_F(BlockedTest, ALongFirstStepGetsNoCallWhileAnotherHasRoom) {
  pool.options.concurrency = 2;
  pool.ready(2);
  pool.worker(0).begins(pool.submit("m.f"));
  block(0, true);
  const auto other = pool.submit("m.f");
  ASSERT_TRUE(pool.worker(1).has(other));
  pool.worker(1).begins(other);
  pool.now += 3ms;
  pool.read_pages();
  const auto second = pool.submit("m.f");  // the two have as many
  EXPECT_TRUE(pool.worker(1).has(second));
  pool.worker(1).begins(second);
  EXPECT_TRUE(pool.worker(0).has(pool.submit("m.f"))) << "no other has room";
}

TEST_F(BlockedTest, AFirstStepThatIsOverByItsBegunCountsAtOnce) {
  pool.ready(2);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  block(0, true);
  pool.now += 3ms;
  pool.read_pages();
  ASSERT_TRUE(pool.worker(0).core().watch.in_long_step());
  pool.worker(0).says_begun(pool.worker(0).page[0], 0);
  EXPECT_FALSE(pool.worker(0).core().watch.in_long_step());
}

TEST_F(BlockedTest, ASupervisorThatWasStoppedTakesNobodyForBlocked) {
  pool.ready(1);
  pool.worker(0).begins(pool.submit("m.f"));
  block(0);  // the worker was stopped with it
  pool.now += 1min;
  pool.read_pages();
  EXPECT_FALSE(pool.worker(0).core().watch.blocked());
  EXPECT_TRUE(told().empty());
}

}  // namespace
}  // namespace clutch::core::test
