#include "io/resident.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "nursery/owned_fd.hpp"

namespace clutch::io {

std::uint64_t resident_bytes(pid_t pid) noexcept {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/statm", static_cast<int>(pid));
  const nursery::OwnedFd file(::open(path, O_RDONLY | O_CLOEXEC));
  char text[128] = {};
  if (!file || ::read(file.get(), text, sizeof text - 1) <= 0) return 0;
  unsigned long long size = 0;
  unsigned long long resident = 0;
  if (std::sscanf(text, "%llu %llu", &size, &resident) != 2) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace clutch::io
