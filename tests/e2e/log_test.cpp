// What a pool's log tells: at level debug each call's steps.
#include <algorithm>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

class Log : public testing::Test {
 protected:
  [[nodiscard]] Pool start_logged(LogLevel level, std::uint32_t workers = 1) {
    auto options = shop_options(workers);
    options.log = records_.sink();
    options.log_level = level;
    return start(options);
  }
  /// What the records of calls of this function say, from the colon on.
  [[nodiscard]] std::vector<std::string> steps_of(const std::string& function) const {
    std::vector<std::string> steps;
    for (const auto& record : records_.all()) {
      if (!record.text.starts_with("call ") || record.text.find('`' + function + '`') == std::string::npos) continue;
      EXPECT_EQ(record.level, LogLevel::debug);
      EXPECT_EQ(record.source, "pool default");
      steps.push_back(record.text.substr(record.text.find(": ") + 2));
    }
    return steps;
  }
  [[nodiscard]] static bool begins_with(const std::vector<std::string>& steps, const std::vector<std::string>& words) {
    return std::equal(steps.begin(), steps.end(), words.begin(), words.end(),
                      [](const auto& step, const auto& word) { return step.starts_with(word); });
  }
  Records records_;
};

TEST_F(Log, TellsEachStepOfACallAtDebug) {
  const auto pool = start_logged(LogLevel::debug);
  EXPECT_VALUE(pool.call<std::string>("shop.sleep", 0.05, "secret").get(), "secret");
  const auto steps = steps_of("shop.sleep");
  EXPECT_TRUE(begins_with(steps, {"accepted", "queued", "sent to worker 0, 0.", "begun by worker 0, ",
                                  "returned a value, from worker 0, "}))
      << testing::PrintToString(steps);
  EXPECT_NE(steps.back().find(" ms until begun, "), std::string::npos) << steps.back();
  EXPECT_FALSE(records_.find("secret"));
}

TEST_F(Log, TellsOfACallThatEndsInItsFirstStepThatItBegan) {
  const auto pool = start_logged(LogLevel::debug);
  EXPECT_VALUE(pool.call<int>("shop.echo", 1).get(), 1);
  EXPECT_TRUE(begins_with(steps_of("shop.echo"), {"accepted", "queued", "sent", "begun", "returned a value"}));
}

TEST_F(Log, NamesTheExceptionAndNotWhatItSays) {
  const auto pool = start_logged(LogLevel::debug);
  EXPECT_FALSE(pool.call<void>("shop.fails", "own").get().ok());
  EXPECT_TRUE(steps_of("shop.fails").back().starts_with("returned failed (shop.OutOfStock), started, from worker 0"))
      << steps_of("shop.fails").back();
  EXPECT_FALSE(records_.find("none left"));
}

TEST_F(Log, EscapesTheNameOfARefusedCall) {
  const auto pool = start_logged(LogLevel::debug);
  EXPECT_FALSE(pool.call<void>("shop.no\nsuch\x1b[31m").get().ok());
  EXPECT_TRUE(records_.find("call `shop.no\\nsuch\\x1b[31m`, attempt 1: refused: not_found, not_started"));
}

TEST_F(Log, WarnsOfAWorkerThatDies) {
  const auto pool = start_logged(LogLevel::info);
  EXPECT_FALSE(pool.call<void>("shop.die", "kill").get().ok());
  ASSERT_TRUE(eventually([&] { return records_.find("was killed by signal 9 (SIGKILL)").has_value(); }));
  const auto record = *records_.find("was killed by signal 9 (SIGKILL)");
  EXPECT_EQ(record.level, LogLevel::warning);
  EXPECT_NE(record.text.find("; 1 call ended as worker_lost; another is started. If nobody killed it"),
            std::string::npos)
      << record.text;
}

TEST_F(Log, DoesNotWarnOfWorkersThatEndAsTold) {
  EXPECT_TRUE(start_logged(LogLevel::info).stop(10s));
  EXPECT_EQ(records_.find("exited with status 0")->level, LogLevel::info);
}

TEST_F(Log, NamesWhatARetryIsFor) {
  Scratch scratch;
  const auto pool = start_logged(LogLevel::info);
  const RetryPolicy policy{.attempts = 5, .delay = 1ms, .exceptions = {"OutOfStock"}};
  EXPECT_VALUE(pool.with({.retry = policy}).call<int>("shop.fails_until", scratch / "marks", 3).get(), 3);
  const auto second =
      records_.find("`shop.fails_until`: attempt 2 of 5 ended as failed (shop.OutOfStock), tried again in ");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->level, LogLevel::warning);
}

TEST_F(Log, LeavesAFailedStartToItsCaller) {
  auto options = shop_options();
  options.modules = {"broken_import"};
  options.log = records_.sink();
  EXPECT_FALSE(Pool::start(options).ok());
  for (const auto& record : records_.all()) EXPECT_LT(record.level, LogLevel::warning) << record.text;
}

TEST_F(Log, SaysNothingOfCallsAtInfo) {
  const auto pool = start_logged(LogLevel::info);
  EXPECT_VALUE(pool.call<int>("shop.echo", 1).get(), 1);
  EXPECT_TRUE(steps_of("shop.echo").empty());
  EXPECT_TRUE(records_.find("ready: "));
}

}  // namespace
}  // namespace clutch::e2e
