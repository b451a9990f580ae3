#include "retries.hpp"

namespace clutch::detail {

Retries::Entry* Retries::find(std::uint64_t tag) {
  if (entries_.empty()) return nullptr;
  const auto at = entries_.find(tag);
  return at == entries_.end() ? nullptr : &at->second;
}

void Retries::forget(std::uint64_t tag) {
  if (entries_.empty()) return;
  const auto at = entries_.find(tag);
  if (at == entries_.end()) return;
  if (at->second.place) waiting_.erase(*at->second.place);
  entries_.erase(at);
}

std::optional<std::chrono::nanoseconds> Retries::on_failure(std::uint64_t tag, Error& error, Time now) {
  Entry* entry = find(tag);
  if (entry == nullptr) return std::nullopt;
  FailedAttempt failed;
  failed.number = entry->attempt;
  failed.keyed = !entry->options.idempotency_key.empty();
  if (entry->deadline != Time::max()) failed.remaining = entry->deadline - now;
  failed.random = std::uniform_real_distribution(0.0, 1.0)(random_);
  const auto delay = retry_delay(*entry->options.retry, error, failed);
  if (!delay || *delay >= Time::max() - now) return std::nullopt;
  if (entry->options.retry->budget && RetryBudget::covers(error) && !budget_.take()) {
    error.message = RetryBudget::said(error.message);
    return std::nullopt;
  }
  entry->last_error = error;
  entry->place = waiting_.emplace(now + *delay, tag);
  return delay;
}

bool Retries::waits(std::uint64_t tag) const {
  const auto at = entries_.find(tag);
  return at != entries_.end() && at->second.place.has_value();
}

std::vector<std::uint64_t> Retries::take_due(Time now) {
  std::vector<std::uint64_t> due;
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    due.push_back(waiting_.begin()->second);
    find(due.back())->place.reset();
    waiting_.erase(waiting_.begin());
  }
  return due;
}

std::vector<std::uint64_t> Retries::take_waiting() { return take_due(Time::max()); }

Request copy_of(const Request& request) { return {request.args.clone(), request.kwargs.clone(), request.frames}; }

}  // namespace clutch::detail
