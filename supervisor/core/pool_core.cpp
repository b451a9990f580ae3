// Submission, replies, begun calls, time. Dispatch is in dispatch.cpp, endings in endings.cpp, workers' lives in
// life.cpp.
#include "core/pool_core.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "core/fingerprint.hpp"

namespace clutch::core {

Error caller_ended(Certainty certainty) {
  return make_error(Code::cancelled, Stage::run, certainty, "cancelled: the client, or the pool, of its caller ended");
}

std::string flaw_of(const PoolCoreOptions& options) {
  const auto needs_one = [](std::string name) { return "`" + std::move(name) + "` of a pool must be at least 1"; };
  if (options.workers == 0) return needs_one("workers");
  if (options.concurrency == 0) return needs_one("concurrency");
  if (options.threads == 0) return needs_one("threads");
  if (options.leaked_max == 0) return needs_one("leaked_max");
  return {};
}

PoolCore::PoolCore(PoolCoreOptions options, Time now)
    : options_(options),
      timers_(now),
      quarantine_(options.quarantine_after, options.quarantine_ttl),
      keys_(options.idempotency_ttl, options.idempotency_keys_max, options.idempotency_bytes_max),
      chance_(options.seed) {
  if (const auto flaw = flaw_of(options_); !flaw.empty()) throw std::invalid_argument(flaw);
  for (std::uint32_t i = 0; i <= options_.workers + options_.spares; ++i) {
    workers_.push_back(std::make_unique<Worker>());
    workers_.back()->id = WorkerId{i};
    workers_.back()->place = i;
    workers_.back()->duty = i < options_.workers                     ? Duty::serve
                            : i < options_.workers + options_.spares ? Duty::spare
                                                                     : Duty::none;
  }
}

std::optional<Error> PoolCore::refusal(std::string_view function, const Submission& submission, Time now) const {
  const auto not_started = [](Code code, Stage stage, std::string message) {
    Error error;
    error.code = code;
    error.stage = stage;
    error.message = std::move(message);
    return error;
  };
  if (failure_) return not_started(Code::unavailable, Stage::transport, failure_->message);
  if (state_ == PoolState::draining || state_ == PoolState::stopped) {
    return not_started(Code::unavailable, Stage::transport, "the pool is stopping and takes no more calls");
  }
  const auto found = functions_.find(function);
  if (!found && state_ == PoolState::starting) {
    return not_started(Code::unavailable, Stage::lookup, "the pool is starting: its functions are not known yet");
  }
  if (!found || hopeless(*found)) {
    return not_started(Code::not_found, Stage::lookup, functions_.not_found_message(function, left_out_));
  }
  if (auto error = overload(submission, now)) return error;
  if (submission.deadline <= now || submission.queue_deadline <= now) {
    return not_started(Code::deadline_exceeded, Stage::queue,
                       std::string(submission.deadline <= now ? "timeout" : "queue_timeout") +
                           " had expired before the call reached the pool: it was not begun");
  }
  return std::nullopt;
}

std::optional<Error> PoolCore::overload(const Submission& submission, Time now) const {
  const auto bytes = submission.request.bytes();
  const auto calls_of_it = session_queued(submission.session);
  const auto bytes_of_it = session_queued_bytes(submission.session);
  std::string full;
  if (queued_ >= options_.queued_calls_max || queued_bytes_ + bytes > options_.queued_bytes_max) {
    full = "the pool's queue is full (" + std::to_string(queued_) + " calls, " + std::to_string(queued_bytes_) +
           " bytes wait)";
  } else if (calls_of_it >= options_.client_queued_calls_max ||
             bytes_of_it + bytes > options_.client_queued_bytes_max) {
    full = "this client's share of the pool's queue is full (" + std::to_string(calls_of_it) + " of its calls, " +
           std::to_string(bytes_of_it) + " bytes wait)";
  }
  if (full.empty()) return std::nullopt;
  Error error;
  error.code = Code::overloaded;
  error.stage = Stage::queue;
  error.message = full + ": send it again later, or submit more slowly";
  error.retry_after_ms = pace_.retry_after_ms(queued_, now);
  return error;
}

std::optional<CallId> PoolCore::submit(std::string_view function, Submission&& submission, Time now) {
  ++counters_.submitted;
  if (!submission.idempotency_key.empty()) return submit_keyed(function, std::move(submission), now);
  Call* call = accept(function, submission, now);
  if (call == nullptr) return std::nullopt;
  hurry(*call, submission.nested, call->alone, now);
  const auto id = call->id();
  admit(*call, now);
  return id;
}

void PoolCore::refuse(std::string_view function, const Submission& submission, Error&& error) {
  if (options_.call_steps) tell_refusal(function, submission, error);
  deliver(submission, std::move(error));
}

// nullptr where it was refused, and answered so.
Call* PoolCore::accept(std::string_view function, Submission& submission, Time now) {
  std::uint64_t fingerprint = 0;
  bool alone = false;
  auto error = refusal(function, submission, now);
  if (!error) error = suspicion(function, submission, now, fingerprint, alone);
  if (!error && submission.nested) error = nested_refusal(*functions_.find(function), submission, now);
  if (error) {
    refuse(function, submission, std::move(*error));
    return nullptr;
  }
  Call& call = calls_.take();
  call.function = *functions_.find(function);
  call.execution = execution_of(functions_[call.function].kind);
  call.session = submission.session;
  call.tag = submission.tag;
  call.attempt = submission.attempt;
  call.detached = submission.detached;
  call.priority = submission.priority;
  call.fingerprint = fingerprint;
  call.alone = alone;
  call.request_bytes = submission.request.bytes();
  call.request = std::move(submission.request);
  call.metadata = std::move(submission.metadata);
  if (submission.stream) call.stream = std::make_unique<StreamProgress>(StreamProgress{.credit = *submission.stream});
  call.deadline = submission.deadline;
  call.queue_deadline = submission.queue_deadline;
  call.attempt_timeout = submission.attempt_timeout.value_or(options_.attempt_timeout);
  return &call;
}

void PoolCore::hurry(Call& call, bool nested, bool alone, Time now) {
  if (alone) hasten(call, Haste::alone, after(now, alone_begin_max));
  if (nested) hasten(call, Haste::nested, after(now, nested_begin_max));
}

// An execution comes before its waiters, as those that were there earlier do: who goes through them meets it first.
void PoolCore::admit(Call& call, Time now) {
  auto& calls = session(call.session).calls;
  call.shared ? calls.push_front(call) : calls.push_back(call);
  if (options_.call_steps) tell(call, CallStep::What::accepted);
  if (queued_ == 0) pace_.on_idle_over(now);
  enqueue(call, false);
  set_timer(call);
  pump(now);
}

void PoolCore::detach(CallId id) {
  if (Call* call = calls_.find(id)) call->detached = true;
}

void PoolCore::on_session_closed(SessionId id, Time now) {
  if (id.value >= sessions_.size() || !sessions_[id.value]) return;
  auto& calls = sessions_[id.value]->calls;
  set_pause(id, false);  // what is detached goes on
  for (Call* call = calls.front(); call != nullptr;) {
    Call* next = calls.after(*call);
    if (call->state == CallState::joined && !call->detached) {
      leave(*call, caller_ended(certainty_for(*call, Time::min())), now, false);
    } else if (!call->detached) {
      // Nobody is there to be answered: over for the caller now, whatever the worker does with its cancel.
      cancel_call(*call, now);
      if (calls_.find(call->id()) == call && !call->answered) {
        answer(*call, caller_ended(certainty_of(*call, Time::min())));
        watch_grace(*call, now);
      }
    }
    call = next;
  }
  pump(now);
  if (calls.empty()) forget_session(id);
}

// One that closes with detached calls stays until its id names another.
void PoolCore::forget_session(SessionId id) {
  sessions_[id.value].reset();
  for (auto& queue : queues_) queue.forget(id);
  for (auto& queue : parked_) queue->forget(id);
  while (!sessions_.empty() && !sessions_.back()) sessions_.pop_back();
}

PoolCore::Session& PoolCore::session(SessionId id) {
  if (sessions_.size() <= id.value) sessions_.resize(id.value + 1);
  auto& session = sessions_[id.value];
  if (!session) session = std::make_unique<Session>();
  return *session;
}

void PoolCore::pause_session(SessionId id, bool paused, Time now) {
  if (state_ == PoolState::draining && paused) return;
  set_pause(id, paused);
  if (!paused) pump(now);
}

void PoolCore::set_pause(SessionId id, bool paused) {
  if (std::exchange(session(id).paused, paused) == paused) return;
  for (auto& queue : queues_) queue.pause(id, paused);
}

bool PoolCore::session_has_calls(SessionId id) const noexcept {
  return id.value < sessions_.size() && sessions_[id.value] && !sessions_[id.value]->calls.empty();
}

std::size_t PoolCore::session_queued(SessionId id) const noexcept {
  return id.value < sessions_.size() && sessions_[id.value] ? sessions_[id.value]->queued : 0;
}

std::size_t PoolCore::session_queued_bytes(SessionId id) const noexcept {
  return id.value < sessions_.size() && sessions_[id.value] ? sessions_[id.value]->queued_bytes : 0;
}

Worker* PoolCore::current(WorkerId id, Incarnation incarnation) noexcept {
  if (id.value >= workers_.size()) return nullptr;
  Worker& worker = *workers_[id.value];
  return worker.state != WorkerState::absent && worker.incarnation == incarnation ? &worker : nullptr;
}

// A reply counts only from the incarnation that has the call: a late or forged one must not reach another caller.
Call* PoolCore::leased(const Worker& worker, CallId id) noexcept {
  Call* call = calls_.find(id);
  if (call == nullptr || call->state < CallState::sent || call->worker != worker.id) return nullptr;
  return call;
}

void PoolCore::on_result(WorkerId id, Incarnation incarnation, CallId call_id, Reply&& reply, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr) return;
  Call* call = leased(*worker, call_id);
  if (call == nullptr) return on_violation(id, incarnation, "RESULT of a call that it does not have");
  if (call->stream) return on_violation(id, incarnation, "RESULT of a stream");
  const bool of_itself = !call->answered;
  if (of_itself) {
    answer(*call, std::move(reply));
  } else if (call->shared) {
    amend(*call, std::move(reply));
  }
  end_receipts(*call, of_itself ? CancelEnd::already_finished : CancelEnd::unwound, now);
  finish(*call, *worker, now);
}

