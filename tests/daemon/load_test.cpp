// A client that does not read: the daemon's memory is bounded, other clients notice nothing. Alone on the machine.
#include <csignal>

#include "raw_peer.hpp"
#include "support.hpp"

namespace clutch::daemon_test {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;
// What the daemon keeps for one client that does not read: its window (one message more may be under way), the replies
// that wait, and what the workers' lanes hold meanwhile; beside what it is made of.
constexpr std::size_t rss_bound = limits::client_window_bytes + limits::client_replies_bytes_max + 128 * mib;

struct Times {
  std::chrono::nanoseconds median, longest;
};

Times call_many(const Client& client, int calls) {
  std::vector<std::chrono::nanoseconds> times;
  for (int i = 0; i < calls; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(client.call<int>("depot.double", i).get().value_or(-1), 2 * i);
    times.push_back(std::chrono::steady_clock::now() - begin);
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times.back()};
}

TEST(StoppedClient, CostsABoundedAmountAndNobodyElse) {
  Daemon daemon(main_pool("workers = 2\nconcurrency = 1000\n"));
  const auto other = daemon.connect();
  const auto before = call_many(other, 1000);
  const auto peer = start_peer(daemon, {"blobs", "2000", "1048576"}, "peer");
  ASSERT_TRUE(peer->says("submitted"));
  peer->signal(SIGSTOP);
  std::size_t most = 0;
  for (int i = 0; i < 10; ++i) {
    const auto now = call_many(other, 300);
    EXPECT_LT(now.median, 10 * before.median) << "before: " << before.median.count() << " ns";
    EXPECT_LT(now.longest, limits::client_stalled_max / 3) << "a call waited for the client that is stopped";
    most = std::max(most, daemon.process().rss_bytes());
  }
  EXPECT_LT(most, rss_bound);
  peer->signal(SIGCONT);
  EXPECT_EQ(peer->wait(), 0) << peer->output();
  RecordProperty("rss_mib", static_cast<int>(most / mib));
}

TEST(StoppedClient, IsDisconnectedAfterAWhileAndItsCallsCancelled) {
  Daemon daemon("[clients]\nstalled_timeout = \"1s\"\n" + main_pool("workers = 1\n"));
  const auto noted = daemon.scratch() / "noted";
  RawPeer peer(daemon.endpoint());
  const auto boot = peer.greet(1);  // a window of one message
  protocol::Writer arguments;
  arguments.array(2);
  arguments.string(noted);
  arguments.real(60.0);
  peer.call(boot, 1, "depot.nap_and_note", bytes(arguments.bytes()));
  for (std::uint64_t number = 2; number < 100; ++number) peer.call(boot, number, "depot.double", bytes({0x91, 0x01}));
  EXPECT_TRUE(daemon.process().says("is disconnected: it has not taken a byte"));
  ASSERT_TRUE(eventually([&] { return lines_of(noted).size() == 2; }));
  EXPECT_EQ(lines_of(noted)[1], "cancelled");
  EXPECT_VALUE(daemon.connect().call<int>("depot.double", 2).get(), 4);
}

TEST(ReadingClient, GetsEverythingHoweverMuchItIs) {
  Daemon daemon(main_pool("workers = 1\nconcurrency = 16\n"));
  const auto peer = start_peer(daemon, {"blobs", "2000", "262144"}, "peer");
  EXPECT_EQ(peer->wait(), 0);
  EXPECT_NE(peer->output().find("good 2000 overloaded 0"), std::string::npos) << peer->output();
}

TEST(GreedyClient, RequestsBeyondItsWindowEndItsSession) {
  Daemon daemon(main_pool("workers = 1\nconcurrency = 1\n"));
  const auto other = daemon.connect();
  auto held = other.call<double>("depot.nap", 30.0);  // what comes now waits, and its window is not opened again
  auto behind = other.call<double>("depot.nap", 30.0);
  RawPeer peer(daemon.endpoint());
  const auto boot = peer.greet();
  protocol::Writer arguments;
  arguments.array(1);
  arguments.binary(Bytes(8 * mib));
  for (std::uint64_t number = 1; number <= 12; ++number)
    peer.call(boot, number, "depot.size", bytes(arguments.bytes()));
  const auto refusal = peer.refusal();
  ASSERT_TRUE(refusal);
  EXPECT_NE(refusal->message.find("beyond its window"), std::string::npos) << refusal->message;
}

}  // namespace
}  // namespace clutch::daemon_test
