#include "core/idempotency.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace clutch::core {
namespace {

constexpr std::size_t entry_bytes = 256;                       // beside key and outcome
constexpr Duration forget_interval = std::chrono::seconds(1);  // not a wake-up for each

std::size_t weight(const PythonException& exception) {
  std::size_t sum = sizeof exception + exception.type.size() + exception.message.size() + exception.traceback.size();
  for (const auto& note : exception.notes) sum += note.size();
  for (const auto& member : exception.group) sum += weight(member);
  return exception.cause ? sum + weight(*exception.cause) : sum;
}

std::size_t weight(const Outcome& outcome) {
  if (const auto* reply = std::get_if<Reply>(&outcome)) {
    std::size_t sum = reply->body.size();
    for (const auto& frame : reply->frames) sum += frame.bytes.size();
    return sum;
  }
  const auto& error = std::get<Error>(outcome);
  return error.message.size() + error.python_stack.size() + (error.exception ? weight(*error.exception) : 0);
}

bool nothing_ran(const Outcome& outcome) noexcept {
  const auto* error = std::get_if<Error>(&outcome);
  return error != nullptr && error->certainty == Certainty::not_started;
}

}  // namespace

Outcome copy_of(const Outcome& outcome) {
  if (const auto* reply = std::get_if<Reply>(&outcome)) return Reply{reply->body.clone(), reply->frames};
  return std::get<Error>(outcome);
}

const IdempotencyKeys::Entry* IdempotencyKeys::find(std::string_view key, Time now) {
  settle(now);
  const auto at = entries_.find(key);
  if (at == entries_.end()) return nullptr;
  if (at->second.until > now) return &at->second;
  forget(at);
  return nullptr;
}

void IdempotencyKeys::begin(const std::string& key, std::uint64_t fingerprint, CallId call) {
  Entry& entry = entries_[key];
  entry.fingerprint = fingerprint;
  entry.under_way = call;
}

void IdempotencyKeys::execute_again(std::string_view key, CallId call) { entries_.find(key)->second.under_way = call; }

void IdempotencyKeys::end(std::string_view key, CallId call, const Outcome& outcome) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.under_way != call) return;
  at->second.under_way.reset();
  at->second.of = call;
  done_.push_back(at->first);
  at->second.place = std::prev(done_.end());
  ++unsettled_;
  if (nothing_ran(outcome) || ttl_ <= Duration(0)) return forget(at);
  keep(at, outcome);
  make_room();
}

void IdempotencyKeys::amend(std::string_view key, CallId call, const Outcome& outcome) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.under_way || at->second.of != call) return;
  if (nothing_ran(outcome)) return forget(at);
  const auto* error = std::get_if<Error>(&outcome);
  if (error != nullptr && error->code != Code::failed) return;  // no more than was told
  keep(at, outcome);
  make_room();
}

void IdempotencyKeys::keep(Entries::iterator at, const Outcome& outcome) {
  Entry& entry = at->second;
  bytes_ -= entry.bytes;
  entry.outcome.reset();
  entry.bytes = entry_bytes + at->first.size();
  if (entry.bytes + weight(outcome) <= bytes_max_) {
    entry.bytes += weight(outcome);
    entry.outcome = copy_of(outcome);
  }
  bytes_ += entry.bytes;
}

void IdempotencyKeys::forget(Entries::iterator at) {
  Entry& entry = at->second;
  if (!entry.under_way) {
    if (entry.until == never) --unsettled_;
    bytes_ -= entry.bytes;
    done_.erase(entry.place);
  }
  entries_.erase(at);
}

void IdempotencyKeys::make_room() {
  while (done_.size() > keys_max_ || (bytes_ > bytes_max_ && done_.size() > 1)) forget(entries_.find(done_.front()));
}

void IdempotencyKeys::settle(Time now) {
  for (auto at = done_.rbegin(); unsettled_ != 0; ++at, --unsettled_) {
    entries_.find(*at)->second.until = std::min(after(now, ttl_), never - Duration(1));  // `never` is of the unsettled
  }
  if (settled_ != Time::min() && now - settled_ < forget_interval) return;
  settled_ = now;
  while (!done_.empty()) {
    const auto oldest = entries_.find(done_.front());
    if (oldest->second.until > now) break;
    forget(oldest);
  }
}

Time IdempotencyKeys::next_time() const noexcept {
  if (done_.empty() || unsettled_ == done_.size()) return never;
  return std::max(entries_.find(done_.front())->second.until, after(settled_, forget_interval));
}

}  // namespace clutch::core
