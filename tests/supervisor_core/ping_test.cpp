// Whether a worker still answers, and what of one that does not.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Ping : public PoolTest {
 protected:
  Ping() { pool.options.ping_interval = 5s; }
  [[nodiscard]] std::vector<bool> silences() const {  // whether they were over
    std::vector<bool> told;
    for (const auto& each : pool.life) {
      if (const auto* silence = std::get_if<Silence>(&each)) told.push_back(silence->over);
    }
    return told;
  }
};

TEST_F(Ping, IsSentAnIntervalAfterTheLastWasAnswered) {
  pool.ready(1);
  pool.advance(5s - 1ms);
  EXPECT_EQ(pool.worker(0).pinged, 0u);
  pool.advance(1ms);
  EXPECT_EQ(pool.worker(0).pinged, 1u);
  pool.advance(1s);
  pool.worker(0).answers_ping(1);
  pool.advance(5s - 1ms);
  EXPECT_EQ(pool.worker(0).pinged, 1u);
  pool.advance(1ms);
  EXPECT_EQ(pool.worker(0).pinged, 2u);
  EXPECT_TRUE(silences().empty());
}

TEST_F(Ping, UnansweredIsToldOnceAndItsAnswerToo) {
  pool.ready(1);
  pool.advance(8s - 1ms);
  EXPECT_TRUE(silences().empty());
  pool.advance(1ms);
  EXPECT_EQ(silences(), std::vector{false});
  pool.advance(1h);
  EXPECT_EQ(silences(), std::vector{false});
  EXPECT_EQ(pool.worker(0).pinged, 1u);
  EXPECT_EQ(pool.worker(0).killed, "");
  pool.worker(0).answers_ping(1);
  EXPECT_EQ(silences(), (std::vector{false, true}));
  pool.advance(5s);
  EXPECT_EQ(pool.worker(0).pinged, 2u);
}

TEST_F(Ping, UnansweredTurnsCallsToOtherWorkers) {
  pool.ready(2);
  pool.advance(5s);
  pool.worker(1).answers_ping(1);
  pool.advance(3s);
  const auto calls = pool.submit("m.plain", 4);
  for (const auto& call : calls) EXPECT_TRUE(pool.worker(1).has(call));
  pool.worker(0).answers_ping(1);
  EXPECT_TRUE(pool.worker(0).has(pool.submit("m.plain")));
}

TEST_F(Ping, UnansweredHasCallsWaitWhereTheyCanStillGoToAnotherWorker) {
  pool.ready(2);
  pool.worker(1).dies();
  pool.advance(8s);
  const auto call = pool.submit("m.f");
  EXPECT_FALSE(pool.worker(0).has(call));
  pool.worker(1).registers();
  EXPECT_TRUE(pool.worker(1).has(call));
}

TEST_F(Ping, AnsweredLateGetsTheCallsThatWaited) {
  pool.ready(1);
  pool.advance(8s);
  const auto call = pool.submit("m.f");
  EXPECT_FALSE(pool.worker(0).has(call));
  pool.worker(0).answers_ping(1);
  EXPECT_TRUE(pool.worker(0).has(call));
}

TEST_F(Ping, IsForgottenWithItsWorker) {
  pool.ready(1);
  pool.advance(8s);
  pool.worker(0).dies();
  pool.worker(0).registers();
  EXPECT_FALSE(pool.worker(0).core().silent);
  pool.advance(5s);
  EXPECT_EQ(pool.worker(0).pinged, 1u);
}

TEST_F(Ping, AnsweredBeforeItWasSentBreaksTheProtocol) {
  pool.ready(1);
  pool.worker(0).answers_ping(1);
  EXPECT_NE(pool.worker(0).killed, "");
}

TEST_F(Ping, IsNotSentToAWorkerThatStops) {
  pool.ready(1);
  pool.drain(1h);
  pool.advance(10s);
  EXPECT_EQ(pool.worker(0).pinged, 0u);
}

}  // namespace
}  // namespace clutch::core::test
