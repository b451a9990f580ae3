// One call at a time.
#include <functional>

#include "bare_pair.hpp"
#include "clock.hpp"
#include "pump.hpp"
#include "service.hpp"
#include "workloads.hpp"

namespace clutch::bench {
namespace {

constexpr std::size_t message_bytes = 24;  // what a lone call of echo(int) takes

struct Latency {
  std::vector<double> p50;
  std::vector<double> p99;

  void add(const std::vector<double>& samples_us) {
    p50.push_back(percentile(samples_us, 50));
    p99.push_back(percentile(samples_us, 99));
  }
};

std::vector<double> each_us(int times, const std::function<void()>& work) {
  std::vector<double> samples;
  for (int i = 0; i < times; ++i) samples.push_back(timed(work) * 1e6);
  return samples;
}

}  // namespace

void run_rtt(const Settings& settings, Report& report) {
  const int calls = settings.count(10'000);
  const auto service = Service::start(settings, {.workers = settings.workers_or(1)});
  BarePair pair(python(settings), false);
  const Load one_at_a_time{.calls = calls, .in_flight = 1};
  pump(service->caller(), {.calls = settings.count(2'000), .in_flight = 1});
  each_us(settings.count(2'000), [&] { pair.echo(message_bytes); });

  Latency ours;
  Latency floor;
  interleave(settings.pairs, {
                                 [&] { ours.add(pump_timed(service->caller(), one_at_a_time).latency_us); },
                                 [&] { floor.add(each_us(calls, [&] { pair.echo(message_bytes); })); },
                             });
  report.row("rtt", "p50", ours.p50, "us");
  report.row("rtt", "p99", ours.p99, "us");
  report.row("floor_rtt", "p50", floor.p50, "us");
  report.row("floor_rtt", "p99", floor.p99, "us");
  const double most = settings.daemon ? (settings.pin ? 3.8 : 2.4) : (settings.pin ? 1.9 : 1.4);
  report.ratio("rtt/floor_rtt p50", ours.p50, floor.p50, {.at_most = most});
}

}  // namespace clutch::bench
