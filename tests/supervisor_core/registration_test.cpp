// What workers register: once, and not always the same, since a file may change between two boots.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Registrations : public PoolTest {
 protected:
  static Registration without(const std::string& name) {
    auto registration = usual_functions();
    std::erase_if(registration.functions, [&](const auto& each) { return each.name == name; });
    return registration;
  }
  static Registration with(const Function& changed) {
    auto registration = usual_functions();
    for (auto& each : registration.functions) {
      if (each.name == changed.name) each = changed;
    }
    return registration;
  }
};

TEST_F(Registrations, ForASecondTimeAreAViolation) {
  pool.ready(1);
  pool.worker(0).registers();
  EXPECT_NE(pool.worker(0).killed, "");
}

TEST_F(Registrations, OfACondemnedWorkerArePassedOver) {
  pool.start(1);
  pool.core().on_violation(WorkerId{0}, Incarnation{pool.worker(0).incarnation}, "garbage");
  pool.worker(0).registers();
  EXPECT_EQ(pool.worker(0).state(), WorkerState::condemned);
  EXPECT_EQ(pool.count<Started>(), 0u);
}

TEST_F(Registrations, FollowedByBootFailedAreAViolation) {
  pool.ready(1);
  pool.core().on_boot_failed(WorkerId{0}, Incarnation{pool.worker(0).incarnation}, {}, pool.now);
  pool.flush();
  EXPECT_NE(pool.worker(0).killed, "");
}

TEST_F(Registrations, SendACallOnlyToAWorkerThatHasItsFunction) {
  pool.start(2);
  pool.worker(0).registers(without("m.g"));
  pool.worker(1).registers();
  const auto calls = pool.submit("m.g", 2);
  EXPECT_TRUE(pool.worker(1).has(calls[0]));
  EXPECT_FALSE(pool.worker(0).has(calls[1]));
  pool.worker(1).runs(calls[0]);
  EXPECT_TRUE(pool.worker(1).has(calls[1]));
}

// The head of the queue waits for the one worker that has its function: the others must not wait behind it.
TEST_F(Registrations, DoNotHoldUpOtherFunctions) {
  pool.start(2);
  pool.worker(0).registers(without("m.g"));
  pool.worker(1).registers();
  const auto rare = pool.submit("m.g", 2);
  const auto usual = pool.submit("m.f");
  EXPECT_TRUE(pool.worker(0).has(usual));
  pool.worker(0).runs(usual);
  pool.worker(1).runs(rare[0]);
  pool.worker(1).runs(rare[1]);
  EXPECT_QUIET();
}

// Its last holder is gone and the new one lacks it: no worker will ever take the call.
TEST_F(Registrations, AnswerACallWhoseFunctionIsGone) {
  pool.ready(1);
  const auto calls = pool.submit("m.g", 2);
  pool.worker(0).dies();
  const auto later = pool.submit("m.g");
  pool.worker(0).registers(without("m.g"));
  for (const auto& call : calls) EXPECT_ENDED(call, unavailable, not_started, "no worker has `m.g`");
  EXPECT_ENDED(later, unavailable, not_started);
  EXPECT_ENDED(pool.submit("m.g"), not_found, not_started);
  const auto usual = pool.submit("m.f");
  pool.worker(0).runs(usual);
  EXPECT_QUIET();
}

TEST_F(Registrations, LetACallWaitForAWorkerThatMayHaveItsFunction) {
  pool.start(2);
  pool.worker(0).registers(without("m.g"));
  pool.worker(1).registers();
  pool.worker(1).dies();
  const auto call = pool.submit("m.g");
  EXPECT_OPEN(call);
  pool.worker(1).registers();
  pool.worker(1).runs(call);
  EXPECT_RETURNED(call);
}

TEST_F(Registrations, MayBringNewFunctionsLater) {
  pool.ready(1);
  pool.worker(0).dies();
  auto more = usual_functions();
  more.functions.push_back(function("m.new", FunctionKind::coroutine, 1));
  pool.worker(0).registers(more);
  const auto calls = pool.submit("m.new", 2);
  pool.worker(0).runs(calls[0]);
  pool.worker(0).runs(calls[1]);
  EXPECT_QUIET();
}

// Places taken while there was no limit were given back to one that never counted them: it was full for ever.
TEST_F(Registrations, MaySetALimitOnAFunctionThatRuns) {
  pool.ready(2);
  const auto runs = pool.submit("m.f");
  pool.worker(0).begins(runs);
  pool.worker(1).dies();
  pool.worker(1).registers(with(function("m.f", FunctionKind::coroutine, 1, true)));
  pool.worker(0).returns(runs);
  const auto next = pool.submit("m.f");
  pool.worker(0).runs(next);
  EXPECT_RETURNED(next);
  EXPECT_QUIET();
}

TEST_F(Registrations, MayLiftALimitWhileCallsWaitForIt) {
  pool.ready(2);
  const auto calls = pool.submit("m.one", 3);
  pool.worker(0).begins(calls[0]);
  pool.worker(1).dies();
  pool.worker(1).registers(with(function("m.one")));
  EXPECT_TRUE(pool.worker(1).has(calls[1]));
}

// `def` became `async def`: its calls must go where each worker executes them, or their numbers mean nothing.
TEST_F(Registrations, MayChangeAFunctionsKind) {
  pool.ready(1);
  const auto waits = pool.submit("m.plain");
  pool.worker(0).dies();
  pool.worker(0).registers(with(function("m.plain", FunctionKind::coroutine)));
  EXPECT_ENDED(waits, unavailable, not_started);
  const auto next = pool.submit("m.plain");
  pool.worker(0).runs(next);
  EXPECT_RETURNED(next);
  EXPECT_EQ(pool.worker(0).killed, "");
  EXPECT_QUIET();
}

TEST_F(Registrations, MayDifferInAFunctionsKind) {
  pool.ready(2);
  pool.worker(1).dies();
  pool.worker(1).registers(with(function("m.plain", FunctionKind::coroutine)));
  for (const auto& call : pool.submit("m.plain", 6)) {
    for (std::size_t i = 0; i < 2; ++i) {
      if (pool.worker(i).has(call)) pool.worker(i).runs(call);
    }
    EXPECT_RETURNED(call);
  }
  EXPECT_EQ(pool.count<Kill>(), 0u);
  EXPECT_QUIET();
}

}  // namespace
}  // namespace clutch::core::test
