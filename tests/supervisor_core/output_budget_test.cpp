#include "io/output_budget.hpp"

#include <gtest/gtest.h>

namespace clutch::io {
namespace {

using namespace std::chrono_literals;
using Verdict = OutputBudget::Verdict;

TEST(OutputBudget, PassesABurstAndThenSoManyBytesASecond) {
  OutputBudget budget(1000);
  core::Time now{};
  now += 1h;
  EXPECT_EQ(budget.take(4000, now), Verdict::pass) << "four seconds' worth";
  EXPECT_EQ(budget.take(1, now), Verdict::drop_first);
  EXPECT_EQ(budget.take(1, now), Verdict::drop);
  std::uint64_t passed = 0;
  for (int i = 0; i < 10'000; ++i) {
    now += 1ms;
    if (budget.take(10, now) == Verdict::pass) passed += 10;
  }
  EXPECT_GE(passed, 9'000u);
  EXPECT_LE(passed, 10'000u);
}

TEST(OutputBudget, DropsWholeStretches) {
  OutputBudget budget(1000);
  core::Time now{};
  now += 1h;
  EXPECT_EQ(budget.take(4000, now), Verdict::pass);
  EXPECT_EQ(budget.take(100, now), Verdict::drop_first);
  now += 400ms;
  EXPECT_EQ(budget.take(100, now), Verdict::drop);
  now += 100ms;
  EXPECT_EQ(budget.take(100, now), Verdict::pass);
  EXPECT_EQ(budget.take_dropped(), 200u);
  EXPECT_EQ(budget.take_dropped(), 0u);
}

TEST(OutputBudget, OfZeroIsNone) {
  OutputBudget budget(0);
  EXPECT_EQ(budget.take(std::uint64_t{1} << 60, core::Time{}), Verdict::pass);
}

TEST(OutputBudget, ALineLongerThanItAllIsDroppedAndNothingElse) {
  OutputBudget budget(100);
  core::Time now{};
  now += 1h;
  EXPECT_EQ(budget.take(8192, now), Verdict::drop_first);
  EXPECT_EQ(budget.take(10, now), Verdict::pass);
}

}  // namespace
}  // namespace clutch::io
