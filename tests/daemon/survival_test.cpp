// What happens to the daemon itself: descriptors that run out, a disk that is full, workers that print without end, a
// process that is stopped for a while.
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>

#include "support.hpp"
#include "support/paths.hpp"

namespace clutch::daemon_test {
namespace {

std::set<std::uint64_t> worker_pids(const Client& client) {
  std::set<std::uint64_t> pids;
  const auto ps = client.query("ps").get();
  const Value* workers = ps.value().find("pools")->at(0)->find("workers");
  for (std::size_t i = 0; i < workers->size(); ++i)
    pids.insert(workers->at(i)->find("pid")->to<std::uint64_t>().value());
  return pids;
}

std::size_t log_lines_with(const Daemon& daemon, const std::string& text) {
  const auto lines = lines_of(daemon.scratch() / "log-0");
  return static_cast<std::size_t>(std::count_if(
      lines.begin(), lines.end(), [&](const auto& line) { return line.find(text) != std::string::npos; }));
}

// A clutchd that may have so many descriptors: its hard limit, which it could not raise again.
class LimitedDaemon {
 public:
  explicit LimitedDaemon(int descriptors)
      : process_({"/usr/bin/prlimit", "--nofile=" + std::to_string(descriptors) + ":" + std::to_string(descriptors),
                  test::program_directory() / "clutchd", "-c",
                  scratch_.write("c.toml", "listen = \"" + endpoint_ + "\"\n" + main_pool())},
                 scratch_ / "log") {}

  [[nodiscard]] std::string socket() const { return endpoint_.substr(6); }
  [[nodiscard]] Client connect() const { return Client::connect(endpoint_).value(); }
  [[nodiscard]] Process& process() noexcept { return process_; }

