// How a worker ended, as the log tells it: what happened, what of its calls, what comes next, and what to look at.
// Pure.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "clutch/log.hpp"
#include "core/worker.hpp"

namespace clutch::io {

struct WorkerEnd {
  core::WorkerId worker = {};
  pid_t pid = 0;  ///< 0: it had no process
  core::Exit exit = {};
  core::WorkerState was = core::WorkerState::ready;
  bool announced = false;                      ///< the log has said already that it ends, and why
  bool told_at_start = false;                  ///< whoever starts the pool is told of it
  std::string boot_error = {};                 ///< of one that was booting: why it came to nothing
  std::uint64_t lost = 0;                      ///< of its calls: that had begun, or may have
  std::uint64_t requeued = 0;                  ///< of its calls: that had not, and wait for another worker
  std::optional<core::Duration> next_in = {};  ///< when another is started in its place; nullopt: none is
};

/// Of level warning where nobody wanted it and nothing else tells.
[[nodiscard]] LogLevel level_of(const WorkerEnd&) noexcept;
[[nodiscard]] std::string describe(const WorkerEnd&);

}  // namespace clutch::io
