// KILL_TREE, and what dead workers leave behind: nothing that a worker started lives on, and only workers are reported.
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "fixture.hpp"

namespace clutch::test {
namespace {

class Kill : public NurseryTest {
 protected:
  TemporaryDirectory directory_;  // outlives the nursery

  // A process that the worker says it started.
  OwnedFd announced(Worker& worker) {
    OwnedFd pidfd = pidfd_of(static_cast<pid_t>(std::stoi(worker.out.read_line())));
    EXPECT_TRUE(pidfd);
    return pidfd;
  }
  void expect_killed(const Worker& worker) {
    const auto exited = expect<io::Exited>();
    EXPECT_EQ(exited.incarnation, worker.incarnation);
    EXPECT_EQ(exited.signal, SIGKILL);
  }
};

const std::string detached_sleep = "setsid -f sh -c 'echo $$; exec sleep 1000'; exec sleep 1000";
const std::string double_forked_sleep = "(sh -c 'echo $$; exec sleep 1000' &); exec sleep 1000";

TEST_F(Kill, ReachesAWorkerThatIgnoresAllElse) {
  start();
  Worker worker = sh("trap '' TERM INT HUP; echo ready; while :; do :; done");
  worker.out.read_line();
  link_->kill_tree(worker.incarnation);
  expect_killed(worker);
  EXPECT_EQ(children_of(link_->pid()), std::vector<std::string>{});
}

TEST_F(Kill, ReachesWhatCalledSetsid) {
  start();
  Worker worker = sh(detached_sleep);
  const OwnedFd detached = announced(worker);
  ASSERT_TRUE(alive(detached));
  link_->kill_tree(worker.incarnation);
  expect_killed(worker);
  EXPECT_TRUE(dies(detached));
  expect_no_more_events();
}

// What is seen in a walk may be gone, and another there, before the signal is sent: each starts its successor in a new
// session and ends.
TEST_F(Kill, ReachesATreeThatForksAllTheWhile) {
  const std::string hop = directory_.path() / "hop";
  std::ofstream(hop) << "echo hop; setsid -f sh " << hop << "\n";
  start();
  Worker worker = sh("for i in 1 2 3 4; do setsid -f sh " + hop + "; done; exec sleep 1000");
  for (int i = 0; i < 40; ++i) worker.out.read_line();
  link_->kill_tree(worker.incarnation);
  expect_killed(worker);
  expect_no_more_events();
  // The end of the test looks for anything that lives on.
}

// All are stopped before the first is killed: else half a tree goes on for a moment, reacts to the other half's end,
// and does what it would never have done (here: say so).
TEST_F(Kill, LetsNoneOfTheTreeSeeAnotherDie) {
  start();
  // The root would say that a child died, and the reader, three levels below, that the root did.
  const std::string fifo = directory_.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  Worker worker = sh("trap 'echo child' CHLD; ( ( (read x; echo reader) <" + fifo + "; :); :) & exec 9>" + fifo +
                     "; sleep 1000 & echo ready; while :; do wait; done");
  EXPECT_EQ(worker.out.read_line(), "ready");
  while (processes_with(mark_).size() < 5) std::this_thread::yield();
  link_->kill_tree(worker.incarnation);
  expect_killed(worker);
  EXPECT_EQ(worker.out.read_all(), "");
}

TEST_F(Kill, OfADeadOrUnknownWorkerIsNothing) {
  start();
  const Worker worker = sh("exit 0");
  expect<io::Exited>();
  link_->kill_tree(worker.incarnation);
  link_->kill_tree(999);
  expect_no_more_events();
}

TEST_F(Kill, LeavesOtherWorkersAlone) {
  start();
  const Worker other = sh("exec sleep 1000");
  Worker worker = sh(detached_sleep);
  worker.out.read_line();
  link_->kill_tree(worker.incarnation);
  expect_killed(worker);
  expect_no_more_events();
  EXPECT_TRUE(alive(other.pidfd));
}

// Without PR_SET_CHILD_SUBREAPER in the worker it would be the nursery's child, and taken for what a dead one left.
TEST_F(Kill, SparesWhatALivingWorkerDetached) {
  start();
  Worker living = sh(detached_sleep);
  const OwnedFd detached = announced(living);
  const Worker other = sh("exit 0");
  EXPECT_EQ(expect<io::Exited>().incarnation, other.incarnation);
  expect_no_more_events();
  EXPECT_TRUE(alive(detached));
}

class Remnants : public Kill {};

TEST_F(Remnants, OfAWorkerThatDiesAreKilledAndNotReported) {
  start();
  for (const std::string& script : {detached_sleep, double_forked_sleep}) {
    Worker worker = sh(script);
    const OwnedFd remnant = announced(worker);
    ASSERT_TRUE(alive(remnant));
    kill_by(worker.pidfd, SIGKILL);
    expect_killed(worker);
    EXPECT_TRUE(dies(remnant));
    expect_no_more_events();
  }
}

TEST_F(Remnants, OfAWorkerThatExitsAreKilled) {
  start();
  Worker worker = sh("setsid -f sh -c 'echo $$; exec sleep 1000'; exit 4");
  EXPECT_EQ(expect<io::Exited>().exit_code, 4);
  worker.out.read_all();  // ends when the last writer, the remnant, is dead
  expect_no_more_events();
}

// Its zombie is handed to the nursery when the worker dies: reaped, not taken for a worker.
TEST_F(Remnants, ThatAreDeadAlreadyAreOnlyReaped) {
  start();
  Worker worker = sh("(sh -c 'echo $$; read line <&4; exit 7' 4</dev/null &); exec sleep 1000");
  worker.out.read_line();
  kill_by(worker.pidfd, SIGKILL);
  expect_killed(worker);
  expect_no_more_events();
}

}  // namespace
}  // namespace clutch::test
