#include "retry.hpp"

#include "client_lib/support.hpp"

namespace clutch::testing_support {
namespace {

using namespace std::chrono_literals;
using detail::FailedAttempt;
using detail::retry_delay;
using Delay = std::optional<std::chrono::nanoseconds>;

constexpr std::array codes = {
    Code::failed,          Code::invalid_argument, Code::not_found,    Code::deadline_exceeded,
    Code::cancelled,       Code::overloaded,       Code::unavailable,  Code::worker_lost,
    Code::connection_lost, Code::quarantined,      Code::unauthorized, Code::internal};
constexpr std::array certainties = {Certainty::not_started, Certainty::maybe_started, Certainty::started};

Error error(Code code, Certainty certainty) {
  Error made = error_of(code);
  made.certainty = certainty;
  return made;
}

Error raised(std::string type) {
  Error made = error(Code::failed, Certainty::started);
  auto exception = std::make_shared<PythonException>();
  exception->type = std::move(type);
  made.exception = std::move(exception);
  return made;
}

RetryPolicy policy(std::uint32_t attempts = 3) { return {.attempts = attempts, .delay = 100ms, .jitter = 0}; }

RetryPolicy policy_for_all() {
  RetryPolicy made = policy();
  made.codes.assign(codes.begin(), codes.end());
  return made;
}

const Error busy = error(Code::unavailable, Certainty::not_started);

// What was executed comes back: to ask again is in vain, unless it is not known whether it was asked at all.
TEST(Retry, OfACallWithAKeyIsOnlyOfWhatDidNotRun) {
  RetryPolicy all = policy_for_all();
  all.idempotent = true;
  all.exceptions = {"ConnectionError"};
  const auto tried = [&all](const Error& given) {
    return retry_delay(all, given, {.number = 1, .keyed = true}).has_value();
  };
  EXPECT_TRUE(tried(error(Code::overloaded, Certainty::not_started)));
  EXPECT_TRUE(tried(error(Code::connection_lost, Certainty::maybe_started)));
  EXPECT_FALSE(tried(error(Code::worker_lost, Certainty::maybe_started)));
  EXPECT_FALSE(tried(raised("ConnectionError")));
  all.idempotent = false;
  EXPECT_FALSE(tried(error(Code::connection_lost, Certainty::maybe_started)));
}

TEST(Retry, TheDefaultIsNone) {
  EXPECT_EQ(retry_delay({}, busy, {}), std::nullopt);
  EXPECT_EQ(retry_delay({.attempts = 0}, busy, {}), std::nullopt);
}

TEST(Retry, NothingThatMayHaveBegunIsMadeAgain) {
  for (const Code code : codes) {
    for (const Certainty certainty : certainties) {
      const bool again = retry_delay(policy_for_all(), error(code, certainty), {}).has_value();
      EXPECT_EQ(again, certainty == Certainty::not_started && code != Code::cancelled)
          << to_string(code) << ' ' << to_string(certainty);
    }
  }
}

TEST(Retry, UnlessItIsIdempotent) {
  RetryPolicy idempotent = policy_for_all();
  idempotent.idempotent = true;
  for (const Code code : codes) {
    for (const Certainty certainty : certainties) {
      EXPECT_EQ(retry_delay(idempotent, error(code, certainty), {}).has_value(), code != Code::cancelled);
    }
  }
}

TEST(Retry, OnlyCodesThatAreNamed) {
  for (const Code code : codes) {
    const bool listed = code == Code::unavailable || code == Code::overloaded;
    EXPECT_EQ(retry_delay(policy(), error(code, Certainty::not_started), {}).has_value(), listed);
    RetryPolicy idempotent = policy();
    idempotent.idempotent = true;
    EXPECT_EQ(retry_delay(idempotent, error(code, Certainty::started), {}).has_value(),
              listed || code == Code::worker_lost || code == Code::connection_lost);
  }
}

TEST(Retry, OrWhatPythonRaisedIfThePolicyNamesIt) {
  RetryPolicy named = policy();
  named.exceptions = {"ConnectionError", "shop.errors.Busy"};
  EXPECT_TRUE(retry_delay(named, raised("ConnectionError"), {}));
  EXPECT_TRUE(retry_delay(named, raised("shop.errors.Busy"), {}));
  EXPECT_TRUE(retry_delay(named, raised("lib.ConnectionError"), {})) << "by its bare name";
  EXPECT_FALSE(retry_delay(named, raised("Busy"), {})) << "a qualified name is that one";
  EXPECT_FALSE(retry_delay(named, raised("other.errors.Busy"), {}));
  EXPECT_FALSE(retry_delay(named, raised("NotConnectionError"), {}));
  EXPECT_FALSE(retry_delay(policy(), raised("ConnectionError"), {}));
  EXPECT_FALSE(retry_delay(named, error(Code::failed, Certainty::started), {})) << "no exception";
  Error lost = raised("ConnectionError");
  lost.code = Code::worker_lost;
  EXPECT_FALSE(retry_delay(named, lost, {})) << "not raised by the function";
}

TEST(Retry, AttemptsAreCounted) {
  EXPECT_TRUE(retry_delay(policy(3), busy, {.number = 1}));
  EXPECT_TRUE(retry_delay(policy(3), busy, {.number = 2}));
  EXPECT_FALSE(retry_delay(policy(3), busy, {.number = 3}));
  EXPECT_FALSE(retry_delay(policy(3), busy, {.number = 4}));
}

TEST(Retry, DelaysGrowLinearlyOrExponentiallyToTheCap) {
  RetryPolicy linear = policy(100);
  linear.backoff = RetryPolicy::Backoff::linear;
  linear.delay_max = 350ms;
  RetryPolicy exponential = linear;
  exponential.backoff = RetryPolicy::Backoff::exponential;
  const std::array<Delay, 5> expected_linear = {100ms, 200ms, 300ms, 350ms, 350ms};
  const std::array<Delay, 5> expected_exponential = {100ms, 200ms, 350ms, 350ms, 350ms};
  for (std::uint32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(retry_delay(linear, busy, {.number = i + 1}), expected_linear[i]);
    EXPECT_EQ(retry_delay(exponential, busy, {.number = i + 1}), expected_exponential[i]);
  }
}

TEST(Retry, NoDelayOverflows) {
  RetryPolicy endless = policy(UINT32_MAX);
  endless.delay = std::chrono::nanoseconds::max();
  endless.delay_max = std::chrono::nanoseconds::max();
  endless.jitter = 1;
  for (const std::uint32_t number : {1U, 64U, 5000U, UINT32_MAX - 1}) {
    EXPECT_GT(retry_delay(endless, busy, {.number = number, .random = 0.999}).value(), 1h);
  }
  RetryPolicy negative = policy();
  negative.delay = -1s;
  EXPECT_EQ(retry_delay(negative, busy, {}), 0ns);
}

TEST(Retry, JitterStaysInItsBoundsAndUnderTheCap) {
  RetryPolicy jittered = policy(100);
  jittered.jitter = 0.2;
  EXPECT_EQ(retry_delay(jittered, busy, {.random = 0}), 80ms);
  EXPECT_EQ(retry_delay(jittered, busy, {.random = 0.5}), 100ms);
  EXPECT_GT(retry_delay(jittered, busy, {.random = 0.999}).value(), 119ms);
  EXPECT_LT(retry_delay(jittered, busy, {.random = 0.999}).value(), 120ms);
  jittered.delay_max = 120ms;
  EXPECT_LE(retry_delay(jittered, busy, {.number = 50, .random = 0.999}).value(), 120ms);
  EXPECT_EQ(retry_delay(jittered, busy, {.number = 50, .random = 0}), 80ms) << "at the cap, too";
  for (const double nonsense : {-1.0, std::nan("")}) {
    jittered.jitter = nonsense;
    EXPECT_EQ(retry_delay(jittered, busy, {.random = 0.999}), 100ms);
  }
  jittered.jitter = 5;
  EXPECT_EQ(retry_delay(jittered, busy, {.random = 0}), 0ns);
}

TEST(Retry, WhatTheServerAskedForIsWaited) {
  Error overloaded = error(Code::overloaded, Certainty::not_started);
  overloaded.retry_after_ms = 500;
  EXPECT_EQ(retry_delay(policy(), overloaded, {}), 500ms);
  overloaded.retry_after_ms = 50;
  EXPECT_EQ(retry_delay(policy(), overloaded, {}), 100ms);
  overloaded.retry_after_ms = UINT64_MAX;
  EXPECT_GT(retry_delay(policy(), overloaded, {}).value(), 1h);
  EXPECT_EQ(retry_delay(policy(), overloaded, {.remaining = 1s}), std::nullopt);
}

TEST(Retry, AllAttemptsShareOneTimeout) {
  EXPECT_EQ(retry_delay(policy(), busy, {.remaining = 101ms}), 100ms);
  EXPECT_EQ(retry_delay(policy(), busy, {.remaining = 100ms}), std::nullopt) << "no time would be left";
  EXPECT_EQ(retry_delay(policy(), busy, {.remaining = 0ns}), std::nullopt);
  EXPECT_EQ(retry_delay(policy(), busy, {.remaining = -1s}), std::nullopt);
}

}  // namespace
}  // namespace clutch::testing_support
