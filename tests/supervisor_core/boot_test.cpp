// Boots: at the start, in a row, too slow; respawns and when the pool gives up.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Boot : public PoolTest {
 protected:
  const Error& start_error() {
    for (const auto& each : pool.life) {
      if (const auto* failed = std::get_if<StartFailed>(&each)) return failed->error;
    }
    throw std::logic_error("the start did not fail");
  }
};

TEST_F(Boot, StartsOnceAllAreReady) {
  pool.start(2);
  EXPECT_EQ(pool.count<Spawn>(), 2u);
  pool.worker(0).registers();
  EXPECT_EQ(pool.core().state(), PoolState::starting);
  EXPECT_EQ(pool.count<Started>(), 0u);
  pool.worker(1).registers();
  EXPECT_EQ(pool.core().state(), PoolState::running);
  EXPECT_EQ(pool.count<Started>(), 1u);
}

// Nothing is known of the functions yet: `not_found` would be a lie.
TEST_F(Boot, RefusesCallsAsUnavailableUntilFunctionsAreKnown) {
  pool.start(1);
  EXPECT_ENDED(pool.submit("m.f"), unavailable, not_started, "starting");
}

TEST_F(Boot, FailureAtTheStartFailsThePoolWithItsReason) {
  pool.start(2);
  pool.worker(1).fails_to_boot();
  EXPECT_EQ(pool.count<StartFailed>(), 1u);
  EXPECT_EQ(start_error().message, "No module named 'm'");
  EXPECT_NE(pool.worker(0).killed, "");
  EXPECT_EQ(pool.count<Stopped>(), 0u);
  pool.worker(0).dies();
  EXPECT_EQ(pool.count<Stopped>(), 1u);
  EXPECT_EQ(pool.count<StartFailed>(), 1u);
}

TEST_F(Boot, DeathAtTheStartTellsHow) {
  pool.start(1);
  pool.core().on_exited(WorkerId{0}, Incarnation{pool.worker(0).incarnation},
                        {.signal = 0, .status = 1, .python_stack = {}, .said = "No module named clutch_worker"},
                        pool.now);
  pool.flush();
  EXPECT_NE(start_error().message.find("exited with status 1"), std::string::npos);
  EXPECT_NE(start_error().message.find("No module named clutch_worker"), std::string::npos);
}

TEST_F(Boot, TooSlowAtTheStartIsEnded) {
  pool.options.start_timeout = 5s;
  pool.start(1);
  pool.advance(5s);
  EXPECT_NE(pool.worker(0).killed, "");
  pool.worker(0).dies();
  EXPECT_NE(start_error().message.find("start_timeout"), std::string::npos);
}

// A worker that told why it cannot boot but does not exit: the reason it told stands.
TEST_F(Boot, TooSlowToExitKeepsTheReasonTold) {
  pool.start(1);
  Error error;
  error.code = Code::failed;
  error.stage = Stage::import;
  error.message = "No module named 'm'";
  pool.core().on_boot_failed(WorkerId{0}, Incarnation{pool.worker(0).incarnation}, error, pool.now);
  pool.advance(60s);
  EXPECT_NE(pool.worker(0).killed, "");
  pool.worker(0).dies();
  EXPECT_EQ(start_error().message, "No module named 'm'");
}

TEST_F(Boot, IsNotOverWithBothItsEnds) {
  pool.start(1);
  pool.core().on_boot_failed(WorkerId{0}, Incarnation{pool.worker(0).incarnation}, Error{}, pool.now);
  pool.worker(0).registers();
  EXPECT_EQ(pool.worker(0).state(), WorkerState::condemned);
  EXPECT_NE(pool.worker(0).killed.find("REGISTER after BOOT_FAILED"), std::string::npos);
}

TEST_F(Boot, FailureLaterIsTriedAgainEachTimeAfterTwiceTheDelay) {
  pool.options.boot_failures_max = 4;
  pool.ready(1);
  pool.worker(0).dies();
  for (const auto delay : {500ms, 1000ms, 2000ms}) {
    pool.worker(0).fails_to_boot();
    EXPECT_EQ(pool.worker(0).state(), WorkerState::absent);
    pool.advance(delay - 1ms);
    EXPECT_EQ(pool.worker(0).state(), WorkerState::absent);
    pool.advance(1ms);
    EXPECT_EQ(pool.worker(0).state(), WorkerState::booting);
  }
}

TEST_F(Boot, FailuresAreForgottenOnceReady) {
  pool.ready(1);
  for (int i = 0; i < 5; ++i) {
    pool.worker(0).dies();
    for (int j = 0; j < 2; ++j) {
      pool.worker(0).fails_to_boot();
      pool.advance(1s);
    }
    pool.worker(0).registers();
  }
  EXPECT_EQ(pool.core().state(), PoolState::running);
}

class GivingUp : public Boot {
 protected:
  // Worker 0 does not come up again, three times.
  void fail_thrice() {
    pool.worker(0).dies();
    for (int i = 0; i < 3; ++i) {
      pool.advance(2s);
      pool.worker(0).fails_to_boot();
    }
  }
};

TEST_F(GivingUp, AnswersTheQueueAndWhatComesLater) {
  pool.ready(1);
  const auto waits = pool.submit("m.f", 3);
  const auto parked = pool.submit("m.one", 3);
  fail_thrice();
  EXPECT_EQ(pool.count<PoolFailed>(), 1u);
  for (const auto& call : waits) EXPECT_ENDED(call, unavailable, not_started, "No module named 'm'");
  for (const auto& call : parked) EXPECT_ENDED(call, unavailable, not_started, "3 times in a row");
  EXPECT_EQ(pool.count<Stopped>(), 1u);
  EXPECT_ENDED(pool.submit("m.f"), unavailable, not_started, "No module named 'm'");
  EXPECT_QUIET();
}

TEST_F(GivingUp, EndsTheOtherWorkersAndTheirCalls) {
  pool.ready(2);
  pool.worker(0).dies();
  const auto begun = pool.submit("m.f");
  pool.worker(1).begins(begun);
  const auto sent = pool.submit("m.f");
  for (int i = 0; i < 3; ++i) {
    pool.advance(2s);
    pool.worker(0).fails_to_boot();
  }
  EXPECT_NE(pool.worker(1).killed, "");
  EXPECT_EQ(pool.count<Stopped>(), 0u);
  pool.worker(1).dies();
  EXPECT_ENDED(begun, worker_lost, started);
  EXPECT_ENDED(sent, unavailable, not_started);
  EXPECT_EQ(pool.count<Stopped>(), 1u);
  EXPECT_QUIET();
}

// Of three workers one is reaped at once and one late: its call must not wait for the late one.
TEST_F(GivingUp, AnswersWhatADyingWorkerHadNotBegunAtOnce) {
  pool.ready(3);
  pool.worker(0).dies();
  const auto calls = pool.submit("m.f", 2);
  for (int i = 0; i < 3; ++i) {
    pool.advance(2s);
    pool.worker(0).fails_to_boot();
  }
  pool.worker(1).dies();
  EXPECT_ENDED(calls[0], unavailable, not_started);
  EXPECT_OPEN(calls[1]);
}

TEST_F(GivingUp, NeverSpawnsAgain) {
  pool.ready(2);
  fail_thrice();
  pool.worker(1).dies();
  const auto spawned = pool.count<Spawn>();
  pool.advance(1h);
  EXPECT_EQ(pool.count<Spawn>(), spawned);
  EXPECT_EQ(pool.core().next_time(), never);
}

}  // namespace
}  // namespace clutch::core::test
