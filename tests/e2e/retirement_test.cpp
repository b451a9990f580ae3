// Workers that are replaced while they serve: no call notices.
#include <atomic>
#include <set>
#include <thread>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

// Deep enough that the pool always has calls, and each must end well.
int failures_of(const Pool& pool, int calls) {
  std::atomic<int> failed{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      std::vector<Call<int>> under_way;
      for (int i = caller; i < calls; i += 4) {
        under_way.push_back(pool.call<int>("shop.echo", i));
        if (under_way.size() < 64) continue;
        for (auto& call : under_way) failed += !call.get().ok();
        under_way.clear();
      }
      for (auto& call : under_way) failed += !call.get().ok();
    });
  }
  for (auto& caller : callers) caller.join();
  return failed;
}

TEST(Retirement, OfEachWorkerAfterFiveCallsFailsNoneOfManyThousands) {
  auto options = shop_options(2);
  options.max_calls = 5;
  const auto pool = start(options);
  EXPECT_EQ(failures_of(pool, 20'000), 0);
  EXPECT_TRUE(eventually([&] {
    std::uint64_t restarts = 0;
    for (const auto& worker : pool.workers()) restarts += worker.restarts;
    EXPECT_EQ(failures_of(pool, 20), 0);
    return restarts >= 6;
  }));
}

TEST(Retirement, ComesWithAgeAndIsTold) {
  Records records;
  auto options = shop_options();
  options.max_age = 50ms;
  options.log = records.sink();
  const auto pool = start(options);
  std::set<int> pids;
  EXPECT_TRUE(eventually([&] {
    pids.insert(pool.call<int>("shop.pid").get().value());
    return pids.size() == 3;
  }));
  EXPECT_TRUE(records.find("is replaced by worker 1: it has been up for max_age"));
}

TEST(Retirement, ComesWithMemory) {
  Records records;
  auto options = shop_options();
  options.max_rss = 1;
  options.log = records.sink();
  const auto pool = start(options);
  EXPECT_TRUE(eventually([&] { return records.find("its memory has grown to max_rss").has_value(); }));
}

TEST(Retirement, LetsACallUnderWayEndFirst) {
  auto options = shop_options();
  options.max_calls = 1;
  const auto pool = start(options);
  const int old_pid = pool.call<int>("shop.pid").get().value();
  auto slow = pool.call<int>("shop.sleep", 1.0, 7);
  EXPECT_TRUE(eventually([&] { return pool.call<int>("shop.pid").get().value() != old_pid; }));
  EXPECT_VALUE(slow.get(), 7);
}

}  // namespace
}  // namespace clutch::e2e
