// Whether this process is a forked child of the one that made an object: threads, sockets and workers are the parent's.
#pragma once

#include <cstdint>

namespace clutch::detail {

/// A number that differs from the parent's in every forked child. Cheap: no system call.
[[nodiscard]] std::uint64_t fork_generation() noexcept;

}  // namespace clutch::detail
