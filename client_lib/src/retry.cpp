#include "retry.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace clutch::detail {
namespace {

using Nanoseconds = std::chrono::nanoseconds;

std::string_view bare(std::string_view qualified) noexcept {
  const auto dot = qualified.rfind('.');
  return dot == std::string_view::npos ? qualified : qualified.substr(dot + 1);
}

bool exception_named(const RetryPolicy& policy, const Error& error) noexcept {
  if (error.code != Code::failed || error.exception == nullptr) return false;
  const std::string_view type = error.exception->type;
  return std::any_of(policy.exceptions.begin(), policy.exceptions.end(),
                     [&](const std::string& name) { return name == type || name == bare(type); });
}

bool code_named(const RetryPolicy& policy, Code code) noexcept {
  if (std::find(policy.codes.begin(), policy.codes.end(), code) != policy.codes.end()) return true;
  // To say that running twice does no harm is to ask for these.
  return policy.idempotent && (code == Code::worker_lost || code == Code::connection_lost);
}

bool may_retry(const RetryPolicy& policy, const Error& error, bool keyed) noexcept {
  if (error.code == Code::cancelled) return false;
  if (keyed && error.certainty != Certainty::not_started && error.code != Code::connection_lost) return false;
  if (exception_named(policy, error)) return true;
  const bool harmless = policy.idempotent || error.certainty == Certainty::not_started;
  return harmless && code_named(policy, error.code);
}

double growth(const RetryPolicy& policy, std::uint32_t attempt) noexcept {
  if (policy.backoff == RetryPolicy::Backoff::linear) return attempt;
  return std::ldexp(1.0, static_cast<int>(std::min<std::uint32_t>(attempt - 1, 1000)));
}

// The cap comes before the jitter, low enough that the jitter does not lift it: at the cap delays still differ.
Nanoseconds backoff(const RetryPolicy& policy, const FailedAttempt& attempt) noexcept {
  const double jitter = policy.jitter > 0 ? std::min(policy.jitter, 1.0) : 0.0;
  const double most = std::max(0.0, static_cast<double>(policy.delay_max.count())) / (1 + jitter);
  const double grown = std::max(0.0, static_cast<double>(policy.delay.count())) * growth(policy, attempt.number);
  const double drawn = std::min(grown, most) * (1 - jitter + 2 * jitter * attempt.random);
  constexpr double representable = 9.2e18;
  return Nanoseconds(static_cast<Nanoseconds::rep>(std::min(drawn, representable)));
}

Nanoseconds asked_for(const Error& error) noexcept {
  constexpr std::uint64_t most = static_cast<std::uint64_t>(Nanoseconds::max().count() / 1'000'000);
  return std::chrono::milliseconds(std::min(error.retry_after_ms.value_or(0), most));
}

}  // namespace

std::optional<Nanoseconds> retry_delay(const RetryPolicy& policy, const Error& error,
                                       const FailedAttempt& attempt) noexcept {
  if (attempt.number >= policy.attempts || !may_retry(policy, error, attempt.keyed)) return std::nullopt;
  const Nanoseconds delay = std::max(backoff(policy, attempt), asked_for(error));
  if (attempt.remaining.has_value() && delay >= *attempt.remaining) return std::nullopt;
  return delay;
}

}  // namespace clutch::detail
