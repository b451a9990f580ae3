#include "signals.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>

#include "exit_code.hpp"

namespace clutch::cli {
namespace {

sigset_t the_two() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

int checked(int fd) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "signals");
  return fd;
}

void ring(int fd) {
  const std::uint64_t one = 1;
  static_cast<void>(::write(fd, &one, sizeof one));
}

}  // namespace

Signals::Signals() {
  const sigset_t set = the_two();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A handler, not SIG_IGN: exec() takes handlers away, so that no child inherits this.
  std::signal(SIGPIPE, [](int) {});
  signal_fd_ = checked(::signalfd(-1, &set, SFD_CLOEXEC));
  came_fd_ = checked(::eventfd(0, EFD_CLOEXEC));
  stop_fd_ = checked(::eventfd(0, EFD_CLOEXEC));
  thread_ = std::thread([this] { watch(); });
}

Signals::~Signals() {
  ring(stop_fd_);
  thread_.join();
  for (const int fd : {signal_fd_, came_fd_, stop_fd_}) ::close(fd);
}

void Signals::handle(std::function<void(int)> handler, std::optional<std::chrono::milliseconds> leave_after) {
  const std::lock_guard lock(mutex_);
  handler_ = std::move(handler);
  leave_after_ = leave_after;
  leave_at_.reset();
}

int Signals::exit_code() const noexcept { return Exit::signalled + first_.load(); }

void Signals::leave() const { ::_exit(exit_code()); }

void Signals::watch() {
  for (;;) {
    std::array<pollfd, 2> fds = {pollfd{signal_fd_, POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0}};
    ::poll(fds.data(), fds.size(), patience_ms());
    if (fds[1].revents != 0) return;
    if (fds[0].revents != 0) take_signal();
    if (patience_ms() == 0) leave();
  }
}

void Signals::take_signal() {
  signalfd_siginfo info;
  if (::read(signal_fd_, &info, sizeof info) != sizeof info) return;
  if (count_.fetch_add(1) == 0) first_.store(static_cast<int>(info.ssi_signo));
  ring(came_fd_);
  const std::lock_guard lock(mutex_);
  if (!handler_) leave();
  if (leave_after_ && !leave_at_) leave_at_ = std::chrono::steady_clock::now() + *leave_after_;
  handler_(count_.load());
}

// Until leave_at_, 0 when that is over; -1: no end.
int Signals::patience_ms() {
  const std::lock_guard lock(mutex_);
  if (!leave_at_) return -1;
  const auto left = *leave_at_ - std::chrono::steady_clock::now();
  return static_cast<int>(std::max<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count(), 0));
}

}  // namespace clutch::cli
