// Calls that do not end when they should: leaked where the loop turns, the worker ended where it does not, and what
// everybody is told.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <thread>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

PoolOptions impatient(Records& records) {
  auto options = shop_options();
  options.modules = {"shop", "blocking"};
  options.cancel_grace = 300ms;
  options.blocked_after = 300ms;
  options.log = records.sink();
  return options;
}

bool is_alive(int pid) { return ::kill(pid, 0) == 0; }

std::uint64_t ends(const Pool& pool, const std::string& reason) {
  const auto all = pool.ends();
  const auto at = all.find(reason);
  return at == all.end() ? 0 : at->second;
}

void expect_collateral(const Result<int>& result, const std::string& culprit) {
  EXPECT_FAILS(result, worker_lost, run, started);
  EXPECT_TRUE(result.error().collateral);
  ASSERT_TRUE(result.error().culprit) << describe(result.error());
  EXPECT_EQ(result.error().culprit->function, culprit);
  EXPECT_NE(result.error().message.find("`" + culprit + "`"), std::string::npos) << result.error().message;
}

TEST(Leak, OfCallsThatSwallowTheirCancelReplacesTheWorkerAndFailsNoOther) {
  Scratch scratch;
  Records records;
  auto options = impatient(records);
  options.leaked_max = 2;
  const auto pool = start(options);
  const auto first = pool.workers().at(0).incarnation;
  std::vector<Call<int>> stubborn;
  const auto hurried = pool.with({.timeout = 1s});
  for (int i = 0; i < 2; ++i) stubborn.push_back(hurried.call<int>("blocking.stubborn", scratch / std::to_string(i)));
  for (auto& call : stubborn) EXPECT_FAILS(call.get(), deadline_exceeded, run, started);
  const auto others_end_well = [&] {
    std::vector<Call<int>> others;
    for (int i = 0; i < 100; ++i) others.push_back(pool.call<int>("shop.sleep", 0.001, i));
    for (int i = 0; i < 100; ++i) EXPECT_VALUE(others[static_cast<std::size_t>(i)].get(), i);
  };
  EXPECT_TRUE(eventually([&] {
    others_end_well();
    return ends(pool, "leak") == 1;
  }));
  const auto workers = pool.workers();
  ASSERT_EQ(workers.size(), 1u);
  EXPECT_NE(workers[0].incarnation, first);
  EXPECT_EQ(workers[0].leaked, 0u);
  EXPECT_TRUE(records.find("it swallows its cancel"));
  EXPECT_TRUE(records.find("calls of it run on after their end"));
}

TEST(Leak, OfAPlainFunctionIsCountedWhileItRuns) {
  Scratch scratch;
  Records records;
  const auto pool = start(impatient(records));
  EXPECT_FAILS(pool.with({.timeout = 500ms}).call<void>("blocking.in_thread", scratch / "go").get(), deadline_exceeded,
               run, maybe_started);
  ASSERT_TRUE(eventually([&] { return pool.workers().at(0).leaked == 1; }));
  EXPECT_TRUE(records.find("it runs in a thread, which cannot be interrupted"));
  std::ofstream(scratch / "go").put('x');
  EXPECT_TRUE(eventually([&] { return pool.workers().at(0).leaked == 0; }));
  EXPECT_EQ(ends(pool, "leak"), 0u);
}

TEST(BlockedEnd, KillsTheWholeTreeAndNamesTheCulprit) {
  Scratch scratch;
  Records records;
  const auto pool = start(impatient(records));
  auto bystander = pool.call<int>("shop.sleep", 3600.0, 1);
  EXPECT_VALUE(pool.call<int>("shop.sleep", 0.05, 1).get(), 1);  // BEGUN of the bystander came before
  auto blocks = pool.with({.timeout = 3s}).call<void>("blocking.until_with_child", scratch / "never");
  ASSERT_TRUE(eventually([&] { return records.find("worker 0 is blocked").has_value(); }));
  const auto ended = blocks.get();
  EXPECT_EQ(ended.error().code, Code::deadline_exceeded);
  EXPECT_NE(ended.error().message.find("It blocks its worker's event loop"), std::string::npos)
      << describe(ended.error());
  EXPECT_NE(ended.error().python_stack.find("in until"), std::string::npos) << describe(ended.error());
  const auto lost = bystander.get();
  expect_collateral(lost, "blocking.until_with_child");
  EXPECT_NE(lost.error().python_stack.find("in until"), std::string::npos) << describe(lost.error());
  const auto child = std::stoi(scratch.lines("never.child").at(0));
  EXPECT_TRUE(eventually([&] { return !is_alive(child); }));
  EXPECT_VALUE(pool.call<int>("shop.echo", 1).get(), 1);
  EXPECT_EQ(ends(pool, "deadline"), 1u);
}

TEST(BlockedEnd, OfOneThatHoldsTheGilShowsWhereByFaulthandler) {
  Scratch scratch;
  Records records;
  const auto pool = start(impatient(records));
  auto bystander = pool.call<int>("shop.sleep", 3600.0, 1);
  EXPECT_VALUE(pool.call<int>("shop.sleep", 0.05, 1).get(), 1);
  auto blocks = pool.with({.timeout = 1s}).call<void>("blocking.power", scratch / "power");
  EXPECT_EQ(blocks.get().error().code, Code::deadline_exceeded);
  const auto lost = bystander.get();
  expect_collateral(lost, "blocking.power");
  EXPECT_NE(lost.error().python_stack.find("in power"), std::string::npos) << describe(lost.error());
}

TEST(BlockedEnd, ComesAtStallLimitWithoutADeadline) {
  Scratch scratch;
  Records records;
  auto options = impatient(records);
  options.attempt_timeout = {};
  options.stall_limit = 1s;
  const auto pool = start(options);
  const auto ended = pool.call<void>("blocking.until", scratch / "never").get();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, Code::worker_lost);
  EXPECT_FALSE(ended.error().collateral);
  EXPECT_NE(ended.error().message.find("past stall_limit"), std::string::npos) << ended.error().message;
  EXPECT_NE(ended.error().python_stack.find("in until"), std::string::npos) << describe(ended.error());
  EXPECT_EQ(ends(pool, "stall"), 1u);
}

TEST(Crash, NamesItsCulpritToTheOthers) {
  Records records;
  const auto pool = start(impatient(records));
  for (const char* how : {"crash", "abort"}) {
    SCOPED_TRACE(how);
    auto bystander = pool.call<int>("shop.sleep", 3600.0, 1);
    EXPECT_VALUE(pool.call<int>("shop.sleep", 0.05, 1).get(), 1);
    const auto crashed = pool.call<void>("shop.die", how).get();
    EXPECT_FAILS(crashed, worker_lost, run, maybe_started);
    EXPECT_EQ(crashed.error().signal, static_cast<std::uint64_t>(how == std::string("crash") ? SIGSEGV : SIGABRT));
    EXPECT_NE(crashed.error().python_stack.find("in die"), std::string::npos) << describe(crashed.error());
    EXPECT_FALSE(crashed.error().collateral);
    expect_collateral(bystander.get(), "shop.die");
  }
}

}  // namespace
}  // namespace clutch::e2e
