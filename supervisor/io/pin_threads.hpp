// Moves a process that runs to some CPUs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace clutch::io {

/// All its threads; those that it makes later follow the one that makes them. Nothing where it is gone.
void pin_threads(pid_t pid, const std::vector<std::uint32_t>& cpus) noexcept;

}  // namespace clutch::io
