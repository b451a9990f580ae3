#include "ledger.hpp"

#include <algorithm>
#include <cstring>

namespace clutch::simulation {
namespace {

// A tick of the wheel, and the shell's own turn.
constexpr Duration tick = 1ms + 1us;
constexpr Duration page_interval = 10ms;

}  // namespace

CallFacts& Ledger::submitted(CallFacts facts) {
  facts.tag = calls_.size() + 1;
  calls_.push_back(std::move(facts));
  return calls_.back();
}

void Ledger::accepted(CallFacts& call, core::CallId id) {
  call.id = id;
  waiting_[call.function].insert(call.tag);
  must_end(call, call.deadline);
}

// The due times that a call had before stay listed; check_deadlines passes by what is over.
void Ledger::must_end(CallFacts& call, Time by) {
  if (by >= call.must_end_by) return;
  call.must_end_by = by;
  due_.emplace(by, call.tag);
}

void Ledger::cancelled(CallFacts& call, Time now) {
  if (call.cancelled_at != never) return;
  call.cancelled_at = now;
  must_end(call, now + plan_.options.cancel_grace);
}

// What is sent for the first time goes behind older calls of its session, priority and function, and behind those that
// are sent again; but for what came back in this very turn, in which the core may have chosen before.
void Ledger::check_order(const CallFacts& call) const {
  for (const auto tag : waiting_[call.function]) {
    const auto& other = at(tag);
    if (other.stream.has_value() != call.stream.has_value()) continue;  // they wait for other things
    if (other.session != call.session || other.priority != call.priority) continue;
    if (other.sent_before)
      require(other.given_back_in == turn_, "sent before one that is to be sent again", call.tag);
    else
      require(tag >= call.tag, "sent before an older call of its function", call.tag);
  }
}

void Ledger::sent(std::uint64_t tag, core::Incarnation holder, bool order_matters) {
  auto& call = at(tag);
  auto& waiting = waiting_[call.function];
  require(waiting.contains(tag) || call.outcome, "sent to a second worker while the first has it", tag);
  if (order_matters && !call.sent_before) check_order(call);
  call.sent_before = true;
  call.holder = holder;
  waiting.erase(tag);
}

void Ledger::given_back(std::uint64_t tag) {
  auto& call = at(tag);
  call.holder = {};
  call.sent_before = true;
  call.given_back_in = turn_;
  call.lost = true;
  if (!call.outcome) waiting_[call.function].insert(tag);
}

void Ledger::ran(std::uint64_t tag, Time now) {
  auto& call = at(tag);
  require(call.ran_at == never, "ran twice", tag);
  call.ran_at = now;
  if (call.outcome) {
    const auto* error = std::get_if<Error>(&*call.outcome);
    require(error != nullptr, "had a value before it ran", tag);
    require(error->certainty != Certainty::not_started, "ran after `not_started` was said", tag);
  } else if (call.attempt_timeout > 0ns && call.cancelled_at == never && !call.stream) {
    must_end(call, now + call.attempt_timeout + page_interval + plan_.page_lag_max);
  }
}

void Ledger::check_certainty(const CallFacts& call, const Error& error) const {
  const bool ran = call.ran_at != never;
  if (error.certainty == Certainty::not_started) require(!ran, "`not_started` was said after it ran", call.tag);
  if (error.certainty != Certainty::started || ran) return;
  // The shell's clock is read before its messages: just around its expiry a call may seem to have begun in time.
  const bool at_expiry = call.passed_over_at != never && call.passed_over_at - call.expires() <= plan_.page_lag_max;
  require(at_expiry, "`started` was said and it never ran", call.tag);
}

void Ledger::ended(std::uint64_t tag, core::Outcome&& outcome, Time now) {
  auto& call = at(tag);
  require(!call.outcome.has_value(), "a second outcome", tag);
  ++delivered_;
  waiting_[call.function].erase(tag);
  require(call.must_end_by == never || now <= call.must_end_by + tick + plan_.page_lag_max, "ended late", tag);
  if (const auto* reply = std::get_if<Reply>(&outcome)) {
    check_value(call, *reply);
  } else {
    const auto& error = std::get<Error>(outcome);
    check_certainty(call, error);
    if (call.stream && error.items) require(*error.items == call.stream->delivered, "items are miscounted", tag);
    if (call.stream && call.ran_at != never) require(error.items.has_value(), "a stream's end says no items", tag);
  }
  call.outcome = std::move(outcome);
}

void Ledger::check_value(const CallFacts& call, const Reply& reply) const {
  require(call.ran_at != never, "a value and it never ran", call.tag);
  if (call.stream) {
    require(call.stream->total == call.stream->delivered, "a stream ends short", call.tag);
    return;
  }
  const auto body = reply.body.bytes();
  std::uint64_t said = 0;
  require(body.size() == sizeof said, "a value of another size", call.tag);
  std::memcpy(&said, body.data(), sizeof said);
  require(said == call.tag, "another call's value", call.tag);
}

void Ledger::items(std::uint64_t tag, const StreamItems& items) {
  auto& call = at(tag);
  require(call.stream.has_value(), "items of a call", tag);
  require(!call.outcome, "an item after the end", tag);
  auto& stream = *call.stream;
  require(items.first == stream.delivered, "an item is left out or repeated", tag);
  stream.delivered += items.count;
  stream.bytes += items.bytes();
  items_delivered_ += items.count;
  require(stream.delivered <= stream.produced, "an item that was not produced", tag);
  require(stream.delivered <= stream.credit.items, "more items than the reader has room for", tag);
}

std::uint64_t Ledger::asked(std::uint64_t tag, Time now) {
  at(tag).asked_at = std::min(at(tag).asked_at, now);
  receipts_.push_back({.tag = tag, .asked = now, .given = {}});
  return receipts_.size();
}

void Ledger::receipt(std::uint64_t number, const CancelReceipt& receipt, Time clock, Time now) {
  auto& facts = receipts_.at(number - 1);
  require(!facts.given, "a second receipt", facts.tag);
  facts.given = receipt;
  const auto& call = at(facts.tag);
  const auto grace_end = facts.asked + plan_.options.cancel_grace;
  require(clock <= grace_end + tick + plan_.page_lag_max, "a receipt comes late", facts.tag);
  switch (receipt.what) {
    case CancelEnd::removed_from_queue:
      require(call.ran_at == never, "removed from the queue, and it ran", facts.tag);
      break;
    case CancelEnd::unwound:
      require(call.unwound || call.returned, "unwound, and it goes on", facts.tag);
      break;
    case CancelEnd::ignored:
      // It counts from the first cancel, whose end ends the waiting for all.
      require(now >= std::min(call.asked_at, call.cancelled_at) + plan_.options.cancel_grace,
              "ignored before its grace was over", facts.tag);
      break;
    case CancelEnd::worker_killed:
      require(call.lost || plan_.misbehaves != 0, "its worker was not killed", facts.tag);
      break;
    case CancelEnd::already_finished:
      require(call.outcome.has_value(), "already finished, and has no outcome", facts.tag);
      break;
  }
}

std::size_t Ledger::receipts_open() const {
  return static_cast<std::size_t>(
      std::count_if(receipts_.begin(), receipts_.end(), [](const auto& each) { return !each.given; }));
}

void Ledger::check_deadlines(Time now) const {
  for (const auto& [by, tag] : due_) {
    if (by + tick + plan_.page_lag_max >= now) return;
    require(calls_[tag - 1].outcome.has_value(), "has no outcome in time", tag);
  }
}

}  // namespace clutch::simulation
