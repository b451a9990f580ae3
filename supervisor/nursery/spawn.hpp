// Making one worker process. The only user of Boost.Process, which ends inside spawn.cpp.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "messages.hpp"
#include "owned_fd.hpp"

namespace clutch::nursery {

// The descriptors of a worker are 0 to 6 (PROTOCOL.md); none of the nursery's own may be among them when it spawns.
inline constexpr int worker_fds = 7;

// Takes the numbers 0 to 6 for good, with /dev/null where nothing is open. Whatever is opened afterwards, the pipe that
// Boost.Process makes for itself included, then lies above: no dup2 in a child hits its own source (which would leave
// it close-on-exec) or a descriptor that it still needs.
void reserve_worker_fds();

struct SpawnOutcome {
  pid_t pid = 0;  // 0: failed
  int error = 0;  // an errno
  std::string text;
};

// The child is in a session of its own, a subreaper, dies with this process, has an empty signal mask, default
// dispositions, and `fds` (page, watchdog, fault, log, stdout, stderr) as 3, 4, 5, 6, 1, 2, with /dev/null as 0
// and nothing else open. Returns once it has executed the program, or failed to. The caller reaps it.
SpawnOutcome spawn_worker(const WorkerRequest& request, const std::vector<OwnedFd>& fds);

}  // namespace clutch::nursery
