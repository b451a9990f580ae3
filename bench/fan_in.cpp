// Eight clients at once: threads of this process, or processes of the daemon's.
#include <algorithm>
#include <iostream>
#include <sstream>
#include <thread>

#include "children.hpp"
#include "process.hpp"
#include "pump.hpp"
#include "service.hpp"
#include "workloads.hpp"

namespace clutch::bench {
namespace {

constexpr int clients = 8;

Load load_of(const Settings& settings) { return {.calls = settings.count(20'000, 400), .in_flight = 200}; }

std::vector<Timed> by_threads(const Caller& caller, const Load& load) {
  std::vector<Timed> all(clients);
  std::vector<std::jthread> threads;
  for (auto& one : all) threads.emplace_back([&] { one = pump_timed(caller, load); });
  threads.clear();
  return all;
}

// CLOCK_MONOTONIC is the same for all.
Clock::time_point at(std::int64_t nanoseconds) { return Clock::time_point(std::chrono::nanoseconds(nanoseconds)); }

Timed read_timed(const std::string& text) {
  std::istringstream words(text);
  std::int64_t start = 0;
  std::int64_t end = 0;
  words >> start >> end;
  Timed timed{at(start), at(end), {}};
  for (double latency = 0; words >> latency;) timed.latency_us.push_back(latency);
  return timed;
}

std::vector<Timed> by_processes(const Settings& settings, const std::string& endpoint) {
  std::vector<Child> children;
  for (int i = 0; i < clients; ++i) children.emplace_back(child_command(settings, "fan_in", endpoint));
  for (auto& child : children) child.line();
  for (auto& child : children) child.say("go\n");
  std::vector<Timed> all;
  for (auto& child : children) all.push_back(read_timed(child.finish()));
  return all;
}

}  // namespace

void child_fan_in(const Settings& settings, const std::string& endpoint) {
  const auto service = Service::open(settings, endpoint);
  pump(service->caller(), {.calls = 100});
  std::cout << "ready" << std::endl;
  for (std::string line; line.empty() && std::getline(std::cin, line);) {
  }
  const auto timed = pump_timed(service->caller(), load_of(settings));
  std::cout << timed.start.time_since_epoch().count() << '\n' << timed.end.time_since_epoch().count() << '\n';
  for (const double latency : timed.latency_us) std::cout << latency << '\n';
}

void run_fan_in(const Settings& settings, Report& report) {
  const auto service = Service::start(settings, {.workers = settings.workers_or(1)});
  const Load load = load_of(settings);
  pump(service->caller(), load);
  std::vector<double> rate;
  std::vector<double> p99;
  interleave(settings.pairs, {[&] {
               const auto all =
                   settings.daemon ? by_processes(settings, service->endpoint()) : by_threads(service->caller(), load);
               auto start = all.front().start;
               auto end = all.front().end;
               std::vector<double> latency;
               for (const auto& one : all) {
                 start = std::min(start, one.start);
                 end = std::max(end, one.end);
                 latency.insert(latency.end(), one.latency_us.begin(), one.latency_us.end());
               }
               rate.push_back(static_cast<double>(latency.size()) / std::chrono::duration<double>(end - start).count());
               p99.push_back(percentile(std::move(latency), 99));
             }});
  report.row("fan_in", "8 x 200", rate, "calls/s");
  report.row("fan_in", "8 x 200 p99", p99, "us");
}

}  // namespace clutch::bench
