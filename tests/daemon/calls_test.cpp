// Calls through a daemon: values, errors, pools, queries, several clients.
#include <algorithm>
#include <thread>

#include "support.hpp"

namespace clutch::daemon_test {
namespace {

class DaemonCalls : public testing::Test {
 protected:
  static Daemon& daemon() {
    static Daemon one(main_pool("workers = 2\n"));
    return one;
  }
  const Client client = daemon().connect();
};

TEST_F(DaemonCalls, GivesWhatTheFunctionReturns) {
  EXPECT_VALUE(client.call<int>("depot.double", 21).get(), 42);
  EXPECT_VALUE(client.call<int>("depot.double", kw("x", 4)).get(), 8);
}

TEST_F(DaemonCalls, TellsWhatWasMeant) {
  const auto result = client.call<int>("depot.doubel", 21).get();
  EXPECT_FAILS(result, not_found, not_started);
  EXPECT_NE(result.error().message.find("depot.double"), std::string::npos) << result.error().message;
}

TEST_F(DaemonCalls, RunsCallsAtTheSameTime) {
  auto best = std::chrono::nanoseconds::max();
  for (int round = 0; round < 3 && best >= 1500ms; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<Call<double>> calls;
    for (int i = 0; i < 100; ++i) calls.push_back(client.call<double>("depot.nap", 0.5));
    for (auto& call : calls) EXPECT_VALUE(call.get(), 0.5);
    best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - begin);
  }
  EXPECT_LT(best, 1500ms) << "one after the other they take 50 s, on two workers 25 s";
}

TEST_F(DaemonCalls, AnswersTenThousandAtOnce) {
  std::vector<Call<int>> calls;
  for (int i = 0; i < 10'000; ++i) calls.push_back(client.call<int>("depot.double", i));
  for (int i = 0; i < 10'000; ++i) EXPECT_VALUE(calls[static_cast<std::size_t>(i)].get(), 2 * i);
}

TEST_F(DaemonCalls, CarriesLargePayloadsBothWays) {
  const clutch::Bytes large(std::vector<std::byte>(std::size_t{64} << 20, std::byte{7}));
  EXPECT_VALUE(client.call<std::size_t>("depot.size", large).get(), large.size());
  const auto back = client.call<clutch::Bytes>("depot.echo", large).get();
  ASSERT_TRUE(back.ok()) << describe(back.error());
  EXPECT_EQ(back.value(), large);
}

TEST_F(DaemonCalls, TakesMoreThanTheWindowOneAfterTheOther) {
  const clutch::Bytes large(std::vector<std::byte>(std::size_t{16} << 20));
  std::vector<Call<std::size_t>> calls;
  for (int i = 0; i < 12; ++i) calls.push_back(client.call<std::size_t>("depot.size", large));
  for (auto& call : calls) EXPECT_VALUE(call.get(), large.size());
}

TEST_F(DaemonCalls, EndsACallAtItsTimeout) {
  const auto begin = std::chrono::steady_clock::now();
  const auto result = client.with({.timeout = 200ms}).call<double>("depot.nap", 30.0).get();
  EXPECT_FAILS(result, deadline_exceeded, started);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST_F(DaemonCalls, CancelsACall) {
  const auto path = daemon().scratch() / "cancelled";
  auto call = client.call<void>("depot.nap_and_note", path, 60.0);
  ASSERT_TRUE(eventually([&] { return lines_of(path).size() == 1; }));
  call.cancel();
  EXPECT_FAILS(call.get(), cancelled, started);
  EXPECT_EQ(lines_of(path), (std::vector<std::string>{"began", "cancelled"}));
}

TEST_F(DaemonCalls, AnswersFunctions) {
  const auto list = client.functions();
  ASSERT_TRUE(list.ok()) << describe(list.error());
  const auto& functions = list.value().functions;
  const auto at =
      std::find_if(functions.begin(), functions.end(), [](const auto& each) { return each.name == "depot.double"; });
  ASSERT_NE(at, functions.end());
  EXPECT_EQ(at->signature, "(x: int) -> int");
  EXPECT_EQ(at->pool, "main");
}

TEST_F(DaemonCalls, AnswersPs) {
  const auto ps = client.query("ps").get();
  ASSERT_TRUE(ps.ok()) << describe(ps.error());
}

TEST_F(DaemonCalls, ServesManyClients) {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&good, i] {
      const auto own = daemon().connect();
      std::vector<Call<int>> calls;
      for (int k = 0; k < 200; ++k) calls.push_back(own.call<int>("depot.double", 1000 * i + k));
      for (int k = 0; k < 200; ++k) good += calls[static_cast<std::size_t>(k)].get().value_or(-1) == 2 * (1000 * i + k);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 20 * 200);
}

std::string annexe_pool() {
  auto text = main_pool();
  text.replace(text.find("[pool.main]"), 11, "[pool.annexe]");
  text.replace(text.find("[\"depot\"]"), 9, "[\"depot\", \"annexe\"]");
  return text;
}

TEST(TwoPools, ACallGoesToThePoolThatHasTheFunction) {
  Daemon daemon(main_pool() + annexe_pool());
  const auto client = daemon.connect();
  EXPECT_VALUE(client.call<int>("annexe.triple", 5).get(), 15);
  const auto both = client.call<int>("depot.double", 5).get();
  EXPECT_FAILS(both, invalid_argument, not_started);
  EXPECT_NE(both.error().message.find("`annexe`, `main`"), std::string::npos) << both.error().message;
  EXPECT_VALUE(client.with({.pool = "main"}).call<int>("depot.double", 5).get(), 10);
  const auto pid_main = client.with({.pool = "main"}).call<int>("depot.pid").get();
  const auto pid_annexe = daemon.connect({.pool = "annexe"}).call<int>("depot.pid").get();
  ASSERT_TRUE(pid_main.ok() && pid_annexe.ok());
  EXPECT_NE(pid_main.value(), pid_annexe.value());
  EXPECT_FAILS(client.with({.pool = "mian"}).call<int>("depot.double", 5).get(), invalid_argument, not_started);
  EXPECT_FAILS(client.call<int>("nowhere.at_all").get(), not_found, not_started);
}

}  // namespace
}  // namespace clutch::daemon_test
