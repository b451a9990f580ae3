// Idempotency keys with a FakePool: as with a pool.
#include "client_lib/support.hpp"
#include "clutch/testing/fake_pool.hpp"

namespace clutch::testing_support {
namespace {

using testing::FakePool;
using ::testing::HasSubstr;

class FakePoolKeys : public ::testing::Test {
 protected:
  FakePoolKeys() {
    pool.on("m.double", [this](int x) {
      ++executed;
      return x * 2;
    });
  }
  Caller keyed(const std::string& key = "k") const { return pool.with({.idempotency_key = key}); }

  int executed = 0;
  FakePool pool;
};

TEST_F(FakePoolKeys, DoneReplays) {
  EXPECT_EQ(keyed().call<int>("m.double", 1).get().value(), 2);
  EXPECT_EQ(keyed().call<int>("m.double", 1).get().value(), 2);
  EXPECT_EQ(executed, 1);
  EXPECT_EQ(keyed("other").call<int>("m.double", 1).get().value(), 2);
  EXPECT_EQ(executed, 2);
}

TEST_F(FakePoolKeys, InFlightJoins) {
  pool.hold("m.double");
  auto first = keyed().call<int>("m.double", 1);
  auto second = keyed().call<int>("m.double", 1);
  EXPECT_EQ(pool.pending(), 1u);
  pool.release("m.double");
  EXPECT_EQ(first.get().value(), 2);
  EXPECT_EQ(second.get().value(), 2);
  EXPECT_EQ(executed, 1);
}

TEST_F(FakePoolKeys, OtherArgumentsAreRefused) {
  EXPECT_TRUE(keyed().call<int>("m.double", 1).get().ok());
  const auto other = keyed().call<int>("m.double", 2).get();
  EXPECT_EQ(other.error().code, Code::invalid_argument);
  EXPECT_THAT(other.error().message, HasSubstr("idempotency key"));
  EXPECT_EQ(executed, 1);
}

TEST_F(FakePoolKeys, TheOneThatIsCancelledLeavesItToTheOthers) {
  pool.hold("m.double");
  auto first = keyed().call<int>("m.double", 1);
  auto second = keyed().call<int>("m.double", 1);
  auto third = keyed().call<int>("m.double", 1);
  first.cancel();
  second.cancel();
  pool.release("m.double");
  EXPECT_EQ(first.get().error().code, Code::cancelled);
  EXPECT_EQ(second.get().error().code, Code::cancelled);
  EXPECT_EQ(third.get().value(), 2);
  EXPECT_EQ(executed, 1);
}

TEST_F(FakePoolKeys, WhatDidNotRunMayRunLater) {
  pool.fail("m.busy", error_of(Code::overloaded), 1).on("m.other", [] { return 1; });
  Error busy = error_of(Code::overloaded);
  busy.certainty = Certainty::not_started;
  pool.fail("m.other", busy, 1);
  EXPECT_EQ(keyed().call<int>("m.other").get().error().code, Code::overloaded);
  EXPECT_EQ(keyed().call<int>("m.other").get().value(), 1);
}

TEST_F(FakePoolKeys, AStreamHasNone) {
  int seen = 0;
  for (const auto& item : keyed().stream<int>("m.items")) {
    EXPECT_EQ(item.error().code, Code::invalid_argument);
    ++seen;
  }
  EXPECT_EQ(seen, 1);
}

TEST_F(FakePoolKeys, HasABound) {
  EXPECT_TRUE(keyed(std::string(256, 'k')).call<int>("m.double", 1).get().ok());
  for (const auto& key : {std::string(257, 'k'), std::string("\xff")}) {
    const auto refused = keyed(key).call<int>("m.double", 1).get();
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
    EXPECT_THAT(refused.error().message, HasSubstr("at most 256 bytes"));
  }
}

}  // namespace
}  // namespace clutch::testing_support
