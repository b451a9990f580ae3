// Starting clutch-nursery from inside a host: posix_spawn, because fork copies the page tables of what may be a large
// program, with nothing of the host's in it but its environment, working directory and stderr.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "owned_fd.hpp"

namespace clutch::nursery {

struct Launched {
  pid_t pid = 0;
  OwnedFd pidfd;
  OwnedFd socket;  // our end, non-blocking
};

struct LaunchOptions {
  std::filesystem::path program;
  std::filesystem::path socket_directory;  // empty: none
  std::vector<std::string> environment;
};

// The program runs; it is ready once it has said READY. Throws std::system_error. The caller reaps it.
Launched launch(const LaunchOptions& options);

}  // namespace clutch::nursery
