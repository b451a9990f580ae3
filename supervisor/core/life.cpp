// Workers' lives, by the table in worker.hpp, and the pool's own.
#include <algorithm>
#include <array>
#include <utility>

#include "core/invariant.hpp"
#include "core/pool_core.hpp"

namespace clutch::core {

std::string_view to_string(WorkerState state) noexcept {
  constexpr std::array<std::string_view, 7> names = {"absent",   "booting",  "standby",  "ready",
                                                     "retiring", "stopping", "condemned"};
  return names[static_cast<std::size_t>(state)];
}

void PoolCore::start(Time now) {
  for (auto& worker : workers_) {
    if (worker->duty != Duty::none) spawn(*worker, now);
  }
}

void PoolCore::spawn(Worker& worker, Time now) {
  invariant(worker.state == WorkerState::absent && worker.leases.empty(), "one worker at a time has a slot");
  worker.state = WorkerState::booting;
  worker.incarnation = Incarnation{++last_incarnation_};
  worker.next_seq = 1;
  worker.lanes = {};
  worker.suspended = 0;
  worker.reserved = worker.runs_alone = false;
  worker.lane(Execution::loop).bound = options_.concurrency;
  worker.lane(Execution::loop).windowed = true;
  worker.lane(Execution::thread).bound = options_.threads;
  worker.index_of.clear();
  worker.running.assign(functions_.size(), 0);
  worker.boot_error.reset();
  worker.answered = false;
  worker.pings = worker.pings_answered = 0;
  worker.silent = false;
  worker.watch = {};
  worker.blocked_since.reset();
  worker.has_overdue = false;
  worker.leaked = 0;
  worker.blocked_at = Time::min();
  worker.sight.reset();
  worker.examined = false;
  worker.end_cause.clear();
  worker.retires.reset();
  worker.ended_as.reset();
  worker.generation = generation_;
  worker.life_calls = 0;
  worker.calls_until = worker.rss_until = ~std::uint64_t{0};
  worker.act_at = after(now, options_.start_timeout);
  Spawn spawn{worker.id, worker.incarnation, worker.act_at, worker.place};
  spawn.was_vacant = std::exchange(worker.was_vacant, false);
  if (worker.duty == Duty::replace) {
    spawn.place = workers_[worker.replaces.value]->place;
    spawn.replaces = worker.replaces;
  }
  actions_.life.emplace_back(spawn);
}

bool PoolCore::all_serve() const noexcept {
  return std::all_of(workers_.begin(), workers_.end(),
                     [](const auto& each) { return each->duty != Duty::serve || each->state == WorkerState::ready; });
}

void PoolCore::on_registered(WorkerId id, Incarnation incarnation, const Registration& registration, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr || worker->state == WorkerState::condemned || worker->state == WorkerState::stopping) return;
  if (worker->state != WorkerState::booting) return on_violation(id, incarnation, "REGISTER for a second time");
  if (worker->boot_error) return on_violation(id, incarnation, "REGISTER after BOOT_FAILED");
  const auto ids = functions_.merge(registration);
  left_out_ = registration.left_out;
  while (parked_.size() < 2 * functions_.size()) parked_.push_back(std::make_unique<FairQueue>());
  running_in_pool_.resize(functions_.size());
  for (auto& each : workers_) each->running.resize(functions_.size());
  worker->index_of.assign(functions_.size(), Worker::absent_index);
  for (std::uint32_t i = 0; i < ids.size(); ++i) worker->index_of[ids[i].value] = i;
  worker->state = WorkerState::ready;
  worker->act_at = options_.ping_interval > Duration(0) ? after(now, options_.ping_interval) : never;
  worker->boots_failed = 0;
  worker->ready_since = now;
  if (worker->duty == Duty::replace) take_over(*worker, now);
  if (worker->duty == Duty::spare) worker->state = WorkerState::standby;
  fill_places();
  set_limits(*worker, now);
  if (reloading_ && worker->generation < generation_) ask_to_retire(*worker, EndReason::reload);
  if (state_ == PoolState::draining) {
    stop_if_drained(now);
  } else if (state_ == PoolState::starting && all_serve()) {
    state_ = PoolState::running;
    actions_.life.emplace_back(Started{});
  }
  replace_next(now);
  end_reload_if_done();
  pump(now);
}

void PoolCore::on_boot_failed(WorkerId id, Incarnation incarnation, Error error, Time) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr) return;
  if (worker->state != WorkerState::booting) return on_violation(id, incarnation, "BOOT_FAILED after REGISTER");
  worker->boot_error = std::move(error);  // its exit follows
}

