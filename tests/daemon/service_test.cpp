// What a service manager hears: a real datagram socket in its place.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>

#include "support.hpp"
#include "support/paths.hpp"

namespace clutch::daemon_test {
namespace {

class Manager {
 public:
  Manager() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Manager() { ::close(fd_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  [[nodiscard]] std::vector<std::string> environment(const std::string& watchdog_us = "") const {
    std::vector<std::string> variables = {"NOTIFY_SOCKET=" + path_};
    if (!watchdog_us.empty()) variables.push_back("WATCHDOG_USEC=" + watchdog_us);
    return variables;
  }
  /// "" where nothing comes in that time.
  [[nodiscard]] std::string next(std::chrono::milliseconds patience = 30s) const {
    pollfd one{fd_, POLLIN, 0};
    if (::poll(&one, 1, static_cast<int>(patience.count())) != 1) return "";
    char text[256];
    const auto size = ::recv(fd_, text, sizeof text, 0);
    return {text, size > 0 ? static_cast<std::size_t>(size) : 0};
  }
  [[nodiscard]] bool beats() const { return next() == "WATCHDOG=1"; }
  void forget() const {
    while (!next(0ms).empty()) {
    }
  }

 private:
  Scratch scratch_;
  std::string path_ = scratch_ / "notify";
  int fd_;
};

constexpr auto period_us = "200000";
constexpr auto several_periods = 1s;

TEST(ServiceManager, HearsOfReadyAndStopping) {
  const Manager manager;
  Daemon daemon(main_pool("stop_timeout = \"5s\"\n"), manager.environment());
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=listening at " + daemon.endpoint());
  daemon.process().signal(SIGTERM);
  EXPECT_EQ(manager.next(), "STOPPING=1\nSTATUS=finishing the calls under way\nEXTEND_TIMEOUT_USEC=15000000");
  EXPECT_EQ(daemon.process().wait(), 0);
  EXPECT_EQ(manager.next(0ms), "") << "no WATCHDOG where none is asked for";
}

TEST(ServiceManager, IsNotToldReadyBeforeEveryWorkerIs) {
  const Manager manager;
  const Scratch scratch;
  const auto go = scratch / "go";
  const auto config =
      scratch.write("c.toml", "listen = \"ipc://" + (scratch / "run/s.sock") + "\"\n" + main_pool("workers = 2\n") +
                                  "[pool.slow]\nmodules = [\"waits_to_start\"]\npath = [\"" +
                                  (test::source_directory() / "tests/daemon/python").string() + "\"]\npython = \"" +
                                  test::python().string() + "\"\nenv = { START_AT = \"" + go + "\" }\n");
  Process process({test::program_directory() / "clutchd", "-c", config}, scratch / "log", manager.environment());
  ASSERT_TRUE(process.says("[pool main] ready")) << process.output();
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(go + ".begun"); }));
  EXPECT_EQ(manager.next(0ms), "") << "one pool of two is ready";
  static_cast<void>(scratch.write("go", ""));
  EXPECT_TRUE(manager.next().starts_with("READY=1\n"));
}

TEST(ServiceManager, HearsTheBeatOnlyWhileTheDaemonRuns) {
  const Manager manager;
  Daemon daemon(main_pool(), manager.environment(period_us));
  EXPECT_TRUE(eventually([&] { return manager.next().starts_with("READY=1"); }));
  EXPECT_TRUE(manager.beats() && manager.beats());
  daemon.process().signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] {
    return text_of("/proc/" + std::to_string(daemon.process().pid()) + "/stat").find(") T ") != std::string::npos;
  }));
  manager.forget();
  EXPECT_EQ(manager.next(several_periods), "");
  daemon.process().signal(SIGCONT);
  EXPECT_TRUE(manager.beats() && manager.beats());
  EXPECT_VALUE(daemon.connect().call<int>("depot.double", 1).get(), 2);
}

// The process runs, its threads of libzmq answer, and yet nothing goes on: its log is a pipe that nobody reads.
TEST(ServiceManager, HearsNoBeatFromALoopThatIsStuck) {
  const Manager manager;
  const Scratch scratch;
  const auto fifo = scratch / "log";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(::fcntl(reader, F_SETPIPE_SZ, 4096), 4096);
  const auto endpoint = "ipc://" + (scratch / "run/s.sock");
  const auto config = scratch.write("c.toml", "listen = \"" + endpoint + "\"\n" + main_pool());
  Process process({test::program_directory() / "clutchd", "-c", config, "--log-file", fifo}, scratch / "output",
                  manager.environment(period_us));
  ASSERT_TRUE(eventually([&] { return manager.next().starts_with("READY=1"); }));
  EXPECT_TRUE(manager.beats());
  {
    auto client = Client::connect(endpoint).value();
    auto loud = client.call<void>("depot.shout", 200, 100);
    std::string silence = "not yet";
    EXPECT_TRUE(eventually([&] { return (silence = manager.next(several_periods)).empty(); })) << silence;
    EXPECT_EQ(manager.next(several_periods), "");
    char text[65536];
    EXPECT_TRUE(eventually([&] {
      while (::read(reader, text, sizeof text) > 0) {
      }
      return manager.next(10ms) == "WATCHDOG=1";
    }));
    ::close(reader);
    EXPECT_TRUE(loud.get().ok());
  }
}

}  // namespace
}  // namespace clutch::daemon_test
