#include "io/stuck_calls.hpp"

#include <gtest/gtest.h>

namespace clutch::io {
namespace {

using namespace std::chrono_literals;

class StuckCallsTest : public testing::Test {
 protected:
  void hold(std::uint64_t receipt, std::uint64_t call) {
    calls.hold({.session = {}, .receipt = {receipt}, .what = {.what = CancelEnd::ignored}, .call = {call}}, now);
  }

  StuckCalls calls;
  core::Time now{1000s};
  std::vector<std::pair<std::uint64_t, std::string>> told;
  const StuckCalls::Deliver deliver = [this](core::ReceiptDelivery&& receipt) {
    told.emplace_back(receipt.receipt.value, receipt.what.where);
  };
};

TEST_F(StuckCallsTest, AreToldWithTheirStack) {
  hold(1, 10);
  hold(2, 11);
  hold(3, 10);
  calls.on_where({10}, "in f", deliver);
  EXPECT_EQ(told, (std::vector<std::pair<std::uint64_t, std::string>>{{1, "in f"}, {3, "in f"}}));
  calls.on_where({10}, "in g", deliver);
  EXPECT_EQ(told.size(), 2u);
}

TEST_F(StuckCallsTest, AreToldWithoutWhereNobodyAnswers) {
  EXPECT_EQ(calls.next_time(), core::never);
  hold(1, 10);
  now += 100ms;
  hold(2, 11);
  EXPECT_EQ(calls.next_time(), now + 200ms);
  calls.give_up(now + 200ms, deliver);
  EXPECT_EQ(told, (std::vector<std::pair<std::uint64_t, std::string>>{{1, ""}}));
  calls.give_up(core::never, deliver);
  EXPECT_EQ(told.size(), 2u);
  EXPECT_EQ(calls.next_time(), core::never);
}

TEST_F(StuckCallsTest, KeepNoMoreOfAStackThanAPersonReads) {
  hold(1, 10);
  calls.on_where({10}, std::string(1 << 20, 'x'), deliver);
  EXPECT_LE(told.at(0).second.size(), 64u << 10);
}

}  // namespace
}  // namespace clutch::io
