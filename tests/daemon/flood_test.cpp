// A flood of ten times what a daemon can do: it goes on doing what it can, what waits stays bounded and fresh, and a
// client that asks for little is served as ever. Alone on the machine.
#include <algorithm>
#include <atomic>
#include <thread>

#include "support.hpp"

namespace clutch::daemon_test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t mib = std::size_t{1} << 20;
constexpr auto phase = 3s;
constexpr double work_s = 0.005;

std::chrono::nanoseconds median_of_calls(const Client& client, Clock::time_point until) {
  std::vector<std::chrono::nanoseconds> times;
  while (Clock::now() < until) {
    const auto begin = Clock::now();
    EXPECT_TRUE(client.call<double>("depot.nap", work_s).get().ok());
    times.push_back(Clock::now() - begin);
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

struct Tally {
  std::atomic<std::uint64_t> good{0};
  std::atomic<std::uint64_t> overloaded{0};
  std::atomic<std::uint64_t> stale{0};
  std::atomic<std::uint64_t> other{0};
  std::atomic<std::uint64_t> open{0};
};

void make(const Caller& caller, Tally& tally) {
  ++tally.open;
  caller.call<double>("depot.nap", work_s).then([&tally](const Result<double>& result) {
    if (result.ok()) {
      ++tally.good;
    } else if (result.error().code == Code::overloaded) {
      EXPECT_TRUE(result.error().retry_after_ms.has_value());
      ++tally.overloaded;
    } else if (result.error().code == Code::deadline_exceeded && result.error().certainty == Certainty::not_started) {
      ++tally.stale;
    } else {
      ++tally.other;
    }
    --tally.open;
  });
}

// As many a second as it can do, with enough under way to keep it busy.
double capacity(const Client& client) {
  Tally tally;
  const auto begin = Clock::now();
  while (Clock::now() < begin + phase) {
    while (tally.open < 32) make(client, tally);
    std::this_thread::sleep_for(1ms);
  }
  const auto done = static_cast<double>(tally.good);
  const auto took = std::chrono::duration<double>(Clock::now() - begin).count();
  EXPECT_TRUE(eventually([&] { return tally.open == 0; }));
  return done / took;
}

// Whether or not what was asked for before is done.
void flood(const Caller& caller, Tally& tally, double rate, Clock::time_point until) {
  double owed = 0;
  for (auto last = Clock::now(); Clock::now() < until;) {
    const auto now = Clock::now();
    owed += rate * std::chrono::duration<double>(now - last).count();
    last = now;
    for (; owed >= 1; owed -= 1) make(caller, tally);
    std::this_thread::sleep_for(2ms);
  }
}

TEST(Flood, OfTenTimesWhatItCanDoLeavesItDoingThat) {
  Daemon daemon(main_pool("workers = 1\nconcurrency = 8\nclient_queued_calls_max = 100\n"));
  const auto flooder = daemon.connect();
  const auto light = daemon.connect();
  const auto quiet = median_of_calls(light, Clock::now() + phase);
  const auto able_before = capacity(flooder);
  const auto rss = daemon.process().rss_bytes();

  Tally tally;
  const auto begin = Clock::now();
  const auto until = begin + 2 * phase;
  const auto fresh = flooder.with({.queue_timeout = 150ms});
  std::thread thread([&] { flood(fresh, tally, 10 * able_before, until); });
  std::this_thread::sleep_for(500ms);  // the queue is full by then
  const auto flooded = median_of_calls(light, until);
  thread.join();
  const auto good = static_cast<double>(tally.good);
  const auto took = std::chrono::duration<double>(Clock::now() - begin).count();
  const auto lights =
      (took - 0.5) / std::chrono::duration<double>(flooded).count();  // the light client's are good, too
  EXPECT_LT(flooded, 3 * quiet) << "quiet: " << quiet.count() << " ns";
  EXPECT_LT(daemon.process().rss_bytes(), rss + 64 * mib);
  EXPECT_TRUE(eventually([&] { return tally.open == 0; }));
  const auto able = std::min(able_before, capacity(flooder));  // a machine is not as fast at all times
  EXPECT_GT(good / took + lights / took, 0.9 * able) << "calls a second; it can do " << able;
  EXPECT_GT(tally.overloaded, 0u);
  EXPECT_EQ(tally.other, 0u);
  RecordProperty("overloaded", static_cast<int>(tally.overloaded));
  RecordProperty("stale", static_cast<int>(tally.stale));
}

}  // namespace
}  // namespace clutch::daemon_test
