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