void PoolCore::on_error(WorkerId id, Incarnation incarnation, CallId call_id, Error&& error, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr) return;
  Call* call = leased(*worker, call_id);
  if (call == nullptr) return on_violation(id, incarnation, "ERROR of a call that it does not have");
  const bool unwound = call->answered || error.code == Code::cancelled;
  const auto end = error.certainty == Certainty::not_started ? CancelEnd::removed_from_queue
                   : unwound                                 ? CancelEnd::unwound
                                                             : CancelEnd::already_finished;
  if (error.certainty == Certainty::not_started) call->fingerprint = 0;  // it did not survive anything
  if (!call->answered) {
    if (error.code == Code::deadline_exceeded && error.certainty == Certainty::not_started) {
      error = not_begun_error(*call, Certainty::not_started, now);
    }
    answer(*call, std::move(error));
  } else if (call->shared) {
    amend(*call, std::move(error));
  }
  end_receipts(*call, end, now);
  finish(*call, *worker, now);
}

void PoolCore::mark_begun(Worker& worker, Execution execution, std::uint64_t upto, Time now) {
  Lane& lane = worker.lane(execution);
  if (upto <= lane.seen) return;
  lane.seen = upto;
  std::uint64_t begun = 0;
  while (!lane.sent_order.empty() && lane.sent_order.front().first <= upto) {
    Call* call = calls_.find(lane.sent_order.front().second);
    lane.sent_order.pop_front();
    ++begun;
    if (call == nullptr || call->state != CallState::sent) continue;
    call->state = CallState::begun;
    if (call->fingerprint == 0 && quarantine_.wanted()) {
      call->fingerprint = fingerprint_of(functions_[call->function].name, call->request);
    }
    call->request = Request{};  // it is never sent again
    --lane.sent;
    ++lane.begun;
    call->maybe_passed_over = call->cancel_sent || call->expires() <= now;
    const bool waited_for = !call->stream || call->stream->has_credit();
    if (waited_for && call->attempt_timeout > Duration(0)) call->attempt_deadline = after(now, call->attempt_timeout);
    if (call->answered) continue;
    set_timer(*call);
    if (call->shared) end_haste(*call);
    if (options_.call_steps) tell(*call, CallStep::What::begun);
  }
  lane.window.on_begun(begun, now);
}

