// Workers that are ended since their loop is blocked: when, and what each of their calls is told.
#include <csignal>

#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

const std::string sleeps = "  File \"/srv/m.py\", line 7, in f\n    time.sleep(9)\n";

class BlockedEnd : public PoolTest {
 protected:
  BlockedEnd() {
    pool.options.cancel_grace = 2s;
    pool.options.blocked_after = Duration(0);
  }

  TestCall begun(std::string_view name = "m.f", FakePool::Ask ask = {}) {
    const auto call = pool.submit(name, ask);
    pool.worker(0).begins(call);
    return call;
  }
  void block(std::optional<TestCall> in_first_step_of = std::nullopt) {
    pool.read_pages();
    auto& blocked = pool.worker(0);
    blocked.ticks = false;
    if (!in_first_step_of) return;
    blocked.pulse.first_step = blocked.received(*in_first_step_of).seq;
    blocked.pulse.first_step_since = pool.now;
  }
  /// As the shell does when it is asked for an examination.
  void examined(std::optional<TestCall> at = std::nullopt, std::string stack = {}) {
    const auto& core = pool.worker(0).core();
    pool.core().on_examined(core.id, core.incarnation, {at ? *at->id : CallId{}, std::move(stack)});
  }
  void end() {
    const auto& core = pool.worker(0).core();
    pool.core().end_blocked(core.id, core.incarnation, pool.now);
    pool.flush();
  }
  [[nodiscard]] std::size_t wanted() const { return pool.count<Examine>(); }
  [[nodiscard]] std::uint64_t ends(EndReason why) { return pool.core().counters().ends[static_cast<std::size_t>(why)]; }
};

TEST_F(BlockedEnd, ComesWithACallPastItsDeadlineAndTheGrace) {
  pool.ready(1);
  const auto blocks = begun("m.f", {.timeout = 1s});
  const auto other = begun("m.g");
  block();
  pool.watch(1s);
  EXPECT_ENDED(blocks, deadline_exceeded, started, "Its worker's event loop is blocked");
  pool.watch(1900ms);
  EXPECT_EQ(wanted(), 0u);
  pool.watch(200ms);
  EXPECT_EQ(wanted(), 1u);
  EXPECT_EQ(pool.worker(0).killed, "") << "it is looked at first";
  pool.watch(500ms);
  EXPECT_EQ(wanted(), 1u) << "once";
  examined(blocks, sleeps);
  end();
  EXPECT_NE(pool.worker(0).killed.find("its event loop was blocked for"), std::string::npos);
  pool.worker(0).dies();
  EXPECT_ENDED(other, worker_lost, started, "`m.f` (call " + std::to_string(blocks.id->value) + ") blocked it");
  EXPECT_TRUE(pool.error_of(other).collateral);
  ASSERT_TRUE(pool.error_of(other).culprit);
  EXPECT_EQ(pool.error_of(other).culprit->call, blocks.id->value);
  EXPECT_EQ(pool.error_of(other).python_stack, sleeps);
  EXPECT_EQ(ends(EndReason::deadline), 1u);
  EXPECT_QUIET();
}

TEST_F(BlockedEnd, ComesNotWhereTheLoopHasTurnedSince) {
  pool.ready(1);
  const auto call = begun("m.f", {.timeout = 1s});
  block();
  pool.watch(3200ms);
  EXPECT_EQ(wanted(), 1u);
  pool.worker(0).ticks = true;
  pool.read_pages();
  end();
  EXPECT_EQ(pool.worker(0).killed, "");
  pool.worker(0).returns(call);
  EXPECT_QUIET();
}

TEST_F(BlockedEnd, ComesNotForALeakedCallWhenANeighbourBlocksForALittle) {
  pool.ready(1);
  begun("m.f", {.timeout = 1s});
  pool.watch(4s);
  ASSERT_EQ(pool.worker(0).core().leaked, 1u);
  const auto other = begun("m.g");
  block();
  pool.watch(300ms);
  pool.cancel(other);  // which has the worker looked at, past the grace
  pool.watch(10s);
  EXPECT_EQ(wanted(), 0u);
}

// It had not stood still for as long as the grace: the cancel may reach it yet.
TEST_F(BlockedEnd, ComesNotBeforeTheLoopHasStoodForTheGrace) {
  pool.ready(1);
  begun("m.f", {.timeout = 1s});
  pool.watch(2800ms);
  block();
  pool.watch(1s);
  EXPECT_EQ(wanted(), 0u);
  pool.watch(1300ms);
  EXPECT_EQ(wanted(), 1u);
}

TEST_F(BlockedEnd, ComesNotOfACancelAlone) {
  pool.ready(1);
  const auto call = begun("m.f", {.attempt_timeout = Duration(0)});
  block();
  pool.watch(300ms);
  pool.cancel(call);
  pool.watch(1min);
  EXPECT_ENDED(call, cancelled, started);
  EXPECT_EQ(wanted(), 0u);
}

TEST_F(BlockedEnd, ComesNotForWhatHadNotBegun) {
  pool.ready(1);
  begun("m.f", {.attempt_timeout = Duration(0)});
  block();
  EXPECT_ENDED(pool.submit("m.f", {.timeout = Duration(0)}), deadline_exceeded, not_started);
  const auto behind = pool.submit("m.f", {.timeout = 1s});
  ASSERT_TRUE(pool.worker(0).has(behind));
  pool.watch(1min);
  EXPECT_TRUE(pool.over(behind));
  EXPECT_EQ(wanted(), 0u);
}

