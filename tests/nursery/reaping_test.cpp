// 1,000 random ends: each told once, of the right worker, with the right cause; no zombie. In a host as it should be,
// in one that ignores SIGCHLD, and in one with a waitpid(-1) loop.
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <random>
#include <thread>

#include "fixture.hpp"

namespace clutch::test {
namespace {

class Reaping : public NurseryTest {
 protected:
  struct Live {
    OwnedFd pidfd;
    int expected_signal = 0;
  };
  std::map<std::uint64_t, Live> live_;
  std::mt19937 random_{20'240'601};

  void spawn_sleeper() {
    io::SpawnRequest wanted = request("");
    wanted.argv = {"/bin/sleep", "1000"};
    ASSERT_FALSE(link_->spawn(wanted));
  }

  void kill_some() {
    static constexpr int signals[] = {SIGKILL, SIGKILL, SIGKILL, SIGTERM, SIGUSR1};
    for (auto& [incarnation, worker] : live_) {
      if (worker.expected_signal != 0 || random_() % 3 != 0) continue;
      worker.expected_signal = signals[random_() % std::size(signals)];
      kill_by(worker.pidfd, worker.expected_signal);
    }
  }

  // Returns how many ended.
  int take_event() {
    io::NurseryEvent event = next_event();
    if (auto* spawned = std::get_if<io::Spawned>(&event)) {
      EXPECT_TRUE(live_.emplace(spawned->incarnation, Live{std::move(spawned->pidfd), 0}).second);
      return 0;
    }
    const auto* exited = std::get_if<io::Exited>(&event);
    if (!exited || live_.count(exited->incarnation) == 0) {
      ADD_FAILURE() << describe(event);
      return 1'000'000;
    }
    EXPECT_EQ(exited->signal, live_[exited->incarnation].expected_signal) << exited->incarnation;
    EXPECT_NE(exited->signal, 0);
    live_.erase(exited->incarnation);
    return 1;
  }

  void kill_a_thousand() {
    int ended = 0;
    for (int i = 0; i < 24; ++i) spawn_sleeper();
    while (ended < 1'000) {
      const int now = take_event();
      ended += now;
      if (now == 1) spawn_sleeper();
      kill_some();
    }
    for (auto& [incarnation, worker] : live_) {
      if (worker.expected_signal == 0) kill_by(worker.pidfd, worker.expected_signal = SIGKILL);
    }
    EXPECT_LT(ended, 1'000'000);
  }

  // All that is asked for has been answered, all that lives has ended.
  void settle() {
    expect_all_spawned();
    while (!live_.empty()) take_event();
    // The children that the impossible spawns left are reaped with, at the latest, the next worker.
    const Worker last = sh("exit 3");
    const auto exited = expect<io::Exited>();
    EXPECT_EQ(exited.incarnation, last.incarnation);
    EXPECT_EQ(exited.exit_code, 3);
    EXPECT_EQ(children_of(link_->pid()), std::vector<std::string>{});
  }

  void expect_all_spawned() {
    // An impossible spawn is answered after all those before it.
    io::SpawnRequest impossible = request("");
    impossible.argv = {"/nonexistent/program"};
    ASSERT_FALSE(link_->spawn(impossible));
    for (;;) {
      io::NurseryEvent event = next_event();
      if (std::holds_alternative<io::SpawnFailed>(event) || std::holds_alternative<io::NurseryGone>(event)) break;
      events_.insert(events_.begin(), std::move(event));
      take_event();
    }
    for (auto& [incarnation, worker] : live_)
      if (worker.expected_signal == 0) kill_by(worker.pidfd, worker.expected_signal = SIGKILL);
  }
};

TEST_F(Reaping, AThousandKills) {
  start();
  kill_a_thousand();
  settle();
}

TEST_F(Reaping, InAHostThatIgnoresSigchld) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  start();
  kill_a_thousand();
  settle();
  link_.reset();
  ::signal(SIGCHLD, before);
}

TEST_F(Reaping, InAHostThatWaitsForAllItsChildren) {
  start();
  const OwnedFd nursery = pidfd_of(link_->pid());
  // Ends when it has taken the nursery's own status from under the link.
  std::jthread loop([] {
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
  });
  kill_a_thousand();
  settle();
  link_.reset();
  EXPECT_TRUE(dies(nursery));
}

}  // namespace
}  // namespace clutch::test
