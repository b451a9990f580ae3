// Start, idleness and death.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "children.hpp"
#include "clock.hpp"
#include "process.hpp"
#include "service.hpp"
#include "workloads.hpp"

namespace clutch::bench {
namespace {

int worker_pid(const Caller& caller) { return caller.call<int>("bench_functions.pid").get().value(); }

// From the kill until a worker that is not the killed one has answered.
double respawn_ms(const Caller& caller) {
  const int killed = worker_pid(caller);
  return 1e3 * timed([&] {
           ::kill(killed, SIGKILL);
           for (int tries = 0; tries < 10'000; ++tries) {
             const auto pid = caller.call<int>("bench_functions.pid").get();
             if (pid.ok() && pid.value() != killed) return;
           }
           throw std::runtime_error("no worker came after the killed one");
         });
}

struct Use {
  std::vector<double> resident;
  std::vector<double> cpu;

  void add(pid_t pid, double cpu_before) {
    resident.push_back(resident_mib(pid));
    cpu.push_back(cpu_seconds(pid) - cpu_before);
  }
};

}  // namespace

void child_cold(const Settings& settings, const std::string& endpoint) {
  const auto service = Service::open(settings, endpoint);
  std::cout << service->caller().call<int>("bench_functions.echo", 42).get().value() << std::endl;
}

void run_cold(const Settings& settings, Report& report) {
  const auto daemon = settings.daemon ? Service::start(settings) : nullptr;
  const std::string endpoint = settings.daemon ? daemon->endpoint() : "";
  const int rounds = settings.quick ? 1 : std::max(settings.pairs, 10);
  std::vector<double> cold;
  std::vector<double> floor;
  const auto first_result = [&] {
    const auto start = Clock::now();
    Child child(child_command(settings, "cold", endpoint));
    child.line();
    cold.push_back(seconds_since(start) * 1e3);
    child.finish();
  };
  const auto import = [&] {
    floor.push_back(1e3 * timed([&] { output_of({python(settings), "-c", "import asyncio, zmq, msgspec"}); }));
  };
  interleave(rounds, {first_result, import});
  report.row("cold", "", cold, "ms");
  report.row("floor_import", "", floor, "ms");
  report.ratio("cold/floor_import", cold, floor, {.at_most = 1.6});
}

void run_respawn(const Settings& settings, Report& report) {
  const auto service = Service::start(settings);
  std::vector<double> respawn;
  for (int i = 0; i < (settings.quick ? 1 : std::max(settings.pairs, 10)); ++i) {
    respawn.push_back(respawn_ms(service->caller()));
  }
  report.row("respawn", "", respawn, "ms");

  const auto with_spare = Service::start(settings, {.spares = 1});
  std::vector<double> by_spare;
  for (std::size_t i = 0; i < respawn.size(); ++i) {
    // A spare is to be ready: as long as a worker takes to start, and some more.
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(3 * respawn[i] + 200));
    by_spare.push_back(respawn_ms(with_spare->caller()));
  }
  report.row("respawn", "with a spare", by_spare, "ms", {.at_most = 10});
}

// Says its own and the worker's process id, and sits still.
void child_idle(const Settings& settings, const std::string& endpoint) {
  const auto service = Service::open(settings, endpoint);
  std::cout << ::getpid() << '\n' << worker_pid(service->caller()) << std::endl;
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
}

void run_idle(const Settings& settings, Report& report) {
  const auto daemon = settings.daemon ? Service::start(settings) : nullptr;
  Child child(child_command(settings, "idle", settings.daemon ? daemon->endpoint() : ""));
  const pid_t embedded = std::stoi(child.line());
  const pid_t worker = std::stoi(child.line());
  const pid_t supervisor = settings.daemon ? daemon->daemon_pid() : embedded;
  const pid_t nursery = parent_of(worker);
  const auto for_a_while = std::chrono::duration<double>(settings.quick ? 0.2 : 10);
  std::this_thread::sleep_for(for_a_while / 10);  // what the start leaves to do

  Use uses[3];
  const pid_t pids[] = {supervisor, worker, nursery};
  for (int round = 0; round < (settings.quick ? 1 : 3); ++round) {
    const double before[] = {cpu_seconds(pids[0]), cpu_seconds(pids[1]), cpu_seconds(pids[2])};
    std::this_thread::sleep_for(for_a_while);
    for (int i = 0; i < 3; ++i) uses[i].add(pids[i], before[i]);
  }
  report.row("idle", "supervisor resident", uses[0].resident, "MiB", {.at_most = 8});
  report.row("idle", "worker resident", uses[1].resident, "MiB", {.at_most = 32});
  report.row("idle", "nursery resident", uses[2].resident, "MiB");
  std::vector<double> both;
  for (std::size_t i = 0; i < uses[0].cpu.size(); ++i) both.push_back(uses[0].cpu[i] + uses[1].cpu[i] + uses[2].cpu[i]);
  report.row("idle", "supervisor cpu in 10 s", uses[0].cpu, "s");
  report.row("idle", "worker cpu in 10 s", uses[1].cpu, "s");
  report.row("idle", "all cpu in 10 s", both, "s", {.at_most = 0.02});
}

}  // namespace clutch::bench
