// An async generator, read to its end; and how soon its first item is there.
#include <sstream>
#include <stdexcept>

#include "clock.hpp"
#include "clutch/stream.hpp"
#include "process.hpp"
#include "pump.hpp"
#include "service.hpp"
#include "workloads.hpp"

namespace clutch::bench {
namespace {

double items_a_second(const Caller& caller, const char* function, int count) {
  std::int64_t sum = 0;
  const double seconds = timed([&] {
    for (Result<std::int64_t> item : caller.stream<std::int64_t>(function, count)) sum += std::move(item).value();
  });
  const auto n = static_cast<std::int64_t>(count);
  if (sum != n * (n - 1) / 2) throw std::runtime_error("the items of the stream are not those it was to have");
  return count / seconds;
}

double floor_for(const Settings& settings, int count) {
  double rate = 0;
  std::istringstream numbers(output_of({python(settings), script("floor_loop.py"), "for", std::to_string(count), "1"}));
  numbers >> rate;
  return rate;
}

// From asking for the stream to its first item; what is left of it is left to be read.
double first_us(const Caller& caller, int times) {
  std::vector<double> samples;
  for (int i = 0; i < times; ++i) {
    auto stream = caller.stream<std::int64_t>("bench_functions.count", 1);
    samples.push_back(timed([&] { static_cast<void>(stream.next().get()); }) * 1e6);
    static_cast<void>(stream.next().get());
  }
  return percentile(samples, 50);
}

}  // namespace

void run_stream(const Settings& settings, Report& report) {
  const int items = settings.count(200'000, 2000);
  const int rounds = settings.count(2'000);
  const Load one_at_a_time{.calls = rounds, .in_flight = 1};
  const auto service = Service::start(settings, {.workers = settings.workers_or(1)});
  const Caller& caller = service->caller();
  items_a_second(caller, "bench_functions.count", items);
  pump(caller, one_at_a_time);
  std::vector<double> ours;
  std::vector<double> threads;
  std::vector<double> floor;
  std::vector<double> first;
  std::vector<double> rtt;
  interleave(settings.pairs, {
                                 [&] { ours.push_back(items_a_second(caller, "bench_functions.count", items)); },
                                 [&] { floor.push_back(floor_for(settings, items)); },
                                 [&] { threads.push_back(items_a_second(caller, "bench_functions.steps", items)); },
                                 [&] { first.push_back(first_us(caller, rounds)); },
                                 [&] { rtt.push_back(percentile(pump_timed(caller, one_at_a_time).latency_us, 50)); },
                             });
  report.row("stream", "", ours, "items/s");
  report.row("stream", "generator in a thread", threads, "items/s");
  report.row("floor_for", "", floor, "items/s");
  report.ratio("stream/floor_for", ours, floor, {.at_least = 0.3});
  report.row("stream", "first", first, "us");
  report.ratio("stream first/rtt p50", first, rtt, {.at_most = 1.3});
}

}  // namespace clutch::bench
