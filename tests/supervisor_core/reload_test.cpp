// Workers are replaced by ones with new code.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Reload : public PoolTest {
 protected:
  void reload() {
    pool.core().reload(pool.now);
    pool.flush();
  }
  [[nodiscard]] std::optional<Error> told() {
    for (const auto& each : pool.life) {
      if (const auto* reloaded = std::get_if<Reloaded>(&each)) return reloaded->error;
    }
    ADD_FAILURE() << "it is not over";
    return std::nullopt;
  }
  [[nodiscard]] WorkerState state(std::size_t worker) { return pool.worker(worker).state(); }
};

TEST_F(Reload, ReplacesOneAfterTheOther) {
  pool.ready(2);
  reload();
  EXPECT_EQ(pool.count<Spawn>(), 3u);
  pool.worker(2).registers();
  EXPECT_EQ(state(0), WorkerState::stopping);
  EXPECT_EQ(state(1), WorkerState::ready);
  pool.worker(0).exits(0);
  pool.worker(0).registers();
  EXPECT_EQ(pool.count<Reloaded>(), 1u);
  EXPECT_FALSE(told());
  pool.worker(1).exits(0);
  EXPECT_EQ(pool.count<Spawn>(), 4u);
  EXPECT_EQ(pool.core().counters().ends[static_cast<std::size_t>(EndReason::reload)], 2u);
}

TEST_F(Reload, ThatDoesNotStartLeavesTheOldOnesAndTellsWhy) {
  pool.ready(2);
  reload();
  const auto call = pool.submit("m.f");
  pool.worker(2).fails_to_boot("No module named 'new'");
  EXPECT_EQ(told()->message, "No module named 'new'");
  EXPECT_EQ(told()->stage, Stage::import);
  pool.advance(1h);
  EXPECT_EQ(pool.count<Spawn>(), 3u);  // it is not tried again by itself
  EXPECT_EQ(pool.count<Replaced>(), 0u);
  pool.worker(0).runs(call);
  EXPECT_RETURNED(call);
  reload();
  EXPECT_EQ(pool.count<Spawn>(), 4u);
}

TEST_F(Reload, AskedForAgainBeginsAnewAndIsToldOnce) {
  pool.ready(1);
  reload();
  reload();
  pool.worker(1).registers();  // with code that is of before the second
  EXPECT_EQ(pool.count<Reloaded>(), 0u);
  pool.worker(0).exits(0);
  pool.worker(0).registers();
  EXPECT_EQ(pool.count<Reloaded>(), 1u);
}

TEST_F(Reload, IsOfSparesTooAndNoOldSpareTakesAPlace) {
  pool.options.spares = 1;
  pool.ready(1);
  pool.worker(1).registers();
  reload();
  EXPECT_EQ(state(1), WorkerState::standby);
  pool.worker(2).registers();
  EXPECT_EQ(state(0), WorkerState::stopping);
  pool.worker(0).exits(0);
  pool.worker(0).registers();
  EXPECT_EQ(state(0), WorkerState::standby);
  EXPECT_EQ(pool.count<Reloaded>(), 1u);
  EXPECT_TRUE(pool.worker(1).stop_sent);
}

TEST_F(Reload, WaitsForOneThatBootsAnyway) {
  pool.ready(2);
  pool.worker(1).dies();
  reload();
  pool.worker(1).registers();  // of the code before
  pool.worker(2).registers();
  pool.worker(0).exits(0);
  EXPECT_EQ(pool.count<Reloaded>(), 0u);
  pool.worker(0).registers();
  EXPECT_EQ(pool.count<Reloaded>(), 1u);
}

TEST_F(Reload, IsOverWithTheDrain) {
  pool.ready(1);
  reload();
  pool.drain(1s);
  EXPECT_NE(told()->message.find("stopping"), std::string::npos);
  reload();
  EXPECT_EQ(pool.count<Reloaded>(), 2u);
}

}  // namespace
}  // namespace clutch::core::test
