// How calls end, and the sentences that say so.
#include <cstdio>
#include <cstring>

#include "core/invariant.hpp"
#include "core/pool_core.hpp"

namespace clutch::core {
namespace {

std::string_view said(Certainty certainty) {
  switch (certainty) {
    case Certainty::not_started:
      return "the call had not begun and never will";
    case Certainty::maybe_started:
      return "the call may have begun";
    case Certainty::started:
      break;
  }
  return "the call had begun";
}

// attempt_timeout of a stream is from item to item.
std::string waiting_for(const Call& call, std::string_view clock) {
  if (!call.stream || clock != "attempt_timeout") return {};
  return " while item " + std::to_string(call.stream->items + 1) + " was waited for";
}

}  // namespace

std::string how_it_ended(const Exit& exit) {
  if (exit.signal == 0) return "exited with status " + std::to_string(exit.status);
  const char* name = ::sigabbrev_np(exit.signal);
  return "was killed by signal " + std::to_string(exit.signal) +
         (name != nullptr ? std::string(" (SIG") + name + ")" : "");
}

void PoolCore::deliver(const Submission& submission, Error&& error) {
  ++counters_.delivered;
  error.attempts = submission.attempt;
  actions_.deliveries.push_back({submission.session, submission.tag, std::move(error)});
}

void PoolCore::answer(Call& call, Outcome&& outcome) {
  invariant(!call.answered, "a call has one outcome");
  if (call.shared) return end_shared(call, std::move(outcome));
  ++counters_.delivered;
  if (auto* error = std::get_if<Error>(&outcome)) {
    error->attempts = call.attempt;
    if (call.stream) error->items = call.stream->items;
  }
  if (options_.call_steps) tell_end(call, outcome);
  actions_.deliveries.push_back({call.session, call.tag, std::move(outcome)});
  call.answered = true;
  timers_.stop(call);
  IntrusiveList<Call, SessionTag>::remove(call);
}

void PoolCore::drop_queued(Call& call, Error&& error) {
  Queue::remove(call);
  count_queued(call, false);
  answer(call, std::move(error));
  calls_.release(call);
}

void PoolCore::drop_hopeless(Call& call) {
  const std::string why = state_ == PoolState::draining ? "the pool is stopping, and " : "";
  drop_queued(call, make_error(Code::unavailable, Stage::queue, Certainty::not_started,
                               why + "no worker has `" + functions_[call.function].name +
                                   "` any more: the call was not begun"));
}

// The worker is done with it.
void PoolCore::finish(Call& call, Worker& worker, Time now) {
  worker.answered = true;
  pace_.on_done(now);
  Lane& lane = worker.lane(call.execution);
  const bool suspended = call.stream && call.stream->suspended;
  auto& among = call.state == CallState::sent ? lane.sent : suspended ? worker.suspended : lane.begun;
  invariant(among-- > 0, "a call that a worker is done with was counted as its");
  timers_.stop(call);  // of the grace after its cancel
  if (call.leaked) --worker.leaked;
  Queue::remove(call);
  count_limit(call, worker, -1);
  if (call.fingerprint != 0 && !quarantine_.empty()) quarantine_.on_survived(call.fingerprint);
  if (call.alone) release_reserved(call, worker);
  calls_.release(call);
  leave_if_done(worker, now);
  pump(now);
  stop_if_drained(now);
}

// `page_read`: a time after which the page was read, Time::min() if it was not. Where that page does not show a call
// which had expired then, it never starts: who begins writes the page first and reads the clock then. A cancel alone
// keeps no call from starting: it may be lost or come late.
Certainty PoolCore::certainty_of(const Call& call, Time page_read) const {
  if (call.state == CallState::queued) return Certainty::not_started;
  if (call.stream && call.stream->items != 0) return Certainty::started;
  const Lane& lane = workers_[call.worker.value]->lane(call.execution);
  if (call.seq <= lane.recorded && !call.maybe_passed_over) return Certainty::started;
  if (call.seq <= lane.seen) return Certainty::maybe_started;
  return call.expires() <= page_read ? Certainty::not_started : Certainty::maybe_started;
}

Error PoolCore::deadline_error(const Call& call, std::string_view clock, Certainty certainty) const {
  const auto stage = certainty == Certainty::not_started ? Stage::queue : Stage::run;
  return make_error(Code::deadline_exceeded, stage, certainty,
                    std::string(clock) + " expired in `" + functions_[call.function].name + "`" +
                        waiting_for(call, clock) + ": " + std::string(said(certainty)));
}

// Of the two clocks by which it must begin, the earlier.
Error PoolCore::not_begun_error(const Call& call, Certainty certainty, Time now) const {
  if (call.queue_deadline >= call.deadline) return deadline_error(call, "timeout", certainty);
  if (call.haste != Haste::none) return hurried_error(call, certainty, now);
  return deadline_error(call, "queue_timeout", certainty);
}

void PoolCore::expire(Call& call, Time now) {
  if (call.state == CallState::joined) return expire_joined(call, now);
  if (call.state == CallState::queued) {
    drop_queued(call, not_begun_error(call, Certainty::not_started, now));
    stop_if_drained(now);
    return;
  }
  const auto certainty = certainty_of(call, now);
  if (call.answered) return watch_grace(call, now);
  if (call.cancel_sent) {
    answer(call, make_error(Code::cancelled, Stage::run, certainty,
                            "cancelled, and not unwound yet: `" + functions_[call.function].name +
                                "` has not ended within the grace after its cancel"));
    return watch_grace(call, now);
  }
  // A call that was not begun stays at the worker, which will pass it over.
  std::string_view clock = "timeout";
  if (call.state == CallState::sent && call.queue_deadline < call.deadline) clock = "queue_timeout";
  if (call.state == CallState::begun && call.attempt_deadline < call.deadline) clock = "attempt_timeout";
  send_cancel(call, true, now);
  auto error =
      clock == "queue_timeout" ? not_begun_error(call, certainty, now) : deadline_error(call, clock, certainty);
  name_blocking(call, error);
  answer(call, std::move(error));
  watch_grace(call, now);
}

Error PoolCore::lost_error(const Call& call, const Worker& worker, const Exit& exit, const Verdict& verdict,
                           Time now) const {
  const auto certainty = certainty_of(call, now);
  auto error =
      make_error(Code::worker_lost, Stage::run, certainty,
                 "worker " + std::to_string(worker.id.value) + " " +
                     (worker.end_cause.empty() ? how_it_ended(exit) : "was ended, as " + worker.end_cause) +
                     ", while it had `" + functions_[call.function].name + "`: " + std::string(said(certainty)));
  if (exit.signal != 0) error.signal = static_cast<std::uint64_t>(exit.signal);
  if (exit.signal == 0) error.exit_code = static_cast<std::uint64_t>(exit.status);
  error.python_stack = exit.python_stack;
  blame(call, worker, verdict, error);
  return error;
}

}  // namespace clutch::core