// Such totals show nothing, least of all that a call had not begun: none there may be sent again.
bool PoolCore::shows_too_much(Worker& worker, std::uint64_t loop, std::uint64_t thread, Time now) {
  const auto last_on_loop = worker.lane(Execution::loop).last_seq;
  const auto last_on_thread = worker.lane(Execution::thread).last_seq;
  if (loop <= last_on_loop && thread <= last_on_thread) return false;
  mark_begun(worker, Execution::loop, last_on_loop, now);
  mark_begun(worker, Execution::thread, last_on_thread, now);
  return true;
}

void PoolCore::on_begun(WorkerId id, Incarnation incarnation, std::uint64_t loop, std::uint64_t thread, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr) return;
  if (shows_too_much(*worker, loop, thread, now)) return on_violation(id, incarnation, "BEGUN beyond what was sent");
  // Of the loop alone: it sends BEGUN after first steps, but while a thread may not have come to its first line.
  Lane& on_loop = worker->lane(Execution::loop);
  on_loop.recorded = std::max(on_loop.recorded, loop);
  worker->watch.on_begun(loop);
  mark_begun(*worker, Execution::loop, loop, now);
  mark_begun(*worker, Execution::thread, thread, now);
  pump(now);
}

void PoolCore::on_page(WorkerId id, Incarnation incarnation, std::uint64_t loop, std::uint64_t thread, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr || worker->state == WorkerState::booting) return;
  if (shows_too_much(*worker, loop, thread, now)) {
    return on_violation(id, incarnation, "a status page that shows calls which were not sent");
  }
  mark_begun(*worker, Execution::loop, loop, now);
  mark_begun(*worker, Execution::thread, thread, now);
  pump(now);
}

