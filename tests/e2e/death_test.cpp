// Workers that die, and what their calls are told.
#include <csignal>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <thread>

#include "e2e/support.hpp"
#include "support/ledger_load.hpp"

namespace clutch::e2e {
namespace {

TEST(Death, TellsTheSignal) {
  const auto pool = start(shop_options());
  const auto result = pool.call<void>("shop.die", "kill").get();
  EXPECT_FAILS(result, worker_lost, run, maybe_started);
  EXPECT_EQ(result.error().signal, 9u);
  EXPECT_NE(result.error().message.find("SIGKILL"), std::string::npos) << result.error().message;
  EXPECT_VALUE(pool.call<int>("shop.echo", 1).get(), 1);  // another worker took its place
}

TEST(Death, TellsTheExitStatus) {
  const auto pool = start(shop_options());
  const auto result = pool.call<void>("shop.die", "exit").get();
  EXPECT_FAILS(result, worker_lost, run, maybe_started);
  EXPECT_EQ(result.error().exit_code, 7u);
}

TEST(Death, ShowsWhereACrashHappened) {
  const auto pool = start(shop_options());
  const auto result = pool.call<void>("shop.die", "crash").get();
  EXPECT_FAILS(result, worker_lost, run, maybe_started);
  EXPECT_EQ(result.error().signal, static_cast<std::uint64_t>(SIGSEGV));
  EXPECT_NE(result.error().python_stack.find("in die"), std::string::npos) << result.error().python_stack;
}

TEST(Death, SaysStartedWhereARecordShowedIt) {
  const auto pool = start(shop_options());
  const auto worker = pool.call<int>("shop.pid").get().value();
  auto sleeper = pool.call<void>("shop.sleep", 3600.0);
  // Its BEGUN was sent before this answer.
  EXPECT_VALUE(pool.call<int>("shop.sleep", 0.05, 1).get(), 1);
  ::kill(worker, SIGKILL);
  EXPECT_FAILS(sleeper.get(), worker_lost, run, started);
}

TEST(Death, MovesWhatHadNotBegunToAnotherWorker) {
  Scratch scratch;
  auto options = shop_options();
  options.concurrency = 1;
  const auto pool = start(options);
  const auto worker = pool.call<int>("shop.pid").get().value();
  auto running = pool.call<void>("shop.until_cancelled", scratch.path(), "running");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch / "running.begun"); }));
  std::vector<Call<int>> waiting;
  for (int i = 0; i < 50; ++i) waiting.push_back(pool.call<int>("shop.ledger", scratch / "ledger", i, 0.0));
  ::kill(worker, SIGKILL);
  EXPECT_EQ(running.get().error().code, Code::worker_lost);
  for (int i = 0; i < 50; ++i) EXPECT_VALUE(waiting[static_cast<std::size_t>(i)].get(), i);
  EXPECT_EQ(scratch.lines("ledger").size(), 50u);
}

TEST(Death, OfThreeBootsInARowFailsThePool) {
  Scratch scratch;
  // Boots once, then never again.
  std::ofstream(scratch / "once.py") << "import os, pathlib\nmark = pathlib.Path(__file__).with_name('mark')\n"
                                        "if mark.exists(): raise RuntimeError('not a second time')\nmark.touch()\n"
                                        "async def pid(): return os.getpid()\n";
  auto options = shop_options();
  options.modules = {"once"};
  options.path = {scratch.path()};
  const auto pool = start(options);
  ::kill(pool.call<int>("once.pid").get().value(), SIGKILL);
  const auto waiting = pool.call<int>("once.pid").get();
  ASSERT_FALSE(waiting.ok());
  if (waiting.error().code != Code::worker_lost) {
    EXPECT_FAILS(waiting, unavailable, import, not_started);
    EXPECT_NE(waiting.error().message.find("not a second time"), std::string::npos) << describe(waiting.error());
  }
  EXPECT_TRUE(eventually([&] { return pool.call<int>("once.pid").get().error().code == Code::unavailable; }));
}

// Picks whom to kill: any worker that is ready, also one that has just become so. But not twice in a row before it
// answered a call: lives that short are followed by a pause, and this is no test of that.
class Victims {
 public:
  [[nodiscard]] std::optional<WorkerInfo> choose(std::vector<WorkerInfo> workers, std::mt19937& random) {
    std::erase_if(workers, [this](const WorkerInfo& worker) {
      auto& slot = slots_[worker.worker];
      const std::uint64_t finished = worker.calls - worker.in_flight;
      if (slot.incarnation != worker.incarnation) {
        slot = {.incarnation = worker.incarnation, .finished = finished, .before_settled = slot.settled};
      }
      slot.settled = slot.settled || finished > slot.finished;
      return worker.state != "ready" || slot.killed || !(slot.settled || slot.before_settled);
    });
    if (workers.empty()) return std::nullopt;
    const auto chosen = workers[random() % workers.size()];
    slots_[chosen.worker].killed = true;
    unsettled_ += slots_[chosen.worker].settled ? 0 : 1;
    return chosen;
  }
  [[nodiscard]] int unsettled() const noexcept { return unsettled_; }

 private:
  struct Slot {
    std::uint64_t incarnation = 0;
    std::uint64_t finished = 0;  // when this life was first seen
    bool before_settled = true;
    bool settled = false;
    bool killed = false;
  };
  std::map<std::uint32_t, Slot> slots_;
  int unsettled_ = 0;
};

TEST(Death, AtTwoHundredRandomMomentsLosesNothingAndRunsNothingTwice) {
  constexpr int kills_wanted = 200;
  Scratch scratch;
  auto options = shop_options(4);
  options.modules = {"ledger"};
  options.restarts_max = 0;  // it is killed in vain, again and again
  const auto pool = start(options);
  std::mt19937 random(1);
  test::LedgerLoad load(pool, scratch / "ledger", 2);
  Victims victims;
  int kills = 0;
  int under_load = 0;
  const auto end = std::chrono::steady_clock::now() + 100s;
  while (kills < kills_wanted && std::chrono::steady_clock::now() < end) {
    load.turn(std::uniform_int_distribution<std::size_t>(60, 200)(random));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 5000));
    const auto victim = victims.choose(pool.workers(), random);
    if (!victim) continue;
    const auto in_flight = load.in_flight();
    ASSERT_EQ(::kill(victim->pid, SIGKILL), 0);
    ++kills;
    under_load += in_flight >= 50 ? 1 : 0;
  }
  EXPECT_EQ(kills, kills_wanted);
  const auto lost = load.reconcile();
  std::uint64_t restarts = 0;
  for (const auto& worker : pool.workers()) restarts += worker.restarts;
  EXPECT_EQ(restarts, static_cast<std::uint64_t>(kills)) << "each signal ended one life";
  EXPECT_GE(under_load, kills / 2) << "most struck while calls were in flight";
  EXPECT_GE(lost, kills) << "most struck calls that had begun: else this shows nothing";
  EXPECT_GT(load.ran_and_lost(), 0);
  EXPECT_GE(load.calls() - lost, kills);
  std::cout << kills << " kills, " << victims.unsettled() << " of lives without an answer; " << load.calls()
            << " calls, " << lost << " lost\n";
}

}  // namespace
}  // namespace clutch::e2e
