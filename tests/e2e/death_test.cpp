// Workers that die, and what their calls are told.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "e2e/support.hpp"

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

// Each call writes its number when it runs. Whatever the moment of the kill: a value means that it ran once,
// not_started that it never ran, and nothing ran twice.
void reconcile(const char* function, int kills, std::uint32_t seed) {
  Scratch scratch;
  auto options = shop_options(2);
  const auto pool = start(options);
  std::mt19937 random(seed);
  std::vector<int> workers;
  std::map<int, Result<int>> outcomes;
  int number = 0;
  for (int round = 0; round < kills; ++round) {
    std::vector<std::pair<int, Call<int>>> calls;
    const int count = std::uniform_int_distribution(1, 60)(random);
    for (int i = 0; i < count; ++i, ++number) {
      const double seconds = random() % 3 == 0 ? 0.002 : 0.0;
      calls.emplace_back(number, pool.call<int>(function, scratch / "ledger", number, seconds));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    // Not one that boots: three of those in a row, and the pool gives up.
    const auto chosen = pool.workers()[random() % 2];
    if (chosen.state == "ready") ::kill(chosen.pid, SIGKILL);
    for (auto& [name, call] : calls) outcomes.emplace(name, call.get());
  }
  std::map<int, int> ran;
  for (const auto& line : scratch.lines("ledger")) ++ran[std::stoi(line)];
  int lost = 0;
  for (const auto& [name, outcome] : outcomes) {
    const auto times = ran.contains(name) ? ran[name] : 0;
    EXPECT_LE(times, 1) << "call " << name << " ran twice";
    if (outcome.ok()) {
      EXPECT_EQ(times, 1) << "call " << name << " gave a value and never ran";
      continue;
    }
    ++lost;
    EXPECT_EQ(outcome.error().code, Code::worker_lost) << describe(outcome.error());
    EXPECT_NE(outcome.error().certainty, Certainty::not_started);
    if (outcome.error().certainty == Certainty::started) {
      EXPECT_EQ(times, 1) << "call " << name;
    }
  }
  EXPECT_GT(lost, 0) << "no kill struck: the test shows nothing";
  EXPECT_LT(lost, number);
}

TEST(Death, AtRandomMomentsLosesNothingAndRunsNothingTwice) { reconcile("shop.ledger", 100, 1); }

TEST(Death, AtRandomMomentsOfPlainFunctionsToo) { reconcile("shop.plain_ledger", 100, 2); }

}  // namespace
}  // namespace clutch::e2e
