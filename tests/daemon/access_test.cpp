// Who may come in, whom workers run as, what they may use.
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "support.hpp"
#include "support/paths.hpp"

namespace clutch::daemon_test {
namespace {

constexpr uid_t nobody = 65534;

std::string refusal_to_start(const std::string& more, const std::vector<std::string>& before = {}) {
  const Scratch scratch;
  if (!before.empty()) ::chmod((scratch / ".").c_str(), 0711);
  const auto config =
      scratch.write("c.toml", "listen = \"ipc://" + (scratch / "run/s.sock") + "\"\n" + main_pool(more));
  Process process({test::program_directory() / "clutchd", "-c", config}, scratch / "said");
  EXPECT_EQ(process.wait(), 3);
  return process.output();
}

// From a child: its uid is its own to change.
int as_nobody(const std::function<int()>& act) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setresgid(nobody, nobody, nobody) != 0 ||
        ::setresuid(nobody, nobody, nobody) != 0)
      ::_exit(99);
    ::_exit(act());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Access, AnotherUserCannotConnect) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can try it as another user";
  Daemon daemon;
  ::chmod((daemon.scratch() / ".").c_str(), 0755);  // all that keeps them out is the daemon's own directory
  const auto path = daemon.endpoint().substr(6);
  ::chmod(path.c_str(), 0777);
  const auto try_it = [&path] {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  };
  EXPECT_EQ(as_nobody(try_it), EACCES);
  EXPECT_EQ(try_it(), 0) << "the same for its own user";
}

TEST(Access, LimitsAreTheWorkers) {
  Daemon daemon(main_pool("open_files = 128\nmemory_max = 3_000_000_000\nprocesses = 5000\n"));
  const auto limits = daemon.connect().call<std::map<std::string, std::uint64_t>>("depot.limits").get();
  ASSERT_TRUE(limits.ok()) << describe(limits.error());
  EXPECT_EQ(limits.value(), (std::map<std::string, std::uint64_t>{
                                {"RLIMIT_AS", 3'000'000'000}, {"RLIMIT_NOFILE", 128}, {"RLIMIT_NPROC", 5000}}));
}

TEST(Access, MemoryBeyondTheLimitIsThatCallsMemoryError) {
  Daemon daemon(main_pool("memory_max = 2_000_000_000\n"));
  const auto client = daemon.connect();
  auto neighbour = client.call<double>("depot.nap", 0.3);
  const auto pid = client.call<int>("depot.pid").get();
  const auto failed = client.call<int>("depot.hoard", 3'000'000'000).get();
  EXPECT_FAILS(failed, failed, started);
  EXPECT_EQ(failed.error().exception->type, "MemoryError");
  EXPECT_VALUE(neighbour.get(), 0.3);
  EXPECT_EQ(client.call<int>("depot.pid").get().value(), pid.value()) << "the worker lives";
  EXPECT_VALUE(client.call<int>("depot.hoard", 1'000'000).get(), 1'000'000);
}

// Python's -P: neither the working directory nor a script's is where modules are looked for.
TEST(Access, WorkersImportNothingFromTheWorkingDirectory) {
  Daemon daemon;
  EXPECT_VALUE(daemon.connect().call<bool>("depot.has_safe_path").get(), true);
}

TEST(Access, NoNewPrivsIsTheWorkers) {
  Daemon daemon(main_pool("no_new_privs = true\n"));
  const auto identity = daemon.connect().call<Value>("depot.identity").get();
  EXPECT_EQ(*identity.value().find("no_new_privs"), Value(std::uint64_t{1}));
  Daemon other;
  const auto without = other.connect().call<Value>("depot.identity").get();
  EXPECT_EQ(*without.value().find("no_new_privs"), Value(std::uint64_t{0}));
}

TEST(Access, WhatCannotBeHadStopsTheStart) {
  EXPECT_NE(refusal_to_start("memory_max = 1000\n").find("`memory_max` must be at least"), std::string::npos);
  EXPECT_NE(refusal_to_start("open_files = 3\n").find("`open_files` must be at least 64"), std::string::npos);
  const auto unknown = refusal_to_start("user = \"no-such-user\"\n");
  const auto* why = ::geteuid() == 0 ? "there is no such user here" : "needs a supervisor that runs as root";
  EXPECT_NE(unknown.find(why), std::string::npos) << unknown;
  const auto group = refusal_to_start("group = \"no-such-group\"\n");
  EXPECT_NE(group.find(::geteuid() == 0 ? "there is no such group here" : why), std::string::npos) << group;
}

// The system's Python with the tests' packages, where every user can run it.
std::string python_for_all(const Scratch& scratch) {
  const auto made =
      Process({"/usr/bin/python3", "-m", "venv", "--without-pip", scratch / "venv"}, scratch / "venv.log").wait();
  if (made != 0) return "";
  for (const auto& entry : std::filesystem::directory_iterator(scratch / "venv/lib")) {
    const auto packages = test::source_directory() / ".venv/lib" / entry.path().filename() / "site-packages";
    if (!std::filesystem::exists(packages / "zmq")) return "";
    static_cast<void>(scratch.write("venv/lib/" + entry.path().filename().string() + "/site-packages/all.pth",
                                    packages.string() + "\n"));
  }
  ::chmod((scratch / ".").c_str(), 0755);
  return scratch / "venv/bin/python";
}

TEST(Access, WorkersRunAsTheUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can start workers of another user";
  const Scratch scratch;
  const auto python = python_for_all(scratch);
  if (python.empty()) GTEST_SKIP() << "no Python that another user could run has the packages";
  const auto* entry = ::getpwuid(nobody);
  ASSERT_NE(entry, nullptr);
  const auto group = static_cast<std::uint64_t>(entry->pw_gid);
  const std::string config = "[pool.main]\nmodules = [\"depot\"]\npath = [\"" +
                             (test::source_directory() / "tests/daemon/python").string() + "\"]\npython = \"" + python +
                             "\"\nuser = \"" + entry->pw_name + "\"\nworkers = 2\n";
  Daemon daemon(config);
  const auto client = daemon.connect();
  const auto identity = client.call<Value>("depot.identity").get();
  ASSERT_TRUE(identity.ok()) << describe(identity.error());
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(*identity.value().find("uids")->at(i), Value("65534"));
    EXPECT_EQ(*identity.value().find("gids")->at(i), Value(std::to_string(group)));
  }
  EXPECT_EQ(identity.value().find("groups")->to<std::vector<std::uint64_t>>().value(),
            std::vector<std::uint64_t>{group});
  // Their end still comes with the daemon's, though they changed their user.
  const auto pid = client.call<int>("depot.pid").get().value();
  daemon.process().signal(SIGKILL);
  daemon.process().wait();
  EXPECT_TRUE(eventually([pid] { return ::kill(pid, 0) != 0; }));
}

}  // namespace
}  // namespace clutch::daemon_test
