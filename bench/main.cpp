// clutch-bench: what a call costs, beside what it cannot cost less than. Parses the command line and runs the
// workloads.
#include <sched.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <system_error>

#include "children.hpp"
#include "workloads.hpp"

namespace clutch::bench {
namespace {

struct Workload {
  const char* name;
  void (*run)(const Settings&, Report&);
};
constexpr Workload workloads[] = {{"rtt", run_rtt},       {"pipe", run_pipe},        {"await1ms", run_await1ms},
                                  {"cpu", run_cpu},       {"bytes", run_bytes},      {"stream", run_stream},
                                  {"fan_in", run_fan_in}, {"cold", run_cold},        {"respawn", run_respawn},
                                  {"idle", run_idle},     {"inflight", run_inflight}};

// Whatever is started later stays there too.
void use_one_cpu() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) throw std::system_error(errno, std::generic_category());
  int last = CPU_SETSIZE - 1;
  while (last > 0 && !CPU_ISSET(last, &allowed)) --last;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  if (::sched_setaffinity(0, sizeof one, &one) != 0) throw std::system_error(errno, std::generic_category());
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& workload : workloads) all.emplace_back(workload.name);
  return all;
}

void define(CLI::App& app, Settings& settings, ChildRole& role) {
  app.add_option_function<std::string>(
         "--mode", [&](const std::string& mode) { settings.daemon = mode == "daemon"; },
         "embedded: a Pool in this program; daemon: a Client of a clutchd")
      ->check(CLI::IsMember({"embedded", "daemon"}));
  app.add_option("--workers", settings.workers, "Workers of the pools, where the workload is not about their number");
  app.add_option("--pairs", settings.pairs, "How often a workload and its floor are measured in turn")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--python", settings.python, "The Python to run (default: $VIRTUAL_ENV's, else python3)");
  app.add_flag("--pin", settings.pin, "Everything on one CPU: the work without the wake-ups");
  app.add_flag("--table", settings.table, "For a person, not a JSON object a line");
  app.add_flag("--quick", settings.quick, "Only whether everything runs: the figures mean nothing");
  app.add_option("WORKLOAD", settings.workloads, "Which to run (default: all)")->check(CLI::IsMember(names()));
  app.add_option("--child", role.name)->group("");
  app.add_option("--connect", role.endpoint)->group("");
}

bool wanted(const Settings& settings, const char* name) {
  const auto& all = settings.workloads;
  return all.empty() || std::find(all.begin(), all.end(), name) != all.end();
}

void run_all(const Settings& settings) {
  if (settings.pin) use_one_cpu();
  Report report(settings);
  for (const auto& workload : workloads) {
    if (wanted(settings, workload.name)) workload.run(settings, report);
  }
}

}  // namespace

int run_child(const Settings& settings, const ChildRole& role) {
  if (role.name == "cold") child_cold(settings, role.endpoint);
  if (role.name == "idle") child_idle(settings, role.endpoint);
  if (role.name == "fan_in") child_fan_in(settings, role.endpoint);
  if (role.name == "inflight") child_inflight(settings, role.endpoint);
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app("Measures what calls cost, each workload beside its floor.", "clutch-bench");
  Settings settings;
  ChildRole role;
  define(app, settings, role);
  CLI11_PARSE(app, argc, argv);
  if (settings.quick) settings.pairs = 1;
  std::signal(SIGPIPE, SIG_IGN);
  if (!role.name.empty()) return run_child(settings, role);
  run_all(settings);
  return 0;
}

}  // namespace clutch::bench

int main(int argc, char** argv) {
  try {
    return clutch::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "clutch-bench: %s\n", error.what());
    return 1;
  }
}
