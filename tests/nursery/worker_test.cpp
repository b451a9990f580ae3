// What a worker starts with: its descriptors, signals, session, environment, directory, processors.
#include <fcntl.h>
#include <sched.h>

#include <csignal>
#include <set>
#include <sstream>

#include "fixture.hpp"

namespace clutch::test {
namespace {

class WorkerStart : public NurseryTest {};

std::set<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

TEST_F(WorkerStart, HasExactlyTheNamedDescriptors) {
  const OwnedFd leaked(::open("/dev/null", O_RDONLY));  // a careless host: not close-on-exec
  const OwnedFd leaked_high(::fcntl(leaked.get(), F_DUPFD, 300));
  start();
  // 7 is what `ls` reads the directory with.
  EXPECT_EQ(words(sh("exec ls /proc/self/fd").out.read_all()),
            (std::set<std::string>{"0", "1", "2", "3", "4", "5", "6", "7"}));
}

TEST_F(WorkerStart, HasEachDescriptorAtItsNumber) {
  start();
  const OwnedFd page = memfd("page");
  const OwnedFd fault = memfd("fault");
  Pipe watchdog;
  Pipe log;
  Pipe out;
  Pipe err;
  io::SpawnRequest wanted = request(
      "echo one; echo two >&2; echo three >&3; echo four >&4; echo five >&5; echo six >&6; readlink /proc/self/fd/0");
  wanted.fds = {.page = page.get(),
                .watchdog = watchdog.write.get(),
                .fault = fault.get(),
                .log = log.write.get(),
                .out = out.write.get(),
                .err = err.write.get()};
  ASSERT_FALSE(link_->spawn(wanted));
  expect<io::Spawned>();
  EXPECT_EQ(out.read_all(), "one\n/dev/null\n");
  EXPECT_EQ(err.read_all(), "two\n");
  EXPECT_EQ(watchdog.read_all(), "four\n");
  EXPECT_EQ(log.read_all(), "six\n");
  EXPECT_EQ(expect<io::Exited>().exit_code, 0);
  EXPECT_EQ(contents(page), "three\n");
  EXPECT_EQ(contents(fault), "five\n");
}

TEST_F(WorkerStart, HasDefaultSignalsWhateverTheHostMadeOfItsOwn) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const auto term = ::signal(SIGTERM, SIG_IGN);
  const auto child = ::signal(SIGCHLD, SIG_IGN);
  start();
  const std::string status = sh("exec cat /proc/self/status").out.read_all();
  ::signal(SIGTERM, term);
  ::signal(SIGCHLD, child);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  for (const std::string set : {"SigBlk", "SigIgn", "SigCgt"})
    EXPECT_NE(status.find(set + ":\t0000000000000000\n"), std::string::npos) << set << " in\n" << status;
}

TEST_F(WorkerStart, IsInASessionOfItsOwnAsIsTheNursery) {
  start();
  const Worker worker = sh("exec sleep 1000");
  EXPECT_EQ(::getsid(worker.pid), worker.pid);
  EXPECT_EQ(::getsid(link_->pid()), link_->pid());
}

TEST_F(WorkerStart, HasExactlyTheGivenEnvironment) {
  start();
  io::SpawnRequest wanted = request("");
  Pipe out;
  wanted.argv = {"env"};  // found by the PATH of the worker
  wanted.environment = {"PATH=/nonexistent:/usr/bin", "B=2", "A=one=1", "B=again", mark_};
  wanted.fds.out = out.write.get();
  ASSERT_FALSE(link_->spawn(wanted));
  EXPECT_EQ(out.read_all(), "PATH=/nonexistent:/usr/bin\nB=2\nA=one=1\nB=again\n" + mark_ + "\n");
}

TEST_F(WorkerStart, EmptyArgumentsAreKept) {
  start();
  io::SpawnRequest wanted = request("printf '<%s>' \"$@\"");
  Pipe out;
  wanted.argv.insert(wanted.argv.end(), {"name", "", "a b", "\"q\"", ""});
  wanted.fds.out = out.write.get();
  ASSERT_FALSE(link_->spawn(wanted));
  EXPECT_EQ(out.read_all(), "<><a b><\"q\"><>");
}

// More than fits a datagram with the usual sysctls (212,992 bytes).
TEST_F(WorkerStart, TakesAnEnvironmentOf200KBAndOf1MB) {
  start();
  for (const std::size_t entries : {4u, 20u}) {
    io::SpawnRequest wanted = request("env | grep -c '^BIG.*x$'");
    Pipe out;
    for (std::size_t i = 0; i < entries; ++i)
      wanted.environment.push_back("BIG" + std::to_string(i) + "=" + std::string(50'000, 'x'));
    wanted.fds.out = out.write.get();
    ASSERT_FALSE(link_->spawn(wanted));
    EXPECT_EQ(out.read_all(), std::to_string(entries) + "\n");
  }
}

TEST_F(WorkerStart, IsInItsWorkingDirectoryAndOnItsProcessors) {
  start();
  const TemporaryDirectory directory;
  Pipe out;
  io::SpawnRequest wanted = request("pwd; grep Cpus_allowed_list /proc/self/status");
  wanted.working_directory = directory.path();
  wanted.cpus = {0};
  wanted.fds.out = out.write.get();
  ASSERT_FALSE(link_->spawn(wanted));
  EXPECT_EQ(out.read_all(), directory.path().string() + "\nCpus_allowed_list:\t0\n");
}

class SpawnFails : public NurseryTest {
 protected:
  io::SpawnFailed failure_of(const io::SpawnRequest& wanted) {
    EXPECT_FALSE(link_->spawn(wanted));
    auto failed = expect<io::SpawnFailed>();
    EXPECT_EQ(failed.incarnation, wanted.incarnation);
    return failed;
  }
};

TEST_F(SpawnFails, WithTheErrnoAndASentence) {
  start();
  io::SpawnRequest wanted = request("");
  wanted.argv = {"/nonexistent/python"};
  const io::SpawnFailed failed = failure_of(wanted);
  EXPECT_EQ(failed.error, ENOENT);
  EXPECT_EQ(failed.text, "cannot run '/nonexistent/python': No such file or directory");

  wanted = request("");
  wanted.argv = {"no-such-name"};
  EXPECT_EQ(failure_of(wanted).error, ENOENT);
  wanted = request("");
  wanted.argv = {"/etc/passwd"};
  EXPECT_EQ(failure_of(wanted).error, EACCES);
  wanted = request("");
  wanted.argv.push_back(std::string(200'000, 'x'));  // one string may have 128 KiB
  EXPECT_EQ(failure_of(wanted).error, E2BIG);
}

TEST_F(SpawnFails, WhereTheChildCannotBePrepared) {
  start();
  io::SpawnRequest wanted = request("exit 0");
  wanted.working_directory = "/nonexistent";
  const io::SpawnFailed failed = failure_of(wanted);
  EXPECT_EQ(failed.error, ENOENT);
  EXPECT_EQ(failed.text, "cannot enter the working directory of '/bin/sh': No such file or directory");

  wanted = request("exit 0");
  wanted.cpus = {1023};
  EXPECT_EQ(failure_of(wanted).error, EINVAL);
}

TEST_F(SpawnFails, ForAnIncarnationThatIsAlive) {
  start();
  const Worker worker = sh("exec sleep 1000");
  io::SpawnRequest wanted = request("exit 0");
  wanted.incarnation = worker.incarnation;
  EXPECT_EQ(failure_of(wanted).error, EEXIST);
}

TEST_F(SpawnFails, HereAlreadyWhereNoProcessCanBeMadeOfIt) {
  start();
  io::SpawnRequest wanted = request("exit 0");
  wanted.argv.clear();
  EXPECT_EQ(link_->spawn(wanted), std::errc::invalid_argument);
  wanted = request("exit 0");
  wanted.fds.log = -1;
  EXPECT_EQ(link_->spawn(wanted), std::errc::bad_file_descriptor);
  expect_no_more_events();
}

TEST_F(SpawnFails, AndLeavesNoChildBehind) {
  start();
  for (int i = 0; i < 20; ++i) expect_no_more_events();
  // Its end is reaped a turn later than told; the answer of a worker's end comes after that.
  Worker worker = sh("exit 3");
  EXPECT_EQ(expect<io::Exited>().exit_code, 3);
  // What failed to exec is still on its way out when that is told.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!children_of(link_->pid()).empty() && std::chrono::steady_clock::now() < until) ::usleep(1000);
  EXPECT_EQ(children_of(link_->pid()), std::vector<std::string>{});
}

}  // namespace
}  // namespace clutch::test
