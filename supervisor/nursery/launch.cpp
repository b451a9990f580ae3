#include "launch.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace clutch::nursery {
namespace {

constexpr int nursery_socket = 3;

void check(int error, const std::string& what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

class FileActions {
 public:
  FileActions() { check(::posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init"); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }

  void dup(int from, int to) { check(::posix_spawn_file_actions_adddup2(&actions_, from, to), "posix_spawn: dup2"); }
  void null(int fd) {
    check(::posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_RDWR, 0), "posix_spawn: /dev/null");
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// Whatever the host made of its signals, the nursery starts as if from a shell; in a session of its own, since a
// terminal's Ctrl-C is for the host.
class Attributes {
 public:
  Attributes() {
    check(::posix_spawnattr_init(&attributes_), "posix_spawnattr_init");
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigdelset(&all, SIGKILL);
    ::sigdelset(&all, SIGSTOP);
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

Launched launch(const LaunchOptions& options) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) check(errno, "socketpair");
  Launched launched{.pid = 0, .pidfd = {}, .socket = OwnedFd(ends[0])};
  const OwnedFd theirs(ends[1]);

  FileActions actions;
  // First, since the pair may lie below 3 in a host that closed those. A dup onto itself clears close-on-exec.
  actions.dup(theirs.get(), nursery_socket);
  actions.null(STDIN_FILENO);
  actions.null(STDOUT_FILENO);
  const Attributes attributes;

  std::vector<std::string> arguments{options.program.string(), std::to_string(::getpid())};
  if (!options.socket_directory.empty()) arguments.push_back(options.socket_directory.string());
  std::vector<std::string> environment = options.environment;
  check(::posix_spawn(&launched.pid, arguments[0].c_str(), actions.get(), attributes.get(), pointers(arguments).data(),
                      pointers(environment).data()),
        "cannot start '" + arguments[0] + "'");
  // It may be gone already, and reaped by the host's own loop: then there is no pidfd, and no READY either.
  launched.pidfd = OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, launched.pid, 0)));
  if (!launched.pidfd) check(errno, "cannot open a pidfd of clutch-nursery");
  return launched;
}

}  // namespace clutch::nursery
