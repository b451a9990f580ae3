// clutch-nursery HOST_PID [SOCKET_DIRECTORY]
//
// Started by the supervisor (supervisor/io/nursery_link), never by hand: descriptor 3 is its end of a SOCK_SEQPACKET
// pair, see messages.hpp. Exit status: 0 after SHUTDOWN or the host's end, 1 for a failure of its own, 2 for wrong
// arguments, 3 after a message that is none.
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <exception>
#include <string>
#include <string_view>

#include "nursery.hpp"
#include "say.hpp"
#include "spawn.hpp"

namespace clutch::nursery {
namespace {

constexpr int socket_number = 3;

pid_t parse_pid(std::string_view text) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  return error == std::errc{} && end == text.data() + text.size() ? pid : 0;
}

bool is_our_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int main(int argc, char** argv) {
  const pid_t host = argc == 2 || argc == 3 ? parse_pid(argv[1]) : 0;
  if (host <= 0 || !is_our_socket(socket_number)) {
    say("is started by the clutch library or clutchd, not by hand");
    return 2;
  }
  // Whatever else the host left open is none of ours: a pipe held here would never end for its reader.
  ::syscall(SYS_close_range, static_cast<unsigned>(socket_number + 1), ~0U, 0U);
  OwnedFd socket(::fcntl(socket_number, F_DUPFD_CLOEXEC, worker_fds));
  ::close(socket_number);
  reserve_worker_fds();
  Nursery::Setup setup{.host = host, .socket = std::move(socket), .directory = {}};
  if (argc == 3) setup.directory = SocketDirectory(argv[2]);
  return Nursery(std::move(setup)).run();
}

}  // namespace
}  // namespace clutch::nursery

int main(int argc, char** argv) {
  try {
    return clutch::nursery::main(argc, argv);
  } catch (const std::exception& error) {
    clutch::nursery::say(error.what());
    return 1;
  }
}
