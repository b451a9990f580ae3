// Many calls in flight from one thread.
#include <unistd.h>

#include <optional>
#include <sstream>

#include "clock.hpp"
#include "process.hpp"
#include "pump.hpp"
#include "service.hpp"
#include "workloads.hpp"

namespace clutch::bench {
namespace {

// Rates, and what each call cost in CPU time, which a busy machine stretches less.
struct Lane {
  std::vector<double> rate;
  std::vector<double> cpu_us;         // of the floor; of the worker
  std::vector<double> caller_cpu_us;  // of this process and, where there is one, the daemon
};

void floor_loop(const Settings& settings, const std::string& which, const Load& load, Lane& lane, bool uvloop = false) {
  std::vector<std::string> command = {python(settings), script("floor_loop.py"), which, std::to_string(load.calls),
                                      std::to_string(load.in_flight)};
  if (uvloop) command.emplace_back("uvloop");
  std::istringstream numbers(output_of(std::move(command)));
  numbers >> lane.rate.emplace_back() >> lane.cpu_us.emplace_back();
}

// A service that was warmed up by `load`, and whose processes are known.
class Pumped {
 public:
  Pumped(const Settings& settings, const ServiceOptions& options, const Load& load)
      : service_(Service::start(settings, options)), load_(load) {
    pump(service_->caller(), load);
    worker_ = service_->caller().call<int>("bench_functions.pid").get().value();
  }

  void run(Lane& lane) {
    const double worker = cpu_seconds(worker_);
    const double caller = caller_cpu_seconds();
    lane.rate.push_back(pump(service_->caller(), load_));
    lane.cpu_us.push_back((cpu_seconds(worker_) - worker) * 1e6 / load_.calls);
    lane.caller_cpu_us.push_back((caller_cpu_seconds() - caller) * 1e6 / load_.calls);
  }

 private:
  [[nodiscard]] double caller_cpu_seconds() const {
    return cpu_seconds(::getpid()) + (service_->daemon_pid() != 0 ? cpu_seconds(service_->daemon_pid()) : 0);
  }

  std::unique_ptr<Service> service_;
  Load load_;
  pid_t worker_ = 0;
};

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
  Pumped one(settings, {.workers = settings.workers_or(1)}, load);
  Pumped two(settings, {.workers = 2}, load);
  Lane pipe;
  Lane pipe2;
  Lane floor;
  interleave(settings.pairs, {
                                 [&] { one.run(pipe); },
                                 [&] { floor_loop(settings, "task", load, floor); },
                                 [&] { two.run(pipe2); },
                             });
  report.row("pipe", "", pipe.rate, "calls/s");
  report.row("pipe", "caller cpu", pipe.caller_cpu_us, "us/call");
  if (settings.workers_or(1) == 1) report.row("pipe", "worker cpu", pipe.cpu_us, "us/call");
  report.row("pipe2", "", pipe2.rate, "calls/s");
  report.row("floor_task", "", floor.rate, "calls/s");
  report.row("floor_task", "cpu", floor.cpu_us, "us/call");
  report.ratio("pipe/floor_task", pipe.rate, floor.rate, {.at_least = settings.daemon ? 0.8 : 0.9});
  report.ratio("pipe2/pipe", pipe2.rate, pipe.rate);
}

void run_await1ms(const Settings& settings, Report& report) {
  const Load load{.function = "bench_functions.sleep_1ms", .calls = settings.count(50'000, 1000)};
  const bool fast = has_uvloop(settings);
  if (!fast) remark("await1ms under uvloop is left out: this Python has no uvloop");
  Pumped plain(settings, {.workers = settings.workers_or(1)}, load);
  std::optional<Pumped> uv;
  Lane ours;
  Lane floor;
  Lane ours_uv;
  Lane floor_uv;
  std::vector<std::function<void()>> lanes = {
      [&] { plain.run(ours); },
      [&] { floor_loop(settings, "sleep", load, floor); },
  };
  if (fast) {
    uv.emplace(settings, ServiceOptions{.workers = settings.workers_or(1), .uvloop = true}, load);
    lanes.emplace_back([&] { uv->run(ours_uv); });
    lanes.emplace_back([&] { floor_loop(settings, "sleep", load, floor_uv, true); });
  }
  interleave(settings.pairs, lanes);
  report.row("await1ms", "asyncio", ours.rate, "calls/s");
  report.row("floor_loop", "asyncio", floor.rate, "calls/s");
  report.ratio("await1ms/floor_loop", ours.rate, floor.rate, {.at_least = 0.7});
  if (!fast) return;
  report.row("await1ms", "uvloop", ours_uv.rate, "calls/s");
  report.row("floor_loop", "uvloop", floor_uv.rate, "calls/s");
  report.ratio("await1ms uvloop/floor_loop", ours_uv.rate, floor.rate, {.at_least = 1.0});
}

}  // namespace clutch::bench
