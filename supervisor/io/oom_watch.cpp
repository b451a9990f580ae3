#include "io/oom_watch.hpp"

#include <fstream>
#include <string>
#include <utility>

namespace clutch::io {
namespace {

std::filesystem::path own_counts() {
  std::ifstream cgroup("/proc/self/cgroup");
  for (std::string line; std::getline(cgroup, line);) {
    if (!line.starts_with("0::/")) continue;
    const auto events = std::filesystem::path("/sys/fs/cgroup") / line.substr(4) / "memory.events";
    std::error_code error;
    if (std::filesystem::exists(events, error)) return events;
  }
  return "/proc/vmstat";
}

}  // namespace

OomWatch::OomWatch() : OomWatch(own_counts()) {}

OomWatch::OomWatch(std::filesystem::path file) : file_(std::move(file)), last_(count()) {}

bool OomWatch::fired() {
  const auto now = count();
  return now > std::exchange(last_, now);
}

std::uint64_t OomWatch::count() const {
  std::ifstream file(file_);
  std::string key;
  std::uint64_t value = 0;
  while (file >> key >> value) {
    if (key == "oom_kill") return value;
  }
  return 0;
}

}  // namespace clutch::io
