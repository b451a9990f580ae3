// How a worker is replaced while it serves: another boots first and takes over, then its own calls may end, then it
// leaves. One at a time: the pool has one slot more than it needs for that.
#include <algorithm>
#include <utility>

#include "core/pool_core.hpp"

namespace clutch::core {

void PoolCore::retire(WorkerId id, Incarnation incarnation, EndReason why, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr || worker->state != WorkerState::ready || worker->retires) return;
  worker->retires = why;
  to_retire_.push_back({id, incarnation});
  replace_next(now);
}

void PoolCore::on_rss(WorkerId id, Incarnation incarnation, std::uint64_t bytes, Time now) {
  const Worker* worker = current(id, incarnation);
  if (worker != nullptr && bytes >= worker->rss_until) retire(id, incarnation, EndReason::rss, now);
}

void PoolCore::set_limits(Worker& worker, Time now) {
  const auto beyond = [this](std::uint64_t limit) { return limit == 0 ? ~std::uint64_t{0} : shortened(limit); };
  const auto calls = beyond(options_.max_calls);
  worker.calls_until = calls < ~worker.calls ? worker.calls + calls : ~std::uint64_t{0};
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
    const Worker* old = current(id, incarnation);
    if (old == nullptr || old->state != WorkerState::ready) {
      to_retire_.pop_front();
      continue;
    }
    if (replacement_of(id) != nullptr) return;
    Worker* next = vacant_slot();
    if (next == nullptr) return;
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
  old.act_at = old.age_until = never;
  if (old.state != WorkerState::ready) return;  // it is being killed
  actions_.life.emplace_back(Replaced{old.id, replacement.id, *old.retires});
  old.state = WorkerState::retiring;
  old.leave_by = after(now, options_.stop_timeout);
  leave_if_done(old);
}

void PoolCore::leave_if_done(Worker& worker) {
  if (worker.state != WorkerState::retiring || !worker.leases.empty()) return;
  worker.state = WorkerState::stopping;
  actions_.life.emplace_back(SendStop{worker.id, worker.leave_by});
}

// The old one serves on. The next try is later, and later again.
void PoolCore::on_replacement_failed(Worker& replacement, Time now) {
  replacement.duty = Duty::none;
  replace_at_ = after(now, backoff(++replace_failures_));
  if (state_ != PoolState::running) return;
  actions_.life.emplace_back(
      ReplaceFailed{replacement.replaces, replacement.boot_error.value_or(Error{}), replace_at_});
}

// Of a worker that is gone: whether its slot is vacant now, as it was replaced, or is, or was to replace another.
bool PoolCore::give_up_slot(Worker& worker, Time now) {
  worker.retires.reset();
  if (worker.duty == Duty::replace) {
    on_replacement_failed(worker, now);
  } else if (Worker* replacement = replacement_of(worker.id)) {
    pass_duty(worker, *replacement);
  }
  return worker.duty == Duty::none;
}

}  // namespace clutch::core
