// Workers of a daemon that die under load.
#include <signal.h>

#include <random>
#include <set>
#include <thread>

#include "support.hpp"
#include "support/ledger_load.hpp"
#include "support/paths.hpp"

namespace clutch::daemon_test {
namespace {

std::string ledger_pool() {
  return "[pool.main]\nworkers = 3\nmodules = [\"ledger\"]\npath = [\"" +
         (test::source_directory() / "tests/e2e/python").string() + "\"]\npython = \"" + test::python().string() +
         "\"\n";
}

TEST(DaemonDeath, AtRandomMomentsLosesNothingAndRunsNothingTwice) {
  constexpr int kills_wanted = 40;
  Daemon daemon(ledger_pool() + "restarts_max = 0\n");
  const auto client = daemon.connect();
  std::mt19937 random(3);
  test::LedgerLoad load(client, daemon.scratch() / "ledger", 4);
  std::set<int> killed;
  const auto end = std::chrono::steady_clock::now() + 80s;
  while (killed.size() < kills_wanted && std::chrono::steady_clock::now() < end) {
    load.turn(std::uniform_int_distribution<std::size_t>(60, 150)(random));
    // Whoever answers this is ready, unless another kill came in between.
    const auto pid = client.call<int>("ledger.pid").get();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 5000));
    if (!pid.ok() || killed.contains(pid.value())) continue;
    ASSERT_EQ(::kill(pid.value(), SIGKILL), 0);
    killed.insert(pid.value());
  }
  EXPECT_EQ(killed.size(), kills_wanted);
  const auto lost = load.reconcile();
  EXPECT_GE(lost, kills_wanted) << "most struck calls that had begun: else this shows nothing";
  EXPECT_GE(load.calls() - lost, kills_wanted);
}

}  // namespace
}  // namespace clutch::daemon_test
