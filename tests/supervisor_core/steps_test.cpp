// A call's steps, as the log at level debug tells them.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

using What = CallStep::What;

class Steps : public PoolTest {
 protected:
  Steps() { pool.options.call_steps = true; }
  [[nodiscard]] std::vector<What> of(const TestCall& call) const {
    std::vector<What> steps;
    for (const auto& step : pool.steps) {
      if (step.call == call.id.value()) steps.push_back(step.what);
    }
    return steps;
  }
  [[nodiscard]] const CallStep& last() const { return pool.steps.back(); }
};

TEST_F(Steps, OfACallAreTheWholeOfItsWay) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).begins(call);
  pool.worker(0).returns(call);
  EXPECT_EQ(of(call), (std::vector{What::accepted, What::queued, What::sent, What::begun, What::returned}));
  EXPECT_EQ(last().ended_as, "a value");
  EXPECT_EQ(last().function, "m.f");
  EXPECT_EQ(last().worker, WorkerId{0});
  EXPECT_EQ(last().attempt, 1u);
  EXPECT_FALSE(pool.steps[3].told_by_result);
}

TEST_F(Steps, LearnTheBeginFromAResultThatComesFirst) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).returns(call);
  ASSERT_EQ(of(call), (std::vector{What::accepted, What::queued, What::sent, What::begun, What::returned}));
  EXPECT_TRUE(pool.steps[3].told_by_result);
}

TEST_F(Steps, SayNoBeginOfWhatNeverBegan) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 10ms});
  pool.worker(0).passes_over(call, Code::deadline_exceeded);
  EXPECT_EQ(of(call), (std::vector{What::accepted, What::queued, What::sent, What::returned}));
  EXPECT_EQ(last().ended_as, "deadline_exceeded, not_started");
}

TEST_F(Steps, NeverGoOnAfterTheEnd) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 10ms});
  pool.advance(10ms);
  const auto steps = of(call);
  EXPECT_EQ(steps.back(), What::returned);
  pool.worker(0).runs(call);
  EXPECT_EQ(of(call), steps);
}

TEST_F(Steps, TellTheSecondWorkerToo) {
  pool.ready(2);
  const auto call = pool.submit("m.f");
  pool.worker(0).dies();
  EXPECT_EQ(of(call), (std::vector{What::accepted, What::queued, What::sent, What::queued, What::sent}));
  EXPECT_EQ(last().worker, WorkerId{1});
}

TEST_F(Steps, NameWhatARefusedCallWasRefusedAs) {
  pool.ready(1);
  static_cast<void>(pool.submit("m.h"));
  ASSERT_EQ(pool.steps.size(), 1u);
  EXPECT_EQ(last().what, What::refused);
  EXPECT_EQ(last().function, "m.h");
  EXPECT_EQ(last().ended_as, "not_found, not_started");
}

TEST_F(Steps, AreNotMadeWhereNobodyAskedForThem) {
  pool.options.call_steps = false;
  pool.ready(1);
  pool.worker(0).runs(pool.submit("m.f"));
  static_cast<void>(pool.submit("m.h"));
  EXPECT_TRUE(pool.steps.empty());
}

}  // namespace
}  // namespace clutch::core::test
