// What the tests ask the kernel about processes. All waits have a bound and end with an event, never with a sleep.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "nursery/owned_fd.hpp"

namespace clutch::test {

using nursery::OwnedFd;

inline constexpr std::chrono::milliseconds soon{5'000};

bool readable(int fd, std::chrono::milliseconds bound = soon);
OwnedFd pidfd_of(pid_t pid);
void kill_by(const OwnedFd& pidfd, int signal);

// A pidfd is readable from death on, reaped or not.
inline bool dies(const OwnedFd& pidfd, std::chrono::milliseconds bound = soon) {
  return pidfd && readable(pidfd.get(), bound);
}
inline bool alive(const OwnedFd& pidfd) { return pidfd && !readable(pidfd.get(), std::chrono::milliseconds(0)); }

// "1 2 Z": pid and state of each child, zombies included.
std::vector<std::string> children_of(pid_t parent);

// Live processes that have this string in their environment.
std::vector<pid_t> processes_with(const std::string& mark);

std::size_t open_fds();

struct Pipe {
  Pipe();
  OwnedFd read;
  OwnedFd write;

  // Closes our writing end and reads to the end.
  std::string read_all(std::chrono::milliseconds bound = soon);
  std::string read_line(std::chrono::milliseconds bound = soon);
};

OwnedFd memfd(const char* name);
std::string contents(const OwnedFd& file);

// A new directory of mode 0700, removed with what is in it at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  const std::filesystem::path& path() const { return path_; }
  void add_socket(const std::string& name) const;
  void add_file(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

}  // namespace clutch::test
