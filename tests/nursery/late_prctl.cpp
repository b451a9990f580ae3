// Preloaded into a nursery: its child stands still before it asks for the signal of its parent's death. It makes the
// file LATE_PRCTL_reached, with its pid, and goes on when there is LATE_PRCTL_go. System calls alone: it is between
// fork and exec.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

extern "C" int prctl(int option, ...) {
  unsigned long argument[4];
  va_list rest;
  va_start(rest, option);
  for (auto& each : argument) each = va_arg(rest, unsigned long);
  va_end(rest);
  if (const char* where = std::getenv("LATE_PRCTL"); option == PR_SET_PDEATHSIG && where != nullptr) {
    char path[256];
    char pid[16];
    std::snprintf(path, sizeof path, "%s_reached.new", where);
    const int size = std::snprintf(pid, sizeof pid, "%d\n", static_cast<int>(::getpid()));
    const int file = ::open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (::write(file, pid, static_cast<std::size_t>(size)) != size) ::_exit(1);
    ::close(file);
    char reached[256];
    std::snprintf(reached, sizeof reached, "%s_reached", where);
    ::rename(path, reached);
    std::snprintf(path, sizeof path, "%s_go", where);
    for (int turns = 0; turns < 10'000 && ::access(path, F_OK) != 0; ++turns) ::usleep(1000);
  }
  return static_cast<int>(::syscall(SYS_prctl, option, argument[0], argument[1], argument[2], argument[3]));
}
