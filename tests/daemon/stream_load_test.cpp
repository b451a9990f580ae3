// Streams and memory: readers that stand, one that is stopped, and many items. Alone on the machine.
#include <csignal>
#include <fstream>
#include <thread>

#include "support.hpp"
#include "support/paths.hpp"

namespace clutch::daemon_test {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

std::string feeds_pool(int workers) {
  const auto modules = test::source_directory() / "tests/e2e/python";
  return "[pool.main]\nmodules = [\"feeds\"]\npath = [\"" + modules.string() + "\"]\npython = \"" +
         test::python().string() + "\"\nworkers = " + std::to_string(workers) + "\n";
}

std::size_t rss_of(pid_t pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return resident * 4096;
}

double items_a_second(const Caller& caller, int items) {
  const auto begin = std::chrono::steady_clock::now();
  std::int64_t sum = 0;
  for (Result<std::int64_t> item : caller.stream<std::int64_t>("feeds.count", items)) sum += std::move(item).value();
  EXPECT_EQ(sum, std::int64_t{items} * (items - 1) / 2);
  return items / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// A daemon with one worker, and the processes whose memory is looked at.
class StreamLoad : public testing::Test {
 protected:
  [[nodiscard]] std::vector<std::size_t> memory() {
    return {rss_of(::getpid()), daemon.process().rss_bytes(), rss_of(worker)};
  }
  /// Generators that nothing asks for more have stopped: none of them makes any.
  [[nodiscard]] bool all_stand(const std::string& key) const {
    int before = -1;
    return eventually([&] {
      const int now = client.call<int>("feeds.made_so_far", key).get().value();
      std::this_thread::sleep_for(100ms);
      return std::exchange(before, now) == now && now > 0;
    });
  }
  void stalled(std::size_t item_bytes, int streams, std::size_t most_each) {
    const Daemon quiet(feeds_pool(1));
    const auto other = quiet.connect();
    static_cast<void>(items_a_second(client, 300'000));
    const auto empty = memory();
    std::vector<Stream<Value>> standing;
    for (int i = 0; i < streams; ++i)
      standing.push_back(client.stream<Value>("feeds.endless", "stand", "", item_bytes));
    ASSERT_TRUE(all_stand("stand"));
    static_cast<void>(items_a_second(client, 300'000));
    const auto before = memory();
    std::this_thread::sleep_for(3s);
    const auto after = memory();
    for (std::size_t i = 0; i < after.size(); ++i) {
      // A generator that is not held makes a million items, or a GiB, in that time.
      EXPECT_LT(after[i], before[i] + mib) << "process " << i;
      EXPECT_LT(after[i], empty[i] + most_each) << "process " << i;
    }
    // In turns with a daemon where nothing stands. What is looked for is a stall, not a percentage.
    double beside = 0;
    double alone = 0;
    for (int i = 0; i < 5; ++i) {
      alone = std::max(alone, items_a_second(other, 300'000));
      beside = std::max(beside, items_a_second(client, 300'000));
    }
    EXPECT_GT(beside, alone / 4);
  }

  Daemon daemon{feeds_pool(1)};
  Client client = daemon.connect();
  pid_t worker = client.call<int>("feeds.pid").get().value();
};

TEST_F(StreamLoad, ReadersThatStandCostTheirWindowWithSmallItems) { stalled(0, 20, 80 * mib); }

TEST_F(StreamLoad, ReadersThatStandCostTheirWindowWithLargeItems) {
  stalled(mib, 10, 10 * (limits::stream_window_bytes + 2 * mib));
}

TEST_F(StreamLoad, TenMillionItemsPassInFlatMemory) {
  static_cast<void>(items_a_second(client, 2'000'000));
  const auto before = memory();
  static_cast<void>(items_a_second(client, 10'000'000));
  const auto after = memory();
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_LT(after[i], before[i] + 4 * mib) << "process " << i;
}

// What its streams may have under way shrinks with their number; beyond that the daemon grants nothing.
TEST(StoppedReader, CostsTheDaemonABoundedAmountAndNobodyElse) {
  Daemon daemon(feeds_pool(2));
  const auto other = daemon.connect();
  const auto before = items_a_second(other, 300'000);
  const auto peer = start_peer(daemon, {"streams", "2000", "65536"}, "peer");
  ASSERT_TRUE(peer->says("reading"));
  peer->signal(SIGSTOP);
  std::size_t most = 0;
  double beside = 0;
  for (int i = 0; i < 10; ++i) {
    beside = std::max(beside, items_a_second(other, 300'000));
    most = std::max(most, daemon.process().rss_bytes());
  }
  EXPECT_GT(beside, before / 10);
  // Its window, what waits for it, and what was granted before: 64 MiB x (1 + ln 2000).
  EXPECT_LT(most, limits::client_window_bytes + limits::client_pause_bytes + 9 * limits::client_stream_bytes);
  RecordProperty("rss_mib", static_cast<int>(most / mib));
  peer->signal(SIGCONT);
  EXPECT_EQ(peer->wait(), 0) << peer->output();
}

TEST(DeadReader, ClosesTheGeneratorsOfItsStreams) {
  Daemon daemon(feeds_pool(1));
  const auto other = daemon.connect();
  const auto log = daemon.scratch() / "log";
  const auto peer = start_peer(daemon, {"endless", "50", log}, "peer");
  ASSERT_TRUE(peer->says("reading"));
  peer->signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return lines_of(log).size() == 100; }));  // how, and that it was closed
}

}  // namespace
}  // namespace clutch::daemon_test
