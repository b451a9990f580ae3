#include "say.hpp"

#include <poll.h>
#include <unistd.h>

#include <string>

namespace clutch::nursery {

void say(std::string_view text) {
  std::string line = "clutch-nursery: ";
  for (const char c : text.substr(0, 1000)) line += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
  line += '\n';
  // A pipe that polls writable has room for PIPE_BUF bytes, so that the write neither waits nor comes apart.
  pollfd writable{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&writable, 1, 0) != 1 || (writable.revents & POLLOUT) == 0) return;
  // Nobody is left to tell about a failure.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace clutch::nursery
