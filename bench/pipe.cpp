// Many calls in flight from one thread.
#include "clock.hpp"
#include "process.hpp"
#include "pump.hpp"
#include "service.hpp"
#include "workloads.hpp"

namespace clutch::bench {
namespace {

double floor_loop(const Settings& settings, const std::string& which, int calls, bool uvloop = false) {
  std::vector<std::string> command = {python(settings), script("floor_loop.py"), which, std::to_string(calls), "1000"};
  if (uvloop) command.emplace_back("uvloop");
  return std::stod(output_of(std::move(command)));
}

bool has_uvloop(const Settings& settings) {
  try {
    output_of({python(settings), "-c", "try: import uvloop\nexcept ImportError: raise SystemExit(1) from None"});
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace

void run_pipe(const Settings& settings, Report& report) {
  const Load load{.calls = settings.count(100'000, 1000)};
  const auto one = Service::start(settings, {.workers = settings.workers_or(1)});
  const auto two = Service::start(settings, {.workers = 2});
  for (const auto* service : {&one, &two}) pump((*service)->caller(), load);

  std::vector<double> pipe;
  std::vector<double> pipe2;
  std::vector<double> floor;
  interleave(settings.pairs, {
                                 [&] { pipe.push_back(pump(one->caller(), load)); },
                                 [&] { floor.push_back(floor_loop(settings, "task", load.calls)); },
                                 [&] { pipe2.push_back(pump(two->caller(), load)); },
                             });
  report.row("pipe", "", pipe, "calls/s");
  report.row("pipe2", "", pipe2, "calls/s");
  report.row("floor_task", "", floor, "calls/s");
  report.ratio("pipe/floor_task", pipe, floor, {.at_least = settings.daemon ? 0.8 : 0.9});
  report.ratio("pipe2/pipe", pipe2, pipe);
}

void run_await1ms(const Settings& settings, Report& report) {
  const Load load{.function = "bench_functions.sleep_1ms", .calls = settings.count(50'000, 1000)};
  const bool fast = has_uvloop(settings);
  if (!fast) remark("await1ms under uvloop is left out: this Python has no uvloop");
  const auto plain = Service::start(settings, {.workers = settings.workers_or(1)});
  const auto uv = fast ? Service::start(settings, {.workers = settings.workers_or(1), .uvloop = true}) : nullptr;
  pump(plain->caller(), load);
  if (fast) pump(uv->caller(), load);

  std::vector<double> ours;
  std::vector<double> floor;
  std::vector<double> ours_uv;
  std::vector<double> floor_uv;
  std::vector<std::function<void()>> lanes = {
      [&] { ours.push_back(pump(plain->caller(), load)); },
      [&] { floor.push_back(floor_loop(settings, "sleep", load.calls)); },
  };
  if (fast) {
    lanes.emplace_back([&] { ours_uv.push_back(pump(uv->caller(), load)); });
    lanes.emplace_back([&] { floor_uv.push_back(floor_loop(settings, "sleep", load.calls, true)); });
  }
  interleave(settings.pairs, lanes);
  report.row("await1ms", "asyncio", ours, "calls/s");
  report.row("floor_loop", "asyncio", floor, "calls/s");
  report.ratio("await1ms/floor_loop", ours, floor, {.at_least = 0.7});
  if (!fast) return;
  report.row("await1ms", "uvloop", ours_uv, "calls/s");
  report.row("floor_loop", "uvloop", floor_uv, "calls/s");
  report.ratio("await1ms uvloop/floor_loop", ours_uv, floor, {.at_least = 1.0});
}

}  // namespace clutch::bench
