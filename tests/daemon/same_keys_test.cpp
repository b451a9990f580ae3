// Idempotency keys by a pool of the program's own and through a daemon.
#include <clutch/pool.hpp>

#include "support.hpp"
#include "support/paths.hpp"

namespace clutch::daemon_test {
namespace {

std::filesystem::path modules() { return test::source_directory() / "tests/e2e/python"; }

class SameKeys : public testing::TestWithParam<const char*> {
 protected:
  const Caller& caller = GetParam() == std::string("pool") ? of_a_pool() : through_a_daemon();
  const Scratch scratch;

  // Of this test alone, by either way.
  [[nodiscard]] Caller keyed(CallOptions options = {}) const {
    options.idempotency_key = scratch / "key";
    return caller.with(std::move(options));
  }
  [[nodiscard]] std::size_t executions() const { return lines_of(scratch / "ran").size(); }

 private:
  static PoolOptions options() {
    PoolOptions options;
    options.modules = {"shop"};
    options.path = {modules()};
    options.python = test::python().string();
    options.workers = 2;
    return options;
  }
  static const Caller& of_a_pool() {
    static const Pool pool = Pool::start(options()).value();
    return pool;
  }
  static const Caller& through_a_daemon() {
    static Daemon daemon("[pool.main]\nmodules = [\"shop\"]\nworkers = 2\npath = [\"" + modules().string() +
                         "\"]\npython = \"" + test::python().string() + "\"\n");
    static const Client client = daemon.connect();
    return client;
  }
};

INSTANTIATE_TEST_SUITE_P(By, SameKeys, testing::Values("pool", "daemon"),
                         [](const auto& which) { return std::string(which.param); });

TEST_P(SameKeys, RunOnceForAllThatHaveThem) {
  std::vector<Call<int>> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(keyed().call<int>("shop.ledger", scratch / "ran", 7, 0.05));
  for (auto& call : calls) EXPECT_VALUE(call.get(), 7);
  EXPECT_VALUE(keyed().call<int>("shop.ledger", scratch / "ran", 7, 0.05).get(), 7);
  EXPECT_EQ(executions(), 1u);
}

TEST_P(SameKeys, ReplayWhatItRaised) {
  for (int i = 0; i < 2; ++i) {
    const auto result = keyed({.retry = RetryPolicy{.attempts = 3, .delay = 1ms, .exceptions = {"OutOfStock"}}})
                            .call<int>("shop.fails_until", scratch / "ran", 2)
                            .get();
    EXPECT_FAILS(result, failed, started);
    EXPECT_EQ(result.error().attempts, 1u) << "what was executed is not tried again with a key";
  }
}

TEST_P(SameKeys, AreRefusedWithOtherArguments) {
  EXPECT_VALUE(keyed().call<int>("shop.ledger", scratch / "ran", 7, 0.0).get(), 7);
  EXPECT_FAILS(keyed().call<int>("shop.ledger", scratch / "ran", 8, 0.0).get(), invalid_argument, not_started);
  EXPECT_EQ(executions(), 1u);
}

TEST_P(SameKeys, EachWaitsAsLongAsItWill) {
  auto patient = keyed().call<int>("shop.ledger", scratch / "ran", 7, 1.0);
  ASSERT_TRUE(eventually([&] { return executions() == 1; }));
  const auto hasty = keyed({.timeout = 10ms}).call<int>("shop.ledger", scratch / "ran", 7, 1.0).get();
  EXPECT_EQ(to_string(hasty.error().code), "deadline_exceeded");
  auto leaver = keyed().call<int>("shop.ledger", scratch / "ran", 7, 1.0);
  leaver.cancel();
  EXPECT_EQ(to_string(leaver.get().error().code), "cancelled");
  EXPECT_VALUE(patient.get(), 7);
  EXPECT_EQ(executions(), 1u);
}

TEST_P(SameKeys, TheLastThatLeavesCancelsTheExecution) {
  auto first = keyed().call<void>("shop.until_cancelled", scratch / ".", "it");
  auto second = keyed().call<void>("shop.until_cancelled", scratch / ".", "it");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch / "it.begun"); }));
  first.cancel();
  EXPECT_EQ(to_string(first.get().error().code), "cancelled");
  EXPECT_FALSE(std::filesystem::exists(scratch / "it.cancelled"));
  second.cancel();
  EXPECT_FAILS(second.get(), cancelled, started);
  EXPECT_TRUE(std::filesystem::exists(scratch / "it.finally"));
}

TEST_P(SameKeys, AWorkersDeathIsNotRunAgain) {
  EXPECT_FAILS(keyed().call<void>("shop.die", "exit").get(), worker_lost, maybe_started);
  EXPECT_FAILS(keyed().call<void>("shop.die", "exit").get(), worker_lost, maybe_started);
}

TEST_P(SameKeys, AStreamHasNone) {
  auto stream = keyed().stream<int>("shop.numbers");
  int errors = 0;
  for (const auto& item : stream) {
    EXPECT_FAILS(item, invalid_argument, not_started);
    ++errors;
  }
  EXPECT_EQ(errors, 1);
}

}  // namespace
}  // namespace clutch::daemon_test
