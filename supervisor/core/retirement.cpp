// How a worker is replaced while it serves: another boots first and takes over, then its own calls may end, then it
// leaves. One at a time: the pool has one slot more than it needs for that.
#include <algorithm>
#include <utility>

#include "core/pool_core.hpp"

namespace clutch::core {

void PoolCore::retire(WorkerId id, Incarnation incarnation, EndReason why, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr) return;
  ask_to_retire(*worker, why);
  replace_next(now);
  if (place_taken_) pump(now);
}

void PoolCore::ask_to_retire(Worker& worker, EndReason why) {
  if (!worker.is_up() || worker.retires) return;
  worker.retires = why;
  to_retire_.emplace_back(worker.id, worker.incarnation);
}

void PoolCore::on_rss(WorkerId id, Incarnation incarnation, std::uint64_t bytes, Time now) {
  const Worker* worker = current(id, incarnation);
  if (worker != nullptr && bytes >= worker->rss_until) retire(id, incarnation, EndReason::rss, now);
}

void PoolCore::set_limits(Worker& worker, Time now) {
  const auto beyond = [this](std::uint64_t limit) { return limit == 0 ? ~std::uint64_t{0} : shortened(limit); };
  worker.calls_until = beyond(options_.max_calls);
  worker.rss_until = beyond(options_.max_rss);
  worker.age_until = options_.max_age > Duration(0) ? after(now, shortened(options_.max_age)) : never;
}

Worker* PoolCore::vacant_slot() noexcept {
  const auto at = std::find_if(workers_.begin(), workers_.end(), [](const auto& each) { return each->vacant(); });
  return at == workers_.end() ? nullptr : at->get();
}

// In the order in which it was wanted. It waits while the last one that was replaced is still there.
void PoolCore::replace_next(Time now) {
  if (state_ != PoolState::running || now < replace_at_) return;
  replace_at_ = Time::min();
  while (!to_retire_.empty()) {
    const auto [id, incarnation] = to_retire_.front();
    Worker* old = current(id, incarnation);
    if (old == nullptr || !old->is_up() || !old->retires) {
      to_retire_.pop_front();
      continue;
    }
    Worker* next = vacant_slot();
    if (next == nullptr || replacement_of(id) != nullptr) return;
    if (Worker* spare = standby(); spare != nullptr && old->duty == Duty::serve) {
      replace_by_spare(*old, *spare, *next, now);
      continue;
    }
    next->duty = Duty::replace;
    next->replaces = id;
    return spawn(*next, now);
  }
}

Worker* PoolCore::replacement_of(WorkerId id) noexcept {
  const auto at = std::find_if(workers_.begin(), workers_.end(),
                               [id](const auto& each) { return each->duty == Duty::replace && each->replaces == id; });
  return at == workers_.end() ? nullptr : at->get();
}

// What was counted of a place goes with it.
void PoolCore::pass_duty(Worker& from, Worker& to) noexcept {
  to.duty = std::exchange(from.duty, Duty::none);
  to.place = from.place;
  to.calls = std::exchange(from.calls, 0);
  to.restarts = std::exchange(from.restarts, 0) + 1;
  to.short_lives = from.short_lives = 0;
}

void PoolCore::take_over(Worker& replacement, Time now) {
  Worker& old = *workers_[replacement.replaces.value];
  pass_duty(old, replacement);
  replace_failures_ = 0;
  let_go(old, replacement, now);
}

void PoolCore::let_go(Worker& old, Worker& next, Time now) {
  old.act_at = old.age_until = never;
  if (!old.is_up()) return;  // it is being killed
  actions_.life.emplace_back(Replaced{old.id, next.id, old.retires.value_or(EndReason::reload)});
  old.state = WorkerState::retiring;
  old.leave_by = after(now, options_.stop_timeout);
  leave_if_done(old, now);
}

void PoolCore::leave_if_done(Worker& worker, Time now) {
  if (worker.state == WorkerState::retiring && worker.only_leaked()) stop(worker, worker.leave_by, now);
}

// Leaked calls would keep it until then: it need not wait for them, only leave its lifespans.
void PoolCore::stop(Worker& worker, Time by, Time now) {
  worker.state = WorkerState::stopping;
  if (worker.leaked != 0) by = std::min(by, after(now, options_.stop_timeout / 4));
  actions_.life.emplace_back(SendStop{worker.id, by});
}

// The old one serves on. The next try is later, and later again; of a reload there is none.
void PoolCore::on_replacement_failed(Worker& replacement, Time now) {
  replacement.duty = Duty::none;
  if (state_ != PoolState::running) return;
  const Error error = replacement.boot_error.value_or(Error{});
  fail_reload(error);
  if (!workers_[replacement.replaces.value]->retires) return;
  replace_at_ = after(now, backoff(++replace_failures_));
  actions_.life.emplace_back(ReplaceFailed{replacement.replaces, error, replace_at_});
}

// Of a worker that is gone: whether its slot is vacant now, as it was replaced, or is, or was to replace another.
bool PoolCore::give_up_slot(Worker& worker, Time now) {
  worker.retires.reset();
  if (worker.duty == Duty::replace) {
    on_replacement_failed(worker, now);
  } else if (Worker* replacement = replacement_of(worker.id)) {
    pass_duty(worker, *replacement);
  }
  if (worker.duty == Duty::none) worker.short_lives = worker.boots_failed = 0;
  return worker.duty == Duty::none;
}

}  // namespace clutch::core
