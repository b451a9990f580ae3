// When a worker that ended is started again, and when the pool gives up.
#include <algorithm>

#include "core/pool_core.hpp"

namespace clutch::core {

// One that died once may have met a bad call. One that dies as soon as it is ready, again and again, must not keep the
// machine busy with starting it.
void PoolCore::respawn(Worker& worker, const Exit& exit, Time now) {
  ++worker.restarts;
  const bool settled = worker.answered || now - worker.ready_since >= options_.settled_after;
  worker.short_lives = settled ? 0 : worker.short_lives + 1;
  if (!settled && too_many_restarts(now)) {
    Error error;
    error.stage = Stage::setup;
    error.message =
        "worker " + std::to_string(worker.id.value) + " " + how_it_ended(exit) + " before it had answered a call";
    error.python_stack = exit.python_stack;
    return give_up(std::move(error));
  }
  const auto delay = worker.short_lives < 2 ? Duration(0) : backoff(worker.short_lives - 1);
  if (delay <= Duration(0)) return spawn(worker, now);
  worker.act_at = after(now, delay);
}

Duration PoolCore::backoff(std::uint32_t times) {
  constexpr std::uint32_t doublings_max = 20;  // a respawn_delay_max beyond is as good as none
  const auto grown = options_.respawn_delay * (std::int64_t{1} << std::min(times - 1, doublings_max));
  return shortened(std::min(grown, options_.respawn_delay_max));
}

bool PoolCore::too_many_restarts(Time now) {
  if (options_.restarts_max == 0) return false;
  restarts_.push_back(now);
  while (now - restarts_.front() > options_.restarts_within) restarts_.pop_front();
  return restarts_.size() > std::size_t{options_.restarts_max} * options_.workers;
}

// A spare that does not start takes nothing away from anybody.
void PoolCore::on_boot_over(Worker& worker, Time now) {
  ++worker.boots_failed;
  if (state_ == PoolState::starting) {
    Error error = *worker.boot_error;
    fail(error);
    actions_.life.emplace_back(StartFailed{std::move(error)});
  } else if (state_ == PoolState::running) {
    fail_reload(*worker.boot_error);
    if (worker.duty == Duty::serve && worker.boots_failed >= options_.boot_failures_max) {
      Error error = *worker.boot_error;
      error.message = "a worker did not start " + std::to_string(worker.boots_failed) +
                      " times in a row; the last time: " + error.message;
      give_up(std::move(error));
    } else if (worker.duty == Duty::serve && too_many_restarts(now)) {
      give_up(*worker.boot_error);
    } else {
      worker.act_at = after(now, backoff(worker.boots_failed));
    }
  }
  stop_if_drained(now);
}

void PoolCore::give_up(Error error) {
  const bool in_a_row = error.message.find(" times in a row") != std::string::npos;
  std::string why;
  if (!in_a_row) {
    why = "its workers had to be started again " + std::to_string(restarts_.size()) + " times within " +
          std::to_string(options_.restarts_within / std::chrono::seconds(1)) + " s; the last time: ";
  }
  error.code = Code::unavailable;
  error.message = "the pool has failed: " + why + error.message +
                  ". It is not started again by itself: mend what ends its workers (its log tells of each), then start "
                  "the pool, or its daemon, again";
  fail(error);
  actions_.life.emplace_back(PoolFailed{std::move(error)});
}

}  // namespace clutch::core
