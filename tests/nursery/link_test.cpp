// The link: its start and end, queues, forked children of the host, a nursery that dies.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "fixture.hpp"

namespace clutch::test {
namespace {

class Link : public NurseryTest {};

TEST_F(Link, StartAndStopLeaveNothingInTheHost) {
  const std::size_t before = open_fds();
  for (int i = 0; i < 3; ++i) {
    start();
    const Worker worker = sh("exec sleep 1000");
    link_.reset();
    EXPECT_TRUE(dies(worker.pidfd));
  }
  EXPECT_EQ(open_fds(), before);
  EXPECT_EQ(children_of(::getpid()), std::vector<std::string>{});
}

TEST_F(Link, AProgramThatIsNotThereOrNoNurseryIsAFailedStart) {
  const std::size_t before = open_fds();
  EXPECT_THROW(io::NurseryLink::start("/nonexistent/clutch-nursery"), std::system_error);
  EXPECT_THROW(io::NurseryLink::start("/bin/true"), std::exception);
  EXPECT_EQ(open_fds(), before);
  EXPECT_EQ(children_of(::getpid()), std::vector<std::string>{});
}

TEST_F(Link, ANurseryThatNeverSaysReadyIsKilled) {
  const TemporaryDirectory directory;
  const auto script = directory.path() / "mute";
  std::ofstream(script) << "#!/bin/sh\nexec sleep 1000\n";
  std::filesystem::permissions(script, std::filesystem::perms(0755));
  using std::chrono::milliseconds;
  EXPECT_THROW(io::NurseryLink::start(
                   script, {.socket_directory = {}, .ready_max = milliseconds(100), .shutdown_max = milliseconds(100)}),
               std::runtime_error);
  EXPECT_EQ(children_of(::getpid()), std::vector<std::string>{});
}

TEST_F(Link, ADirectoryThatIsNotOursIsRefused) {
  const TemporaryDirectory directory;
  const auto link = directory.path() / "link";
  std::filesystem::create_directory_symlink(directory.path(), link);
  EXPECT_THROW(start({.socket_directory = link}), std::runtime_error);
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  EXPECT_THROW(start({.socket_directory = directory.path()}), std::runtime_error);
  EXPECT_THROW(start({.socket_directory = "/nonexistent"}), std::runtime_error);
}

TEST_F(Link, TheDirectoryStaysForTheHostThatShutsDown) {
  const TemporaryDirectory directory;
  start({.socket_directory = directory.path()});
  link_.reset();
  EXPECT_TRUE(std::filesystem::exists(directory.path()));
}

// PR_SET_PDEATHSIG refers to a thread: were it the host's, its end would be the nursery's.
TEST_F(Link, TheThreadThatMadeItMayEnd) {
  Worker worker;
  pid_t thread = 0;
  std::thread([&] {
    thread = ::gettid();
    start();
    worker = sh("exec sleep 1000");
  }).join();
  // A join returns before the kernel is done with the thread.
  const std::string task = "/proc/self/task/" + std::to_string(thread);
  while (std::filesystem::exists(task)) std::this_thread::yield();
  expect_no_more_events();
  EXPECT_TRUE(alive(worker.pidfd));
}

TEST_F(Link, AForkedChildOfTheHostIsInert) {
  start();
  const Worker worker = sh("exec sleep 1000");
  const pid_t child = ::fork();
  if (child == 0) {
    const bool refused = static_cast<bool>(link_->spawn(request("exit 0")));
    link_->kill_tree(worker.incarnation);
    link_->poll([](io::NurseryEvent) { ::_exit(3); });
    link_.reset();
    ::_exit(refused ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  expect_no_more_events();
  EXPECT_TRUE(alive(worker.pidfd));
  link_->kill_tree(worker.incarnation);
  EXPECT_EQ(expect<io::Exited>().signal, SIGKILL);
}

// 300 requests with 7 descriptors each, to a nursery that is stopped.
TEST_F(Link, RequestsWaitWhileTheSocketIsFull) {
  constexpr int requests = 300;
  start();
  const OwnedFd nursery = pidfd_of(link_->pid());
  const std::size_t fds_before = open_fds();
  kill_by(nursery, SIGSTOP);
  for (int i = 0; i < requests; ++i) {
    io::SpawnRequest wanted = request("");
    wanted.argv = {i % 2 == 0 ? "/bin/true" : "/nonexistent"};
    ASSERT_FALSE(link_->spawn(wanted)) << i;
  }
  EXPECT_GT(open_fds(), fds_before) << "all went out at once: this tests nothing";
  kill_by(nursery, SIGCONT);

  int answered = 0;
  int running = 0;
  while (answered < requests || running > 0) {
    const io::NurseryEvent event = next_event();
    ASSERT_FALSE(std::holds_alternative<io::NurseryGone>(event)) << describe(event);
    if (std::holds_alternative<io::Spawned>(event)) ++running;
    answered += std::holds_alternative<io::Exited>(event) ? 0 : 1;
    running -= std::holds_alternative<io::Exited>(event) ? 1 : 0;
  }
  EXPECT_EQ(open_fds(), fds_before);
}

TEST_F(Link, SignalsThatTheWholeServiceGetsDoNotEndIt) {
  start();
  const OwnedFd nursery = pidfd_of(link_->pid());
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) kill_by(nursery, signal);
  expect_no_more_events();
  EXPECT_TRUE(alive(nursery));
}

class NurseryDies : public NurseryTest {};

TEST_F(NurseryDies, AndItsWorkersWithIt) {
  start();
  const Worker busy = sh("trap '' TERM; while :; do :; done");
  const Worker idle = sh("exec sleep 1000");
  kill_by(pidfd_of(link_->pid()), SIGKILL);
  expect<io::NurseryGone>();
  EXPECT_TRUE(dies(busy.pidfd, std::chrono::seconds(2)));
  EXPECT_TRUE(dies(idle.pidfd, std::chrono::seconds(2)));
  EXPECT_EQ(link_->spawn(request("exit 0")), std::errc::no_such_process);
  link_->kill_tree(1);
  EXPECT_FALSE(readable(link_->fd(), std::chrono::milliseconds(0))) << "told once, then quiet";
  start();
  EXPECT_EQ(sh("echo again").out.read_all(), "again\n");
}

TEST_F(NurseryDies, AfterItsLastWordsAreRead) {
  start();
  Pipe go;
  io::SpawnRequest wanted = request("read line <&4; exit 5");
  wanted.fds.watchdog = go.read.get();
  ASSERT_FALSE(link_->spawn(wanted));
  expect<io::Spawned>();
  go.write.reset();
  ASSERT_TRUE(readable(link_->fd()));
  const OwnedFd nursery = pidfd_of(link_->pid());
  kill_by(nursery, SIGKILL);
  ASSERT_TRUE(dies(nursery));
  EXPECT_EQ(expect<io::Exited>().exit_code, 5);
  expect<io::NurseryGone>();
}

}  // namespace
}  // namespace clutch::test