// One at a time: a worker that does not answer is not asked again, but found silent once.
void PoolCore::ping(Worker& worker, Time now) {
  if (worker.pings == worker.pings_answered) {
    actions_.pings.push_back({worker.id, ++worker.pings});
    worker.act_at = after(now, options_.ping_unanswered_max);
  } else {
    worker.silent = true;
    actions_.life.emplace_back(Silence{worker.id, worker.incarnation});
  }
}

void PoolCore::on_pong(WorkerId id, Incarnation incarnation, std::uint64_t n, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr) return;
  if (n > worker->pings) return on_violation(id, incarnation, "PONG without its PING");
  if (n <= worker->pings_answered || !worker->is_up()) return;
  worker->pings_answered = n;
  worker->act_at = after(now, options_.ping_interval);
  if (!std::exchange(worker->silent, false)) return;
  actions_.life.emplace_back(Silence{.worker = id, .incarnation = incarnation, .over = true});
  pump(now);
}

void PoolCore::on_violation(WorkerId id, Incarnation incarnation, std::string why) {
  end(id, incarnation, EndReason::protocol, std::move(why));
}

void PoolCore::end(WorkerId id, Incarnation incarnation, EndReason reason, std::string why) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr || worker->state == WorkerState::condemned) return;
  worker->ended_as = reason;
  // A boot that comes to nothing is told by its error, or by its end.
  if (worker->state != WorkerState::booting) worker->boots_failed = 0;
  const bool was_booting = worker->state == WorkerState::booting;
  worker->state = WorkerState::condemned;
  worker->act_at = worker->age_until = worker->leave_by = never;
  if (was_booting && !worker->boot_error) {
    Error error;
    error.code = Code::internal;
    error.stage = Stage::setup;
    error.message = "a worker was ended while it started: " + why;
    worker->boot_error = std::move(error);
  }
  actions_.life.emplace_back(Kill{id, incarnation, std::move(why)});
}

void PoolCore::on_exited(WorkerId id, Incarnation incarnation, const Exit& exit, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr) return;
  const bool booted = worker->state != WorkerState::booting && !worker->boot_error;
  if (!booted && !worker->boot_error) {
    Error error;
    error.code = Code::unavailable;
    error.stage = Stage::setup;
    error.message = exit.signal != 0
                        ? "a worker was killed by signal " + std::to_string(exit.signal) + " while it started"
                        : "a worker exited with status " + std::to_string(exit.status) + " while it started";
    if (!exit.said.empty()) error.message += ": " + exit.said;
    error.python_stack = exit.python_stack;
    worker->boot_error = std::move(error);
  }
  // Told to end once its lanes were found closed, which they were because it had died.
  const bool blocked = !worker->end_cause.empty();
  const bool died_first = worker->state == WorkerState::condemned && !blocked && died_of_itself(exit);
  if (died_first) worker->ended_as.reset();
  const auto verdict = this->verdict(*worker, exit);
  if (worker->state == WorkerState::ready || worker->state == WorkerState::retiring || died_first || blocked) {
    note_kill(*worker, verdict, now);
  }
  count_end(*worker, exit, booted);
  worker->state = WorkerState::absent;
  worker->act_at = worker->age_until = worker->leave_by = never;
  give_back_leases(*worker, exit, verdict, now);
  if (state_ == PoolState::failed) answer_queued(*failure_);
  const bool vacated = worker->was_vacant = give_up_slot(*worker, now);
  fill_places();
  if (vacated) {
    replace_next(now);
    pump(now);
    return stop_if_drained(now);
  }
  if (!booted) {
    on_boot_over(*worker, now);
    if (place_taken_) pump(now);
    return;
  }
  if (state_ == PoolState::running || state_ == PoolState::starting) {
    respawn(*worker, exit, now);
    pump(now);
  }
  stop_if_drained(now);
}

void PoolCore::count_end(Worker& worker, const Exit& exit, bool booted) {
  const bool as_told = worker.state == WorkerState::stopping && exit.signal == 0 && exit.status == 0;
  auto reason = booted ? reason_of(exit) : EndReason::boot;
  if (as_told) reason = worker.retires.value_or(EndReason::stop);
  if (worker.ended_as) reason = *worker.ended_as;
  worker.ended_as = reason;
  ++counters_.deaths;
  ++counters_.ends[static_cast<std::size_t>(reason)];
}

