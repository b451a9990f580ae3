// How much memory a process has resident.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace clutch::io {

/// Bytes; 0 where there is no such process.
[[nodiscard]] std::uint64_t resident_bytes(pid_t pid) noexcept;

}  // namespace clutch::io