TEST_F(BlockedEnd, ComesAtStallLimitWithoutADeadline) {
  pool.options.stall_limit = 5s;
  pool.ready(1);
  const auto blocks = begun("m.f", {.attempt_timeout = Duration(0)});
  block(blocks);
  pool.watch(4900ms);
  EXPECT_EQ(wanted(), 0u);
  pool.watch(300ms);
  EXPECT_EQ(wanted(), 1u);
  examined(blocks, sleeps);
  end();
  pool.worker(0).dies();
  EXPECT_ENDED(blocks, worker_lost, started, "past stall_limit");
  EXPECT_FALSE(pool.error_of(blocks).collateral);
  EXPECT_EQ(pool.error_of(blocks).culprit->function, "m.f");
  EXPECT_EQ(ends(EndReason::stall), 1u);
}

TEST_F(BlockedEnd, NamesTheCallInItsFirstStepWithoutAWord) {
  pool.ready(1);
  const auto blocks = begun("m.f", {.timeout = 1s});
  const auto other = begun("m.f");
  block(blocks);
  pool.watch(3200ms);
  examined();
  end();
  pool.worker(0).dies();
  ASSERT_TRUE(pool.error_of(other).culprit);
  EXPECT_EQ(pool.error_of(other).culprit->call, blocks.id->value);
}

TEST_F(BlockedEnd, NamesTheOnlyCallOfAFunctionThatTheStackShows) {
  pool.ready(1);
  const auto blocks = begun("m.f", {.timeout = 1s});
  const auto other = begun("m.g");
  block();
  pool.watch(3200ms);
  examined({}, sleeps);
  end();
  pool.worker(0).dies();
  EXPECT_EQ(pool.error_of(other).culprit->call, blocks.id->value);
}

TEST_F(BlockedEnd, SaysThatItIsNotKnownWhereItIsNot) {
  pool.ready(1);
  begun("m.f", {.timeout = 1s});
  const auto twin = begun("m.f");
  block();
  pool.watch(3200ms);
  examined({}, sleeps);
  end();
  pool.worker(0).dies();
  EXPECT_ENDED(twin, worker_lost, started, "Which of the 2 calls that it had begun blocked it is not known");
  EXPECT_FALSE(pool.error_of(twin).culprit);
  EXPECT_FALSE(pool.error_of(twin).collateral);
}

TEST_F(BlockedEnd, IsHeldAgainstTheCulpritAlone) {
  pool.ready(1);
  for (int i = 0; i < 3; ++i) {
    const auto blocks = begun("m.f", {.timeout = 1s, .says = "poison"});
    if (i != 2) begun("m.f", {.says = "innocent"});  // the third time it is alone
    block(blocks);
    pool.watch(3200ms);
    end();
    pool.worker(0).dies();
    while (pool.worker(0).state() != WorkerState::booting) pool.advance(100ms);
    pool.worker(0).ticks = true;
    pool.worker(0).pulse = {};
    pool.worker(0).registers();
  }
  const auto all = pool.core().quarantine(pool.now);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].kills, 3u);
  EXPECT_TRUE(all[0].quarantined);
}

TEST_F(BlockedEnd, TheCallThatBlocksIsToldWhereIfThatIsKnownAtItsDeadline) {
  pool.ready(1);
  const auto blocks = begun("m.f", {.timeout = 2s});
  const auto other = begun("m.g", {.timeout = 2s});
  block();
  pool.watch(1s);
  examined(blocks, sleeps);
  pool.watch(1s);
  EXPECT_ENDED(blocks, deadline_exceeded, started, "It blocks its worker's event loop");
  EXPECT_EQ(pool.error_of(blocks).python_stack, sleeps);
  EXPECT_ENDED(other, deadline_exceeded, started, "`m.f` (call");
  EXPECT_EQ(pool.error_of(other).python_stack, "");
}

TEST_F(BlockedEnd, OfACrashNamesWhatTheDumpShows) {
  pool.ready(1);
  const auto crashes = begun("m.f");
  const auto other = begun("m.g");
  pool.worker(0).dies(SIGSEGV,
                      "Thread 0x1 (most recent call first):\n  File \"/srv/m.py\", line 9 in g\n\n"
                      "Current thread 0x2 (most recent call first):\n  File \"/srv/m.py\", line 7 in f\n");
  EXPECT_ENDED(crashes, worker_lost, started, "This call crashed it");
  EXPECT_FALSE(pool.error_of(crashes).collateral);
  EXPECT_ENDED(other, worker_lost, started, "`m.f` (call " + std::to_string(crashes.id->value) + ") crashed it");
  EXPECT_TRUE(pool.error_of(other).collateral);
}

TEST_F(BlockedEnd, OfACrashWithoutADumpSaysThatItIsNotKnown) {
  pool.ready(1);
  const auto one = begun("m.f");
  begun("m.g");
  pool.worker(0).dies(SIGSEGV);
  EXPECT_ENDED(one, worker_lost, started, "Which of the 2 calls that it had begun crashed it is not known");
}

TEST_F(BlockedEnd, OfAKillFromOutsideBlamesNobody) {
  pool.ready(1);
  const auto one = begun("m.f");
  begun("m.g");
  pool.worker(0).dies(SIGKILL);
  EXPECT_ENDED(one, worker_lost, started);
  EXPECT_EQ(pool.error_of(one).message.find("known"), std::string::npos) << pool.error_of(one).message;
}

}  // namespace
}  // namespace clutch::core::test
