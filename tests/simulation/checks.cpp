// What must hold after each turn, at each send, and at rest.
#include <utility>

#include "world.hpp"

namespace clutch::simulation {

using core::Execution;
using core::WorkerState;

// Where all workers have the same functions and nobody was paused or edited, calls of one function begin in order.
bool World::order_matters() const { return plan_.edits == 0 && plan_.suspects == 0 && !paused_ever_; }

void World::check_turn() {
  ledger_.check_deadlines(clock_);
  const auto& counters = core_.counters();
  require(counters.delivered == ledger_.delivered(), "outcomes are miscounted");
  require(counters.submitted == ledger_.all().size(), "submissions are miscounted");
  for (const auto& worker : core_.workers()) {
    const auto& loop = worker->lane(Execution::loop);
    require(loop.sent <= limits::window_max, "more sent than any window");
    for (const auto& lane : worker->lanes) {
      // A stream that goes on when its reader has read may make it more.
      const auto most = std::max(lane.bound, 2u);
      if (lane.bound != 0 && plan_.streams == 0) require(lane.sent + lane.begun <= most, "more than the bound");
    }
    if (worker->state == WorkerState::absent) require(worker->load() == 0, "an absent worker has calls");
    if (worker->runs_alone && worker->state == WorkerState::ready) {
      require(worker->load() + worker->suspended == 1, "another call is beside one that is to be alone");
    }
  }
  check_slots();
  if (plan_.edits == 0) check_nothing_waits_in_vain();
}

// One process more than there are workers, at most; and where nothing breaks, being replaced takes none of them away.
void World::check_slots() const {
  std::uint32_t serve = 0, ready = 0, processes = 0;
  for (const auto& worker : core_.workers()) {
    serve += worker->duty == core::Duty::serve;
    ready += worker->state == WorkerState::ready;
    processes += worker->state != WorkerState::absent;
  }
  require(processes <= plan_.options.workers + plan_.options.spares + 1, "more processes than a replacement needs");
  require(draining_ || serve == plan_.options.workers, "another number of workers than wanted");
  const bool healthy = plan_.deaths + plan_.boot_fails + plan_.stillborn + plan_.misbehaves == 0;
  if (healthy && started_ == 1 && !draining_) require(ready == plan_.options.workers, "a worker is missing");
}

// As the worker sees it, when RUN leaves: never more than it may have.
void World::check_send(const ModelWorker& to, const RunMessage& run) const {
  require(to.has_registered(), "a RUN to a worker that is not ready", run.tag);
  require(run.seq == to.last_seq_sent + 1, "a RUN out of sequence", run.tag);
  require(run.expires == core::Time::max() || run.expires > start_, "a RUN without its expiry", run.tag);
  const auto& function = to.registration.functions.at(run.function);
  require(function.name == function_name(ledger_.at(run.tag).function), "another function", run.tag);
  const auto execution = core::execution_of(function.kind);
  std::uint32_t outstanding = 0;
  for (const auto& [index, count] : to.has) {
    if (core::execution_of(to.registration.functions.at(index).kind) == execution) outstanding += count;
  }
  const auto bound = execution == Execution::loop ? plan_.options.concurrency : plan_.options.threads;
  outstanding -= to.suspended(static_cast<std::size_t>(execution));
  require(outstanding < std::max(bound, 2u), "more calls at a worker than it may have", run.tag);
  if (function.limit == 0 || plan_.edits != 0) return;
  std::uint32_t running = 0;
  for (const auto& each : workers_) {
    if (!each || (!function.limit_per_pool && each.get() != &to)) continue;
    const auto at = each->has.find(run.function);
    if (at != each->has.end()) running += at->second;
  }
  require(running < function.limit, "more calls of a function than its limit", run.tag);
}

void World::note_end_of(core::WorkerId id) {
  Lives& lives = lives_[id.value];
  lives.ended = clock_;
  if (lives.ready == never) return;  // failed boots are another matter
  const bool short_one = !lives.answered && clock_ - lives.ready < plan_.options.settled_after;
  lives.short_ones = short_one ? lives.short_ones + 1 : 0;
}

// At once after a death; after one short life upon another not before its time, nor much later.
void World::check_respawn(core::WorkerId id) {
  Lives& lives = lives_[id.value];
  if (lives.ready != never && plan_.misbehaves == 0) {
    auto wait = lives.short_ones < 2 ? Duration(0) : plan_.options.respawn_delay;
    for (auto i = 2u; i < lives.short_ones && wait < plan_.options.respawn_delay_max; ++i) wait *= 2;
    wait = std::min(wait, plan_.options.respawn_delay_max);
    const auto least = std::chrono::duration_cast<Duration>(wait * (1 - plan_.options.jitter));
    require(clock_ - lives.ended >= least, "a worker is started again too soon");
    require(clock_ - lives.ended <= wait + 10ms, "a worker is started again too late");
  }
  lives.ready = never;
  lives.answered = false;
}

// The oldest call of each function that no worker has: is there really none that could take it?
void World::check_nothing_waits_in_vain() const {
  for (std::uint32_t i = 0; i < function_count; ++i) {
    const auto id = core_.functions().find(function_name(i));
    if (!id) continue;
    const auto& function = core_.functions()[*id];
    bool seen[2] = {false, false};  // the oldest call, the oldest stream
    for (const auto tag : ledger_.waiting(i)) {
      if (paused_.contains(ledger_.at(tag).session) || ledger_.at(tag).suspect) continue;
      if (std::exchange(seen[ledger_.at(tag).stream ? 1 : 0], true)) continue;
      std::uint32_t in_pool = 0;
      for (const auto& worker : core_.workers()) in_pool += worker->running[id->value];
      for (const auto& worker : core_.workers()) {
        const auto running = function.limit_per_pool ? in_pool : worker->running[id->value];
        const bool limited = function.limit != 0 && running >= function.limit;
        const bool full = ledger_.at(tag).stream && worker->suspended >= plan_.options.suspended_streams_max;
        const bool takes = worker->state == WorkerState::ready && !worker->silent && !worker->reserved &&
                           worker->has(*id) && !limited && !full &&
                           worker->lane(core::execution_of(function.kind)).has_room();
        require(!takes, "waits while a worker would take it", tag);
      }
    }
  }
}

void World::check_at_rest() {
  require(!reloading_, "a reload is not over at rest");
  require(ledger_.open() == 0, "calls without an outcome at rest");
  require(core_.queued() == 0, "calls are queued at rest");
  require(core_.calls() == 0, "calls are kept at rest");
  require(!core_.awaits_begin(), "a begin is awaited at rest");
  require(ledger_.receipts_open() == 0, "receipts are owed at rest");
  for (std::uint32_t session = 0; session < plan_.sessions; ++session) {
    require(!core_.session_has_calls(core::SessionId{session}), "a session has calls at rest");
    require(core_.session_queued_bytes(core::SessionId{session}) == 0, "a session has queued bytes at rest");
  }
  for (const auto& worker : core_.workers()) {
    require(worker->load() == 0 && worker->leases.empty(), "a worker has calls at rest");
    require(worker->suspended == 0, "a stream is suspended at rest");
    require(!worker->reserved || worker->state != WorkerState::ready, "a worker is kept for nobody at rest");
    for (const auto running : worker->running) require(running == 0, "a limit's place is taken at rest");
  }
}

}  // namespace clutch::simulation
