// Calls that wait in the supervisor: what they weigh, and what a call beside them costs.
#include <unistd.h>

#include <iostream>
#include <sstream>

#include "children.hpp"
#include "clock.hpp"
#include "process.hpp"
#include "pump.hpp"
#include "service.hpp"
#include "workloads.hpp"

namespace clutch::bench {
namespace {

constexpr int batch = 100;
constexpr const char* function = "bench_functions.hold";

using Waiting = std::vector<Call<void>>;

// Whatever was submitted before this returns has arrived: what is cancelled before its turn is answered at once.
void settle(const Caller& caller) {
  auto last = caller.call<void>(function, 0);
  last.cancel();
  static_cast<void>(last.get());
}

void one_by_one(const Caller& caller, Waiting& waiting, int count) {
  for (int i = 0; i < count; ++i) waiting.push_back(caller.call<void>(function, i));
  settle(caller);
}

// Of each batch one stays; of the others some are cancelled in the queue, and none is ever begun.
void in_batches(const Caller& caller, Waiting& waiting, int count) {
  for (int i = 0; i < count; ++i) {
    Waiting calls;
    for (int j = 0; j < batch; ++j) calls.push_back(caller.call<void>(function, j));
    for (int j = 0; j < batch; ++j) {
      if (j == batch / 2) continue;
      calls[static_cast<std::size_t>(j)].cancel();
      static_cast<void>(calls[static_cast<std::size_t>(j)].get());
    }
    waiting.push_back(std::move(calls[batch / 2]));
  }
}

double call_us(const Caller& caller, int calls) { return 1e6 / pump(caller, {.calls = calls, .in_flight = 100}); }

struct Weighed {
  std::vector<double> bytes;  // a waiting call
  std::vector<double> cost;   // us of a call beside them
};

// The child submits and waits, and the supervisor, which is the child or the daemon, is weighed before and after.
void weigh(const Settings& settings, const std::string& how, int count, Weighed& weighed) {
  const auto daemon = settings.daemon ? Service::start(settings) : nullptr;
  Child child(child_command(settings, "inflight", settings.daemon ? daemon->endpoint() : ""));
  child.line();
  const pid_t pid = settings.daemon ? daemon->daemon_pid() : child.pid();
  const double before = resident_mib(pid);
  child.say(how + " " + std::to_string(count) + "\n");
  child.line();
  weighed.bytes.push_back((resident_mib(pid) - before) * (1 << 20) / count);
  child.say("call\n");
  weighed.cost.push_back(std::stod(child.line()));
}

}  // namespace

void child_inflight(const Settings& settings, const std::string& endpoint) {
  const auto service = Service::open(settings, endpoint);
  const Caller caller = service->caller().with({.attempt_timeout = std::chrono::nanoseconds::zero()});
  const int calls = settings.count(50'000, 1000);
  auto held = caller.call<void>(function, 0);
  call_us(caller, calls);
  std::cout << "ready" << std::endl;

  std::string line;
  std::getline(std::cin, line);
  std::istringstream words(line);
  std::string how;
  int count = 0;
  words >> how >> count;
  Waiting waiting;
  waiting.reserve(static_cast<std::size_t>(count));
  (how == "batches" ? in_batches : one_by_one)(caller, waiting, count);
  std::cout << "waiting" << std::endl;
  std::getline(std::cin, line);
  std::cout << call_us(caller, calls) << std::endl;
  ::_exit(0);  // without a million cancels
}

void run_inflight(const Settings& settings, Report& report) {
  struct Row {
    const char* how;
    const char* name;
    int count;
  };
  const int many = settings.quick ? 20'000 : 1'000'000;
  const Row rows[] = {{"single", "10", 10},
                      {"single", "10,000", settings.count(10'000)},
                      {"single", "1,000,000", many},
                      {"batches", "10 of batches", 10},
                      {"batches", "10,000 of batches", settings.count(10'000)}};
  Weighed weighed[std::size(rows)];
  std::vector<std::function<void()>> lanes;
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    lanes.emplace_back([&, i] { weigh(settings, rows[i].how, rows[i].count, weighed[i]); });
  }
  interleave(settings.quick ? 1 : std::min(settings.pairs, 5), lanes);
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    const Target target = rows[i].count > 10 ? Target{.at_most = 1024} : Target{};
    report.row("inflight", std::string(rows[i].name) + " waiting", weighed[i].bytes, "B/call", target);
    report.row("inflight", std::string("call beside ") + rows[i].name, weighed[i].cost, "us");
  }
  report.ratio("inflight call beside 1,000,000/10", weighed[2].cost, weighed[0].cost, {.at_most = 1.1});
}

}  // namespace clutch::bench
