// Calls with an idempotency key. What is executed is a call of its own, with the session of who asked first and as if
// detached; each call with the key waits for its outcome with its own deadline, and leaves without ending it unless it
// is the last.
#include <algorithm>
#include <utility>

#include "core/fingerprint.hpp"
#include "core/pool_core.hpp"

namespace clutch::core {
namespace {

Error not_kept() {
  return make_error(Code::overloaded, Stage::result, Certainty::started,
                    "a call with this idempotency key was executed before, and its outcome was too large to be kept "
                    "(idempotency_bytes_max)");
}

}  // namespace

std::optional<CallId> PoolCore::submit_keyed(std::string_view function, Submission&& submission, Time now) {
  const auto fingerprint = whole_fingerprint_of(function, submission.request);
  const auto* entry = keys_.find(submission.idempotency_key, now);
  if (auto error = key_refusal(submission, entry, fingerprint, now)) {
    if (error->code == Code::invalid_argument && entry != nullptr) ++counters_.keys_refused;
    refuse(function, submission, std::move(*error));
    return std::nullopt;
  }
  if (entry != nullptr && !entry->under_way) {
    replay(function, submission, *entry);
    return std::nullopt;
  }
  if (entry != nullptr) {
    ++counters_.keys_joined;
    Call& waiter = join(*calls_.find(*entry->under_way), submission, now);
    return waiter.id();
  }
  Call* execution = accept(function, submission, now);
  if (execution == nullptr) return std::nullopt;
  execution->detached = true;
  execution->deadline = execution->queue_deadline = Time::min();
  execution->shared = std::make_unique<SharedExecution>();
  execution->shared->key = submission.idempotency_key;
  keys_.begin(submission.idempotency_key, fingerprint, execution->id());
  const auto id = join(*execution, submission, now).id();
  admit(*execution, now);
  return id;
}

std::optional<Error> PoolCore::key_refusal(const Submission& submission, const IdempotencyKeys::Entry* entry,
                                           std::uint64_t fingerprint, Time now) const {
  const auto invalid = [](std::string message) {
    return make_error(Code::invalid_argument, Stage::arguments, Certainty::not_started, std::move(message));
  };
  if (submission.stream) return invalid("a stream can have no idempotency key: its items are not kept");
  if (submission.idempotency_key.size() > limits::idempotency_key_bytes_max) {
    return invalid("an idempotency key has at most " + std::to_string(limits::idempotency_key_bytes_max) + " bytes");
  }
  if (entry == nullptr) return std::nullopt;
  if (entry->fingerprint != fingerprint) {
    return invalid(
        "this idempotency key was that of a call of another function, or with other arguments: give each "
        "call a key of its own, and only what is the same call again the same");
  }
  if (!entry->under_way) return std::nullopt;
  if (submission.deadline <= now) {
    return make_error(Code::deadline_exceeded, Stage::queue, Certainty::not_started,
                      "timeout had expired before the call reached the pool: it was not begun");
  }
  const bool full = joined_ >= options_.queued_calls_max;
  if (!full && !submission.nested) return std::nullopt;
  auto error = make_error(Code::overloaded, Stage::queue, Certainty::not_started,
                          full ? "as many calls as may wait in the pool's queue wait for those that are under way with "
                                 "their idempotency key: send it again later"
                               : "a worker of this pool asks for a call whose idempotency key is that of one under "
                                 "way: it might wait for itself. Ask for it when that is done");
  error.retry_after_ms = pace_.retry_after_ms(queued_ + 1, now);
  return error;
}

void PoolCore::replay(std::string_view function, const Submission& submission, const IdempotencyKeys::Entry& entry) {
  ++counters_.keys_replayed;
  ++counters_.delivered;
  Outcome outcome = entry.outcome ? copy_of(*entry.outcome) : Outcome(not_kept());
  if (auto* error = std::get_if<Error>(&outcome)) error->attempts = submission.attempt;
  if (options_.call_steps) tell_replay(function, submission, outcome);
  actions_.deliveries.push_back({submission.session, submission.tag, std::move(outcome)});
}

Call& PoolCore::join(Call& execution, const Submission& submission, Time now) {
  Call& waiter = calls_.take();
  waiter.state = CallState::joined;
  waiter.joined = &execution;
  waiter.function = execution.function;
  waiter.execution = execution.execution;
  waiter.session = submission.session;
  waiter.tag = submission.tag;
  waiter.attempt = submission.attempt;
  waiter.detached = submission.detached;
  waiter.deadline = submission.deadline;
  waiter.queue_deadline = submission.queue_deadline;
  if (execution.state != CallState::begun) hurry(waiter, submission.nested, execution.alone, now);
  ++joined_;
  execution.shared->waiters.push_back(waiter);
  session(waiter.session).calls.push_back(waiter);
  extend(execution, waiter);
  set_timer(waiter);
  if (options_.call_steps) {
    tell(waiter, CallStep::What::joined);
    actions_.steps.back().joins = execution.id();
  }
  return waiter;
}

// As long as any of its waiters waits.
void PoolCore::extend(Call& execution, const Call& waiter) {
  execution.deadline = std::max(execution.deadline, waiter.deadline);
  execution.queue_deadline = std::max(execution.queue_deadline, waiter.expires());
}

// It has begun: that its waiters wait for no more.
void PoolCore::end_haste(Call& execution) {
  auto& waiters = execution.shared->waiters;
  for (Call* waiter = waiters.front(); waiter != nullptr; waiter = waiters.after(*waiter)) set_timer(*waiter);
}

void PoolCore::end_shared(Call& execution, Outcome&& outcome) {
  if (options_.call_steps) tell_end(execution, outcome);
  execution.answered = true;
  timers_.stop(execution);
  IntrusiveList<Call, SessionTag>::remove(execution);
  const auto* error = std::get_if<Error>(&outcome);
  if (error != nullptr && execute_again(execution, *error)) return;
  keys_.end(execution.shared->key, execution.id(), outcome);
  while (Call* waiter = execution.shared->waiters.pop_front()) {
    --joined_;
    if (execution.shared->waiters.empty()) {
      answer(*waiter, std::move(outcome));
      return calls_.release(*waiter);
    }
    answer(*waiter, copy_of(outcome));
    calls_.release(*waiter);
  }
}

// A worker passed it over, for a deadline or a cancel that was of those who waited then: others came meanwhile.
bool PoolCore::execute_again(Call& execution, const Error& error) {
  const bool passed_over = error.code == Code::deadline_exceeded || error.code == Code::cancelled;
  if (!passed_over || error.certainty != Certainty::not_started || execution.state != CallState::sent) return false;
  auto& waiters = execution.shared->waiters;
  for (Call* waiter = waiters.front(); waiter != nullptr;) {
    Call* next = waiters.after(*waiter);
    if (waiter->cancel_sent) {
      Queue::remove(*waiter);
      --joined_;
      answer(*waiter, Error(error));
      calls_.release(*waiter);
    }
    waiter = next;
  }
  if (waiters.empty()) return false;
  Call& again = calls_.take();
  again.function = execution.function;
  again.execution = execution.execution;
  again.session = execution.session;
  again.attempt = execution.attempt;
  again.detached = true;
  again.priority = execution.priority;
  again.fingerprint = std::exchange(execution.fingerprint, 0);
  again.alone = execution.alone;
  again.request_bytes = execution.request_bytes;
  again.request = std::move(execution.request);
  again.metadata = std::move(execution.metadata);
  again.attempt_timeout = execution.attempt_timeout;
  again.deadline = again.queue_deadline = Time::min();
  again.shared = std::make_unique<SharedExecution>();
  again.shared->key = execution.shared->key;
  while (Call* waiter = waiters.pop_front()) {
    waiter->joined = &again;
    again.shared->waiters.push_back(*waiter);
    extend(again, *waiter);
  }
  keys_.execute_again(again.shared->key, again.id());
  session(again.session).calls.push_front(again);
  enqueue(again, true);
  return true;
}

void PoolCore::leave(Call& waiter, Error&& error, Time now, bool deadline) {
  Call& execution = *waiter.joined;
  Queue::remove(waiter);
  --joined_;
  answer(waiter, std::move(error));
  calls_.release(waiter);
  if (execution.shared->waiters.empty()) abandon(execution, deadline, now);
}

// What goes on of it is not answered by this: whoever comes with its key before it ends has its outcome.
void PoolCore::abandon(Call& execution, bool deadline, Time now) {
  if (execution.state == CallState::queued) {
    const bool alone = execution.alone;
    drop_queued(execution, make_error(Code::cancelled, Stage::queue, Certainty::not_started, "nobody waits for it"));
    if (alone) pump(now);
    stop_if_drained(now);
  } else if (!execution.cancel_sent) {
    send_cancel(execution, deadline, now);
  }
}

// By the last who waits it is cancelled, as any call is.
void PoolCore::cancel_joined(Call& waiter, Time now, const std::optional<ReceiptRequest>& receipt) {
  Call& execution = *waiter.joined;
  if (execution.shared->waiters.front() != execution.shared->waiters.back()) {
    if (receipt) give_receipt(*receipt, CancelEnd::ignored, Duration(0));
    return leave(waiter,
                 make_error(Code::cancelled, execution.state == CallState::queued ? Stage::queue : Stage::run,
                            certainty_for(waiter, now),
                            "cancelled: what is executed for its idempotency key goes on, since others wait for it"),
                 now, false);
  }
  if (receipt) {
    receipts_.emplace(execution.id().value, PendingReceipt{*receipt, now});
    execution.owes_receipts = true;
  }
  waiter.cancel_sent = true;
  if (!execution.cancel_sent) return cancel_call(execution, now);
  execution.overdue_at = after(now, options_.cancel_grace);
  set_timer(execution);
}

void PoolCore::expire_joined(Call& waiter, Time now) {
  const auto certainty = certainty_for(waiter, now);
  const bool begun = waiter.joined->state == CallState::begun;
  leave(waiter, begun ? deadline_error(waiter, "timeout", certainty) : not_begun_error(waiter, certainty, now), now,
        true);
}

// Where others wait it may begin yet.
Certainty PoolCore::certainty_for(const Call& waiter, Time page_read) const {
  const auto& waiters = waiter.joined->shared->waiters;
  const auto certainty = certainty_of(*waiter.joined, page_read);
  const bool last = waiters.front() == waiters.back();
  return !last && certainty == Certainty::not_started ? Certainty::maybe_started : certainty;
}

void PoolCore::amend(const Call& execution, const Outcome& outcome) {
  keys_.amend(execution.shared->key, execution.id(), outcome);
}

}  // namespace clutch::core
