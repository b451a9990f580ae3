#include "io/examinations.hpp"

#include <gtest/gtest.h>

#include "io/blocked_text.hpp"

namespace clutch::io {
namespace {

using namespace std::chrono_literals;

struct ExaminationsTest : testing::Test {
  Examination of(std::uint32_t worker) {
    Examination examination;
    examination.worker = {worker};
    examination.incarnation = {worker + 10};
    return examination;
  }

  Examinations examinations;
  core::Time now{1000s};
  std::vector<Examination> found;
  const Examinations::GoOn go_on = [this](Examination&& each) { found.push_back(std::move(each)); };
};

TEST_F(ExaminationsTest, GoOnWithTheAnswer) {
  examinations.hold(of(0), now);
  examinations.hold(of(1), now);
  examinations.on_answer({11}, {7}, "in f", go_on);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].worker, core::WorkerId{1});
  EXPECT_TRUE(found[0].answered);
  EXPECT_EQ(found[0].call, core::CallId{7});
  EXPECT_EQ(found[0].stack, "in f");
  examinations.on_answer({11}, {7}, "in f", go_on);
  EXPECT_EQ(found.size(), 1u);
}

TEST_F(ExaminationsTest, GoOnWithoutOneInTime) {
  examinations.hold(of(0), now);
  auto signalled = of(1);
  signalled.signalled = true;
  examinations.hold(std::move(signalled), now);
  EXPECT_EQ(examinations.next_time(), now + 100ms);
  examinations.give_up(now + 100ms, go_on);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].worker, core::WorkerId{1});
  EXPECT_EQ(examinations.next_time(), now + 300ms);
  examinations.give_up(now + 300ms, go_on);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_FALSE(found[1].answered);
  EXPECT_EQ(examinations.next_time(), core::never);
}

TEST_F(ExaminationsTest, AreToldInWords) {
  auto answered = of(0);
  answered.stood = 1100ms;
  answered.answered = true;
  answered.call = {7};
  answered.stack = "File \"m.py\", line 3, in f";
  EXPECT_EQ(
      describe(answered, {.in_flight = 3, .function = "m.f"}),
      "worker 0 is blocked: its event loop has not turned for 1100 ms, and it has 3 call(s); new ones go to other "
      "workers, or wait: `m.f` (call 7) is at it. A function that blocks belongs into a plain `def`, which runs in a "
      "thread. It is at\nFile \"m.py\", line 3, in f");
  const auto silent = of(0);
  EXPECT_NE(describe(silent, {}).find("holds the GIL"), std::string::npos);
  EXPECT_NE(describe(silent, {.stopped = true}).find("kill -CONT"), std::string::npos);
}

}  // namespace
}  // namespace clutch::io