 private:
  Scratch scratch_;
  std::string endpoint_ = "ipc://" + (scratch_ / "run/s.sock");
  Process process_;
};

class Flood {
 public:
  ~Flood() {
    for (const int fd : fds_) ::close(fd);
  }
  /// False: nobody listens there any more.
  bool connect_one(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return true;
    fds_.push_back(fd);
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  [[nodiscard]] std::size_t size() const noexcept { return fds_.size(); }

 private:
  std::vector<int> fds_;
};

TEST(DescriptorsRunOut, TheDaemonGoesOnWithItsClientsAndTakesNewOnesLater) {
  LimitedDaemon daemon(4096);
  ASSERT_TRUE(daemon.process().says("ready: listening"));
  const auto client = daemon.connect();
  {
    Flood flood;
    bool shut = false;
    for (int i = 0; i < 12'000 && !shut; ++i) shut = !flood.connect_one(daemon.socket());
    ASSERT_TRUE(shut) << "after " << flood.size() << daemon.process().output();
    EXPECT_TRUE(daemon.process().says("new clients find no socket"));
    EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
  }
  EXPECT_TRUE(daemon.process().says("new clients are let in again"));
  EXPECT_VALUE(daemon.connect().call<int>("depot.double", 2).get(), 4);
  EXPECT_VALUE(client.call<int>("depot.double", 3).get(), 6);
  daemon.process().signal(SIGTERM);
  EXPECT_EQ(daemon.process().wait(), 0);
}

TEST(DescriptorsRunOut, ALimitThatIsTooLowStopsTheStart) {
  LimitedDaemon daemon(256);
  EXPECT_EQ(daemon.process().wait(), 3);
  EXPECT_NE(daemon.process().output().find("RLIMIT_NOFILE) is 256"), std::string::npos) << daemon.process().output();
}

TEST(WorkerOutput, OfAHundredMegabytesHoldsUpNoCallAndFillsNoLog) {
  Daemon daemon(main_pool("attempt_timeout = \"0s\"\noutput_bytes_per_second = 100_000\n"));
  const auto client = daemon.connect();
  auto loud = client.call<void>("depot.shout", 100'000, 1'000);
  int meanwhile = 0;
  while (!loud.wait_for(0s)) {
    EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
    ++meanwhile;
  }
  EXPECT_TRUE(loud.get().ok());
  EXPECT_GT(meanwhile, 0);
  EXPECT_TRUE(daemon.process().says("bytes of its output were dropped"));
  EXPECT_TRUE(daemon.process().says("(output_bytes_per_second): what is beyond is dropped"));
  EXPECT_LT(daemon.process().output().size(), 50u << 20);
  EXPECT_GT(log_lines_with(daemon, "[worker main/0 stdout] xxxx"), 0u) << "it says whose they are";
}

// No room left: what is to be logged is lost, and nothing else. The limit of a file's size is as good as a full disk.
TEST(FullDisk, TheDaemonOutlivesItAndLogsAgainAfterwards) {
  Daemon daemon;
  const auto client = daemon.connect();
  rlimit before{};
  ASSERT_EQ(::prlimit(daemon.process().pid(), RLIMIT_FSIZE, nullptr, &before), 0);
  const rlimit full{1, before.rlim_max};
  ASSERT_EQ(::prlimit(daemon.process().pid(), RLIMIT_FSIZE, &full, nullptr), 0);
  const auto size = daemon.process().output().size();
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(client.call<void>("depot.shout", 10, 50).get().ok());
  EXPECT_VALUE(daemon.connect().call<int>("depot.double", 1).get(), 2);
  EXPECT_EQ(daemon.process().output().size(), size);
  ASSERT_EQ(::prlimit(daemon.process().pid(), RLIMIT_FSIZE, &before, nullptr), 0);
  EXPECT_TRUE(client.call<void>("depot.shout", 1, 60).get().ok());
  EXPECT_TRUE(daemon.process().says(std::string(60, 'x')));
}

TEST(FullDisk, OfTheLogFileTheDaemonServesAllTheSame) {
  const Scratch scratch;
  const auto endpoint = "ipc://" + (scratch / "run/s.sock");
  const auto config = scratch.write("c.toml", "listen = \"" + endpoint + "\"\n" + main_pool());
  Process process({test::program_directory() / "clutchd", "-c", config, "--log-file", "/dev/full"}, scratch / "said");
  std::optional<Client> client;
  ASSERT_TRUE(eventually([&] {
    auto connected = Client::connect(endpoint);
    if (connected) client.emplace(std::move(connected).value());
    return client.has_value();
  }));
  EXPECT_TRUE(client->call<void>("depot.shout", 1000, 50).get().ok());
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0);
}

// Results that came while it stood still are heard before the clock is asked: 1.5 s of work within 2 s, heard of
// after 4.
TEST(StandingStill, OfTheDaemonEndsNoCallThatWasInTime) {
  Daemon daemon(main_pool("workers = 2\nattempt_timeout = \"2s\"\n"));
  const auto client = daemon.connect();
  const auto pids = worker_pids(client);
  std::vector<Call<double>> calls;
  for (int i = 0; i < 40; ++i) calls.push_back(client.call<double>("depot.nap", 1.5));
  auto late = client.call<double>("depot.nap", 600.0);  // whose end is overdue when it goes on, whatever it hears first
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
  daemon.process().signal(SIGSTOP);
  std::this_thread::sleep_for(4s);
  daemon.process().signal(SIGCONT);
  for (auto& call : calls) EXPECT_VALUE(call.get(), 1.5);
  EXPECT_FAILS(late.get(), deadline_exceeded, started);
  EXPECT_TRUE(daemon.process().says("this process stood still for a while"));
  EXPECT_EQ(worker_pids(client), pids);
}

// Longer than any limit by which workers are judged.
TEST(StandingStill, OfTheDaemonForLongKillsNoWorker) {
  Daemon daemon(main_pool("workers = 3\n"));
  const auto pids = worker_pids(daemon.connect());
  daemon.process().signal(SIGSTOP);
  std::this_thread::sleep_for(12s);
  daemon.process().signal(SIGCONT);
  EXPECT_VALUE(daemon.connect().call<int>("depot.double", 1).get(), 2);
  std::this_thread::sleep_for(1s);
  EXPECT_EQ(worker_pids(daemon.connect()), pids);
  EXPECT_EQ(log_lines_with(daemon, "ending worker"), 0u) << daemon.process().output();
}

}  // namespace
}  // namespace clutch::daemon_test
