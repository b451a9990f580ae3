// Runs the pool's core through seeded chance. Fails with the seed and the end of its trace; --seed N replays it.
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "world.hpp"

namespace clutch::simulation {
namespace {

constexpr std::size_t trace_lines_shown = 120;
constexpr std::uint64_t seeds_a_covered_one = 1;    // to look costs as much again
constexpr std::uint64_t seeds_that_cover = 10'000;  // fewer may leave a rare pair out
constexpr unsigned seconds_a_seed = 30;

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t count = 10'000;
  bool trace = false;
  bool keep_going = false;
  bool coverage = false;  ///< each pair is shown
  bool worker_traces = false;
};

std::uint64_t number(const char* text) {
  std::uint64_t value = 0;
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), value);
  return value;
}

Arguments read(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--trace")
      arguments.trace = true;
    else if (flag == "--keep-going")
      arguments.keep_going = true;
    else if (flag == "--worker-traces")
      arguments.worker_traces = true;
    else if (flag == "--coverage")
      arguments.coverage = true;
    else if (flag == "--from")
      arguments.first = number(argv[++i]);
    else if (flag == "--seeds")
      arguments.count = number(argv[++i]);
    else if (flag == "--seed") {
      arguments.first = number(argv[++i]);
      arguments.count = 1;
    }
  }
  return arguments;
}

volatile std::sig_atomic_t running_seed = 0;

// A crash or a loop without end names its seed too.
extern "C" void on_signal(int signal) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, "seed %d: signal %d\n", static_cast<int>(running_seed), signal);
  static_cast<void>(!::write(STDOUT_FILENO, text, static_cast<std::size_t>(size)));
  ::_exit(1);
}

// What is broken, or nothing.
std::string broken_in(World& world) {
  try {
    world.run();
    return {};
  } catch (const std::exception& violation) {
    return violation.what();
  }
}

void show(std::uint64_t seed, const std::string& what, bool all) {
  World again(seed, true);
  static_cast<void>(broken_in(again));
  const auto& trace = again.trace();
  const auto from = all || trace.size() < trace_lines_shown ? 0 : trace.size() - trace_lines_shown;
  if (from != 0) std::printf("(%zu earlier lines: --seed %llu --trace)\n", from, static_cast<unsigned long long>(seed));
  for (auto i = from; i < trace.size(); ++i) std::printf("%s\n", trace[i].c_str());
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
              what.empty() ? "nothing is broken" : what.c_str());
}

int run(const Arguments& arguments) {
  Coverage coverage;
  std::uint64_t calls = 0, items = 0, requeued = 0, deaths = 0, replaced = 0, spares = 0, reloads = 0, leaked = 0,
                blocked = 0, broken = 0;
  for (std::uint64_t seed = arguments.first; seed < arguments.first + arguments.count; ++seed) {
    running_seed = static_cast<std::sig_atomic_t>(seed);
    ::alarm(seconds_a_seed);
    World world(seed, false, seed % seeds_a_covered_one == 0 ? &coverage : nullptr, arguments.worker_traces);
    const auto what = broken_in(world);
    for (const auto& trace : world.worker_traces()) std::printf("%s\n", trace->line().c_str());
    calls += world.calls();
    items += world.items();
    requeued += world.counters().requeued;
    deaths += world.counters().deaths;
    replaced += world.replaced();
    spares += world.took_place();
    reloads += world.reloaded();
    leaked += world.counters().leaked;
    for (const auto why : {core::EndReason::deadline, core::EndReason::stall}) {
      blocked += world.counters().ends[static_cast<std::size_t>(why)];
    }
    if (!what.empty() && arguments.keep_going) {
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), what.c_str());
    } else if (!what.empty() || arguments.trace) {
      show(seed, what, arguments.trace);
    }
    if (what.empty()) continue;
    ++broken;
    if (!arguments.keep_going) return 1;
  }
  const auto shown = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "%llu seeds, %llu calls, %llu items, %llu deaths, %llu replaced, %llu by spares, %llu reloads, "
      "%llu requeued, %llu leaked, %llu ended as blocked, %llu seeds broken\n",
      shown(arguments.count), shown(calls), shown(items), shown(deaths), shown(replaced), shown(spares), shown(reloads),
      shown(requeued), shown(leaked), shown(blocked), shown(broken));
  // A run in which nothing went wrong proves nothing.
  if (arguments.count >= 1000 && (deaths == 0 || replaced == 0 || spares == 0 || reloads == 0 || requeued == 0 ||
                                  items == 0 || leaked == 0 || blocked == 0))
    return 1;
  const bool covered = arguments.count < seeds_that_cover || coverage.report(arguments.coverage);
  return broken == 0 && covered ? 0 : 1;
}

}  // namespace
}  // namespace clutch::simulation

int main(int argc, char** argv) {
  std::signal(SIGALRM, clutch::simulation::on_signal);
#ifndef __SANITIZE_ADDRESS__  // it tells more
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE}) std::signal(signal, clutch::simulation::on_signal);
#endif
  return clutch::simulation::run(clutch::simulation::read(argc, argv));
}
