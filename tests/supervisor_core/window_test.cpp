#include "core/window.hpp"

#include <gtest/gtest.h>

namespace clutch::core::test {
namespace {

using namespace std::chrono_literals;

class WindowTest : public testing::Test {
 protected:
  // A worker that begins a call every `pace` and is always kept busy.
  void run(Duration pace, int rounds) {
    for (int i = 0; i < rounds; ++i) {
      now_ += pace * static_cast<std::int64_t>(window_.size());
      window_.on_begun(window_.size(), now_);
    }
  }
  Time now_{1h};
  Window window_;
};

TEST_F(WindowTest, IsOneUntilThePaceIsKnown) { EXPECT_EQ(window_.size(), 1u); }

TEST_F(WindowTest, GrowsToWhatBeginsInAMillisecond) {
  window_.on_first_sent(now_);
  run(20us, 20);
  EXPECT_NEAR(static_cast<double>(window_.size()), 50, 2);
}

TEST_F(WindowTest, AtMostDoubles) {
  window_.on_first_sent(now_);
  run(1us, 1);
  EXPECT_EQ(window_.size(), 2u);
  run(1us, 1);
  EXPECT_EQ(window_.size(), 4u);
}

TEST_F(WindowTest, NeverPassesItsBound) {
  window_.on_first_sent(now_);
  run(1ns, 50);
  EXPECT_EQ(window_.size(), limits::window_max);
}

TEST_F(WindowTest, ShrinksToOneBehindLongCalls) {
  window_.on_first_sent(now_);
  run(1us, 20);
  EXPECT_GT(window_.size(), 100u);
  run(30ms, 1);
  EXPECT_EQ(window_.size(), 1u);
}

TEST_F(WindowTest, DoesNotCountTimeInWhichThereWasNothingToBegin) {
  window_.on_first_sent(now_);
  run(10us, 20);
  const auto size = window_.size();
  now_ += 1h;
  window_.on_first_sent(now_);
  run(10us, 1);
  EXPECT_EQ(window_.size(), size);
}

TEST_F(WindowTest, BearsAClockThatStandsStillOrWasReadLate) {
  window_.on_first_sent(now_);
  window_.on_begun(5, now_);
  window_.on_begun(5, now_ - 1ms);
  window_.on_begun(0, now_ + 1ms);
  EXPECT_EQ(window_.size(), 1u);
}

}  // namespace
}  // namespace clutch::core::test
