// When a worker that died is started again.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Respawn : public PoolTest {
 protected:
  // It is ready, and dies after so long.
  void lives(Duration life) {
    pool.worker(0).registers();
    pool.advance(life);
    pool.worker(0).dies();
  }
  [[nodiscard]] bool is_booting() { return pool.worker(0).state() == WorkerState::booting; }
  // How long it is absent: in steps of a millisecond.
  Duration absence() {
    Duration waited{0};
    while (!is_booting() && waited < 1h) {
      pool.advance(1ms);
      waited += 1ms;
    }
    return waited;
  }
};

TEST_F(Respawn, IsAtOnceTheFirstTimeThenLaterAndLater) {
  pool.start(1);
  lives(0s);
  EXPECT_TRUE(is_booting());
  for (const auto delay : {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 30000ms, 30000ms}) {
    lives(1s);
    EXPECT_EQ(absence(), delay);
  }
  EXPECT_EQ(pool.worker(0).core().restarts, 9u);
  EXPECT_EQ(pool.core().state(), PoolState::running);
}

TEST_F(Respawn, IsAtOnceAgainAfterALongLife) {
  pool.start(1);
  for (int i = 0; i < 3; ++i) {
    lives(0s);
    absence();
  }
  lives(30s);
  EXPECT_TRUE(is_booting());
  lives(0s);
  EXPECT_TRUE(is_booting());
  lives(0s);
  EXPECT_EQ(absence(), 500ms);
}

TEST_F(Respawn, IsAtOnceAgainAfterALifeThatAnsweredACall) {
  pool.start(1);
  for (int i = 0; i < 3; ++i) {
    lives(0s);
    absence();
  }
  pool.worker(0).registers();
  pool.worker(0).runs(pool.submit("m.f"));
  pool.worker(0).dies();
  EXPECT_TRUE(is_booting());
}

// One that dies of each call that it is sent answers none.
TEST_F(Respawn, IsLaterWhereEachCallKillsIt) {
  pool.start(1);
  for (int i = 0; i < 2; ++i) {
    pool.worker(0).registers();
    const auto call = pool.submit("m.f");
    pool.worker(0).begins(call);
    pool.worker(0).dies(11);
    EXPECT_ENDED(call, worker_lost, started);
  }
  EXPECT_EQ(absence(), 500ms);
}

TEST_F(Respawn, LetsCallsWaitMeanwhile) {
  pool.start(1);
  lives(0s);
  lives(0s);
  const auto patient = pool.submit("m.f");
  const auto hurried = pool.submit("m.f", {.timeout = 100ms});
  EXPECT_EQ(absence(), 500ms);
  EXPECT_ENDED(hurried, deadline_exceeded, not_started);
  pool.worker(0).registers();
  pool.worker(0).runs(patient);
  EXPECT_RETURNED(patient);
}

TEST_F(Respawn, IsOfEachWorkerAlone) {
  pool.ready(2);
  for (int i = 0; i < 2; ++i) {
    pool.worker(0).dies();
    if (i == 0) pool.worker(0).registers();
  }
  EXPECT_FALSE(is_booting());
  pool.worker(1).dies();
  EXPECT_EQ(pool.worker(1).state(), WorkerState::booting);
}

TEST_F(Respawn, IsEarlierByChance) {
  pool.options.jitter = 0.1;
  pool.options.seed = 3;
  pool.start(1);
  lives(0s);
  lives(0s);
  const auto waited = absence();
  EXPECT_GE(waited, 450ms);
  EXPECT_LT(waited, 500ms);
}

class Breaker : public Respawn {
 protected:
  Breaker() { pool.options.restarts_max = 5; }
};

// It boots, and each call kills it.
TEST_F(Breaker, FailsAPoolWhoseWorkersDieOfEachCall) {
  pool.options.quarantine_after = 0;  // the calls are all alike
  pool.start(1);
  pool.worker(0).registers();
  auto call = pool.submit("m.f");
  std::size_t lives_had = 0;
  while (pool.core().state() == PoolState::running) {
    ASSERT_LT(lives_had, 100u);
    if (lives_had != 0) {
      if (!is_booting()) absence();
      pool.worker(0).registers();
    }
    const auto waits = pool.submit("m.f");
    pool.worker(0).begins(call);
    pool.worker(0).dies(11);
    EXPECT_ENDED(call, worker_lost, started);
    ++lives_had;
    call = waits;
  }
  EXPECT_ENDED(call, unavailable, not_started, "started again 6 times within 60 s");
  EXPECT_EQ(lives_had, 6u);
  EXPECT_EQ(pool.count<Spawn>(), 6u);
  EXPECT_EQ(pool.count<PoolFailed>(), 1u);
  const auto later = pool.submit("m.f");
  EXPECT_ENDED(later, unavailable, not_started, "SIGSEGV");
  EXPECT_NE(pool.error_of(later).message.find("mend what ends its workers"), std::string::npos);
}

TEST_F(Breaker, CountsFailedBootsOfAllWorkers) {
  pool.options.boot_failures_max = 1000;
  pool.options.restarts_max = 1;
  pool.ready(2);
  for (int i = 0; i < 2; ++i) pool.worker(static_cast<std::size_t>(i)).dies();  // two that count
  EXPECT_EQ(pool.core().state(), PoolState::running);
  pool.worker(0).fails_to_boot();
  EXPECT_EQ(pool.count<PoolFailed>(), 1u);
}

TEST_F(Breaker, ForgetsWhatIsLongPast) {
  pool.options.restarts_within = 10s;
  pool.start(1);
  for (int i = 0; i < 50; ++i) {
    if (!is_booting()) absence();
    lives(3s);
  }
  EXPECT_EQ(pool.core().state(), PoolState::running);
}

TEST_F(Breaker, DoesNotCountWorkersThatAnswered) {
  pool.start(1);
  for (int i = 0; i < 50; ++i) {
    pool.worker(0).registers();
    pool.worker(0).runs(pool.submit("m.f"));
    pool.worker(0).dies();
  }
  EXPECT_EQ(pool.core().state(), PoolState::running);
}

TEST_F(Respawn, ComesNoMoreOnceThePoolIsStopping) {
  pool.start(1);
  lives(0s);
  lives(0s);
  pool.drain(1s);
  EXPECT_EQ(pool.core().state(), PoolState::stopped);
  EXPECT_EQ(pool.core().next_time(), never);
}

}  // namespace
}  // namespace clutch::core::test
