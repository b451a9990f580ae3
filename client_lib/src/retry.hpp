// Whether a failed attempt is made again, and when: RetryPolicy as a pure function of what happened. No clock, no
// randomness of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "clutch/options.hpp"
#include "clutch/protocol/error.hpp"

namespace clutch::detail {

/// An attempt that failed.
struct FailedAttempt {
  std::uint32_t number = 1;  ///< from 1
  /// Of the call's `timeout`, which all attempts share; nothing where it has none.
  std::optional<std::chrono::nanoseconds> remaining = {};
  double random = 0.5;  ///< in [0, 1), drawn for this attempt
};

/// The delay before the next attempt, or nothing: the error is final. A delay that leaves no time is final, too.
[[nodiscard]] std::optional<std::chrono::nanoseconds> retry_delay(const RetryPolicy& policy, const Error& error,
                                                                  const FailedAttempt& attempt) noexcept;

}  // namespace clutch::detail
