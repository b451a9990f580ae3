// Who started whom: whether a client of the daemon is a worker of it, or was started by one.
#pragma once

#include <sys/types.h>

#include <vector>

namespace clutch::io {

/// The process itself and those that it descends from, the nearest first, as /proc tells at this moment; at most 64. A
/// process that left its parent behind descends from whoever adopted it: what a worker's code starts, from the worker.
[[nodiscard]] std::vector<pid_t> ancestry_of(pid_t process);

}  // namespace clutch::io