void PoolCore::on_worker_time(Worker& worker, Time now) {
  if (worker.age_until <= now) {
    worker.age_until = never;
    retire(worker.id, worker.incarnation, EndReason::age, now);
  }
  if (worker.leave_by <= now) {
    end(worker.id, worker.incarnation, *worker.retires, "it was replaced, and has not left within stop_timeout");
  }
  if (worker.act_at > now) return;
  worker.act_at = never;
  if (worker.state == WorkerState::absent) {
    spawn(worker, now);
  } else if (worker.is_up()) {
    ping(worker, now);
  } else if (worker.state == WorkerState::booting) {
    Error error;
    error.code = Code::unavailable;
    error.stage = Stage::setup;
    error.message = "a worker was not ready within start_timeout: its imports or its lifespan take too long";
    if (!worker.boot_error) worker.boot_error = std::move(error);
    end(worker.id, worker.incarnation, EndReason::boot, "not ready in time");
  }
}

// What began is lost; what did not is queued again, ahead of the rest and in its old order.
void PoolCore::give_back_leases(Worker& worker, const Exit& exit, const Verdict& verdict, Time now) {
  while (Call* call = worker.leases.back()) {
    Queue::remove(*call);
    count_limit(*call, worker, -1);
    const bool begun = call->state == CallState::begun;
    end_receipts(*call, begun ? CancelEnd::worker_killed : CancelEnd::removed_from_queue, now);
    if (!call->answered && begun) {
      answer(*call, lost_error(*call, worker, exit, verdict, now));
      ++counters_.lost;
    }
    if (!call->answered && call->cancel_sent) {
      Error error;
      error.code = Code::cancelled;
      error.stage = Stage::queue;
      error.message = "cancelled before it began";
      answer(*call, std::move(error));
    }
    if (call->answered) {
      timers_.stop(*call);
      calls_.release(*call);
      continue;
    }
    enqueue(*call, true);
    set_timer(*call);
    ++counters_.requeued;
  }
  worker.lanes = {};
  worker.suspended = worker.leaked = 0;
  if (state_ != PoolState::running && state_ != PoolState::starting) pump(now);
}

void PoolCore::fail(Error error) {
  failure_ = std::move(error);
  state_ = PoolState::failed;
  fail_reload(*failure_);
  for (auto& worker : workers_) {
    worker->act_at = never;
    end(worker->id, worker->incarnation, EndReason::stop, "the pool has failed");
  }
  answer_queued(*failure_);
}

void PoolCore::answer_queued(const Error& error) {
  const auto refuse = [&](Call& call) {
    Error given = error;
    given.code = Code::unavailable;
    given.certainty = Certainty::not_started;  // whatever a worker said of its own start
    drop_queued(call, std::move(given));
  };
  for (auto& queue : queues_) queue.empty_out(refuse);
  for (auto& queue : parked_) queue->empty_out(refuse);
  while (Call* call = alone_.front()) refuse(*call);
}

void PoolCore::drain(Time by, Time now) {
  if (state_ == PoolState::stopped) return;
  drain_by_ = std::min(drain_by_, by);
  if (state_ != PoolState::failed) state_ = PoolState::draining;
  Error stopping;
  stopping.code = Code::unavailable;
  stopping.stage = Stage::setup;
  stopping.message = "the pool is stopping";
  fail_reload(stopping);
  for (std::uint32_t i = 0; i < sessions_.size(); ++i) {
    if (sessions_[i]) set_pause(SessionId{i}, false);
  }
  pump(now);
  for (auto& worker : workers_) {
    if (worker->state == WorkerState::absent) worker->act_at = never;
    // One that has not said ready has no call and would only delay the end.
    if (worker->state == WorkerState::booting) {
      end(worker->id, worker->incarnation, EndReason::stop, "the pool is stopping");
    }
    if (worker->state == WorkerState::standby) {
      worker->state = WorkerState::stopping;
      actions_.life.emplace_back(SendStop{worker->id, drain_by_});
    }
  }
  stop_if_drained(now);
}

// With no worker left to take them, queued calls of a draining pool would wait for ever.
void PoolCore::stop_if_drained(Time now) {
  if (state_ != PoolState::draining && state_ != PoolState::failed) return;
  const bool any_worker = std::any_of(workers_.begin(), workers_.end(),
                                      [](const auto& worker) { return worker->state != WorkerState::absent; });
  if (!any_worker) {
    Error stopped;
    stopped.stage = Stage::queue;
    stopped.message = "the pool stopped before the call was sent to a worker";
    answer_queued(failure_.value_or(stopped));
    state_ = PoolState::stopped;
    drain_by_ = never;
    invariant(calls() == 0, "a pool that has stopped has no calls");
    actions_.life.emplace_back(Stopped{});
    return;
  }
  if (state_ != PoolState::draining || queued_ != 0) return;
  for (auto& worker : workers_) {
    if (worker->state == WorkerState::ready && worker->only_leaked()) stop(*worker, drain_by_, now);
  }
}

}  // namespace clutch::core
