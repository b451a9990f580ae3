// Finding and killing all descendants of a process, whatever sessions and groups they made for themselves. Only
// the nursery uses it: it relies on being the subreaper of everything it looks for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace clutch::nursery {

struct Process {
  pid_t pid = 0;
  char state = '?';  // as in /proc/PID/stat: R S D T t Z X
  pid_t parent = 0;
  std::uint64_t started = 0;  // in clock ticks since boot: with the pid, an identity
};

// One line of /proc/PID/stat. The name in it may hold anything, spaces and parentheses too.
std::optional<Process> parse_stat(std::string_view line);

// Those below `root` in `processes`, without `root`.
std::vector<Process> descendants(const std::vector<Process>& processes, pid_t root);

// Stops, walks and kills the tree of `root`, which must be a child of this process that is not reaped yet (so its pid
// cannot be another's), and a subreaper (so nothing that it started has left the tree). Bounded to about 50 ms.
// What escapes all the same becomes a child of this process when `root` dies, and is a remnant.
void kill_tree(pid_t root);

// Kills the trees of all children of this process but the workers: what dead workers left behind.
void kill_remnants(const std::function<bool(pid_t)>& is_worker);

}  // namespace clutch::nursery
