// The host's end: a helper host is forked, starts a nursery and workers, and is killed.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

#include "fixture.hpp"

namespace clutch::test {
namespace {

using std::chrono::seconds;

// What the helper host reports: the pids of its nursery, of two workers, of what one of them detached, of its forked
// child.
struct Family {
  OwnedFd nursery;
  OwnedFd busy;
  OwnedFd idle;
  OwnedFd detached;
  OwnedFd forked;
};

class HostDies : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  pid_t host_ = 0;
  Family family_;

  void start_host() {
    Pipe report;
    host_ = ::fork();
    ASSERT_GE(host_, 0);
    if (host_ == 0) be_the_host(report);
    std::istringstream line(report.read_line());
    pid_t nursery = 0, busy = 0, idle = 0, detached = 0, forked = 0;
    line >> nursery >> busy >> idle >> detached >> forked;
    ASSERT_TRUE(line);
    family_ = {pidfd_of(nursery), pidfd_of(busy), pidfd_of(idle), pidfd_of(detached), pidfd_of(forked)};
    ASSERT_TRUE(alive(family_.nursery) && alive(family_.busy) && alive(family_.idle) && alive(family_.detached));
  }

  void kill_host() {
    ::kill(host_, SIGKILL);
    ::waitpid(host_, nullptr, 0);
  }

  void TearDown() override { kill_by(family_.forked, SIGKILL); }

 private:
  [[noreturn]] void be_the_host(Pipe& report) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto link = io::NurseryLink::start(NURSERY_PROGRAM, {.socket_directory = directory_.path()});
    const OwnedFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    Pipe out;
    const auto spawn = [&](std::uint64_t incarnation, const std::string& script) {
      io::SpawnRequest request = shell_request(incarnation, script, null.get());
      request.fds.out = out.write.get();
      pid_t pid = 0;
      if (link->spawn(request)) ::_exit(1);
      while (pid == 0 && readable(link->fd()))
        link->poll([&](io::NurseryEvent event) { pid = std::get<io::Spawned>(event).pid; });
      return std::to_string(pid);
    };
    const std::string busy = spawn(1, "trap '' TERM; while :; do :; done");
    const std::string idle = spawn(2, "setsid -f sh -c 'echo $$; exec sleep 1000'; exec sleep 1000");
    const std::string detached = out.read_line();
    const pid_t forked = ::fork();
    if (forked == 0) {
      // Holds the host's end of the socket, so that no EOF comes, but not the test's pipes and stdout.
      for (;;) ::pause();
    }
    const std::string line =
        std::to_string(link->pid()) + ' ' + busy + ' ' + idle + ' ' + detached + ' ' + std::to_string(forked) + '\n';
    if (::write(report.write.get(), line.data(), line.size()) < 0) ::_exit(1);
    for (;;) ::pause();
  }
};

TEST_F(HostDies, WhileAForkedChildHoldsTheSocket) {
  directory_.add_socket("1.data");
  directory_.add_socket("1.control");
  start_host();
  kill_host();
  EXPECT_TRUE(dies(family_.busy, seconds(2)));
  EXPECT_TRUE(dies(family_.idle, seconds(2)));
  EXPECT_TRUE(dies(family_.detached, seconds(2)));
  EXPECT_TRUE(dies(family_.nursery, seconds(2)));
  EXPECT_TRUE(alive(family_.forked));
  EXPECT_FALSE(std::filesystem::exists(directory_.path()));
}

TEST_F(HostDies, AndOnlySocketsAreRemoved) {
  directory_.add_socket("1.data");
  directory_.add_file("notes");
  std::filesystem::create_directory(directory_.path() / "folder");
  start_host();
  kill_host();
  EXPECT_TRUE(dies(family_.nursery, seconds(2)));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "1.data"));
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / "notes"));
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / "folder"));
}

TEST_F(HostDies, ADirectoryThatWasReplacedIsLeftAlone) {
  start_host();
  const auto moved = directory_.path().string() + "-moved";
  std::filesystem::rename(directory_.path(), moved);
  std::filesystem::create_directory(directory_.path());
  kill_host();
  EXPECT_TRUE(dies(family_.nursery, seconds(2)));
  EXPECT_TRUE(std::filesystem::exists(directory_.path()));
  std::filesystem::remove_all(moved);
}

}  // namespace
}  // namespace clutch::test
