#include "retries.hpp"

#include <algorithm>

namespace clutch::detail {

Retries::Entry* Retries::find(std::uint64_t tag) {
  if (entries_.empty()) return nullptr;
  const auto at = entries_.find(tag);
  return at == entries_.end() ? nullptr : &at->second;
}

void Retries::forget(std::uint64_t tag) {
  if (entries_.empty()) return;
  std::erase_if(waiting_, [tag](const auto& each) { return each.second == tag; });
  entries_.erase(tag);
}

std::optional<std::chrono::nanoseconds> Retries::on_failure(std::uint64_t tag, const Error& error, Time now) {
  Entry* entry = find(tag);
  if (entry == nullptr) return std::nullopt;
  FailedAttempt failed;
  failed.number = entry->attempt;
  if (entry->deadline != Time::max()) failed.remaining = entry->deadline - now;
  failed.random = std::uniform_real_distribution(0.0, 1.0)(random_);
  const auto delay = retry_delay(*entry->options.retry, error, failed);
  if (!delay || *delay >= Time::max() - now) return std::nullopt;
  entry->last_error = error;
  entry->due = now + *delay;
  waiting_.emplace(entry->due, tag);
  return delay;
}

bool Retries::waits(std::uint64_t tag) const {
  return std::any_of(waiting_.begin(), waiting_.end(), [tag](const auto& each) { return each.second == tag; });
}

std::vector<std::uint64_t> Retries::take_due(Time now) {
  std::vector<std::uint64_t> due;
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    due.push_back(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
  }
  return due;
}

std::vector<std::uint64_t> Retries::take_waiting() { return take_due(Time::max()); }

Request copy_of(const Request& request) { return {request.args.clone(), request.kwargs.clone(), request.frames}; }

}  // namespace clutch::detail
