// Workers whose loop is blocked: when that is told, and when their pages are to be read.
#include <algorithm>
#include <utility>

#include "core/pool_core.hpp"

namespace clutch::core {
namespace {

constexpr Duration page_interval_awaited = std::chrono::milliseconds(10);  // a loop in a first step sends nothing
constexpr Duration page_interval_watched = std::chrono::milliseconds(100);

}  // namespace

void PoolCore::on_pulse(WorkerId id, Incarnation incarnation, const Pulse& pulse, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr || worker->state == WorkerState::booting) return;
  const bool was_avoided = worker->watch.blocked() || worker->watch.in_long_step();
  worker->watch.on_page(pulse, worker->lane(Execution::loop).sent != 0, now);
  tell_blocked(*worker);
  if (!worker->watch.blocked()) {
    worker->sight.reset();
    worker->examined = false;
  }
  find_blocked(*worker, now);
  find_leaks(*worker, now);
  if (was_avoided && !worker->watch.blocked() && !worker->watch.in_long_step()) pump(now);
}

// Once, and once more when it turns again.
void PoolCore::tell_blocked(Worker& worker) {
  const auto stands = worker.watch.standing();
  if (!worker.blocked_since) {
    if (options_.blocked_after <= Duration(0) || stands < options_.blocked_after) return;
    worker.blocked_since = worker.watch.turned();
    actions_.life.emplace_back(Blocked{.worker = worker.id, .incarnation = worker.incarnation, .stood = stands});
  } else if (!worker.watch.blocked()) {
    const auto since = *std::exchange(worker.blocked_since, std::nullopt);
    actions_.life.emplace_back(Blocked{.worker = worker.id,
                                       .incarnation = worker.incarnation,
                                       .stood = std::max(Duration(0), worker.watch.turned() - since),
                                       .over = true});
  }
}

bool PoolCore::is_stalled(const Worker& worker) const noexcept {
  return options_.stall_limit > Duration(0) && worker.watch.standing() >= options_.stall_limit;
}

// Whether a call of it is past its deadline and the grace, in all of which the loop has not turned: no cancel could
// reach it. One that ignored its cancel while it turned is leaked, and no reason.
bool PoolCore::is_overdue(Worker& worker, Time now) const {
  if (worker.watch.standing() < options_.cancel_grace) return false;
  for (Call* call = worker.leases.front(); call != nullptr; call = worker.leases.after(*call)) {
    const auto ends_at = std::min(call->deadline, call->attempt_deadline);
    const bool goes_on = call->state == CallState::begun && call->cancel_sent && !call->leaked;
    if (goes_on && ends_at != never && after(ends_at, options_.cancel_grace) <= now) return true;
  }
  return false;
}

// One that is to be killed is looked at first: nothing is left of it then.
void PoolCore::find_blocked(Worker& worker, Time now) {
  if (worker.state != WorkerState::ready && worker.state != WorkerState::retiring) return;
  if (!worker.watch.blocked() || worker.examined) return;
  if (!is_stalled(worker) && !(worker.has_overdue && is_overdue(worker, now))) return;
  worker.examined = true;
  actions_.life.emplace_back(Examine{worker.id, worker.incarnation});
}

void PoolCore::on_examined(WorkerId id, Incarnation incarnation, Sight sight) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr || !worker->watch.blocked()) return;
  if (worker->sight && sight.stack.empty()) return;  // what an earlier look has shown is better than nothing
  worker->sight = std::move(sight);
}

void PoolCore::end_blocked(WorkerId id, Incarnation incarnation, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr || !std::exchange(worker->examined, false) || !worker->watch.blocked()) return;
  if (worker->state != WorkerState::ready && worker->state != WorkerState::retiring) return;
  const bool overdue = is_overdue(*worker, now);
  if (!overdue && !is_stalled(*worker)) return;  // that call has ended meanwhile
  worker->end_cause = "its event loop was blocked for " +
                      std::to_string(worker->watch.standing() / std::chrono::milliseconds(1)) + " ms" +
                      (overdue ? " and a call was past its deadline and cancel_grace" : ", past stall_limit");
  end(id, incarnation, overdue ? EndReason::deadline : EndReason::stall, worker->end_cause);
}

std::string PoolCore::function_of(WorkerId id, CallId call_id) {
  const Call* call = id.value < workers_.size() ? leased(*workers_[id.value], call_id) : nullptr;
  return call != nullptr ? functions_[call->function].name : std::string();
}

std::optional<Duration> PoolCore::page_interval() const noexcept {
  if (awaits_begin()) return page_interval_awaited;
  std::optional<Duration> interval;
  for (const auto& worker : workers_) {
    if (worker->state == WorkerState::absent || worker->state == WorkerState::booting) continue;
    const bool avoided = worker->watch.blocked() || worker->watch.in_long_step();
    if (avoided && queued_ != 0) return page_interval_awaited;
    if (avoided || worker->load() != 0) interval = page_interval_watched;
  }
  return interval;
}

}  // namespace clutch::core
