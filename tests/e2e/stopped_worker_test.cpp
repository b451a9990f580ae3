// A worker that is stopped: what is sent to it is taken by its sockets, which proves nothing.
#include <csignal>

#include "clutch/protocol/limits.hpp"
#include "e2e/support.hpp"
#include "support/ledger_load.hpp"

namespace clutch::e2e {
namespace {

constexpr std::size_t flood = 5000;

PoolOptions ledger_options() {
  auto options = shop_options();
  options.modules = {"ledger"};
  options.restarts_max = 0;  // it is killed in vain, again and again
  return options;
}

TEST(StoppedWorker, ThatWasIdleTakesNoCallOfAFloodAlong) {
  Scratch scratch;
  const auto pool = start(ledger_options());
  const auto stopped = pool.workers().at(0);
  ASSERT_EQ(::kill(stopped.pid, SIGSTOP), 0);
  test::LedgerLoad load(pool, scratch / "ledger", 1);
  load.turn(flood);
  EXPECT_LE(pool.workers().at(0).in_flight, limits::window_max) << "more were sent than it may have unbegun";
  EXPECT_EQ(load.in_flight(), flood);
  ASSERT_EQ(::kill(stopped.pid, SIGKILL), 0);
  EXPECT_EQ(load.reconcile(), 0) << "none had begun: all of them move to the worker that follows";
  EXPECT_EQ(scratch.lines("ledger").size(), flood);
}

TEST(StoppedWorker, ThatHadCallsLosesThoseThatHadBegunAlone) {
  Scratch scratch;
  const auto pool = start(ledger_options());
  test::LedgerLoad load(pool, scratch / "ledger", 2);
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(eventually([&] {
      load.turn(50);
      return load.in_flight() >= 20 && pool.workers().at(0).state == "ready" && load.calls() > 200 * (round + 1);
    }));
    const auto stopped = pool.workers().at(0);
    ASSERT_EQ(::kill(stopped.pid, SIGSTOP), 0);
    load.turn(flood);
    ASSERT_EQ(::kill(stopped.pid, SIGKILL), 0);
    ASSERT_TRUE(eventually([&] { return pool.workers().at(0).incarnation != stopped.incarnation; }));
  }
  const int lost = load.reconcile();
  EXPECT_GT(lost, 0) << "no call had begun: this shows little";
  EXPECT_LT(lost, 5 * 100) << "of the flood none had begun";
}

}  // namespace
}  // namespace clutch::e2e
