// Whether a failed attempt is made again, and when: RetryPolicy as a pure function of what happened. No clock, no
// randomness of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "clutch/options.hpp"
#include "clutch/protocol/error.hpp"

namespace clutch::detail {

/// An attempt that failed.
struct FailedAttempt {
  std::uint32_t number = 1;  ///< from 1
  /// Of the call's `timeout`, which all attempts share; nothing where it has none.
  std::optional<std::chrono::nanoseconds> remaining = {};
  double random = 0.5;  ///< in [0, 1), drawn for this attempt
  bool keyed = false;   ///< it has an idempotency key: what was executed is not executed again, but comes back
};

/// What keeps retries from multiplying the load on what fails anyway: a bucket of tokens that all calls of a pool or
/// client share (RetryPolicy::budget).
class RetryBudget {
 public:
  static constexpr std::uint32_t tokens_max = 10;
  static constexpr std::uint32_t successes_a_token = 10;

  void on_success() noexcept {
    if (tenths_ < full) ++tenths_;
  }
  /// A token for one more attempt; false: there is none.
  [[nodiscard]] bool take() noexcept {
    if (tenths_ < successes_a_token) return false;
    tenths_ -= successes_a_token;
    return true;
  }
  /// What was refused before it was executed, by a daemon that ends or is not there, is no load to multiply: it may be
  /// tried again for nothing, as gRPC's transparent retries are (its proposal A6).
  [[nodiscard]] static bool covers(const Error& error) noexcept {
    return error.code != Code::unavailable || error.certainty != Certainty::not_started;
  }
  /// To the message of an error that would have been tried again.
  [[nodiscard]] static std::string said(const std::string& message) {
    return message + " (not tried again: too much fails, and the retry budget of this pool or client is used up)";
  }

 private:
  static constexpr std::uint32_t full = tokens_max * successes_a_token;
  std::uint32_t tenths_ = full;
};

/// The delay before the next attempt, or nothing: the error is final. A delay that leaves no time is final, too.
[[nodiscard]] std::optional<std::chrono::nanoseconds> retry_delay(const RetryPolicy& policy, const Error& error,
                                                                  const FailedAttempt& attempt) noexcept;

}  // namespace clutch::detail
