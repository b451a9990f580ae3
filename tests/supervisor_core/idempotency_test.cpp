// The table of idempotency keys: what is kept, how much of it and for how long.
#include "core/idempotency.hpp"

#include <gtest/gtest.h>

namespace clutch::core::test {
namespace {

using namespace std::chrono_literals;

Outcome value_of(std::size_t bytes) { return Reply{.body = Blob(std::vector<std::byte>(bytes)), .frames = {}}; }

Outcome error_of(Code code, Certainty certainty) { return make_error(code, Stage::run, certainty, "no"); }

class IdempotencyKeysTest : public testing::Test {
 protected:
  void done(const std::string& key, std::uint64_t call, const Outcome& outcome) {
    keys.begin(key, 7, CallId{call});
    keys.end(key, CallId{call}, outcome);
    keys.settle(now);
  }

  Time now{1000h};
  IdempotencyKeys keys{10s, 3, 10'000};
};

TEST_F(IdempotencyKeysTest, AreUnderWayThenDone) {
  EXPECT_EQ(keys.find("a", now), nullptr);
  keys.begin("a", 7, CallId{1});
  ASSERT_NE(keys.find("a", now), nullptr);
  EXPECT_EQ(keys.find("a", now)->under_way, CallId{1});
  keys.end("a", CallId{1}, value_of(5));
  ASSERT_NE(keys.find("a", now), nullptr);
  EXPECT_FALSE(keys.find("a", now)->under_way);
  EXPECT_EQ(keys.find("a", now)->fingerprint, 7u);
  EXPECT_EQ(std::get<Reply>(*keys.find("a", now)->outcome).body.size(), 5u);
}

TEST_F(IdempotencyKeysTest, WhatDidNotRunIsUnknownAgain) {
  done("a", 1, error_of(Code::overloaded, Certainty::not_started));
  EXPECT_EQ(keys.find("a", now), nullptr);
  done("b", 2, error_of(Code::worker_lost, Certainty::maybe_started));
  EXPECT_NE(keys.find("b", now), nullptr);
  EXPECT_EQ(keys.size(), 1u);
}

TEST_F(IdempotencyKeysTest, AreForgottenAfterTheirTime) {
  done("a", 1, value_of(5));
  now += 10s - 1ns;
  EXPECT_NE(keys.find("a", now), nullptr);
  now += 1ns;
  EXPECT_EQ(keys.find("a", now), nullptr);
  EXPECT_EQ(keys.bytes(), 0u);
}

// Nobody asks for it again: its memory is given back all the same.
TEST_F(IdempotencyKeysTest, AreForgottenUnasked) {
  done("a", 1, value_of(5));
  EXPECT_EQ(keys.next_time(), now + 10s);
  now = keys.next_time();
  keys.settle(now);
  EXPECT_EQ(keys.size(), 0u);
  EXPECT_EQ(keys.next_time(), never);
}

TEST_F(IdempotencyKeysTest, TheOldestMakeRoom) {
  for (std::uint64_t i = 1; i <= 4; ++i) done(std::to_string(i), i, value_of(5));
  EXPECT_EQ(keys.find("1", now), nullptr);
  EXPECT_NE(keys.find("2", now), nullptr);
  EXPECT_NE(keys.find("4", now), nullptr);
}

TEST_F(IdempotencyKeysTest, OfManyBytesMakeRoomToo) {
  done("1", 1, value_of(6000));
  done("2", 2, value_of(6000));
  EXPECT_EQ(keys.find("1", now), nullptr);
  EXPECT_NE(keys.find("2", now), nullptr);
  EXPECT_LE(keys.bytes(), 10'000u);
}

// That it ran must be known, though what came of it is not.
TEST_F(IdempotencyKeysTest, OfATooLargeOutcomeIsKnownWithoutIt) {
  done("a", 1, value_of(20'000));
  ASSERT_NE(keys.find("a", now), nullptr);
  EXPECT_FALSE(keys.find("a", now)->outcome);
  EXPECT_LE(keys.bytes(), 10'000u);
}

TEST_F(IdempotencyKeysTest, WithoutATimeNoneIsKept) {
  IdempotencyKeys none(0s, 3, 10'000);
  none.begin("a", 7, CallId{1});
  EXPECT_NE(none.find("a", now), nullptr);
  none.end("a", CallId{1}, value_of(5));
  EXPECT_EQ(none.find("a", now), nullptr);
}

TEST_F(IdempotencyKeysTest, ForEverIsKeptUntilThereIsNoRoom) {
  IdempotencyKeys long_lived(Duration::max(), 1, 10'000);
  for (const auto* key : {"a", "b"}) {
    long_lived.begin(key, 7, CallId{1});
    long_lived.end(key, CallId{1}, value_of(5));
    long_lived.settle(now);
  }
  EXPECT_EQ(long_lived.find("a", now + 100h), nullptr);
  EXPECT_NE(long_lived.find("b", now + 100h), nullptr);
}

TEST_F(IdempotencyKeysTest, WhatIsToldLaterCounts) {
  done("a", 1, error_of(Code::deadline_exceeded, Certainty::started));
  keys.amend("a", CallId{2}, value_of(5));  // of another
  EXPECT_TRUE(std::holds_alternative<Error>(*keys.find("a", now)->outcome));
  keys.amend("a", CallId{1}, error_of(Code::cancelled, Certainty::started));  // no more than was told
  EXPECT_EQ(std::get<Error>(*keys.find("a", now)->outcome).code, Code::deadline_exceeded);
  keys.amend("a", CallId{1}, value_of(5));
  EXPECT_TRUE(std::holds_alternative<Reply>(*keys.find("a", now)->outcome));
  done("b", 3, error_of(Code::deadline_exceeded, Certainty::maybe_started));
  keys.amend("b", CallId{3}, error_of(Code::deadline_exceeded, Certainty::not_started));
  EXPECT_EQ(keys.find("b", now), nullptr);
}

}  // namespace
}  // namespace clutch::core::test
