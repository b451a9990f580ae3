// Calls that go on although they were cancelled and their grace is over, while their worker's loop turns: they swallow
// their cancels, or run in a thread. They are over for their callers, and counted here; a worker that has too many is
// replaced, and does not wait for them when it leaves.
#include <algorithm>
#include <vector>

#include "core/pool_core.hpp"

namespace clutch::core {

// Only where a cancel had the time to reach it: the loop has turned for as long as the grace.
void PoolCore::find_leaks(Worker& worker, Time now) {
  if (worker.watch.blocked()) worker.blocked_at = now;
  if (!worker.has_overdue || (worker.state != WorkerState::ready && worker.state != WorkerState::retiring)) return;
  if (worker.blocked_at != Time::min() && now - worker.blocked_at < options_.cancel_grace) return;
  const auto turned = std::min(worker.watch.turned(), worker.watch.seen_to_turn());
  worker.has_overdue = false;
  std::vector<Call*> leaks;
  for (Call* call = worker.leases.front(); call != nullptr; call = worker.leases.after(*call)) {
    if (!call->answered || call->leaked || call->overdue_at > now) continue;
    if (call->state == CallState::begun && turned > call->overdue_at) {
      leaks.push_back(call);
    } else {
      worker.has_overdue = true;
    }
  }
  for (Call* call : leaks) leak(*call, worker, now);
}

void PoolCore::leak(Call& call, Worker& worker, Time now) {
  call.leaked = true;
  ++worker.leaked;
  ++counters_.leaked;
  const bool replace = too_many_leaked(call, worker);
  actions_.life.emplace_back(Leaked{.worker = worker.id,
                                    .call = call.id(),
                                    .function = functions_[call.function].name,
                                    .in_thread = call.execution == Execution::thread,
                                    .count = worker.leaked,
                                    .replaced = replace});
  if (replace) retire(worker.id, worker.incarnation, EndReason::leak, now);
  leave_if_done(worker, now);
  stop_if_drained(now);
}

// Or so many that they have every place of their kind, for their function, or beside a call that is to run alone.
bool PoolCore::too_many_leaked(const Call& call, Worker& worker) {
  std::uint32_t of_kind = 0;
  std::uint32_t of_function = 0;
  for (Call* each = worker.leases.front(); each != nullptr; each = worker.leases.after(*each)) {
    if (!each->leaked) continue;
    of_kind += each->execution == call.execution ? 1 : 0;
    of_function += each->function == call.function ? 1 : 0;
  }
  const auto limit = functions_[call.function].limit;
  return call.alone || worker.leaked >= options_.leaked_max || of_kind >= worker.lane(call.execution).bound ||
         (limit != 0 && of_function >= limit);
}

}  // namespace clutch::core
