#include "plan.hpp"

#include <array>

namespace clutch::simulation {
namespace {

using core::FunctionKind;

struct Shape {
  FunctionKind kind;
  std::uint32_t limit;
  bool per_pool;
};
constexpr std::array<Shape, function_count> shapes = {{{FunctionKind::coroutine, 0, false},
                                                       {FunctionKind::plain, 0, false},
                                                       {FunctionKind::coroutine, 2, false},
                                                       {FunctionKind::coroutine, 1, true},
                                                       {FunctionKind::plain, 2, true},
                                                       {FunctionKind::plain, 1, false}}};

}  // namespace

std::string function_name(std::uint32_t index) { return "m.f" + std::to_string(index); }

Plan::Plan(Random& random) {
  options.workers = 1 + random.below(4);
  options.concurrency = random.pick<std::uint32_t>({1, 1, 2, 5, 1000});
  options.threads = random.pick<std::uint32_t>({1, 3, 16});
  options.attempt_timeout = random.pick<Duration>({0ns, 20ms, 500ms, 30s});
  options.start_timeout = 1s;
  options.cancel_grace = random.pick<Duration>({1ms, 20ms, 500ms});
  options.respawn_delay = 5ms;
  options.respawn_delay_max = random.pick<Duration>({20ms, 30s});
  options.settled_after = random.pick<Duration>({50ms, 5s});
  options.boot_failures_max = random.pick<std::uint32_t>({3, 3, 1000});
  options.suspended_streams_max = random.pick<std::size_t>({1, 3, 10'000});
  options.queued_calls_max = random.pick<std::size_t>({10, 1000, 1000});
  options.queued_bytes_max = random.pick<std::size_t>({200, 100'000, 100'000});
  options.max_calls = random.pick<std::uint64_t>({0, 0, 5, 30});
  options.stop_timeout = random.pick<Duration>({1ms, 50ms, 10s});
  options.jitter = random.pick<double>({0, 0.1});
  options.seed = random.next();
  options.spares = random.pick<std::uint32_t>({0, 0, 1, 2});
  options.restarts_max = random.pick<std::uint32_t>({0, 0, 5});
  reloads = random.pick<std::uint32_t>({0, 0, 1, 3});
  retires = random.pick<std::uint32_t>({0, 0, 1, 20});
  calls = 10 + random.below(random.pick<std::uint32_t>({20, 100, 250}));
  sessions = 1 + random.below(4);
  submitting = random.any_scale(1ms, 2s);
  lane_delay_max = random.pick<Duration>({20us, 500us, 20ms});
  page_lag_max = random.pick<Duration>({0ns, 300us, 5ms});
  has_timeout = random.pick<std::uint32_t>({0, 300, 900});
  cancels = random.pick<std::uint32_t>({0, 100, 500});
  deaths = random.pick<std::uint32_t>({0, 0, 5, 40});
  boot_fails = random.pick<std::uint32_t>({0, 0, 200});
  stillborn = random.pick<std::uint32_t>({0, 0, 600});
  misbehaves = random.pick<std::uint32_t>({0, 0, 10, 40});
  loses_control = random.pick<std::uint32_t>({0, 0, 100});
  edits = random.pick<std::uint32_t>({0, 0, 0, 300});
  streams = random.pick<std::uint32_t>({0, 300, 900});
  stalls = random.pick<std::uint32_t>({0, 100});
  receipts = random.pick<std::uint32_t>({0, 1000});
  suspects = random.pick<std::uint32_t>({0, 0, 300});
  nested = random.pick<std::uint32_t>({0, 0, 200});
  options.quarantine_after = random.pick<std::uint32_t>({0, 2, 3});
  options.quarantine_ttl = random.pick<Duration>({50ms, 10min});
  flawed = random.pick<std::uint32_t>({0, 0, 100});
  detaches = random.pick<std::uint32_t>({0, 100});
  options.ping_interval = random.pick<Duration>({0ns, 5ms, 100ms});
  options.ping_unanswered_max = random.pick<Duration>({2ms, 50ms, 3s});
  priorities = random.pick<std::uint32_t>({0, 0, 600});
  floods = random.pick<std::uint32_t>({0, 900});
  options.client_queued_calls_max = random.pick<std::size_t>({5, 1000, 1000});
  options.client_queued_bytes_max = random.pick<std::size_t>({200, 100'000, 100'000});
  drains_early = random.chance(300);
  closes_sessions = random.chance(300);
  pauses_sessions = random.chance(200);
}

core::Registration Plan::registration(Random& random) const {
  core::Registration made;
  for (std::uint32_t i = 0; i < function_count; ++i) {
    core::Function function;
    function.name = function_name(i);
    function.kind = shapes[i].kind;
    function.limit = shapes[i].limit;
    function.limit_per_pool = shapes[i].per_pool;
    if (random.chance(edits)) {
      const auto edit = random.below(3);
      if (edit == 0) continue;
      if (edit == 1) function.kind = random.pick({FunctionKind::coroutine, FunctionKind::plain});
      if (edit == 2) function.limit = random.below(3);
    }
    made.functions.push_back(std::move(function));
  }
  return made;
}

}  // namespace clutch::simulation
