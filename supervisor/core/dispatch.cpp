// Which call goes to which worker, and when.
#include <algorithm>
#include <utility>

#include "core/invariant.hpp"
#include "core/pool_core.hpp"

namespace clutch::core {

// Streams apart: they wait for something that calls of the same function do not wait for.
std::size_t PoolCore::place_of(const Call& call) noexcept {
  return 2 * std::size_t{call.function.value} + (call.stream ? 1 : 0);
}

void PoolCore::enqueue(Call& call, bool front) {
  call.state = CallState::queued;
  if (call.alone) {
    front ? alone_.push_front(call) : alone_.push_back(call);
    count_queued(call, true);
    if (options_.call_steps) tell(call, CallStep::What::queued);
    return;
  }
  auto& parked = *parked_[place_of(call)];
  auto& queue = front && parked.has_like(call) ? parked : queues_[static_cast<std::size_t>(call.execution)];
  front ? queue.push_front(call) : queue.push_back(call);
  count_queued(call, true);
  if (options_.call_steps) tell(call, CallStep::What::queued);
}

void PoolCore::count_queued(Call& call, bool queued) {
  auto& of_session = session(call.session);
  if (queued) {
    ++queued_;
    ++of_session.queued;
    queued_bytes_ += call.request_bytes;
    of_session.queued_bytes += call.request_bytes;
  } else {
    invariant(queued_ > 0 && of_session.queued > 0, "a call that leaves the queue was counted in it");
    invariant(of_session.queued_bytes >= call.request_bytes, "so were its bytes");
    --queued_;
    --of_session.queued;
    queued_bytes_ -= call.request_bytes;
    of_session.queued_bytes -= call.request_bytes;
  }
}

// Of functions without a limit too: one may be set while their calls run.
void PoolCore::count_limit(Call& call, Worker& worker, int change) {
  const auto at = call.function.value;
  invariant(change > 0 || (running_in_pool_[at] > 0 && worker.running[at] > 0), "a call that ends counted as running");
  running_in_pool_[at] += static_cast<std::uint32_t>(change);
  worker.running[at] += static_cast<std::uint32_t>(change);
}

// Of the whole pool. Kept apart from the workers' own bounds: a stream that its reader holds up counts in neither.
bool PoolCore::is_full() const noexcept {
  if (options_.pool_concurrency == 0) return false;
  std::uint64_t load = 0;
  for (const auto& worker : workers_) load += worker->load();
  return load >= options_.pool_concurrency;
}

// Whether it has the function, and another call of it would not be beyond a limit of the function's, or of streams.
bool PoolCore::may_have(const Worker& worker, const Call& call) const noexcept {
  if (!worker.has(call.function)) return false;
  if (call.stream && worker.suspended >= options_.suspended_streams_max) return false;
  const Function& function = functions_[call.function];
  const auto at = call.function.value;
  return function.limit == 0 || (function.limit_per_pool ? running_in_pool_[at] : worker.running[at]) < function.limit;
}

// The least loaded worker with room that has the function and is below its limit. `room`: another call might be sent.
// To one that does not answer, or whose loop is blocked, none is: here a call can still go to another, sent there it
// could not. One in a long first step gets one only where no other has room.
Worker* PoolCore::choose(const Call& call, bool& room) const {
  if (is_full()) return nullptr;
  Worker* best = nullptr;
  Worker* in_long_step = nullptr;
  for (const auto& worker : workers_) {
    if (!worker->takes_calls()) continue;
    if (!worker->lane(call.execution).has_room()) continue;
    room = true;
    if (!may_have(*worker, call)) continue;
    Worker*& least = worker->watch.in_long_step() ? in_long_step : best;
    if (least == nullptr || worker->load() < least->load()) least = worker.get();
  }
  return best != nullptr ? best : in_long_step;
}

// No worker has the function, and none that is to come may: its file has changed.
bool PoolCore::hopeless(FunctionId function) const {
  return std::all_of(workers_.begin(), workers_.end(), [&](const auto& worker) {
    if (worker->state == WorkerState::ready) return !worker->has(function);
    return worker->duty != Duty::serve || state_ == PoolState::draining;
  });
}

void PoolCore::park(Call& call) {
  const auto place = place_of(call);
  auto& parked = *parked_[place];
  if (parked.front() == nullptr && std::find(parking_.begin(), parking_.end(), place) == parking_.end()) {
    parking_.push_back(place);
  }
  parked.push_back(call);
}

void PoolCore::pump_parked(Time now) {
  std::erase_if(parking_, [&](std::size_t place) {
    auto& parked = *parked_[place];
    while (Call* call = parked.front()) {
      bool room = false;
      Worker* worker = choose(*call, room);
      if (worker != nullptr) {
        parked_first_ = false;
        parked.take(*call);
        assign(*call, *worker, now);
      } else if (hopeless(call->function)) {
        drop_hopeless(*call);
      } else {
        break;
      }
    }
    return parked.front() == nullptr;
  });
}

// Whether any was sent.
bool PoolCore::pump_queue(FairQueue& queue, Time now) {
  bool sent = false;
  while (Call* call = queue.front()) {
    bool room = false;
    Worker* worker = choose(*call, room);
    if (worker == nullptr && hopeless(call->function)) {
      drop_hopeless(*call);
      continue;
    }
    if (worker == nullptr && !room) break;
    // Behind those of its kind that came before it.
    if (worker == nullptr || (!parking_.empty() && parked_[place_of(*call)]->front() != nullptr)) {
      Queue::remove(*call);
      park(*call);
      continue;
    }
    sent = true;
    queue.take(*call);
    assign(*call, *worker, now);
  }
  return sent;
}

// What is parked and what is queued have the first choice by turns: else functions whose limits are together more than
// a worker's concurrency would keep all others from it.
void PoolCore::pump(Time now) {
  keys_.settle(now);
  if (reserving_ || !alone_.empty()) pump_alone(now);
  const bool parked = !parking_.empty();
  const bool parked_first = parked && parked_first_;
  if (parked_first) pump_parked(now);
  const auto first = first_queue_;
  bool sent = false;
  for (std::size_t i = 0; i < executions; ++i) sent = pump_queue(queues_[(first + i) % executions], now) || sent;
  if (sent) parked_first_ = true;
  if (parked && !parked_first) pump_parked(now);
  // Not in the midst of it: with a worker more, what is parked comes first again.
  if (std::exchange(replace_due_, false)) replace_next(now);
  if (std::exchange(place_taken_, false)) pump(now);
}

void PoolCore::assign(Call& call, Worker& worker, Time now) {
  invariant(call.state == CallState::queued && !call.answered, "what is sent was waiting for it");
  invariant(worker.state == WorkerState::ready, "it is sent to a worker that is ready");
  count_queued(call, false);
  Lane& lane = worker.lane(call.execution);
  if (lane.sent == 0) lane.window.on_first_sent(now);
  call.state = CallState::sent;
  call.worker = worker.id;
  call.seq = worker.next_seq++;
  lane.last_seq = call.seq;
  lane.sent_order.emplace_back(call.seq, call.id());
  ++lane.sent;
  ++worker.calls;
  ++worker.life_calls;
  worker.leases.push_back(call);
  count_limit(call, worker, +1);
  // By turns: of a full pool, whichever is looked at first would have each place that comes free.
  if (options_.pool_concurrency != 0) first_queue_ = 1 - static_cast<std::size_t>(call.execution);
  actions_.runs.push_back({worker.id, call.id()});
  if (options_.call_steps) tell(call, CallStep::What::sent);
  if (worker.life_calls < worker.calls_until || worker.retires) return;
  ask_to_retire(worker, EndReason::calls);
  replace_due_ = true;
}

}  // namespace clutch::core
