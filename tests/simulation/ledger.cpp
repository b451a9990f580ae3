#include "ledger.hpp"

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

// What is sent for the first time goes behind older calls of its function, and behind those that are sent again; but
// for what came back in this very turn, in which the core may have chosen before.
void Ledger::check_order(const CallFacts& call) const {
  for (const auto tag : waiting_[call.function]) {
    const auto& other = at(tag);
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
  } else if (call.attempt_timeout > 0ns && call.cancelled_at == never) {
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
    require(call.ran_at != never, "a value and it never ran", tag);
    const auto body = reply->body.bytes();
    std::uint64_t said = 0;
    require(body.size() == sizeof said, "a value of another size", tag);
    std::memcpy(&said, body.data(), sizeof said);
    require(said == tag, "another call's value", tag);
  } else {
    check_certainty(call, std::get<Error>(outcome));
  }
  call.outcome = std::move(outcome);
}

void Ledger::check_deadlines(Time now) const {
  for (const auto& [by, tag] : due_) {
    if (by + tick + plan_.page_lag_max >= now) return;
    require(calls_[tag - 1].outcome.has_value(), "has no outcome in time", tag);
  }
}

}  // namespace clutch::simulation
