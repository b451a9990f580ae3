// Calls that go on although they were cancelled: over for their callers, counted, and in the end their worker replaced.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Leak : public PoolTest {
 protected:
  Leak() { pool.options.cancel_grace = 2s; }

  /// Begun and past its deadline; it does not heed that.
  TestCall overdue(std::string_view name = "m.f") {
    const auto call = pool.submit(name, {.timeout = 1s});
    pool.worker(0).begins(call);
    pool.watch(1s);
    return call;
  }
  [[nodiscard]] std::vector<Leaked> told() const {
    std::vector<Leaked> all;
    for (const auto& each : pool.life) {
      if (const auto* leaked = std::get_if<Leaked>(&each)) all.push_back(*leaked);
    }
    return all;
  }
  [[nodiscard]] std::uint32_t leaked(std::size_t worker = 0) { return pool.worker(worker).core().leaked; }
};

TEST_F(Leak, IsWhatGoesOnPastItsDeadlineAndTheGrace) {
  pool.ready(1);
  const auto call = overdue();
  EXPECT_ENDED(call, deadline_exceeded, started);
  pool.watch(1900ms);
  EXPECT_EQ(leaked(), 0u);
  pool.watch(400ms);
  ASSERT_EQ(told().size(), 1u);
  EXPECT_EQ(told()[0].call, *call.id);
  EXPECT_EQ(told()[0].function, "m.f");
  EXPECT_FALSE(told()[0].in_thread);
  EXPECT_EQ(leaked(), 1u);
  EXPECT_EQ(pool.core().counters().leaked, 1u);
  pool.watch(1min);
  EXPECT_EQ(told().size(), 1u) << "once";
  EXPECT_EQ(pool.worker(0).state(), WorkerState::ready) << "one is no reason to replace it";
}

TEST_F(Leak, IsCountedOutWhenItEndsAfterAll) {
  pool.ready(1);
  const auto call = overdue();
  pool.watch(3s);
  ASSERT_EQ(leaked(), 1u);
  pool.worker(0).returns(call);
  EXPECT_EQ(leaked(), 0u);
  EXPECT_ENDED(call, deadline_exceeded, started);
  EXPECT_QUIET();
}

TEST_F(Leak, IsNotOneThatUnwindsWithinTheGrace) {
  pool.ready(1);
  const auto call = overdue();
  pool.watch(1s);
  pool.worker(0).raises(call, Code::cancelled);
  pool.watch(1min);
  EXPECT_TRUE(told().empty());
  EXPECT_QUIET();
}

TEST_F(Leak, IsACancelledPlainFunctionThatRunsOn) {
  pool.ready(1);
  const auto call = pool.submit("m.plain");
  pool.worker(0).begins(call);
  pool.cancel(call);
  EXPECT_TRUE(pool.over(call));
  pool.watch(3s);
  ASSERT_EQ(told().size(), 1u);
  EXPECT_TRUE(told()[0].in_thread);
}

TEST_F(Leak, IsACancelledCoroutineThatSwallowsIt) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  pool.cancel(call);
  pool.watch(1900ms);
  EXPECT_OPEN(call);
  pool.watch(400ms);
  EXPECT_ENDED(call, cancelled, started);
  EXPECT_EQ(leaked(), 1u);
}

TEST_F(Leak, IsNoneThatHadNotBegun) {
  pool.options.concurrency = 1;
  pool.ready(1);
  pool.worker(0).begins(pool.submit("m.f", {.attempt_timeout = Duration(0)}));
  const auto behind = pool.submit("m.f", {.timeout = 1s});
  ASSERT_TRUE(pool.worker(0).has(behind));
  pool.watch(1min);
  EXPECT_TRUE(told().empty());
}

// No cancel has reached it: it may heed that yet.
TEST_F(Leak, IsNoneWhileTheLoopIsBlockedNorRightAfter) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 1s});
  pool.worker(0).begins(call);
  pool.watch(500ms);
  pool.worker(0).ticks = false;
  pool.watch(2400ms);
  pool.worker(0).ticks = true;
  pool.watch(1800ms);
  EXPECT_TRUE(told().empty());
  pool.watch(500ms);
  EXPECT_EQ(told().size(), 1u);
}

