// Whether the kernel has killed for want of memory since it was asked last: SIGKILL alone does not tell.
#pragma once

#include <cstdint>
#include <filesystem>

namespace clutch::io {

class OomWatch {
 public:
  /// Reads `memory.events` of this process's cgroup, else /proc/vmstat, which counts the kills of the whole machine.
  OomWatch();
  /// Reads `file`, of which one line is "oom_kill N".
  explicit OomWatch(std::filesystem::path file);

  /// Since the last time, or since it was made.
  [[nodiscard]] bool fired();

 private:
  [[nodiscard]] std::uint64_t count() const;

  std::filesystem::path file_;
  std::uint64_t last_ = 0;
};

}  // namespace clutch::io
