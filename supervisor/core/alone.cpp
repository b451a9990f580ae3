// Calls that must not wait, or run, beside others: those of a worker of this very pool, which would wait for
// themselves, and those that may be what kills workers.
#include <algorithm>

#include "core/fingerprint.hpp"
#include "core/pool_core.hpp"

namespace clutch::core {

// While nothing is suspected no fingerprint is looked at.
std::optional<Error> PoolCore::suspicion(std::string_view function, const Submission& submission, Time now,
                                         std::uint64_t& fingerprint, bool& alone) {
  if (quarantine_.empty()) return std::nullopt;
  fingerprint = fingerprint_of(function, submission.request);
  const auto verdict = quarantine_.verdict(fingerprint, now);
  alone = verdict == Quarantine::Verdict::alone;
  if (verdict != Quarantine::Verdict::quarantined) return std::nullopt;
  return make_error(Code::quarantined, Stage::queue, Certainty::not_started,
                    "`" + std::string(function) +
                        "` with these arguments has killed its worker again and again, and is not "
                        "run any more: mend the function, then lift it by its fingerprint, " +
                        shown(fingerprint));
}

// The one kept ahead of a full worker counts as no place: it waits for one that may be waiting for it.
std::optional<Error> PoolCore::nested_refusal(FunctionId function, const Submission& submission, Time now) const {
  Call probe;
  probe.function = function;
  probe.execution = execution_of(functions_[function].kind);
  if (submission.stream) probe.stream = std::make_unique<StreamProgress>();
  const bool free = !is_full() && std::any_of(workers_.begin(), workers_.end(), [&](const auto& worker) {
    const Lane& lane = worker->lane(probe.execution);
    return worker->takes_calls() && lane.sent + lane.begun < lane.bound && may_have(*worker, probe);
  });
  if (free) return std::nullopt;
  auto error =
      make_error(Code::overloaded, Stage::queue, Certainty::not_started,
                 "a worker of this pool asks for `" + functions_[function].name +
                     "`, and every place for it is taken or blocked: it might wait for itself. Give the pool more "
                     "workers or concurrency, or the function a pool of its own");
  error.retry_after_ms = pace_.retry_after_ms(queued_ + 1, now);
  return error;
}

void PoolCore::hasten(Call& call, Haste haste, Time by) {
  if (by >= std::min(call.queue_deadline, call.deadline)) return;
  call.queue_deadline = by;
  call.haste = haste;
}

Error PoolCore::hurried_error(const Call& call, Certainty certainty, Time now) const {
  const auto& name = functions_[call.function].name;
  auto error =
      call.haste == Haste::nested
          ? make_error(Code::overloaded, Stage::queue, certainty,
                       "a worker of this pool asked for `" + name +
                           "`, and it did not begin within 1 s: it may wait for itself, behind a call that blocks")
          : make_error(Code::overloaded, Stage::queue, certainty,
                       "`" + name +
                           "` with these arguments is suspected of killing its worker, and no worker was "
                           "without other calls within 5 s to run it alone");
  error.retry_after_ms = pace_.retry_after_ms(queued_ + 1, now);
  return error;
}

// One at a time: a worker is kept free of other calls until it has none, and until that one has ended.
void PoolCore::pump_alone(Time now) {
  Worker* kept = nullptr;
  for (const auto& worker : workers_) {
    if (worker->reserved && worker->state == WorkerState::ready) kept = worker.get();
  }
  reserving_ = kept != nullptr;
  if (kept != nullptr && kept->runs_alone) return;
  Call* call = alone_.front();
  if (kept != nullptr && (call == nullptr || !kept->has(call->function))) {
    kept->reserved = reserving_ = false;
    kept = nullptr;
  }
  if (call == nullptr) return;
  if (hopeless(call->function)) return drop_hopeless(*call);
  for (const auto& worker : workers_) {
    if (kept != nullptr && kept->reserved) break;
    if (!worker->takes_calls() || !worker->has(call->function)) continue;
    if (kept == nullptr || worker->load() < kept->load()) kept = worker.get();
  }
  if (kept == nullptr) return;
  kept->reserved = reserving_ = true;
  if (!kept->leases.empty() || is_full() || !may_have(*kept, *call)) return;
  kept->runs_alone = true;
  Queue::remove(*call);
  assign(*call, *kept, now);
}

void PoolCore::release_reserved(Call& call, Worker& worker) {
  if (call.state != CallState::queued) worker.reserved = worker.runs_alone = false;
}

// Whoever had begun, and was not waiting for its reader, may have been the cause. But the loop's thread runs one at a
// time: where the page names the call that was in its first step, no other on the loop was running. It tells nothing of
// threads. Where one is left, it was the cause.
void PoolCore::note_suspects(Worker& worker, Time now) {
  if (!quarantine_.wanted() || state_ == PoolState::draining) return;
  const auto had_begun = [](const Call& call) {
    return call.state == CallState::begun && !call.maybe_passed_over && !(call.stream && call.stream->suspended);
  };
  const auto stepping = worker.watch.pulse().first_step;
  const auto in_first_step = [stepping](const Call& call) {
    return call.execution == Execution::loop && call.seq == stepping;
  };
  bool named = false;
  for (Call* call = worker.leases.front(); call != nullptr; call = worker.leases.after(*call)) {
    named = named || (had_begun(*call) && in_first_step(*call));
  }
  const auto suspect = [&](const Call& call) {
    return had_begun(call) && (!named || call.execution == Execution::thread || in_first_step(call));
  };
  std::size_t suspects = 0;
  for (Call* call = worker.leases.front(); call != nullptr; call = worker.leases.after(*call)) {
    suspects += suspect(*call) ? 1 : 0;
  }
  for (Call* call = worker.leases.front(); call != nullptr; call = worker.leases.after(*call)) {
    if (!suspect(*call)) continue;
    const auto& name = functions_[call->function].name;
    if (!quarantine_.on_kill(call->fingerprint, name, suspects == 1, now)) continue;
    actions_.life.emplace_back(Quarantined{call->fingerprint, name, options_.quarantine_after});
  }
}

}  // namespace clutch::core
