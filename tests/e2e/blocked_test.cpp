// Workers whose event loop is blocked: noticed, told once with the stack, and gone around.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <thread>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

PoolOptions blocking_options(const Records& records_of, std::uint32_t workers = 1) {
  auto options = shop_options(workers);
  options.modules = {"shop", "blocking"};
  auto records = records_of;
  options.log = records.sink();
  return options;
}

std::ptrdiff_t count(const Records& records, const std::string& text) {
  const auto all = records.all();
  return std::count_if(all.begin(), all.end(),
                       [&](const LogRecord& each) { return each.text.find(text) != std::string::npos; });
}

TEST(BlockedLoop, IsToldOnceWithTheStackAndWhenItTurnsAgain) {
  Scratch scratch;
  Records records;
  const auto pool = start(blocking_options(records));
  auto bystander = pool.call<int>("shop.sleep", 3.5, 1);
  auto blocks = pool.call<void>("blocking.until", scratch / "go");
  ASSERT_TRUE(eventually([&] { return records.find("worker 0 is blocked").has_value(); }));
  const auto told = *records.find("worker 0 is blocked");
  EXPECT_EQ(told.level, LogLevel::warning);
  EXPECT_NE(told.text.find("`blocking.until`"), std::string::npos) << told.text;
  EXPECT_NE(told.text.find("in until"), std::string::npos) << told.text;
  EXPECT_EQ(pool.workers().at(0).state, "blocked");
  std::this_thread::sleep_for(2500ms);  // in which it might be told again
  std::ofstream(scratch / "go").put('x');
  EXPECT_TRUE(blocks.get().ok());
  ASSERT_TRUE(eventually([&] { return records.find("worker 0 turns again, after").has_value(); }));
  EXPECT_VALUE(bystander.get(), 1);
  EXPECT_EQ(count(records, "worker 0 is blocked"), 1);
  EXPECT_EQ(pool.workers().at(0).state, "ready");
}

TEST(BlockedLoop, ThatHoldsTheGilIsToldAsThat) {
  Scratch scratch;
  Records records;
  const auto pool = start(blocking_options(records));
  auto call = pool.call<void>("blocking.power", scratch / "call");
  ASSERT_TRUE(eventually([&] { return records.find("native code holds the GIL").has_value(); }));
  EXPECT_EQ(count(records, "worker 0 is blocked"), 1);
  ::kill(pool.workers().at(0).pid, SIGKILL);  // no cancel reaches it
  EXPECT_EQ(call.get().error().code, Code::worker_lost);
}

TEST(BlockedLoop, OfAStoppedProcessIsToldAsThat) {
  Records records;
  const auto pool = start(blocking_options(records));
  auto call = pool.call<int>("shop.sleep", 0.5, 1);
  ASSERT_TRUE(eventually([&] { return pool.workers().at(0).in_flight == 1; }));
  ::kill(pool.workers().at(0).pid, SIGSTOP);
  ASSERT_TRUE(eventually([&] { return records.find("The process is stopped").has_value(); }));
  ::kill(pool.workers().at(0).pid, SIGCONT);
  EXPECT_VALUE(call.get(), 1);
}

TEST(BlockedLoop, IsNotABusyOne) {
  Records records;
  auto options = blocking_options(records);
  options.blocked_after = 2s;
  const auto pool = start(options);
  std::vector<Call<int>> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(pool.call<int>("blocking.busy", 5.0));  // steps of some milliseconds
  for (auto& call : calls) EXPECT_TRUE(call.get().ok());
  EXPECT_FALSE(records.find("is blocked"));
}

TEST(BlockedLoop, GetsNoCallsWhileAnotherWorkerHasRoom) {
  Scratch scratch;
  Records records;
  auto options = blocking_options(records, 2);
  options.blocked_after = 300ms;
  const auto pool = start(options);
  auto blocks = pool.call<void>("blocking.until", scratch / "go");
  ASSERT_TRUE(eventually([&] {
    const auto workers = pool.workers();
    return workers.at(0).state == "blocked" || workers.at(1).state == "blocked";
  }));
  std::vector<Call<int>> calls;
  for (int i = 0; i < 200; ++i) {
    calls.push_back(pool.call<int>("shop.echo", i));
    if (i % 50 == 0) std::this_thread::sleep_for(20ms);
  }
  for (int i = 0; i < 200; ++i) {  // one that waits behind the blocking call would not come back
    ASSERT_TRUE(calls[static_cast<std::size_t>(i)].wait_for(30s));
    EXPECT_VALUE(calls[static_cast<std::size_t>(i)].get(), i);
  }
  EXPECT_FALSE(blocks.wait_for(0s));
  std::ofstream(scratch / "go").put('x');
  EXPECT_TRUE(blocks.get().ok());
}

}  // namespace
}  // namespace clutch::e2e
