// All workers are replaced by ones that have loaded the code anew: one after the other, and only as long as it starts.
#include <algorithm>
#include <utility>

#include "core/pool_core.hpp"

namespace clutch::core {

void PoolCore::reload(Time now) {
  if (state_ != PoolState::running) {
    Error error;
    error.code = Code::unavailable;
    error.stage = Stage::setup;
    error.message = "the pool cannot be reloaded: it is not running";
    actions_.life.emplace_back(Reloaded{std::move(error)});
    return;
  }
  ++generation_;
  reloading_ = true;
  replace_at_ = Time::min();
  for (auto& worker : workers_) {
    if (worker->is_up()) ask_to_retire(*worker, EndReason::reload);
  }
  replace_next(now);
  pump(now);
}

void PoolCore::end_reload_if_done() {
  if (!reloading_) return;
  const bool done = std::all_of(workers_.begin(), workers_.end(), [this](const auto& each) {
    return each->duty == Duty::none || (each->is_up() && each->generation == generation_);
  });
  if (!done) return;
  reloading_ = false;
  actions_.life.emplace_back(Reloaded{std::nullopt});
}

// What was replaced by then stays so.
void PoolCore::fail_reload(const Error& error) {
  if (!std::exchange(reloading_, false)) return;
  for (auto& worker : workers_) {
    if (worker->is_up() && worker->retires == EndReason::reload) worker->retires.reset();
  }
  actions_.life.emplace_back(Reloaded{error});
}

}  // namespace clutch::core
