// What must never be ends the process instead of going on with wrong counts.
#include "core/invariant.hpp"

#include "core/call.hpp"
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

using InvariantDeathTest = PoolTest;

TEST_F(InvariantDeathTest, OfACallThatIsGivenBackTwice) {
  CallTable calls;
  Call& call = calls.take();
  call.state = CallState::queued;
  calls.release(call);
  EXPECT_DEATH(calls.release(call), "a defect of clutch itself.*a call is given back once.*call.cpp:");
}

TEST_F(InvariantDeathTest, SaysWhatAndWhere) {
  invariant(true, "nothing is said of what holds");
  EXPECT_DEATH(invariant(false, "two are three"), "two are three .*invariant_test.cpp:");
}

}  // namespace
}  // namespace clutch::core::test