void PoolCore::set_timer(Call& call) {
  if (call.shared) {  // its waiters have the rest
    const Call* waiter = call.shared->waiters.front();
    const bool cancelled = waiter != nullptr && waiter->cancel_sent;
    return timers_.set(call, cancelled ? std::min(call.attempt_deadline, call.overdue_at) : call.attempt_deadline);
  }
  const bool begun = (call.joined != nullptr ? call.joined : &call)->state == CallState::begun;
  timers_.set(call, begun ? std::min({call.deadline, call.attempt_deadline, call.overdue_at}) : call.expires());
}

void PoolCore::on_time(Time now) {
  while (Timer* timer = timers_.expire(now)) {
    expire(static_cast<Call&>(*timer), now);
  }
  for (auto& worker : workers_) on_worker_time(*worker, now);
  if (drain_by_ <= now) {
    drain_by_ = never;
    for (auto& worker : workers_) end(worker->id, worker->incarnation, EndReason::stop, "the time to drain is over");
  }
  replace_next(now);
  pump(now);
}

Time PoolCore::next_time() const {
  Time next = std::min({timers_.next(), drain_by_, keys_.next_time()});
  for (const auto& worker : workers_) {
    next = std::min({next, worker->act_at, worker->age_until, worker->leave_by});
  }
  const bool tries_again = state_ == PoolState::running && !to_retire_.empty() && replace_at_ != Time::min();
  return tries_again ? std::min(next, replace_at_) : next;
}

std::optional<Run> PoolCore::run_of(const SendRun& send) {
  Call* call = calls_.find(send.call);
  if (call == nullptr || call->state != CallState::sent || call->worker != send.worker) return std::nullopt;
  return Run{.seq = call->seq,
             .call = send.call,
             .function = workers_[send.worker.value]->index_of[call->function.value],
             .expires = call->expires(),
             .deadline = call->deadline,
             .attempt = call->attempt,
             .request = call->request,
             .metadata = call->metadata,
             .stream = call->stream ? std::optional(call->stream->credit) : std::nullopt};
}

bool PoolCore::awaits_begin() const noexcept {
  return std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) {
    return worker->state != WorkerState::absent && (worker->lanes[0].sent != 0 || worker->lanes[1].sent != 0);
  });
}

}  // namespace clutch::core
