#include "core/loop_watch.hpp"

#include <gtest/gtest.h>

namespace clutch::core {
namespace {

using namespace std::chrono_literals;

struct Watched : testing::Test {
  void read(Duration later, bool awaited = false) {
    now += later;
    watch.on_page(pulse, awaited, now);
  }
  void ticks() {
    ++pulse.ticks;
    pulse.tick_time = now;
  }

  Time now{std::chrono::hours(1000)};
  Pulse pulse;
  LoopWatch watch;
};
using LoopWatchTest = Watched;

TEST_F(LoopWatchTest, ALoopWithCallsThatDoesNotTickIsBlocked) {
  pulse.in_flight = 1;
  read(0ms);
  read(100ms);
  EXPECT_FALSE(watch.blocked());
  read(149ms);
  EXPECT_FALSE(watch.blocked());
  read(1ms);
  EXPECT_TRUE(watch.blocked());
  EXPECT_EQ(watch.standing(), 250ms);
  ticks();
  read(10ms);
  EXPECT_FALSE(watch.blocked());
  EXPECT_EQ(watch.standing(), 10ms) << "since its tick";
}

TEST_F(LoopWatchTest, ABusyLoopTicks) {
  pulse.in_flight = 1;
  for (int i = 0; i < 50; ++i) {
    ticks();
    read(200ms);
    EXPECT_FALSE(watch.blocked());
  }
}

TEST_F(LoopWatchTest, AnIdleLoopNeedNotTick) {
  for (int i = 0; i < 20; ++i) read(100ms);
  EXPECT_EQ(watch.standing(), 0ms);
  pulse.in_flight = 1;  // and its pause does not count once it has a call
  read(100ms);
  EXPECT_EQ(watch.standing(), 0ms);
}

TEST_F(LoopWatchTest, ALoopThatDoesNotBeginWhatItWasSentIsBlocked) {
  read(0ms);
  read(10ms, true);
  read(250ms, true);
  EXPECT_TRUE(watch.blocked());
}

TEST_F(LoopWatchTest, WhatNobodyWatchedDoesNotCount) {
  pulse.in_flight = 1;
  read(0ms);
  read(1min);  // the supervisor was stopped, and perhaps the worker with it
  EXPECT_FALSE(watch.blocked());
  read(100ms);
  EXPECT_FALSE(watch.blocked());
  read(150ms);
  EXPECT_TRUE(watch.blocked());
}

TEST_F(LoopWatchTest, ATickTimeIsOnlyBelievedBetweenTwoReadings) {
  pulse.in_flight = 1;
  read(0ms);
  ++pulse.ticks;
  pulse.tick_time = now + 1h;
  read(100ms);
  EXPECT_EQ(watch.standing(), 0ms);
  ++pulse.ticks;
  pulse.tick_time = Time{};
  read(100ms);
  EXPECT_EQ(watch.standing(), 100ms);
}

TEST_F(LoopWatchTest, AFirstStepIsLongUntilALaterReadingOrBegun) {
  pulse.first_step = 7;
  pulse.first_step_since = now;
  read(2ms);
  EXPECT_FALSE(watch.in_long_step());
  read(1ms);
  EXPECT_TRUE(watch.in_long_step());
  watch.on_begun(6);  // sent before
  EXPECT_TRUE(watch.in_long_step());
  watch.on_begun(7);
  EXPECT_FALSE(watch.in_long_step());
  read(1ms);
  EXPECT_TRUE(watch.in_long_step());
  pulse.first_step = 0;
  read(1ms);
  EXPECT_FALSE(watch.in_long_step());
}

}  // namespace
}  // namespace clutch::core