TEST_F(Leak, ReceiptOfTheCancelComesAllTheSame) {
  pool.ready(1);
  const auto call = pool.submit("m.plain");
  pool.worker(0).begins(call);
  pool.cancel(call);
  pool.watch(1s);
  pool.cancel(call, 7);
  pool.watch(2s);
  ASSERT_TRUE(pool.receipt(7));
  EXPECT_EQ(pool.receipt(7)->what, CancelEnd::ignored);
  EXPECT_EQ(leaked(), 1u);
}

TEST_F(Leak, ReplacesItsWorkerWhenThereAreTooMany) {
  pool.options.leaked_max = 3;
  pool.ready(1);
  for (int i = 0; i < 2; ++i) overdue();
  const auto healthy = pool.submit("m.f", {.attempt_timeout = Duration(0)});
  pool.worker(0).begins(healthy);
  pool.watch(3s);
  EXPECT_EQ(leaked(), 2u);
  EXPECT_EQ(pool.count<Spawn>(), 1u);
  const auto third = overdue();
  pool.watch(3s);
  ASSERT_EQ(told().size(), 3u);
  EXPECT_TRUE(told()[2].replaced);
  EXPECT_EQ(pool.count<Spawn>(), 2u) << "its replacement, first";
  EXPECT_EQ(pool.worker(0).state(), WorkerState::ready);
  pool.worker(1).registers();
  EXPECT_EQ(pool.worker(0).state(), WorkerState::retiring);
  EXPECT_FALSE(pool.worker(0).stop_sent) << "the healthy one may end";
  EXPECT_TRUE(pool.worker(1).has(pool.submit("m.f")));
  pool.worker(0).returns(healthy);
  EXPECT_RETURNED(healthy);
  EXPECT_TRUE(pool.worker(0).stop_sent) << "nobody waits for leaked ones";
  pool.worker(0).exits(0);
  EXPECT_EQ(pool.core().counters().ends[static_cast<std::size_t>(EndReason::leak)], 1u);
  EXPECT_EQ(pool.core().counters().lost, 0u);
  EXPECT_ENDED(third, deadline_exceeded, started);
}

TEST_F(Leak, ReplacesItsWorkerWhereItHasEveryPlaceOfItsKind) {
  pool.options.threads = 1;
  pool.ready(1);
  overdue("m.plain");
  pool.watch(3s);
  EXPECT_EQ(pool.count<Spawn>(), 2u);
}

TEST_F(Leak, ReplacesItsWorkerWhereItHasEveryPlaceOfItsFunction) {
  pool.ready(1);
  overdue("m.two");
  pool.watch(3s);
  EXPECT_EQ(pool.count<Spawn>(), 1u);
  overdue("m.two");
  pool.watch(3s);
  EXPECT_EQ(pool.count<Spawn>(), 2u);
}

TEST_F(Leak, OnARetiringWorkerLetsItLeave) {
  pool.options.stop_timeout = 10s;
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 1s});
  pool.worker(0).begins(call);
  pool.core().retire(WorkerId{0}, Incarnation{pool.worker(0).incarnation}, EndReason::age, pool.now);
  pool.flush();
  pool.worker(1).registers();
  pool.watch(2900ms);
  EXPECT_FALSE(pool.worker(0).stop_sent);
  pool.watch(400ms);
  EXPECT_TRUE(pool.worker(0).stop_sent);
}

TEST_F(Leak, DoesNotKeepAPoolFromStopping) {
  pool.ready(1);
  overdue();
  pool.watch(3s);
  pool.drain(1min);
  EXPECT_TRUE(pool.worker(0).stop_sent);
  pool.worker(0).exits(0);
  EXPECT_EQ(pool.core().state(), PoolState::stopped);
  EXPECT_QUIET();
}

TEST_F(Leak, IsGoneWithItsWorker) {
  pool.ready(1);
  overdue();
  pool.watch(3s);
  pool.worker(0).dies();
  EXPECT_EQ(leaked(), 0u);
  pool.worker(0).registers();
  EXPECT_EQ(leaked(), 0u);
  EXPECT_QUIET();
}

}  // namespace
}  // namespace clutch::core::test
