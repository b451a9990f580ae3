#include "core/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace clutch::core::test {
namespace {

using namespace std::chrono_literals;

class Wheel : public testing::Test {
 protected:
  // All that fire until `now`.
  std::vector<Timer*> fire(Time now) {
    std::vector<Timer*> fired;
    while (Timer* timer = wheel_.expire(now)) fired.push_back(timer);
    return fired;
  }
  // Follows next() alone, as the shell does; how often it woke.
  int wake_until(Timer& timer, Time due) {
    for (int wakes = 1; wakes < 1000; ++wakes) {
      const Time next = wheel_.next();
      EXPECT_LE(next, due + 1ms);
      for (Timer* fired : fire(next)) {
        EXPECT_EQ(fired, &timer);
        EXPECT_GE(next, due);
        return wakes;
      }
    }
    ADD_FAILURE() << "it never fired";
    return 0;
  }

  Time start_{1000h};
  TimerWheel wheel_{start_};
  Timer timer_;
};

TEST_F(Wheel, IsEmptyAtFirst) {
  EXPECT_TRUE(wheel_.empty());
  EXPECT_EQ(wheel_.next(), never);
  EXPECT_EQ(wheel_.expire(start_ + 1h), nullptr);
}

TEST_F(Wheel, FiresOnceAndNeverBeforeItsTime) {
  wheel_.set(timer_, start_ + 1500us);
  EXPECT_EQ(fire(start_ + 1499us).size(), 0u);
  EXPECT_EQ(fire(start_ + 2ms), std::vector<Timer*>{&timer_});
  EXPECT_FALSE(timer_.linked());
  EXPECT_EQ(fire(start_ + 1h).size(), 0u);
  EXPECT_EQ(wheel_.next(), never);
}

TEST_F(Wheel, FiresAtOnceWhatIsDueAlready) {
  EXPECT_EQ(fire(start_ + 10s).size(), 0u);
  wheel_.set(timer_, start_ + 1s);
  EXPECT_LE(wheel_.next(), start_ + 10s);
  EXPECT_EQ(fire(start_ + 10s).size(), 1u);
}

TEST_F(Wheel, ForgetsWhatIsStopped) {
  wheel_.set(timer_, start_ + 5ms);
  wheel_.stop(timer_);
  wheel_.stop(timer_);
  EXPECT_TRUE(wheel_.empty());
  EXPECT_EQ(wheel_.next(), never);
  EXPECT_EQ(fire(start_ + 1s).size(), 0u);
}

TEST_F(Wheel, TakesTheLatestSetting) {
  wheel_.set(timer_, start_ + 5ms);
  wheel_.set(timer_, start_ + 5s);
  EXPECT_EQ(fire(start_ + 4s).size(), 0u);
  wheel_.set(timer_, start_ + 4500ms);
  EXPECT_EQ(fire(start_ + 4500ms).size(), 1u);
  wheel_.set(timer_, start_ + 9s);
  wheel_.set(timer_, never);
  EXPECT_TRUE(wheel_.empty());
}

TEST_F(Wheel, HandsDownAtEveryLevelsBoundary) {
  for (unsigned level = 1; level < 8; ++level) {
    const auto boundary = std::chrono::milliseconds(std::int64_t{1} << 6 * level);
    for (const auto off : {-1ms, 0ms, 1ms}) {
      TimerWheel wheel(start_);
      Timer timer;
      const Time due = start_ + boundary + off;
      wheel.set(timer, due);
      EXPECT_EQ(wheel.expire(due - 1ns), nullptr) << level;
      EXPECT_EQ(wheel.expire(due), &timer) << level;
    }
  }
}

// 2^30 ms of uptime is 12 days: what was set shortly before that and was due shortly after came 12 days late.
TEST_F(Wheel, IsPunctualAcrossTheEndOfAnyTurn) {
  for (unsigned level = 1; level < 8; ++level) {
    TimerWheel wheel(start_);
    Timer timer;
    const Time turn = start_ + std::chrono::milliseconds(std::int64_t{1} << 6 * level);
    EXPECT_EQ(wheel.expire(turn - 3ms), nullptr);
    wheel.set(timer, turn + 2ms);
    EXPECT_LE(wheel.next(), turn + 2ms) << level;
    EXPECT_EQ(wheel.expire(turn + 1ms), nullptr) << level;
    EXPECT_EQ(wheel.expire(turn + 2ms), &timer) << level;
  }
}

TEST_F(Wheel, KeepsDeadlinesThatAreYearsAway) {
  const Time due = start_ + 24h * 365 * 50;
  wheel_.set(timer_, due);
  EXPECT_LT(wake_until(timer_, due), 20);
}

TEST_F(Wheel, BearsTheLatestTimesThereAre) {
  TimerWheel wheel{Time{}};
  Timer other;
  wheel.set(timer_, never - 1ns);
  wheel.set(other, Time{} + 1s);
  EXPECT_LE(wheel.next(), Time{} + 1s);
  EXPECT_EQ(wheel.expire(Time{} + 1s), &other);
  EXPECT_EQ(wheel.expire(Time{} + 24h * 365), nullptr);
}

TEST_F(Wheel, WakesSeldomWhileIdleForHours) {
  wheel_.set(timer_, start_ + 7h + 13ms);
  EXPECT_LT(wake_until(timer_, start_ + 7h + 13ms), 10);
}

TEST_F(Wheel, CatchesUpAfterHoursWithoutACall) {
  std::vector<Timer> timers(100);
  for (std::size_t i = 0; i < timers.size(); ++i) wheel_.set(timers[i], start_ + i * 3min);
  const auto fired = fire(start_ + 10h);
  ASSERT_EQ(fired.size(), timers.size());
  for (std::size_t i = 0; i < timers.size(); ++i) EXPECT_EQ(fired[i], &timers[i]);
}

// Against a sorted list: every timer fires at the first look at or after its time, none before; next() is never late.
TEST(WheelAgainstAReference, Random) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t bound) { return static_cast<std::int64_t>(random() % bound); };
    const Time start{std::chrono::nanoseconds(below(1'000'000'000))};
    Time now = start;
    TimerWheel wheel(start);
    std::vector<Timer> timers(64);
    std::map<Timer*, Time> due;
    const auto far = [&] { return Duration(below(std::uint64_t{1} << (10 + below(46)))); };
    for (int step = 0; step < 3000; ++step) {
      Timer& timer = timers[static_cast<std::size_t>(below(timers.size()))];
      if (below(4) != 0) {
        due[&timer] = now + far() - Duration(below(2'000'000));
        wheel.set(timer, due[&timer]);
      } else {
        wheel.stop(timer);
        due.erase(&timer);
      }
      if (below(3) != 0) continue;
      now = below(2) == 0 || due.empty() ? now + far() / 16 : std::max(now, wheel.next());
      for (const auto& [each, at] : due) ASSERT_LE(wheel.next(), std::max(now, at) + 1ms) << "seed " << seed;
      while (Timer* fired = wheel.expire(now)) {
        ASSERT_TRUE(due.contains(fired)) << "seed " << seed;
        ASSERT_LE(due[fired], now) << "seed " << seed;
        due.erase(fired);
      }
      for (const auto& [each, at] : due) ASSERT_GT(at + 1ms, now) << "late at seed " << seed << ", step " << step;
      ASSERT_EQ(wheel.empty(), due.empty());
    }
  }
}

}  // namespace
}  // namespace clutch::core::test
