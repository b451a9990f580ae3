// Which call goes to which worker, and when.
#include <algorithm>

#include "core/pool_core.hpp"

namespace clutch::core {

void PoolCore::enqueue(Call& call, bool front) {
  call.state = CallState::queued;
  auto& queue = queues_[static_cast<std::size_t>(call.execution)];
  front ? queue.push_front(call) : queue.push_back(call);
  ++queued_;
  queued_bytes_ += call.request_bytes;
}

bool PoolCore::at_pool_limit(FunctionId id) const {
  const Function& function = functions_[id];
  return function.limit != 0 && function.limit_per_pool && running_in_pool_[id.value] >= function.limit;
}

void PoolCore::count_limit(Call& call, Worker& worker, int change) {
  const Function& function = functions_[call.function];
  if (function.limit == 0) return;
  const auto at = call.function.value;
  running_in_pool_[at] += static_cast<std::uint32_t>(change);
  worker.running[at] += static_cast<std::uint32_t>(change);
  if (change > 0) return;
  // A place is free: the next that waited for it goes ahead of what came later.
  if (Call* next = parked_[at]->pop_front()) queues_[static_cast<std::size_t>(next->execution)].push_front(*next);
}

// The least loaded worker with room. `limited`: some had room, and only the function's own limit kept it out.
Worker* PoolCore::choose(const Call& call, bool& limited) const {
  const Function& function = functions_[call.function];
  Worker* best = nullptr;
  for (const auto& worker : workers_) {
    if (worker->state != WorkerState::ready || !worker->lane(call.execution).has_room()) continue;
    if (!worker->has(call.function)) continue;
    if (function.limit != 0 && !function.limit_per_pool && worker->running[call.function.value] >= function.limit) {
      limited = true;
      continue;
    }
    if (best == nullptr || worker->load() < best->load()) best = worker.get();
  }
  return best;
}

void PoolCore::pump(Time now) {
  for (auto& queue : queues_) {
    while (Call* call = queue.front()) {
      bool limited = at_pool_limit(call->function);
      Worker* worker = limited ? nullptr : choose(*call, limited);
      if (worker == nullptr && !limited) break;
      Queue::remove(*call);
      if (worker == nullptr) {
        parked_[call->function.value]->push_back(*call);
      } else {
        assign(*call, *worker, now);
      }
    }
  }
}

void PoolCore::assign(Call& call, Worker& worker, Time now) {
  --queued_;
  queued_bytes_ -= call.request_bytes;
  Lane& lane = worker.lane(call.execution);
  if (lane.sent == 0) lane.window.on_first_sent(now);
  call.state = CallState::sent;
  call.worker = worker.id;
  call.seq = worker.next_seq++;
  lane.last_seq = call.seq;
  lane.sent_order.emplace_back(call.seq, call.id());
  ++lane.sent;
  ++worker.calls;
  worker.leases.push_back(call);
  count_limit(call, worker, +1);
  actions_.runs.push_back({worker.id, call.id()});
}

}  // namespace clutch::core
