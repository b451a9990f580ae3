// Warm spares: booted and set up, sent no call, until one of them takes the place of a worker that is gone.
#include <algorithm>
#include <utility>

#include "core/pool_core.hpp"

namespace clutch::core {

Worker* PoolCore::standby() noexcept {
  const auto at = std::find_if(workers_.begin(), workers_.end(), [this](const auto& each) {
    return each->state == WorkerState::standby && !each->retires && (!reloading_ || each->generation == generation_);
  });
  return at == workers_.end() ? nullptr : at->get();
}

// What was counted of a place stays with it.
void PoolCore::swap_duty(Worker& one, Worker& other) noexcept {
  std::swap(one.duty, other.duty);
  std::swap(one.place, other.place);
  std::swap(one.calls, other.calls);
  std::swap(one.restarts, other.restarts);
}

// A place whose worker is gone, or boots still, is a spare's at once.
void PoolCore::fill_places() {
  if (state_ != PoolState::starting && state_ != PoolState::running) return;
  for (auto& gone : workers_) {
    if (gone->duty != Duty::serve || (gone->state != WorkerState::absent && gone->state != WorkerState::booting))
      continue;
    const auto at = std::find_if(workers_.begin(), workers_.end(),
                                 [](const auto& each) { return each->state == WorkerState::standby; });
    if (at == workers_.end()) return;
    Worker& spare = **at;
    swap_duty(*gone, spare);
    spare.state = WorkerState::ready;
    place_taken_ = true;
    actions_.life.emplace_back(TookPlace{spare.id, gone->id});
  }
}

// In the vacant slot the next spare is started.
void PoolCore::replace_by_spare(Worker& old, Worker& spare, Worker& vacant, Time now) {
  swap_duty(old, spare);
  ++spare.restarts;
  spare.state = WorkerState::ready;
  vacant.duty = std::exchange(old.duty, Duty::none);
  vacant.place = old.place;
  let_go(old, spare, now);
  place_taken_ = true;
  spawn(vacant, now);
}

}  // namespace clutch::core
