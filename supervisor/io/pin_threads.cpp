#include "io/pin_threads.hpp"

#include <sched.h>

#include <charconv>
#include <filesystem>
#include <string>

namespace clutch::io {

void pin_threads(pid_t pid, const std::vector<std::uint32_t>& cpus) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const auto cpu : cpus) CPU_SET(cpu, &set);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
    const auto name = entry.path().filename().string();
    pid_t thread = 0;
    std::from_chars(name.data(), name.data() + name.size(), thread);
    ::sched_setaffinity(thread, sizeof set, &set);
  }
}

}  // namespace clutch::io
