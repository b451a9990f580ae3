// The directory of the workers' sockets, which the nursery removes when its host is gone and cannot.
#pragma once

#include <sys/stat.h>

#include <string>

#include "owned_fd.hpp"

namespace clutch::nursery {

class SocketDirectory {
 public:
  SocketDirectory() = default;  // none

  // Throws std::runtime_error unless it is a directory of this user with mode 0700, not reached through a link.
  explicit SocketDirectory(const std::string& path);

  // Unlinks the sockets in it, then it, if `path` still is what it was and nothing else is in it. Never goes deeper.
  void remove() const;

 private:
  std::string path_;
  OwnedFd fd_;
};

}  // namespace clutch::nursery
