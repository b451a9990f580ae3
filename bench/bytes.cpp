// Large values.
#include <cstring>
#include <stdexcept>

#include "bare_pair.hpp"
#include "clock.hpp"
#include "clutch/bytes.hpp"
#include "service.hpp"
#include "workloads.hpp"

namespace clutch::bench {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

struct Size {
  const char* name;
  std::size_t bytes;
  int times;  // in a round
};
constexpr Size sizes[] = {{"1 KiB", kib, 1000},
                          {"64 KiB", 64 * kib, 500},
                          {"1 MiB", mib, 100},
                          {"16 MiB", 16 * mib, 10},
                          {"64 MiB", 64 * mib, 3}};

// Each byte went there and back: twice the size in the time.
double echo_rate(const Size& size, int times, const std::function<void()>& echo) {
  const double seconds = timed([&] {
    for (int i = 0; i < times; ++i) echo();
  });
  return 2.0 * static_cast<double>(size.bytes) * times / seconds / 1e6;
}

double memcpy_rate(const Size& size, int times, std::vector<std::byte>& to, const std::vector<std::byte>& from) {
  const double seconds = timed([&] {
    for (int i = 0; i < times; ++i) {
      std::memcpy(to.data(), from.data(), size.bytes);
      asm volatile("" : : "r"(to.data()) : "memory");
    }
  });
  return static_cast<double>(size.bytes) * times / seconds / 1e6;
}

void echo(const Caller& caller, const char* function, const Bytes& bytes) {
  const auto back = caller.call<Bytes>(function, bytes).get();
  if (back.value().size() != bytes.size()) throw std::runtime_error("the bytes did not come back");
}

}  // namespace

void run_bytes(const Settings& settings, Report& report) {
  const auto service = Service::start(settings, {.workers = settings.workers_or(1)});
  BarePair pair(python(settings), true);
  for (const auto& size : sizes) {
    const int times = settings.count(size.times, 1);
    const std::vector<std::byte> source(size.bytes, std::byte{7});
    std::vector<std::byte> copy(size.bytes);
    const Bytes bytes{std::span(source)};
    std::vector<double> ours;
    std::vector<double> view;
    std::vector<double> frame;
    std::vector<double> memory;
    const auto ours_echo = [&] { echo(service->caller(), "bench_functions.echo", bytes); };
    const auto view_echo = [&] { echo(service->caller(), "bench_functions.echo_view", bytes); };
    const auto frame_echo = [&] { pair.echo(size.bytes); };
    ours_echo();
    view_echo();
    frame_echo();
    interleave(settings.pairs, {
                                   [&] { ours.push_back(echo_rate(size, times, ours_echo)); },
                                   [&] { frame.push_back(echo_rate(size, times, frame_echo)); },
                                   [&] { view.push_back(echo_rate(size, times, view_echo)); },
                                   [&] { memory.push_back(memcpy_rate(size, times, copy, source)); },
                               });
    const std::string name = size.name;
    report.row("bytes", name, ours, "MB/s");
    report.row("bytes", name + " memoryview", view, "MB/s");
    report.row("floor_frame", name, frame, "MB/s");
    report.row("floor_memcpy", name, memory, "MB/s");
    const bool judged = size.bytes == 16 * mib && !settings.daemon;
    report.ratio("bytes/floor_frame " + name, ours, frame, judged ? Target{.at_least = 0.8} : Target{});
  }
}

}  // namespace clutch::bench
