// What a process holds: what must be as it was once all is quiet.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

namespace clutch::soak {

struct Usage {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  std::size_t maps = 0;       ///< lines of /proc/PID/maps
  std::size_t processes = 0;  ///< its descendants, zombies included
  std::size_t rss_kib = 0;
};

[[nodiscard]] Usage usage_of(pid_t process);
[[nodiscard]] std::vector<pid_t> children_of(pid_t process);

}  // namespace clutch::soak
